from dataclasses import replace

import pytest

from scanner.model.run import PortTable
from scanner.model.verdict import Verdict
from scanner.report.changeview import comparison_view
from scanner.report.compare import Direction, compare, direction_of
from scanner.report.words import Group

from .sample import STABLE, TEMPORARY, after_fix, before_fix, digest, refuted


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Verdict.OPEN, Verdict.OPEN, Direction.SAME),
        (Verdict.OPEN, Verdict.CLOSED, Direction.BETTER),
        (Verdict.CLOSED, Verdict.ROUTER_DROPPED, Direction.BETTER),
        (Verdict.ROUTER_DROPPED, Verdict.OPEN, Direction.WORSE),
        (Verdict.ROUTER_DROPPED, Verdict.UPSTREAM_DROPPED, Direction.WORSE),
        (Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED, Direction.CHANGED),
        (Verdict.OPEN, Verdict.INDETERMINATE, Direction.UNSURE),
        (Verdict.ROUTER_DROPPED, Verdict.INDETERMINATE, Direction.UNSURE),
        (Verdict.INDETERMINATE, Verdict.ROUTER_DROPPED, Direction.KNOWN),
        (None, Verdict.OPEN, Direction.ONLY_NOW),
        (Verdict.OPEN, None, Direction.ONLY_BEFORE),
    ],
)
def test_direction(before: Verdict | None, after: Verdict | None, expected: Direction) -> None:
    assert direction_of(before, after) is expected


def test_nothing_unknown_ever_counts_as_better() -> None:
    for before in Verdict:
        assert direction_of(before, Verdict.INDETERMINATE) in {Direction.UNSURE, Direction.SAME}


def test_the_fix_of_the_story() -> None:
    run = after_fix()
    found = compare(run, run.before)
    closed = next(
        row
        for row in found.rows
        if row.protocol == "tcp" and row.before is Verdict.OPEN and row.after is not row.before
    )
    assert closed.ranges == ((111, 111), (139, 139), (445, 445), (2049, 2049), (8080, 8080))
    assert closed.direction is Direction.BETTER
    assert [tag.address for tag in closed.tags] == [STABLE, TEMPORARY]
    assert [tally.of(Group.OPEN) for tally in found.tallies] == [12, 3]
    assert sum(row.count for row in found.rows if row.protocol == "tcp") == 65535
    assert len(found.solved) == 6
    assert found.new == ()
    assert found.unchanged_findings == 1


def test_what_got_worse_stands_first() -> None:
    run = replace(before_fix(), before=digest(after_fix()))
    rows = compare(run, run.before).rows
    assert rows[0].direction is Direction.WORSE
    assert rows[-1].direction is Direction.SAME


def test_a_temporary_address_that_rotated_away_is_not_an_improvement() -> None:
    run = after_fix()
    kept = replace(run, ports=run.ports[:2])
    gone = [row for row in compare(kept, run.before).rows if [tag.address for tag in row.tags] == [TEMPORARY]]
    assert gone
    assert {row.direction for row in gone} == {Direction.ONLY_BEFORE}


def test_a_vantage_inside_improves_nothing() -> None:
    run = replace(refuted(), before=digest(before_fix()))
    assert {row.direction for row in compare(run, run.before).rows} == {Direction.ONLY_BEFORE}
    assert comparison_view(run, run.before).solved_icon == "unsure"


def test_a_complete_run_may_say_solved() -> None:
    run = after_fix()
    view = comparison_view(run, run.before)
    assert (view.grade_before, view.grade_after) == ("F", "A")
    assert (view.solved_icon, view.solved_note) == ("better", "")
    assert ("open to strangers", "12", "3") in view.counts
    assert {row.where for row in view.rows} == {"both addresses"}


def test_a_port_scanned_only_now_is_told_as_such() -> None:
    run = after_fix()
    more = PortTable(STABLE, "inet", "udp", {Verdict.OPEN: "9999"})
    row = next(row for row in compare(replace(run, ports=(more,)), run.before).rows if row.ranges == ((9999, 9999),))
    assert (row.before, row.after, row.direction) == (None, Verdict.OPEN, Direction.ONLY_NOW)


def test_a_rotated_address_is_compared_with_the_one_that_took_its_place() -> None:
    from scanner.changes import digest_of

    rotated = "2001:db8:a:1:1234:5678:9abc:def0"
    now = before_fix()
    now = replace(
        now,
        addresses=tuple(replace(one, address=rotated) if one.address == TEMPORARY else one for one in now.addresses),
        ports=tuple(replace(table, address=rotated) if table.address == TEMPORARY else table for table in now.ports),
    )
    found = compare(now, digest_of(before_fix()))
    assert {row.direction for row in found.rows} == {Direction.SAME}
    assert {tag.address for row in found.rows for tag in row.tags} == {STABLE, rotated}
