"""The page in a browser: it fetches nothing, complains of nothing, and fits a phone and a desk, by day and by night.

Debian's chromium, driven by playwright, from a file: nothing here needs or touches a network.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from scanner.codec import run_from_json
from scanner.report.html import render_html

from .sample import SAMPLES, STABLE, after_fix

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@dataclass
class Visit:
    """A page that was opened, and everything it did that it should not do."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("pages")
    for name, sample in SAMPLES.items():
        (directory / f"{name}.html").write_text(render_html(sample()))
    return {name: directory / f"{name}.html" for name in SAMPLES}


def visit(browser: Browser, file: Path, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Visit:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
        offline=True,
    )
    made = Visit(context.new_page())

    def note(request: Request) -> None:
        made.requests.append(request.url)

    made.page.on("request", note)
    made.page.on("console", lambda message: made.complaints.append(message.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on("dialog", lambda dialog: made.complaints.append(f"dialog: {dialog.message}"))
    made.page.goto(file.as_uri())
    return made


@pytest.mark.parametrize("name", SAMPLES)
def test_it_stays_at_home_and_within_its_width(browser: Browser, files: dict[str, Path], name: str) -> None:
    made = visit(browser, files[name])
    made.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")):
        made.page.set_viewport_size({"width": width, "height": 900})
        made.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert made.page.evaluate("document.scrollingElement.scrollWidth") <= width, (width, scheme)
    assert [url for url in made.requests if url != files[name].as_uri()] == []
    assert made.complaints == []
    made.page.context.close()


def test_night_is_dark_and_day_is_light(browser: Browser, files: dict[str, Path]) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        made = visit(browser, files["before"], scheme=scheme)
        grounds[scheme] = made.page.evaluate("getComputedStyle(document.body).backgroundColor")
        made.page.context.close()
    assert grounds == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 16, 20)"}


def test_the_policy_stops_what_hostile_text_might_try(browser: Browser, files: dict[str, Path]) -> None:
    """The second lock: even a script that got into the page would not run, nor an image load."""
    made = visit(browser, files["before"])
    made.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'owned'";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "https://example.invalid/leak.png";
            document.body.append(image);
        }"""
    )
    assert made.page.title() != "owned"
    refused = [text for text in made.complaints if "Content Security Policy" in text]
    assert len(refused) == 2
    assert any("leak.png" in text and "blocked" in text for text in refused)
    made.page.context.close()


def test_the_run_document_can_be_saved(browser: Browser, files: dict[str, Path], tmp_path: Path) -> None:
    made = visit(browser, files["after"])
    with made.page.expect_download() as waiting:
        made.page.click("#save")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "v6expose-20261123T002105Z-91aa.json"
    assert run_from_json(saved.read_bytes()) == after_fix()
    made.page.context.close()


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [("445", "router dropped"), ("22", "open"), ("70000", "Ports run from 1 to 65535."), ("x", "Ports run")],
)
def test_a_port_can_be_asked_about(browser: Browser, files: dict[str, Path], asked: str, verdict: str) -> None:
    made = visit(browser, files["after"])
    made.page.fill("#ask-port", asked)
    answer = made.page.inner_text("#ask-answer")
    assert answer.startswith(verdict)
    assert (STABLE in answer) == (not verdict.startswith("Ports run"))
    assert made.complaints == []
    made.page.context.close()


def test_without_scripts_everything_is_there(browser: Browser, files: dict[str, Path]) -> None:
    made = visit(browser, files["before"], scripts=False)
    assert made.page.is_visible("text=The router lets everything in")
    assert not made.page.is_visible("#ask")
    assert made.page.is_visible(".portmap")
    made.page.context.close()


def test_on_paper_nothing_is_folded_away(browser: Browser, files: dict[str, Path]) -> None:
    made = visit(browser, files["before"])
    assert not made.page.is_visible("details.nmap table")
    made.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert made.page.is_visible("details.nmap table")
    made.page.context.close()


def test_the_keyboard_reaches_the_verdict_first(browser: Browser, files: dict[str, Path]) -> None:
    made = visit(browser, files["before"])
    made.page.keyboard.press("Tab")
    assert made.page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    made.page.keyboard.press("Enter")
    assert made.page.evaluate("location.hash") == "#verdict"
    made.page.context.close()


def test_the_picture_of_the_way_stands_upright_on_a_phone(browser: Browser, files: dict[str, Path]) -> None:
    tops = {}
    for width in (390, 1280):
        made = visit(browser, files["before"], width=width)
        boxes = [stop.bounding_box() for stop in made.page.query_selector_all(".lane:first-of-type .stop")]
        tops[width] = [round(box["y"]) for box in boxes if box]
        made.page.context.close()
    assert len(set(tops[1280])) == 1
    assert tops[390] == sorted(set(tops[390]))
    assert len(tops[390]) == 4
