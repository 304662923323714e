"""What vantages that measure at the same time share: nobody opens a flow early, nobody's rate is another's loss."""

from ipaddress import IPv6Address
from itertools import cycle

import pytest

from scanner.lane import Gate, make_lanes, shared
from scanner.plan import Plan

HERE = IPv6Address("2001:db8:a::10")


def test_the_gate_opens_when_all_have_come() -> None:
    gate = Gate(["a", "b"])
    assert gate.arrive("a")
    assert not gate.is_open()
    assert gate.arrive("b")
    assert gate.is_open()


def test_one_that_is_gone_keeps_nobody_waiting_and_counts_for_nobody_else() -> None:
    gate = Gate(["a", "b", "c"])
    gate.arrive("a")
    gate.leave("a")
    assert not gate.is_open(), "b and c have not asked yet"
    gate.leave("b")
    gate.arrive("c")
    assert gate.is_open()


def test_whoever_comes_after_the_others_went_on_is_told() -> None:
    gate = Gate(["a", "b"])
    gate.arrive("a")
    gate.close()
    assert not gate.arrive("b")


def test_a_single_vantage_meets_an_open_gate() -> None:
    assert Gate().arrive("")
    assert Gate().is_open()


def test_the_inside_ports_of_lanes_differ_and_each_knows_the_others() -> None:
    drawn = cycle([{HERE: 50_001}, {HERE: 50_001}, {HERE: 50_002}, {HERE: 50_003}])
    a, b, c = make_lanes(["a", "b", "c"], lambda: next(drawn))
    assert [lane.inside_ports for lane in (a, b, c)] == [{HERE: 50_001}, {HERE: 50_002}, {HERE: 50_003}]
    assert a.others == {HERE: frozenset({50_002, 50_003})}
    assert c.others == {HERE: frozenset({50_001, 50_002})}
    assert a.gate is b.gate is c.gate


@pytest.mark.parametrize(("rate", "number"), [(10_000, 2), (10_000, 3), (600, 2), (5, 3), (1, 1), (200_000, 7)])
def test_together_the_shares_keep_the_ceiling(rate: int, number: int) -> None:
    plan = Plan(
        targets=(),
        rate=rate,
        start_rate=min(1000, rate),
        linger_until=6.5,
        nmap=False,
        locate_all=False,
        lan=False,
        classes=(),
    )
    share = shared(plan, number)
    assert 1 <= share.start_rate <= share.rate
    assert share.rate * number <= rate
    assert share.start_rate * number <= max(plan.start_rate, number)
