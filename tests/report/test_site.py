"""The static site: what it links, what it says, and that hostile names stay names."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.model.finding import Severity
from scanner.model.history import RunSummary
from scanner.model.settings import Profile
from scanner.report.site import hosts_of, render_site, report_path, shown

from .sample import STARTED


def summary(number: int, host: str = "midnight", **changes: object) -> RunSummary:
    row = RunSummary(
        number=number,
        id=f"2026-{number}",
        started_at=STARTED + timedelta(days=number),
        finished_at=STARTED + timedelta(days=number, seconds=30),
        host=host,
        profile=Profile.STANDARD,
        complete=True,
        interrupted=False,
        grade="A",
        headline="All is well.",
        title="",
        counts=dict.fromkeys(Severity, 0) | {Severity.HIGH: number},
        vantages=("inet",),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def test_every_link_leads_to_a_page_or_a_report() -> None:
    runs = [summary(number, host) for number in (3, 2, 1) for host in ("midnight", "atom/../x")]
    pages = {page.path: page.html for page in render_site(runs, {"midnight": 3, "atom/../x": 3})}
    there = pages.keys() | {report_path(run) for run in runs}
    for path, html in pages.items():
        for link in re.findall(r'href="([^"#]*)"', html):
            assert str(Path("/", Path(path).parent, link).resolve()).lstrip("/") in there, (path, link)
    assert all(".." not in path for path in pages)


def test_bars_add_up_and_grow_upwards() -> None:
    (host,) = hosts_of([summary(8), summary(4), summary(0)], {"midnight": 3})
    assert [sum(piece.height for piece in bar.pieces) for bar in host.bars] == [0, 36, 72]
    assert host.trend.endswith("0 at first, 8 at last.")
    assert host.left_off == ""


def test_what_is_left_off_is_said() -> None:
    runs = shown([summary(number) for number in range(9, 0, -1)], 4)
    assert [run.number for run in runs] == [9, 8, 7, 6]
    (host,) = hosts_of(runs, {"midnight": 9})
    assert host.left_off == "5 older runs are not shown"


@pytest.mark.parametrize("state", [{"complete": False}, {"complete": False, "interrupted": True}, {"grade": None}])
def test_what_may_not_be_believed_is_never_green(state: dict[str, object]) -> None:
    (host,) = hosts_of([summary(1, **state)], {"midnight": 1})
    assert host.latest.tone == "unknown"


def test_hostile_names_stay_names() -> None:
    runs = [summary(1, '"><script>alert(1)</script>\x1b', headline="<img src=x>", title="<b>", id="<i>")]
    for page in render_site(runs, {}):
        assert "<script" not in page.html
        assert "<img" not in page.html
        assert "\x1b" not in page.html
        assert re.fullmatch(r"[A-Za-z0-9./-]+", page.path)


def test_two_hosts_never_share_a_page() -> None:
    pages = [page.path for page in render_site([summary(1, "a b"), summary(2, "a-b"), summary(3, "a/b")], {})]
    assert len(set(pages)) == 4


def test_an_empty_history_is_a_page() -> None:
    (page,) = render_site([], {})
    assert "No runs are stored yet" in page.html
