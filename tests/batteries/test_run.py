"""Playing all batteries: what stands in the way of one is said in its rows, and spoils nothing of the others."""

from collections import Counter
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Any

import pytest

from scanner.batteries import run
from scanner.batteries.ground import Ground, Played
from scanner.batteries.run import BATTERIES, Battery, packet_classes, play_all
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.errors import IncompleteError
from scanner.model.evidence import Path
from scanner.model.run import PortTable
from scanner.model.settings import BATTERIES as NAMES
from scanner.model.verdict import Verdict

HOST = IPv6Address("2001:db8:a::10")
BOTH = ("evasion", "icmpv6")


@dataclass(frozen=True)
class Hello:
    raw: bool
    why: str | None = None


@dataclass(frozen=True)
class Session:
    hello: Hello


@dataclass(frozen=True)
class FakeVantage:
    session: Session
    name: str = "vps"


def ground(*, raw: bool = True, **more: Any) -> Ground:
    verdicts = dict.fromkeys(Verdict, "") | {Verdict.ROUTER_DROPPED: "445"}
    tables = (PortTable(str(HOST), "vps", "tcp", verdicts),)
    vantage: Any = FakeVantage(Session(Hello(raw, None if raw else "Operation not permitted")))
    return Ground(vantage, (HOST,), tables, (), Path(), b"k" * 16, **more)


def row(case: str) -> ConformanceRow:
    return ConformanceRow(Standard.RFC4890, case, str(HOST), "vps", Result.CONFORMS, "", "")


def test_the_list_has_a_line_for_each_name() -> None:
    assert [battery.name for battery in BATTERIES] == list(NAMES)


@pytest.mark.parametrize(
    ("raw", "watched", "why"),
    [
        (False, True, "the vantage cannot send raw packets (Operation not permitted)"),
        (True, False, "nobody watches inside, so nothing tells what arrived"),
    ],
)
def test_what_cannot_be_played_has_rows_that_say_so(raw: bool, watched: bool, why: str) -> None:  # noqa: FBT001
    played = play_all(BOTH, ground(raw=raw), watched=watched)
    own = [one for one in played.rows if one.standard in (Standard.EVASION, Standard.RFC4890)]
    assert Counter(one.result for one in own) == {Result.NOT_MEASURABLE: 142, Result.NOT_TESTABLE: 50}
    assert {one.why for one in own} == {why}
    assert not played.interrupted
    assert {one.result for one in played.rows if one.standard is Standard.RFC9099} == {Result.NOT_TESTABLE}


def test_one_that_fails_spoils_nothing_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Ground) -> Played:
        raise IncompleteError("the vantage is gone")

    def lines(_: Ground, why: str) -> list[ConformanceRow]:
        return [replace(row("x"), result=Result.NOT_TESTABLE, why=why)]

    good = Battery("icmpv6", lambda _: Played((row("128"),)), lines, lambda _: ())
    monkeypatch.setattr(run, "BATTERIES", (Battery("evasion", fail, lines, lambda _: ()), good))
    played = play_all(BOTH, ground(), watched=True)
    assert [(one.id, one.result) for one in played.rows] == [("x", Result.NOT_TESTABLE), ("128", Result.CONFORMS)]
    assert played.problems == ("battery evasion could not be played: the vantage is gone",)


def test_after_ctrl_c_the_next_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Ground) -> Played:
        raise KeyboardInterrupt

    def lines(_: Ground, why: str) -> list[ConformanceRow]:
        return [replace(row("x"), result=Result.NOT_TESTABLE, why=why)]

    both = tuple(Battery(name, interrupted, lines, lambda _: ()) for name in BOTH)
    monkeypatch.setattr(run, "BATTERIES", both)
    played = play_all(BOTH, ground(), watched=True)
    assert played.interrupted
    assert {one.why for one in played.rows} == {"interrupted before it was measured"}
    assert len(played.rows) == 2


def test_only_the_chosen_ones_are_played() -> None:
    assert play_all((), ground(raw=False), watched=True).rows == ()
    assert {one.standard for one in play_all(("icmpv6",), ground(raw=False), watched=True).rows} == {Standard.RFC4890}


def test_the_dry_run_lists_every_case_with_its_count() -> None:
    rows = packet_classes(BOTH, [HOST])
    assert len(rows) == 142 + 50
    assert {one.target for one in rows} == {str(HOST)}
    pieces = next(one for one in rows if one.name.startswith("evasion Y04:"))
    assert pieces.name.endswith("(7 a copy)")
    assert (pieces.count, pieces.rate) == (77, 50)
    assert packet_classes((), [HOST]) == ()
