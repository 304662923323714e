"""ifconfig -L and sysctl of macOS, by recorded output (the files in recorded/ name their sources)."""

from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.macos import parse_ifconfig, parse_sysctl
from scanner.discovery.temporary import TemporarySettings
from scanner.model.address import Address, Kind, Origin, Scope, State
from scanner.model.errors import EnvironmentFault

RECORDED = Path(__file__).parent / "recorded"
HEAD = "en0: flags=8863<UP> mtu 1500\n\tether a8:20:66:12:34:56\n"


def recorded(name: str) -> dict[str, Address]:
    return {str(address.ip): address for address in parse_ifconfig((RECORDED / f"{name}.txt").read_text())}


def test_a_mac_with_deprecated_temporary_and_dhcpv6_addresses() -> None:
    found = recorded("macos_ifconfig_L_autoconf")
    assert len(found) == 8
    stable = found["2001:db8:450a:e723:1c99:99e2:21d0:79e6"]
    assert stable == Address(
        IPv6Address("2001:db8:450a:e723:1c99:99e2:21d0:79e6"),
        64,
        "en0",
        Kind.STABLE,
        State.PREFERRED,
        Origin.STABLE_PRIVACY,
        86_205,
        86_205,
    )
    old = found["2001:db8:450a:e723:808d:d894:e4db:157e"]
    assert (old.kind, old.state, old.origin) == (Kind.TEMPORARY, State.DEPRECATED, Origin.TEMPORARY)
    assert (old.preferred_lifetime, old.valid_lifetime, old.scannable) == (0, 86_205, True)
    assert found["fdb6:1d86:d9bd:3::8076"].origin is Origin.DHCPV6
    assert sum(address.scope is Scope.GLOBAL for address in found.values()) == 3


def test_without_lifetimes_they_are_not_known_to_end() -> None:
    found = recorded("macos_ifconfig_v")
    assert [str(a.kind) for a in found.values()] == ["stable", "stable", "temporary"]
    assert {a.valid_lifetime for a in found.values()} == {None}
    assert {a.interface for a in found.values()} == {"en0"}


MADE = {
    "::1": (Origin.MANUAL, State.PREFERRED),
    "fe80::1": (Origin.UNKNOWN, State.PREFERRED),
    "2001:db8:1:0:aa20:66ff:fe12:3456": (Origin.EUI64, State.PREFERRED),
    "2001:db8:1:0:b020:66ff:fe12:9999": (Origin.EUI64, State.PREFERRED),
    "2001:db8:1::53": (Origin.MANUAL, State.PREFERRED),
    "2001:db8:1::54": (Origin.MANUAL, State.TENTATIVE),
    "2001:db8:1::55": (Origin.MANUAL, State.DADFAILED),
    "2001:db8:2:0:1c99:99e2:21d0:79e6": (Origin.STABLE_PRIVACY, State.DEPRECATED),
    "2001:db8:3::2": (Origin.MANUAL, State.PREFERRED),
}


def test_every_word_of_ifconfig() -> None:
    found = recorded("macos_constructed")
    assert {text: (address.origin, address.state) for text, address in found.items()} == MADE


def test_only_the_interfaces_own_mac_is_certain() -> None:
    found = recorded("macos_constructed")
    assert found["2001:db8:1:0:aa20:66ff:fe12:3456"].own_mac == "a8:20:66:12:34:56"
    assert found["2001:db8:1:0:b020:66ff:fe12:9999"].own_mac == ""


@pytest.mark.parametrize(
    "line",
    ["inet6 2001:db8::g prefixlen 64", "inet6 2001:db8::1", "inet6 2001:db8::1 prefixlen 64 pltime soon vltime 1"],
)
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"`ifconfig -L` has the line .*2001:db8"):
        parse_ifconfig(f"{HEAD}\t{line}\n")


def test_an_address_before_any_interface_is_refused() -> None:
    with pytest.raises(EnvironmentFault, match="has the line"):
        parse_ifconfig("\tinet6 2001:db8::1 prefixlen 64\n")


@given(st.text())
def test_any_text_gives_addresses_or_a_fault(text: str) -> None:
    with suppress(EnvironmentFault):
        parse_ifconfig(f"{HEAD}\tinet6 {text}\n")
    with suppress(EnvironmentFault):
        parse_ifconfig(text)
    with suppress(EnvironmentFault):
        parse_sysctl(text)


SYSCTL = """net.inet6.ip6.use_tempaddr: {use}
net.inet6.ip6.prefer_tempaddr: {prefer}
net.inet6.ip6.tempvltime: 604800
net.inet6.ip6.temppltime: 86400
"""


@pytest.mark.parametrize(("use", "prefer", "same_as_linux"), [(0, 1, 0), (1, 0, 1), (1, 1, 2)])
def test_sysctl(use: int, prefer: int, same_as_linux: int) -> None:
    found = parse_sysctl(SYSCTL.format(use=use, prefer=prefer))
    assert found == TemporarySettings("*", same_as_linux, 604_800, 86_400, 0)


@pytest.mark.parametrize("text", ["", "net.inet6.ip6.use_tempaddr: 1\n", SYSCTL.format(use="x", prefer=1)])
def test_sysctl_that_tells_less_is_a_fault(text: str) -> None:
    with pytest.raises(EnvironmentFault, match="does not tell about temporary addresses"):
        parse_sysctl(text)
