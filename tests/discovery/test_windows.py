"""Get-NetIPAddress of Windows, by recorded output (the files in recorded/ name their sources)."""

import json
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.temporary import TemporarySettings
from scanner.discovery.windows import parse_addresses, parse_protocol, seconds_of
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.errors import EnvironmentFault

RECORDED = Path(__file__).parent / "recorded"
MAC = "18:66:da:23:c7:a3"
ADAPTERS = json.dumps([{"ifIndex": 5, "MacAddress": "18-66-DA-23-C7-A3"}])


def rows_of(listing: str) -> list[dict[str, Any]]:
    """The blocks ``Name : value`` of Format-List as the rows that ConvertTo-Json would make of the same words."""
    blocks = [block for block in listing.split("\n\n") if block.startswith("IPAddress")]
    return [
        {
            name.strip(): int(value) if value.strip().isdigit() else value.strip()
            for name, _, value in (line.partition(" : ") for line in block.splitlines())
        }
        for block in blocks
    ]


def recorded() -> tuple[Address, ...]:
    rows = rows_of((RECORDED / "windows_get_netipaddress.txt").read_text())
    return parse_addresses(json.dumps(rows), ADAPTERS)


def constructed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RECORDED / "windows_constructed.json").read_text())
    return document


def test_a_real_windows_machine() -> None:
    link_local, temporary, stable = recorded()
    assert temporary == Address(
        IPv6Address("2600:6c63:4380:14b7:e9ed:2362:7268:c42f"),
        128,
        "Ethernet",
        Kind.TEMPORARY,
        State.PREFERRED,
        Origin.TEMPORARY,
        59_399,
        277_737,
    )
    # "Link", and yet not made from the MAC address
    assert (stable.kind, stable.origin, stable.own_mac) == (Kind.STABLE, Origin.UNKNOWN, "")
    assert stable.preferred_lifetime == stable.valid_lifetime == 277_737
    assert (str(link_local.ip), link_local.valid_lifetime) == ("fe80::bc61:889c:f8ef:4efd", None)


MADE = {
    "2001:db8:1:0:1a66:daff:fe23:c7a3": (Origin.EUI64, State.PREFERRED, 259_199),
    "2001:db8:1::1234": (Origin.DHCPV6, State.DEPRECATED, 3_600),
    "2001:db8:1::53": (Origin.MANUAL, State.DADFAILED, None),
    "2001:db8:1::54": (Origin.MANUAL, State.TENTATIVE, None),
    "::1": (Origin.MANUAL, State.PREFERRED, None),
}


def test_numbers_for_words_ticks_for_times() -> None:
    document = constructed()
    found = parse_addresses(json.dumps(document["addresses"]), json.dumps(document["adapters"]))
    assert {str(one.ip): (one.origin, one.state, one.valid_lifetime) for one in found} == MADE
    assert found[0].own_mac == MAC


def test_one_address_comes_without_a_list() -> None:
    (found,) = parse_addresses(json.dumps(constructed()["addresses"][0]))
    assert (found.origin, found.own_mac) == (Origin.EUI64, "")


@pytest.mark.parametrize("text", ["", "\ufeff[]", "[]"])
def test_no_address(text: str) -> None:
    assert parse_addresses(text) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"SuffixOrigin": 9},
        {"AddressState": "Odd"},
        {"IPAddress": "2001:db8::g"},
        {"ValidLifetime": "soon"},
        {"PrefixLength": None},
    ],
)
def test_something_else_is_a_fault_that_names_the_command(change: dict[str, Any]) -> None:
    row = constructed()["addresses"][0] | change
    with pytest.raises(EnvironmentFault, match="Get-NetIPAddress writes something else"):
        parse_addresses(json.dumps([row]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["IPAddress", "SuffixOrigin", "AddressState", "ValidLifetime", "Ticks", "ifIndex", "MacAddress"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(JSON, JSON)
def test_any_json_gives_addresses_or_a_fault(first: object, second: object) -> None:
    with suppress(EnvironmentFault):
        parse_addresses(json.dumps(first), json.dumps(second))
    with suppress(EnvironmentFault):
        parse_protocol(json.dumps(first))


@given(st.sampled_from(sorted(constructed()["addresses"][0])), JSON)
def test_any_value_in_place_of_one_gives_addresses_or_a_fault(name: str, value: object) -> None:
    with suppress(EnvironmentFault):
        parse_addresses(json.dumps([constructed()["addresses"][0] | {name: value}]))


@given(st.text())
def test_any_text_gives_addresses_or_a_fault(text: str) -> None:
    with suppress(EnvironmentFault):
        parse_addresses(text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3.05:08:57", 277_737), ("16:29:59", 59_399), ("00:00:00", 0), ("Infinite ([TimeSpan]::MaxValue)", None)],
)
def test_a_time_span(value: str, seconds: int | None) -> None:
    assert seconds_of(value) == seconds


def test_the_protocols_settings() -> None:
    protocol = constructed()["protocol"]
    assert parse_protocol(json.dumps(protocol)) == TemporarySettings("*", 2, 604_800, 86_400, 600)
    assert parse_protocol(json.dumps(protocol | {"UseTemporaryAddresses": "Disabled"})).use == 0
    with pytest.raises(EnvironmentFault, match="Get-NetIPv6Protocol"):
        parse_protocol("[]")
