"""The page as a file: well-formed, self-contained, locked by its own policy, and unmoved by hostile text."""

import base64
import gzip
import hashlib
import json
import re
import time
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.codec import run_from_json, run_to_json
from scanner.model.errors import InputError
from scanner.model.run import PortTable
from scanner.model.verdict import Verdict
from scanner.report import FORMATS, html, render

from .sample import HOSTILE, OPEN_PORTS, SAMPLES, STABLE, after_fix, alternating, before_fix

VOID = {"meta", "link", "br", "hr", "img", "input"}
FETCHES = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "xlink:href", "manifest"}
NAMES = sorted(SAMPLES)


@dataclass
class Page(HTMLParser):
    """What a browser would make of the file. Raises where tags do not nest."""

    text: str
    stack: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    blocks: list[tuple[str, dict[str, str | None], str]] = field(default_factory=list)  # style and script
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] in {"style", "script"}:
            self.blocks.append((self.stack[-1], self.tags[-1][1], data))
        else:
            self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] for _, attrs in self.tags if attrs.get(name) is not None]


@cache
def page(name: str) -> Page:
    return Page(html.render_html(SAMPLES[name]()))


@pytest.mark.parametrize("name", NAMES)
def test_tags_nest_and_ids_are_unique(name: str) -> None:
    ids = page(name).attributes("id")
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", NAMES)
def test_every_fragment_leads_somewhere(name: str) -> None:
    found = page(name)
    wanted = {link[1:] for link in found.attributes("href") if link.startswith("#")}
    wanted |= {
        word for name in ("aria-labelledby", "for") for value in found.attributes(name) for word in value.split()
    }
    assert wanted - set(found.attributes("id")) == set()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched(name: str) -> None:
    found = page(name)
    assert not [(tag, attrs) for tag, attrs in found.tags if FETCHES & set(attrs)]
    assert {tag for tag, _ in found.tags} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "video",
        "audio",
    } == set()
    for tag, attrs in found.tags:
        link = attrs.get("href")
        if link is not None:
            allowed = tag in {"a", "use"} and (
                link.startswith("#") or (tag == "a" and _leaves_the_page_only_by_click(link))
            )
            assert allowed, link
    style = next(text for tag, _, text in found.blocks if tag == "style")
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {
        f"#p-{g}" for g in ("passed", "router", "upstream", "blocked", "strange", "unknown")
    }
    assert "@import" not in style


def _leaves_the_page_only_by_click(link: str) -> bool:
    return link.startswith(("https://www.rfc-editor.org/rfc/rfc", "data:application/gzip;base64,"))


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_exactly_this_style_and_script(name: str) -> None:
    found = page(name)
    policy = next(attrs["content"] for tag, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == directives["base-uri"] == directives["form-action"] == "'none'"
    for tag, attrs, text in found.blocks:
        if attrs.get("type") == "application/json":
            continue
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives[f"{tag}-src"] == f"'sha256-{digest}'"
    assert [tag for tag, attrs, _ in found.blocks if "type" not in attrs] == ["style", "script"]


@pytest.mark.parametrize("name", NAMES)
def test_no_inline_style_and_no_handlers(name: str) -> None:
    attributes = {attribute for _, attrs in page(name).tags for attribute in attrs}
    assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")]


@pytest.mark.parametrize("name", NAMES)
def test_headings_descend_one_at_a_time(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in page(name).tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"alternating", "hostile"}])
def test_the_run_document_is_inside(name: str) -> None:
    found = page(name)
    text = next(text for _, attrs, text in found.blocks if attrs.get("type") == "application/json")
    assert run_from_json(text) == SAMPLES[name]()


@pytest.mark.parametrize("name", ["alternating", "hostile"])
def test_a_large_run_document_is_inside_compressed(name: str) -> None:
    found = page(name)
    link = next(attrs["href"] for tag, attrs in found.tags if (attrs.get("href") or "").startswith("data:"))
    document = gzip.decompress(base64.b64decode(link.partition(",")[2]))
    assert document.decode() == run_to_json(SAMPLES[name]())


# --- hostile text -------------------------------------------------------------------------------------------------


def test_hostile_text_is_text() -> None:
    found = page("hostile")
    tags = [tag for tag, _ in found.tags]
    assert tags.count("script") == 2  # ours, and the words of the other language
    assert "img" not in tags
    shown = "".join(found.words)
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in shown
    assert "<U+001B>[31m" in shown
    assert "<U+202E>evil<U+2066>" in shown
    assert "{{ 7*7 }}" in shown


def test_no_control_or_bidi_character_reaches_the_file() -> None:
    text = html.render_html(SAMPLES["hostile"]())
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text)


def test_the_embedded_document_holds_nothing_that_html_could_act_on() -> None:
    run = replace(before_fix(), host=replace(before_fix().host, name=HOSTILE[:200], os="<!-- <script "))
    text = html.render_html(run)
    block = text[text.index('<script type="application/json"') :]
    block = block[block.index(">") + 1 : block.index("</script>")]
    assert not re.findall("[<>&\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]", block)
    assert run_from_json(block) == run


def test_every_value_is_cleaned_on_its_way_into_the_page() -> None:
    template = html.environment_for().from_string("{{ value }}")
    assert template.render(value="\x1b<b>\u202e") == "&lt;U+001B&gt;&lt;b&gt;&lt;U+202E&gt;"


def test_a_megabyte_banner_is_cut() -> None:
    found = page("hostile")
    assert max(len(word) for word in found.words) < 6_000
    assert "more characters)" in "".join(found.words)


FOREIGN = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["</script>", "<!--", "]]>", '"><svg onload=x>', "</title>", "{% raw %}", "&lt;", "\u2028", "'--!>"]
)


@settings(max_examples=40, deadline=None)
@given(FOREIGN, FOREIGN)
def test_any_foreign_text_leaves_the_page_whole(one: str, other: str) -> None:
    run = before_fix()
    run = replace(
        run,
        host=replace(run.host, name=one, os=other),
        services=tuple(replace(service, product=one, version=other, process=one) for service in run.services[:2]),
        findings=tuple(
            replace(item, title=one, evidence=other, remedy=one, standard=other, rule=one) for item in run.findings[:2]
        ),
        summary=replace(run.summary, headline=one, reasons=(other,)),
        run=replace(run.run, problems=(one,), title=other, id=one),
    )
    found = Page(html.render_html(run))
    plain = [tag for tag, _ in page("before").tags]
    assert {tag for tag, _ in found.tags} <= set(plain)
    text = next(text for _, attrs, text in found.blocks if attrs.get("type") == "application/json")
    assert run_from_json(text) == run


# --- what it says -------------------------------------------------------------------------------------------------


def test_every_port_of_the_story_is_told() -> None:
    shown = " ".join("".join(page("before").words).split())
    assert ", ".join(map(str, OPEN_PORTS)) in shown
    assert "1-21, 23-79, 81-110, 112-138, 140-442, 444, 446-2048, 2050-8079, 8081-65535" in shown
    assert "At most 1 in 10,000 that a port called blocked was merely lost" in shown.replace("at most", "At most")
    told = [word for word in page("before").words if word.startswith("SMB file sharing answers strangers")]
    assert len(told) == 2, "one card for both addresses, and the first step that takes it away"


@pytest.mark.parametrize("name", NAMES)
def test_only_a_complete_good_run_is_green(name: str) -> None:
    hero = next(attrs["class"] for _, attrs in page(name).tags if attrs.get("id") == "verdict")
    assert ("tone-good" in hero) == (name == "after")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one-sided", "Nobody watched on the host"),
        ("refuted", "No vantage stands outside"),
        ("incomplete", "What is missing is unknown, not safe"),
        ("interrupted", "stopped before its end"),
        ("empty", "No port was judged"),
    ],
)
def test_what_is_not_known_is_said_first(name: str, said: str) -> None:
    shown = "".join(page(name).words)
    assert said in shown
    assert shown.index(said) < shown.index("Findings", shown.index("Appendix"))


@pytest.mark.parametrize("name", ["refuted", "empty"])
def test_without_a_grade_there_is_no_number_to_be_proud_of(name: str) -> None:
    classes = page(name).attributes("class")
    assert "facts" not in classes
    assert "".join(page(name).words).count("no grade") == 1


def test_the_order_of_the_sections() -> None:
    ids = [attrs["id"] for tag, attrs in page("after").tags if tag == "section"]
    assert ids == [
        "verdict",
        "changes",
        "first",
        "findings",
        "path",
        "ports",
        "addresses",
        "vantages",
        "evidence",
        "words",
        "appendix",
    ]


def test_the_same_run_gives_the_same_page() -> None:
    assert html.render_html(after_fix()) == html.render_html(after_fix())


def test_a_port_list_that_cannot_be_read_is_named() -> None:
    run = replace(before_fix(), ports=(PortTable(STABLE, "inet", "tcp", {Verdict.OPEN: "80,22"}),))
    with pytest.raises(InputError, match="80, 22"):
        html.render_html(run)


# --- looks that can be measured --------------------------------------------------------------------------------------

STYLE = (html.templates() / "report/report.css").read_text()


def colours(*, dark: bool) -> dict[str, str]:
    block = STYLE[STYLE.index("prefers-color-scheme: dark") if dark else 0 :]
    block = block[block.index(":root") :]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", block[: block.index("}")]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUPS = ("open", "passed", "router", "upstream", "blocked", "strange", "unknown")
PAIRS = (
    [(ink, ground) for ink in ("ink", "muted", "link") for ground in ("bg", "card", "sunk")]
    + [(group, ground) for group in GROUPS for ground in ("bg", "card", f"{group}-bg")]
    + [("on", group) for group in ("open", "passed", "router")]
    + [(ink, f"{group}-bg") for ink in ("ink",) for group in GROUPS]
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast_is_enough(*, dark: bool) -> None:
    """WCAG 2.2 success criterion 1.4.3: 4.5 to 1 for text."""
    found = colours(dark=dark)
    assert {
        pair: round(contrast(found[pair[0]], found[pair[1]]), 2)
        for pair in PAIRS
        if contrast(found[pair[0]], found[pair[1]]) < 4.5
    } == {}


# --- size and time ---------------------------------------------------------------------------------------------------


def test_the_worst_case_stays_small() -> None:
    assert len(html.render_html(alternating())) < 3_000_000


def test_a_big_ordinary_run_renders_at_once() -> None:
    """Ten addresses, every TCP and UDP port: 1,310,700 ports."""
    run = before_fix()
    tables = tuple(
        replace(run.ports[0], address=f"2001:db8::{number:x}", protocol=protocol, evidence=())
        for number in range(1, 11)
        for protocol in ("tcp", "udp")
    )
    html.render_html(run)
    started = time.perf_counter()
    html.render_html(replace(run, ports=tables))
    assert time.perf_counter() - started < 1


# --- the front door --------------------------------------------------------------------------------------------------


def test_the_formats() -> None:
    run = before_fix()
    assert set(FORMATS) >= {"html", "json"}
    assert render(run, "html") == html.render_html(run)
    assert run_from_json(render(run, "json")) == run
    assert json.loads(render(run, "json"))["schema"] == "v6expose/run/1"
    with pytest.raises(InputError, match="docx"):
        render(run, "docx")


def test_the_sample_is_hostile() -> None:
    assert all(piece in HOSTILE for piece in ("<script>", "\x1b", "\x00", "\u202e", "\u2066"))
    assert len(HOSTILE) > 1_000_000
