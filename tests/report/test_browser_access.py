"""axe-core finds nothing: light, dark and on paper, in every language. Its rules are those of WCAG 2.2 A and AA and its
own best practices.

axe is put into the page past the page's policy, by playwright's bypass_csp; the policy itself is tested elsewhere.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import LANGUAGES, Visit

Open = Callable[..., Visit]
AXE = Path(__file__).parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (standards) => {
  const found = await axe.run(document, { runOnly: standards, resultTypes: ["violations"] });
  const where = (rule) => rule.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ");
  return found.violations.map((rule) => `${rule.id}: ${where(rule)}`);
}"""
MODES = {
    "light": {"color_scheme": "light", "media": "screen"},
    "dark": {"color_scheme": "dark", "media": "screen"},
    "print": {"color_scheme": "light", "media": "print"},
}

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="needs npm ci --prefix tests/npm")


def violations(made: Visit) -> list[str]:
    if not made.page.evaluate("'axe' in window"):
        made.page.evaluate(AXE.read_text())
    found: list[str] = made.page.evaluate(RUN, STANDARDS)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["rich", "after"])
def test_axe_is_content_by_day_by_night_and_on_paper(visit: Open, name: str, language: str) -> None:
    made = visit(name, language, bypass_csp=True)
    made.page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    found = {}
    for mode, media in MODES.items():
        made.page.emulate_media(**media)
        found[mode] = violations(made)
    assert found == {mode: [] for mode in MODES}
    assert made.page.get_attribute("html", "lang") == language


@pytest.mark.parametrize(
    ("name", "mode", "width"),
    [
        ("one-sided", "light", 1280),
        ("refuted", "dark", 1280),
        ("incomplete", "dark", 390),
        ("interrupted", "light", 390),
        ("empty", "light", 390),
        ("hostile", "light", 1280),
    ],
)
def test_axe_is_content_whatever_the_run_was(visit: Open, name: str, mode: str, width: int) -> None:
    made = visit(name, width=width, bypass_csp=True)
    made.page.emulate_media(**MODES[mode])
    assert violations(made) == []


def test_axe_is_content_while_tools_are_in_use(visit: Open) -> None:
    made = visit("before", bypass_csp=True)
    made.page.fill("#search-text", "445")
    made.page.wait_for_selector("#search-found a")
    assert violations(made) == []
    made.page.keyboard.press("Escape")
    made.page.keyboard.press("?")
    assert made.page.is_visible("#keys")
    assert violations(made) == []


def test_axe_sees_what_is_wrong(visit: Open) -> None:
    made = visit("empty", bypass_csp=True)
    made.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input id=bare>')")
    assert any(text.startswith("label") for text in violations(made))
