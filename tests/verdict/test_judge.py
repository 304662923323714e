"""A measurement becomes tables: every port once, evidence for every group, one honest bound."""

from dataclasses import replace

import pytest
from facts import ARRIVAL, PATH, ROUTER, TARGET, facts, heard
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.evidence import Kind, Measurement, Place, PortFacts, TargetFacts, Where
from scanner.model.ports import PortSet
from scanner.model.run import PortTable
from scanner.model.verdict import Verdict
from scanner.verdict.judge import false_blocked_bound, judge

V = Verdict
OPEN = facts(observation=heard(Kind.ACCEPT, TARGET, "syn-ack"), arrival=ARRIVAL)
CLOSED = facts(observation=heard(Kind.REFUSE, TARGET, "reset"), arrival=ARRIVAL)
DROPPED = facts(place=Place(Where.ROUTER, 3, 3, "the router answered for a copy"))
REJECTED = facts(observation=heard(Kind.PROHIBIT, ROUTER, "admin-prohibited"))
DOUBTED = facts(doubt="packets were lost")
UNWATCHED = facts(watched=False)
KNOWN = (OPEN, CLOSED, DROPPED, REJECTED, DOUBTED, UNWATCHED)


def measurement(*groups: tuple[PortFacts, str], bound: float | None = 0.01) -> Measurement:
    sets = tuple((one, PortSet.parse(ports)) for one, ports in groups)
    every = PortSet.of(port for _, ports in sets for port in ports)
    return Measurement((TargetFacts(TARGET, "tcp", every, sets),), loss_bound=bound, path=PATH)


def table(*groups: tuple[PortFacts, str]) -> PortTable:
    return judge(measurement(*groups), "inet")[0]


@given(st.dictionaries(st.integers(1, 65_535), st.sampled_from(range(len(KNOWN))), max_size=60))
def test_every_port_stands_in_exactly_one_verdict(which: dict[int, int]) -> None:
    groups = [(KNOWN[n], str(PortSet.of(p for p, m in which.items() if m == n))) for n in set(which.values())]
    one = table(*groups)
    assert set(one.verdicts) == set(Verdict)
    assert sorted(port for ports in one.verdicts.values() for port in PortSet.parse(ports)) == sorted(which)
    assert sorted(port for row in one.evidence for port in PortSet.parse(row.ports)) == sorted(which)
    for row in one.evidence:
        assert set(PortSet.parse(row.ports)) <= set(PortSet.parse(one.verdicts[row.verdict]))


def test_groups_of_one_verdict_are_joined() -> None:
    one = table((OPEN, "22"), (replace(OPEN, attempts=1), "23"), (CLOSED, "1-21"))
    assert (one.verdicts[V.OPEN], one.verdicts[V.CLOSED], one.verdicts[V.BLOCKED]) == ("22-23", "1-21", "")
    assert [row.ports for row in one.evidence] == ["22", "23", "1-21"], (
        "evidence keeps what differs, in verdicts' order"
    )


def test_evidence_says_what_both_sides_saw() -> None:
    (row,) = table((replace(OPEN, attempts=3), "22")).evidence
    assert (row.answer, row.responder, row.hop_limit) == ("syn-ack", str(TARGET), 61)
    assert (row.arrived, row.neighbour, row.arrival_hop_limit, row.attempts) == (True, "02:00:00:00:00:01", 61, 3)


@pytest.mark.parametrize(
    ("one", "arrived", "answer", "reason"),
    [
        (DROPPED, False, "no-response", "the router answered for a copy"),
        (DOUBTED, False, "no-response", "packets were lost"),
        (REJECTED, False, "admin-prohibited", ""),
        (replace(OPEN, watched=False, arrival=None), None, "syn-ack", ""),
    ],
)
def test_evidence_of_what_did_not_arrive(*, one: PortFacts, arrived: bool | None, answer: str, reason: str) -> None:
    (row,) = table((one, "22")).evidence
    assert (row.arrived, row.answer, row.reason) == (arrived, answer, reason)


def test_tables_come_in_the_measurements_order() -> None:
    one = measurement((OPEN, "22"))
    udp = TargetFacts(TARGET, "udp", PortSet.of([53]), ((OPEN, PortSet.of([53])),))
    tables = judge(replace(one, targets=(udp, *one.targets)), "inet")
    assert [(t.protocol, t.vantage, t.address) for t in tables] == [
        ("udp", "inet", str(TARGET)),
        ("tcp", "inet", str(TARGET)),
    ]


@pytest.mark.parametrize(
    ("groups", "loss", "bound"),
    [
        # the fewest attempts of all silent, stopped ports decide
        ([(DROPPED, "1-100"), (replace(DROPPED, attempts=3), "101")], 0.01, 1e-4),
        ([(replace(DROPPED, attempts=3), "101"), (OPEN, "22")], 0.1, 1e-3),
        # a reject speaks for itself
        ([(REJECTED, "1-100")], 0.01, 0.0),
        ([(replace(REJECTED, attempts=1), "1-100"), (DROPPED, "101")], 0.01, 1e-4),
        # nothing is called blocked
        ([(OPEN, "22"), (CLOSED, "23")], 0.01, 0.0),
        ([(OPEN, "22"), (CLOSED, "23")], None, 0.0),
        ([(DOUBTED, "22")], 0.6, 0.0),
        # nothing measured the loss, so silence was not judged
        ([(DOUBTED, "22")], None, None),
        ([(UNWATCHED, "22")], None, None),
        ([(OPEN, "22"), (UNWATCHED, "23")], None, None),
    ],
)
def test_the_bound_of_a_false_block(
    groups: list[tuple[PortFacts, str]], loss: float | None, bound: float | None
) -> None:
    said = false_blocked_bound(measurement(*groups, bound=loss))
    assert said == (None if bound is None else pytest.approx(bound))
