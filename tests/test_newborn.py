"""Addresses that are born in mid-scan: which get a plan of their own, and what a vantage says of both measurements."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from scanner.model.address import Inventory, State
from scanner.model.errors import IncompleteError
from scanner.model.evidence import Controls, Measurement, TargetFacts
from scanner.model.ports import PortSet
from scanner.model.settings import Settings
from scanner.newborn import MOST, Later, joint, plan_newborn, why_not
from scanner.plan import Plan, make_plan
from tests.findings.conftest import STABLE, address, inventory, temporary

PORTS = {"tcp": PortSet.parse("22,80"), "udp": PortSet()}
FIRST = inventory(address())
BORN = temporary("2001:db8:a:1:1c2d:3e4f:5a6b:7c8d")
SETTINGS = Settings(tcp=PortSet.parse("1-100"), rate=500)


def make(inventory: Inventory, settings: Settings) -> Plan:
    return make_plan(inventory, settings, PORTS)


def planned(now: Inventory, settings: Settings = SETTINGS) -> Later | None:
    return plan_newborn(FIRST, now, settings, make)


def test_only_what_was_born_is_planned_with_the_ports_of_the_scan() -> None:
    later = planned(inventory(address(), BORN))
    assert later is not None
    assert later.plan.addresses == (BORN.ip,)
    assert {len(target.ports) for target in later.plan.targets} == {100}
    assert (later.plan.nmap, later.plan.lan) == (False, False)


@pytest.mark.parametrize(
    "now",
    [
        FIRST,
        inventory(replace(address(), state=State.DEPRECATED)),
        inventory(address(), replace(BORN, state=State.TENTATIVE)),
        inventory(address(), address("fd00::1"), address("fe80::1")),
    ],
)
def test_what_was_there_or_cannot_be_reached_is_not_planned(now: Inventory) -> None:
    assert planned(now) is None


def test_whoever_named_addresses_gets_no_others() -> None:
    assert planned(inventory(address(), BORN), replace(SETTINGS, addresses=(IPv6Address(STABLE),))) is None


def test_no_more_than_a_few_are_scanned_in_the_same_run() -> None:
    many = [address(f"2001:db8:a:1:9c3f:71e2:4b8d:{number:x}") for number in range(0x6A05, 0x6A05 + MOST + 4)]
    later = planned(inventory(*many))
    assert later is not None
    assert len(later.plan.addresses) == MOST


def target(ip: str) -> TargetFacts:
    return TargetFacts(IPv6Address(ip), "tcp", PortSet.parse("1"), ())


def test_both_measurements_are_one_in_the_vantages_record() -> None:
    first = Measurement((target(STABLE),), Controls(100, 99), 0.02, probes_sent=10, seconds=1.0, problems=("a",))
    first = replace(first, called_home=(IPv6Address(STABLE),))
    second = Measurement((target(str(BORN.ip)),), Controls(50, 50), 0.09, probes_sent=5, seconds=2.0, lost=True)
    second = replace(second, called_home=(BORN.ip, IPv6Address(STABLE)), problems=("a", "b"))
    both = joint(first, second)
    assert [facts.address for facts in both.targets] == [IPv6Address(STABLE), BORN.ip]
    assert (both.controls.sent, both.controls.seen, both.loss_bound) == (150, 149, 0.09)
    assert (both.probes_sent, both.seconds, both.lost, both.problems) == (15, 3.0, True, ("a", "b"))
    assert both.called_home == (IPv6Address(STABLE), BORN.ip)


def test_a_bound_that_is_missing_once_is_missing() -> None:
    bounded, unbounded = Measurement((), loss_bound=0.01), Measurement(())
    assert joint(bounded, unbounded).loss_bound is None
    assert joint(unbounded, bounded).loss_bound is None


def test_what_could_not_be_scanned_is_named() -> None:
    error = IncompleteError("the vantage is gone")
    assert why_not(error, planned(inventory(address(), BORN))) == (
        f"{BORN.ip} born in mid-scan: not scanned (the vantage is gone)"
    )
    assert why_not(error, None) == "addresses born in mid-scan: not scanned (the vantage is gone)"
