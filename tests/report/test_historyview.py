"""Pictures of time, as values."""

from dataclasses import replace
from datetime import timedelta

from scanner.changes import compare
from scanner.model.history import DoorHistory, Stretch
from scanner.model.run import Run
from scanner.model.verdict import Verdict
from scanner.report.historyview import HEIGHTS, TURNS, history_view
from scanner.report.html import render_html
from scanner.report.words import VERDICTS, Group

from .sample import STARTED, after_fix, before_fix

DAY = timedelta(days=1)
DOOR = DoorHistory(
    "temporary enp3s0 temporary",
    "tcp",
    445,
    (
        Stretch(Verdict.OPEN, 3, STARTED, STARTED + 2 * DAY),
        Stretch(None, 1, STARTED + 3 * DAY, STARTED + 3 * DAY),
        Stretch(Verdict.ROUTER_DROPPED, 2, STARTED + 4 * DAY, STARTED + 5 * DAY),
    ),
)


def told(run: Run) -> Run:
    return replace(
        run, changes=compare(before_fix(), run, (3, 4)), doors=(DOOR, replace(DOOR, role="stable enp3s0 eui64"))
    )


def test_without_memory_there_is_no_section() -> None:
    assert history_view(after_fix()) is None
    assert history_view(replace(after_fix(), doors=(replace(DOOR, stretches=DOOR.stretches[1:2]),))) is None


def test_a_strip_has_a_bar_a_run_and_its_height_says_what_its_colour_says() -> None:
    view = history_view(told(after_fix()))
    assert view is not None
    (strip,) = view.strips  # both roles fared alike
    assert [bar.group for bar in strip.bars] == ["open"] * 3 + ["none"] + ["router"] * 2
    assert [bar.height for bar in strip.bars][:1] == [HEIGHTS[Group.OPEN]]
    assert [bar.x for bar in strip.bars] == sorted(bar.x for bar in strip.bars)
    assert strip.bars[-1].x + 6.5 <= strip.width + 0.1
    assert strip.role == "the temporary addresses of enp3s0 and the stable address of enp3s0"
    assert strip.says == (
        "open in 3 runs since 2026-11-23, then not asked in 1 run since 2026-11-26, "
        "then router dropped in 2 runs since 2026-11-27"
    )
    assert view.span == "The last 6 runs, from 2026-11-23 to 2026-11-28; each bar is a run."


def test_every_group_and_turn_has_its_picture() -> None:
    assert {VERDICTS[verdict].group for verdict in Verdict} <= HEIGHTS.keys()
    view = history_view(told(after_fix()))
    assert view is not None
    assert [turn.direction for turn in view.turns] == ["better"]
    assert len(TURNS) == 4


def test_findings_that_differ_in_the_address_only_are_told_once() -> None:
    view = history_view(told(after_fix()))
    assert view is not None
    first = view.turns[0].lines[0]
    assert len(first.addresses) == 2
    assert first.causes == ("The router's default for tcp changed: it stops what it let in before.",)
    assert view.since == "run 3, 2026-11-23 00:12 UTC"


def test_the_page_shows_it_and_escapes_what_is_foreign() -> None:
    run = told(after_fix())
    hostile = replace(run, doors=tuple(replace(one, role="<script>alert(1)</script>\x1b x y") for one in run.doors))
    page = render_html(hostile)
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert 'href="#history"' in page
