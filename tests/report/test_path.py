from dataclasses import replace

import pytest

from scanner.model.run import PortTable, Run
from scanner.model.verdict import Verdict
from scanner.report.path import Stop, Way, ways_of
from scanner.report.results import blocks_of

from .sample import SAMPLES, STABLE, TEMPORARY, before_fix


def ways(run: Run) -> tuple[Way, ...]:
    return ways_of(run, blocks_of(run))


def stops(run: Run) -> dict[str, Stop]:
    (way,) = ways(run)
    return {stop.key: stop for stop in way.lanes[0].stops}


def test_the_router_that_lets_everything_in() -> None:
    found = stops(SAMPLES["before"]())
    assert found["stranger"].flow.text == "65,535 TCP + 25 UDP set out"
    assert found["upstream"].ends[0].named == "546"
    assert found["router"].flow.text == "65,535 TCP + 24 UDP get in"
    assert found["router"].flow.group == "open"
    assert found["router"].none == "stopped nothing"
    assert found["host"].ends[0].named == "22, 80, 111, 139, 443, 445, 2049, 8080"


def test_the_fixed_router() -> None:
    found = stops(SAMPLES["after"]())
    assert [ending.amount for ending in found["router"].ends] == ["65,532 TCP ports", "25 UDP ports"]
    assert found["router"].flow.text == "3 TCP get in"


def test_what_ended_nobody_knows_where_widens_the_numbers() -> None:
    found = stops(SAMPLES["incomplete"]())
    assert found["upstream"].flow.text == "28,966 to 65,528 TCP reach the router"
    assert found["router"].flow.text == "264 to 35,800 TCP get in"


def only(verdict: Verdict) -> Run:
    return replace(before_fix(), ports=(PortTable(STABLE, "inet", "tcp", {verdict: "1-100"}),))


@pytest.mark.parametrize(
    ("verdict", "place", "gets_in"),
    [
        (Verdict.OPEN, "host", "100 TCP get in"),
        (Verdict.CLOSED, "host", "100 TCP get in"),
        (Verdict.NO_NEIGHBOUR, "host", "100 TCP get in"),
        (Verdict.ROUTER_DROPPED, "router", "none get in"),
        (Verdict.UPSTREAM_DROPPED, "upstream", "none get in"),
        (Verdict.BLOCKED, None, "none get in"),
        (Verdict.FORGED, None, "none get in"),
        (Verdict.INDETERMINATE, None, "0 to 100 TCP get in"),
    ],
)
def test_where_each_verdict_ends(verdict: Verdict, place: str | None, gets_in: str) -> None:
    (way,) = ways(only(verdict))
    found = {stop.key: stop for stop in way.lanes[0].stops}
    assert [key for key, stop in found.items() if stop.ends] == ([place] if place else [])
    assert bool(way.lanes[0].aside) == (place is None)
    assert found["router"].flow.text == gets_in
    assert (found["router"].flow.weight == 0) == (place != "host")


def test_addresses_that_fare_differently_have_a_lane_each() -> None:
    run = before_fix()
    mixed = replace(run, ports=(run.ports[0], SAMPLES["after"]().ports[2]))
    (way,) = ways(mixed)
    assert [[tag.address for tag in lane.tags] for lane in way.lanes] == [[STABLE], [TEMPORARY]]
    assert [[tag.kind for tag in lane.tags] for lane in way.lanes] == [["stable"], ["temporary"]]


def test_hops_and_router_are_named() -> None:
    (way,) = ways(before_fix())
    details = {station.key: station.details for station in way.stations}
    assert details["upstream"] == ("hop 1: 2001:db8:f::1", "hop 2: 2001:db8:e::2")
    assert details["router"] == ("outside 2001:db8:d::3", "inside fe80::5eff:fe10:1", "MAC 02:00:5e:10:00:01")


def test_a_vantage_inside_is_no_strangers_way() -> None:
    (way,) = ways(SAMPLES["refuted"]())
    assert "does not stand outside" in way.note
    assert way.lanes[0].stops[0].name == "The vantage, inside"
