"""Fingerprints: the same thing keeps its name when addresses rotate and prefixes change, another thing gets another."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings import Facts, evaluate
from scanner.findings.fingerprint import fingerprint
from scanner.model.address import Origin

from .conftest import STABLE, TEMPORARY, address, facts, inventory, table, temporary

OPEN = {"open": "22,445", "closed": "1-21,23-100", "router_dropped": "1000-1010", "indeterminate": "2000"}


def leaky(stable: str = STABLE, rotating: str = TEMPORARY, **more: object) -> Facts:
    host = inventory(address(stable), temporary(rotating))
    return facts(table(stable, **OPEN), table(rotating, **OPEN), host=host, **more)  # type: ignore[arg-type]


def names(given_facts: Facts) -> list[str]:
    return sorted(finding.fingerprint for finding in evaluate(given_facts))


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=2**64 - 1))
def test_a_new_temporary_address_is_no_news(identifier: int) -> None:
    rotated = str(IPv6Address(int(IPv6Address("2001:db8:a::")) + identifier))
    if rotated != STABLE:
        assert names(leaky(rotating=rotated)) == names(leaky())


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=2**32 - 1))
def test_a_new_prefix_is_no_news(prefix: int) -> None:
    base = (0x20010DB8 << 96) + (prefix << 64)
    stable, rotating = (str(IPv6Address(base + suffix)) for suffix in (0x9C3F71E24B8D6A05, 0x1C2D3E4F5A6B7C8D))
    assert names(leaky(stable, rotating)) == names(leaky())


def test_values_stay_the_same_for_ever() -> None:
    """Stored runs are compared with new ones: a changed formula would make every finding look new."""
    assert fingerprint("V6X001", "tcp", 445, "stable eth0 stable-privacy") == "07ae36a2599f5b37"
    assert fingerprint("V6X002", None, None, "host") == "ecf91077ca1ae826"


@pytest.mark.parametrize(
    "other",
    [
        ("V6X002", "tcp", 445, "stable eth0 eui64"),
        ("V6X001", "udp", 445, "stable eth0 eui64"),
        ("V6X001", None, 445, "stable eth0 eui64"),
        ("V6X001", "tcp", 44, "stable eth0 eui64"),
        ("V6X001", "tcp", None, "stable eth0 eui64"),
        ("V6X001", "tcp", 445, "stable eth1 eui64"),
        ("V6X001", "tcp", 445, "stable eth0 dhcpv6"),
        ("V6X001", "tcp", 445, "temporary eth0 temporary"),
    ],
)
def test_another_thing_has_another_name(other: tuple[str, str | None, int | None, str]) -> None:
    assert fingerprint(*other) != fingerprint("V6X001", "tcp", 445, "stable eth0 eui64")


def test_addresses_of_other_interfaces_and_origins_are_told_apart() -> None:
    plain, wlan, dhcp = "2001:db8:a::10", "2001:db8:a::11", "2001:db8:a::12"
    host = inventory(address(plain), address(wlan, interface="wlan0"), address(dhcp, origin=Origin.DHCPV6))
    found = evaluate(facts(*(table(ip, open="445") for ip in (plain, wlan, dhcp)), host=host))
    assert len({finding.fingerprint for finding in found if finding.rule == "V6X001"}) == 3


def test_wording_and_severity_do_not_go_in() -> None:
    given_facts = leaky()
    one_sided = replace(given_facts, witness=False)
    watched = {(f.rule, f.fingerprint) for f in evaluate(given_facts)}
    assert {pair for pair in watched if pair[0] != "V6X008"} <= {(f.rule, f.fingerprint) for f in evaluate(one_sided)}


def test_sixteen_hex_digits() -> None:
    for name in names(leaky()):
        assert len(name) == 16
        assert set(name) <= set("0123456789abcdef")
