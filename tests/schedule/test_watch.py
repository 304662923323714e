"""When a change of addresses is due for a scan: sequences of announcements and the clock."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from scanner.discovery.events import AddressEvent, Change
from scanner.model.address import Address, Kind, Origin, State
from scanner.schedule.watch import Debounce

ONE, TWO = IPv6Address("2001:db8:2120:f400::10"), IPv6Address("2001:db8:2120:f400::20")
HOME = Address(ONE, 64, "lan0", Kind.STABLE, State.PREFERRED, Origin.EUI64, None, None)


def event(change: Change, at: float, ip: IPv6Address = ONE, **fields: object) -> AddressEvent:
    return AddressEvent(change, replace(HOME, ip=ip, **fields), at)  # type: ignore[arg-type]


def test_nothing_is_due_while_nothing_changes() -> None:
    assert Debounce().due_in(1e9) is None


def test_a_change_is_due_when_it_has_settled() -> None:
    debounce = Debounce(settle=20, pause=300)
    debounce.note([event(Change.BORN, 100.0)])
    assert (debounce.due_in(100.0), debounce.due_in(119.0), debounce.due_in(120.0)) == (20.0, 1.0, 0.0)
    assert debounce.take(120.0) == (ONE,)
    assert debounce.due_in(500.0) is None


def test_more_changes_put_it_off() -> None:
    """A renumbering is many announcements; one scan sees them all."""
    debounce = Debounce(settle=20, pause=300)
    for second in range(10):
        debounce.note([event(Change.RENUMBERED, 100.0 + second, TWO), event(Change.PREFERRED, 100.0 + second)])
    assert debounce.due_in(110.0) == 19.0
    assert set(debounce.take(130.0)) == {ONE, TWO}


def test_two_scans_keep_their_distance() -> None:
    debounce = Debounce(settle=20, pause=300)
    debounce.note([event(Change.BORN, 0.0)])
    debounce.take(20.0)
    debounce.note([event(Change.BORN, 30.0, TWO)])
    assert debounce.due_in(50.0) == 270.0
    assert debounce.due_in(320.0) == 0.0


@pytest.mark.parametrize("change", [Change.DEPRECATED, Change.REMOVED])
def test_what_closes_a_door_can_wait(change: Change) -> None:
    debounce = Debounce()
    debounce.note([event(change, 1.0)])
    assert debounce.due_in(1e9) is None


def test_an_address_that_goes_before_its_time_is_forgotten() -> None:
    debounce = Debounce()
    debounce.note([event(Change.BORN, 1.0), event(Change.REMOVED, 2.0)])
    assert debounce.due_in(1e9) is None


@pytest.mark.parametrize(
    "fields", [{"ip": IPv6Address("fe80::1")}, {"ip": IPv6Address("fd00::1")}, {"state": State.TENTATIVE}]
)
def test_what_the_internet_cannot_reach_starts_nothing(fields: dict[str, object]) -> None:
    debounce = Debounce()
    debounce.note([event(Change.BORN, 1.0, **fields)])  # type: ignore[arg-type]
    assert debounce.due_in(1e9) is None
