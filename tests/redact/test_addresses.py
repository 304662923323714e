"""Pseudonyms that keep prefixes and give nothing back."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.redact.addresses import Pseudonyms

KEY = b"k" * 16
DOCUMENTATION = IPv6Network("3fff::/20")
globals_ = st.integers(0x2000 << 112, (0x3FFE << 112) - 1).map(IPv6Address)


def shared_bits(one: IPv6Address, other: IPv6Address) -> int:
    return 128 - (int(one) ^ int(other)).bit_length()


@given(globals_, st.integers(32, 127), st.integers(0, (1 << 128) - 1))
def test_as_many_leading_bits_are_shared_after_as_before(one: IPv6Address, length: int, tail: int) -> None:
    other = IPv6Address(int(one) ^ (1 << 127 - length) ^ (tail & (1 << 127 - length) - 1))
    names = Pseudonyms(KEY)
    assert shared_bits(names.ipv6(one), names.ipv6(other)) == shared_bits(one, other) == length


@given(globals_, globals_)
def test_two_addresses_never_become_one_and_lie_in_documentation_space(one: IPv6Address, other: IPv6Address) -> None:
    names = Pseudonyms(KEY)
    assert (names.ipv6(one) == names.ipv6(other)) == (one == other)
    assert names.ipv6(one) in DOCUMENTATION


@given(globals_)
def test_another_key_gives_other_pseudonyms(one: IPv6Address) -> None:
    low = [int(Pseudonyms(key).ipv6(one)) & (1 << 96) - 1 for key in (KEY, b"another key")]
    assert low[0] != low[1]
    assert low[0] != int(one) & (1 << 96) - 1


@pytest.mark.parametrize("text", ["::", "::1", "ff02::1", "ff05::1:3"])
def test_what_is_the_same_for_everybody_stays(text: str) -> None:
    assert Pseudonyms(KEY).ipv6(IPv6Address(text)) == IPv6Address(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("fe80::5054:ff:fe64:10", "fe80::/64"),
        ("fd12:3456:789a::1", "fd00::/8"),
        ("ff02::1:ff64:10", "ff02::1:ff00:0/104"),
        ("::ffff:192.0.2.7", "::ffff:0:0/96"),
    ],
)
def test_a_kind_of_address_stays_its_kind_and_tells_nothing(text: str, network: str) -> None:
    shown = Pseudonyms(KEY).ipv6(IPv6Address(text))
    assert shown in IPv6Network(network)
    assert shown != IPv6Address(text)


def test_a_network_begins_with_its_first_address() -> None:
    names = Pseudonyms(KEY)
    network = names.network(IPv6Address("2001:db8:2120:f400::"), 64)
    assert int(network) & (1 << 64) - 1 == 0
    assert names.ipv6(IPv6Address("2001:db8:2120:f400::10")) in IPv6Network(f"{network}/64")
    assert names.network(IPv6Address("::"), 0) == IPv6Address("::")


def test_macs_and_ipv4_addresses() -> None:
    names = Pseudonyms(KEY)
    mac = names.mac(bytes.fromhex("525400640010"))
    assert mac[0] & 3 == 2
    assert mac == names.mac(bytes.fromhex("525400640010"))
    assert names.mac(bytes(6)) == bytes(6)
    assert names.mac(bytes.fromhex("333300000001")) == bytes.fromhex("333300000001")
    assert names.ipv4(IPv4Address("192.0.2.7")) != names.ipv4(IPv4Address("192.0.2.8"))
    assert names.ipv4(IPv4Address("127.0.0.1")) == IPv4Address("127.0.0.1")
