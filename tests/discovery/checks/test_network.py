"""Addresses and the default router, given."""

from ipaddress import IPv6Address

import pytest

from scanner.discovery.checks.check import Status
from scanner.discovery.checks.network import check_addresses, check_default_router
from scanner.discovery.router import Neighbour, NeighbourState, Route
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.errors import EnvironmentFault

ROUTER = IPv6Address("fe80::1")
LO = 1  # an interface every machine has


def address(ip: str, state: State = State.PREFERRED) -> Address:
    return Address(IPv6Address(ip), 64, "eth0", Kind.STABLE, state, Origin.MANUAL, None, None)


def broken() -> tuple[()]:
    raise EnvironmentFault("netlink does not answer", "run on Linux")


@pytest.mark.parametrize(
    ("found", "status", "detail"),
    [
        ([address("2001:db8::1")], Status.OK, "2001:db8::1 would be scanned"),
        ([address("2001:db8::1"), address("2001:db8::2")], Status.OK, "2001:db8::1 and 1 more would be scanned"),
        ([address("2001:db8::1", State.DEPRECATED)], Status.OK, "2001:db8::1 would be scanned"),
        ([address("2001:db8::1", State.TENTATIVE), address("fe80::2")], Status.FAIL, "no global IPv6 address among 2"),
        ([address("fd00::1")], Status.FAIL, "no global IPv6 address among 1"),
        ([], Status.FAIL, "no global IPv6 address among 0"),
    ],
)
def test_addresses(found: list[Address], status: Status, detail: str) -> None:
    check = check_addresses(lambda: tuple(found))
    assert (check.status, check.detail) == (status, detail)
    assert bool(check.remedy) == (status is Status.FAIL)


def test_a_default_router_with_its_mac() -> None:
    neighbour = Neighbour(ROUTER, LO, NeighbourState.STALE, "02:00:00:00:00:01")
    check = check_default_router(lambda: (Route(ROUTER, LO, 1024),), lambda: (neighbour,))
    assert (check.status, check.detail) == (Status.OK, "fe80::1 on lo, MAC 02:00:00:00:00:01")


def test_a_mac_that_is_not_known_is_a_warning_with_a_command() -> None:
    check = check_default_router(lambda: (Route(ROUTER, LO, 1024),), lambda: ())
    assert (check.status, check.remedy) == (Status.WARN, "`ping -c 1 -I lo fe80::1`, then look again")


def test_no_default_route_fails() -> None:
    assert check_default_router(lambda: (), lambda: ()).status is Status.FAIL


def test_a_link_without_router_addresses_is_well() -> None:
    check = check_default_router(lambda: (Route(None, LO, 1024),), lambda: ())
    assert (check.status, check.detail) == (Status.OK, "through lo, a link without router addresses")


def test_what_cannot_be_read_fails_with_the_reason() -> None:
    for check in (check_addresses(broken), check_default_router(broken), check_default_router(lambda: (), broken)):
        assert (check.status, check.detail, check.remedy) == (Status.FAIL, "netlink does not answer", "run on Linux")
