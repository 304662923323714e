"""Looks that a script can judge, at a phone's width, a desk's and on paper, in every language.

The pictures stay in build/screenshots for whoever wants to look (CI keeps them).
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import LANGUAGES, PAPER, Visit
from .sample import SAMPLES

Open = Callable[..., Visit]
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
FAULTS = (Path(__file__).parent / "layout.js").read_text()
WIDTHS = {"390": 390, "1280": 1280, "print": PAPER}
PICTURED = ("rich", "after")  # at every width, in every language; of the others one picture each
TALLEST = 9_000  # pixels of a picture


def picture(made: Visit, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = made.page
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    width = page.evaluate("document.documentElement.clientWidth")
    page.screenshot(
        path=PICTURES / f"{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height}
    )


def lay_out(made: Visit, medium: str) -> None:
    """Everything open, nothing sticky: what floats over the text on purpose is no fault."""
    page = made.page
    page.set_viewport_size({"width": WIDTHS[medium], "height": 900})
    page.emulate_media(media="print" if medium == "print" else "screen")
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")


PAGES = [
    (name, language)
    for name in SAMPLES
    for language in LANGUAGES
    if name != "alternating" and (language == "en" or name in (*PICTURED, "incomplete", "empty"))
]


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_nothing_overflows_and_nothing_overlaps(visit: Open, name: str, language: str) -> None:
    made = visit(name, language, bypass_csp=True)
    made.page.add_style_tag(content=".top { position: static !important }")
    found = {}
    for medium in WIDTHS:
        lay_out(made, medium)
        found[medium] = made.page.evaluate(FAULTS)
        if name in PICTURED or (medium == "390" and language == "en"):
            picture(made, f"{name}-{language}-{medium}")
    assert found == {medium: [] for medium in WIDTHS}


def test_the_worst_case_stays_within_the_page(visit: Open) -> None:
    made = visit("alternating", width=390)
    assert made.page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_pictures_by_night(visit: Open) -> None:
    for medium in ("390", "1280"):
        made = visit("before", width=WIDTHS[medium], scheme="dark")
        picture(made, f"before-dark-{medium}")
        assert (PICTURES / f"before-dark-{medium}.png").stat().st_size > 10_000


FAULTY = {
    "beyond the page": "<p style='position:absolute;left:1200px;white-space:nowrap'>far too far to the right</p>",
    "text upon text": "<p style='position:absolute;top:9px'>one</p><p style='position:absolute;top:11px'>other</p>",
    "cut off": "<p style='overflow:hidden;width:40px;white-space:nowrap'>cut off at the edge</p>",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_the_judge_sees_what_is_wrong(visit: Open, fault: str) -> None:
    made = visit("empty", bypass_csp=True)
    made.page.evaluate("html => document.querySelector('main').insertAdjacentHTML('beforeend', html)", FAULTY[fault])
    assert [text for text in made.page.evaluate(FAULTS) if text.startswith(fault)]
