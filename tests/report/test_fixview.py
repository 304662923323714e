"""How to fix it on the router at hand: every router's text, the likeliest one first, and the program's own setting."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.findings import exposed, router
from scanner.model.run import Run
from scanner.remedies import load_routers
from scanner.report.fixview import fix_view, host_fixes
from scanner.report.html import render_html

from .conftest import Visit
from .sample import after_fix, before_fix


def exposed_run(**changes: object) -> Run:
    """The sample with the rules of a real scan."""
    run = before_fix()
    findings = tuple(
        replace(one, rule=exposed.RULE if one.port else router.UNFILTERED, fingerprint=f"{number:016x}")
        for number, one in enumerate(run.findings[:-1])
    )
    return replace(run, findings=findings, host=replace(run.host, **changes))  # type: ignore[arg-type]


def test_every_router_of_the_catalogue_has_its_text_with_the_hosts_own_prefix() -> None:
    view = fix_view(exposed_run(), "en")
    assert view is not None
    texts = {text.id: text for group in view.groups for text in group.fixes}
    assert set(texts) == {row.id for row in load_routers()}
    assert "2001:db8:a:1::/64" in texts["generic"].text
    assert all(text.source for text in texts.values())


def test_the_owners_word_decides_which_is_shown() -> None:
    view = fix_view(exposed_run(router="yamaha-rtx"), "en")
    assert view is not None
    assert (view.chosen, view.why) == ("yamaha-rtx", "as you said")
    unknown = fix_view(exposed_run(), "en")
    assert unknown is not None
    assert (unknown.chosen, unknown.why) == ("generic", "nothing tells which router it is: choose yours")


def test_where_no_filter_cures_anything_there_is_no_such_section() -> None:
    assert fix_view(after_fix(), "en") is None


def test_what_no_remedy_can_be_made_of_costs_the_remedy_not_the_report() -> None:
    run = exposed_run()
    strange = replace(run.addresses[0], address="2001:db8::1%<%>")
    run = replace(run, addresses=(strange, *run.addresses))
    assert fix_view(run, "en") is None
    assert host_fixes(run, run.findings[0], "en") == ()


def test_the_program_gets_a_line_of_its_own() -> None:
    run = exposed_run()
    smb = next(one for one in run.findings if one.port == 445)
    (fix, *_) = host_fixes(run, smb, "en")
    assert "smb" in fix.text
    assert host_fixes(run, next(one for one in run.findings if one.rule == router.UNFILTERED), "en") == ()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_reader_picks_the_router(visit: Callable[..., Visit], tmp_path: Path, language: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_html(exposed_run(router="yamaha-rtx"), language))
    made = visit(file)
    shown = "details.router:not([hidden])"
    assert made.page.eval_on_selector_all(shown, "parts => parts.map(part => part.id)") == ["router-yamaha-rtx"]
    made.page.select_option("#picker-router", "openwrt")
    assert made.page.eval_on_selector_all(shown, "parts => parts.map(part => part.id)") == ["router-openwrt"]
    assert made.page.is_visible("#router-openwrt pre")
    made.page.evaluate("location.hash = 'router-vyos'")
    made.page.wait_for_selector("#router-vyos pre", state="visible")
    made.page.emulate_media(media="print")
    assert not made.page.is_visible("#router-openwrt")
    assert made.page.is_visible("#router-vyos pre")
    assert made.complaints == []


def test_without_scripts_every_router_can_be_opened(visit: Callable[..., Visit], tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render_html(exposed_run(router="yamaha-rtx")))
    made = visit(file, scripts=False)
    assert made.page.is_visible("#router-yamaha-rtx pre")
    assert made.page.is_visible("#router-vyos summary")
    assert not made.page.is_visible("#picker-router")
