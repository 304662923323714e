"""Search, filter, deep links, keys and paper, as a reader uses them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.cli.report import read_run
from scanner.report.html import render_html

from .conftest import Visit
from .sample import TEMPORARY, alternating
from .vast import vast

Open = Callable[..., Visit]
SMB = "finding-v6x001-445-tcp"


def shown(made: Visit) -> list[str]:
    return made.page.eval_on_selector_all(".card:not([hidden])", "cards => cards.map(card => card.id)")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("large") / "vast.html"
    file.write_text(render_html(vast()))
    return file


def test_findings_are_filtered_by_text_severity_and_address(visit: Open) -> None:
    made = visit("before")
    page, everything = made.page, shown(made)
    page.fill("#filter-text", "smb 445")
    assert shown(made) == [SMB]
    assert page.inner_text("#filter-count") == f"Shown: 1 of {len(everything)}"
    page.fill("#filter-text", "")
    page.uncheck("#filter input[value=critical]")
    assert SMB not in shown(made)
    page.check("#filter input[value=critical]")
    page.uncheck("#filter input[value=stable]")
    assert len(shown(made)) == len(everything) - 1  # one finding is about the stable address alone
    page.focus("#filter-text")
    page.keyboard.press("Escape")
    assert shown(made) == everything
    assert page.inner_text("#filter-count") == ""
    assert made.complaints == []


def test_a_link_to_a_finding_shows_it_though_it_was_filtered_away(visit: Open) -> None:
    made = visit("before", fragment=f"#{SMB}")
    assert made.page.evaluate("document.activeElement.id") == SMB
    made.page.fill("#filter-text", "rpcbind")
    assert SMB not in shown(made)
    made.page.evaluate(f"location.hash = ''; location.hash = '{SMB}'")
    made.page.wait_for_function(f"!document.getElementById('{SMB}').hidden")


def test_a_finding_is_found_by_its_fingerprint(visit: Open, large: Path) -> None:
    made = visit(large)
    spot = made.page.get_attribute(".card .spot", "id")
    made = visit(large, fragment=f"#{spot}")
    assert made.page.evaluate(f"document.activeElement.contains(document.getElementById('{spot}'))")


def test_the_search_finds_ports_findings_addresses_and_words(visit: Open) -> None:
    made = visit("before")
    page = made.page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search-text"
    page.keyboard.type("445")
    page.wait_for_selector("#search-found a")
    links = page.eval_on_selector_all("#search-found a", "links => links.map(link => [link.textContent, link.hash])")
    assert links[0] == ["445/tcp open (2)", "#ports"]
    assert ["Critical: SMB file sharing answers strangers", f"#{SMB}"] in links
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == f"#{SMB}"
    assert page.evaluate("document.activeElement.id") == SMB
    assert not page.is_visible("#search-found")
    for asked, hash_ in ((TEMPORARY, "#address-2"), ("host silent", "#word-2-passed"), ("netns:inet", "#vantage-1")):
        page.fill("#search-text", asked)
        page.wait_for_selector("#search-found a")
        found = page.eval_on_selector_all("#search-found a", "links => links.map(link => link.hash)")
        assert hash_ in found, asked
    page.fill("#search-text", "no such thing")
    page.wait_for_function("document.getElementById('search-found').textContent.startsWith('Nothing')")
    page.keyboard.press("Escape")
    assert not page.is_visible("#search-found")
    assert made.complaints == []


def test_keys_walk_through_the_findings_and_can_be_turned_off(visit: Open) -> None:
    made = visit("before")
    page, ids = made.page, shown(made)
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == ids[1]
    page.keyboard.press("k")
    assert page.evaluate("location.hash") == f"#{ids[0]}"
    page.keyboard.press("e")
    assert page.evaluate("document.querySelectorAll('main details:not([open]):not([hidden])').length") == 0
    page.keyboard.press("?")
    assert page.is_visible("#keys")
    page.uncheck("#keys-on")
    page.click("#keys-close")
    page.keyboard.press("j")
    assert page.evaluate("location.hash") == f"#{ids[0]}"
    assert made.complaints == []


def test_on_paper_nothing_is_folded_away_and_after_it_all_is_as_it_was(visit: Open) -> None:
    made = visit("before")
    assert not made.page.is_visible("details.nmap table")
    made.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert made.page.is_visible("details.nmap table")
    made.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not made.page.is_visible("details.nmap table")


def test_a_dark_screen_prints_black_on_white(visit: Open) -> None:
    made = visit("before", scheme="dark")
    made.page.emulate_media(media="print")
    assert made.page.evaluate("getComputedStyle(document.body).color") == "rgb(21, 25, 30)"
    assert made.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_run_document_of_a_large_run_can_be_asked_and_saved(visit: Open, large: Path, tmp_path: Path) -> None:
    made = visit(large)
    made.page.fill("#ask-port", "445")
    made.page.wait_for_selector("#ask-answer li")
    assert made.page.locator("#ask-answer li").count() == 60  # 3 vantages, 10 addresses, 2 protocols
    with made.page.expect_download() as waiting:
        made.page.click("#save-packed")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.suffix == ".gz"
    assert read_run(str(saved)) == vast()


def test_what_the_browser_cannot_unpack_can_still_be_saved(visit: Open, tmp_path: Path) -> None:
    run = alternating(10)
    file = tmp_path / "worst.html"
    file.write_text(render_html(run))
    made = visit(file)
    assert not made.page.is_visible("#ask")
    with made.page.expect_download() as waiting:
        made.page.click("#save-packed")
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.suffix == ".xz"
    assert read_run(str(saved)) == run


def test_a_large_run_is_a_small_file_that_opens_at_once(visit: Open, large: Path) -> None:
    """The ceilings are generous, a test machine may be busy; bench/report.py measures."""
    assert large.stat().st_size < 3_000_000
    made = visit(large)
    took = made.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    assert took < 12_000  # milliseconds
    assert made.complaints == []
