"""The page in a browser: it fetches nothing, complains of nothing, and fits a phone and a desk, by day and by night."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.codec import run_from_json

from .conftest import Visit
from .sample import SAMPLES, STABLE, after_fix

Open = Callable[..., Visit]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_stays_at_home_and_within_its_width(visit: Open, name: str) -> None:
    made = visit(name)
    made.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")):
        made.page.set_viewport_size({"width": width, "height": 900})
        made.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert made.page.evaluate("document.scrollingElement.scrollWidth") <= width, (width, scheme)
    assert [url for url in made.requests if not url.startswith("file:")] == []
    assert len(made.requests) == 1
    assert made.complaints == []


def test_night_is_dark_and_day_is_light(visit: Open) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        made = visit("before", scheme=scheme)
        grounds[scheme] = made.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 16, 20)"}


def test_the_policy_stops_what_hostile_text_might_try(visit: Open) -> None:
    """The second lock: even a script that got into the page would not run, nor an image load."""
    made = visit("before")
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


def test_the_run_document_can_be_saved(visit: Open, tmp_path: Path) -> None:
    made = visit("after")
    with made.page.expect_download() as waiting:
        made.page.click("#save")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "v6expose-20261123T002105Z-91aa.json"
    assert run_from_json(saved.read_bytes()) == after_fix()


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [("445", "router dropped"), ("22", "open"), ("70000", "Ports run from 1 to 65535."), ("x", "Ports run")],
)
def test_a_port_can_be_asked_about(visit: Open, asked: str, verdict: str) -> None:
    made = visit("after")
    made.page.fill("#ask-port", asked)
    answer = made.page.inner_text("#ask-answer")
    assert answer.startswith(verdict)
    assert (STABLE in answer) == (not verdict.startswith("Ports run"))
    assert made.complaints == []


def test_without_scripts_everything_is_there(visit: Open) -> None:
    made = visit("before", scripts=False)
    assert made.page.is_visible("text=The router lets everything in")
    assert not made.page.is_visible("#ask")
    assert made.page.is_visible(".portmap")


def test_on_paper_nothing_is_folded_away(visit: Open) -> None:
    made = visit("before")
    assert not made.page.is_visible("details.nmap table")
    made.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert made.page.is_visible("details.nmap table")


def test_the_keyboard_reaches_the_verdict_first(visit: Open) -> None:
    made = visit("before")
    made.page.keyboard.press("Tab")
    assert made.page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    made.page.keyboard.press("Enter")
    assert made.page.evaluate("location.hash") == "#verdict"


def test_the_picture_of_the_way_stands_upright_on_a_phone(visit: Open) -> None:
    tops = {}
    for width in (390, 1280):
        made = visit("before", width=width)
        boxes = [stop.bounding_box() for stop in made.page.query_selector_all(".lane:first-of-type .stop")]
        tops[width] = [round(box["y"]) for box in boxes if box]
    assert len(set(tops[1280])) == 1
    assert tops[390] == sorted(set(tops[390]))
    assert len(tops[390]) == 4
