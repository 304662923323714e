"""``ip -j -6 addr`` -> Address."""

import json
from typing import Any

import pytest

from scanner.lab.addresses import parse_addresses
from scanner.model.address import Address, Kind, Origin, State


def one(**changes: Any) -> Address:
    entry = {
        "family": "inet6",
        "local": "2001:db8::5054:ff:fe64:10",
        "prefixlen": 64,
        "scope": "global",
        "dynamic": True,
        "preferred_life_time": 100,
        "valid_life_time": 200,
    }
    (found,) = parse_addresses(json.dumps([{}, {"ifname": "lan0", "addr_info": [entry | changes]}]))
    return found


def test_an_address_of_the_kernels_own_making() -> None:
    found = one()
    assert (found.kind, found.state, found.origin) == (Kind.STABLE, State.PREFERRED, Origin.EUI64)
    assert (found.interface, found.prefix_length) == ("lan0", 64)
    assert (found.preferred_lifetime, found.valid_lifetime) == (100, 200)


@pytest.mark.parametrize(
    ("changes", "kind", "origin"),
    [
        ({"temporary": True, "local": "2001:db8::1234"}, Kind.TEMPORARY, Origin.TEMPORARY),
        ({"stable-privacy": True, "local": "2001:db8::1234"}, Kind.STABLE, Origin.STABLE_PRIVACY),
        ({"dynamic": False}, Kind.STABLE, Origin.MANUAL),
        ({"local": "2001:db8::1234"}, Kind.STABLE, Origin.UNKNOWN),
    ],
)
def test_kinds_and_origins(changes: dict[str, Any], kind: Kind, origin: Origin) -> None:
    assert (one(**changes).kind, one(**changes).origin) == (kind, origin)


@pytest.mark.parametrize("state", [State.TENTATIVE, State.DEPRECATED, State.DADFAILED])
def test_states(state: State) -> None:
    assert one(**{str(state): True}).state is state


def test_a_failed_address_is_tentative_too() -> None:
    assert one(tentative=True, dadfailed=True).state is State.DADFAILED


def test_for_ever_is_none() -> None:
    found = one(preferred_life_time=4_294_967_295, valid_life_time=4_294_967_295)
    assert (found.preferred_lifetime, found.valid_lifetime) == (None, None)


def test_link_local_addresses_and_no_output_at_all() -> None:
    links = [{"ifname": "lan0", "addr_info": [{"local": "fe80::1", "scope": "link"}]}]
    assert parse_addresses(json.dumps(links)) == parse_addresses("") == ()
