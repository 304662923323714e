"""The table of origins, row by row, and what feeds it."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.classify import (
    FOREVER,
    ORIGINS,
    AddressFlag,
    AddressProtocol,
    KernelAddress,
    Link,
    Trait,
    classify,
    classify_all,
    hardware_addresses,
    identifier_of,
    mac_in,
    origin_of,
    state_of,
    traits_of,
)
from scanner.model.address import Kind, Origin, State

OPAQUE = "2001:db8::8c2a:1f03:77b9:d0e4"
MAC = "52:54:00:12:34:56"
FROM_MAC = "2001:db8::5054:ff:fe12:3456"  # any KVM guest: the universal bit is clear
LINK = Link(2, "eth0", (MAC,))
NONE = AddressFlag(0)
MANAGED = AddressFlag.MANAGETEMPADDR


def kernel_address(
    ip: str = OPAQUE,
    flags: AddressFlag = NONE,
    *,
    prefix_length: int = 64,
    link: Link = LINK,
    protocol: int = 0,
    preferred: int = 300,
    valid: int = 600,
) -> KernelAddress:
    return KernelAddress(IPv6Address(ip), prefix_length, link, flags, protocol, preferred, valid)


@pytest.mark.parametrize(
    ("raw", "origin"),
    [
        (kernel_address("::1", AddressFlag.PERMANENT, prefix_length=128, protocol=1), Origin.MANUAL),
        (kernel_address(OPAQUE, AddressFlag.TEMPORARY), Origin.TEMPORARY),
        (kernel_address(OPAQUE, AddressFlag.TEMPORARY | AddressFlag.DEPRECATED), Origin.TEMPORARY),
        (kernel_address(OPAQUE, MANAGED | AddressFlag.STABLE_PRIVACY, protocol=2), Origin.STABLE_PRIVACY),
        (kernel_address("fe80::8c2a:1f03:77b9:d0e4", AddressFlag(0x880), protocol=3), Origin.STABLE_PRIVACY),
        (kernel_address(FROM_MAC, MANAGED, protocol=2), Origin.EUI64),
        (kernel_address(FROM_MAC, MANAGED, link=Link(2, "eth0", ("0a:00:00:00:00:01",))), Origin.EUI64),
        (kernel_address(FROM_MAC, AddressFlag.PERMANENT), Origin.EUI64),
        (
            kernel_address("2001:db8::53", MANAGED, protocol=2, link=Link(2, "e", (), IPv6Address("::53"))),
            Origin.MANUAL,
        ),
        # tunnel: kernel-made, no flag, no MAC
        (kernel_address("fe80::c000:201", AddressFlag.PERMANENT, protocol=3), Origin.UNKNOWN),
        # PPP: the identifier is copied from the link-local address
        (kernel_address(OPAQUE, MANAGED, protocol=2), Origin.UNKNOWN),
        # NetworkManager and systemd-networkd
        (kernel_address(OPAQUE, MANAGED | AddressFlag.NOPREFIXROUTE), Origin.UNKNOWN),
        # the same, from a router that announces an infinite lifetime
        (kernel_address(OPAQUE, MANAGED | AddressFlag.PERMANENT), Origin.UNKNOWN),
        (kernel_address(OPAQUE, AddressFlag.PERMANENT, valid=FOREVER), Origin.MANUAL),
        (kernel_address("2001:db8::1000", AddressFlag.NOPREFIXROUTE, prefix_length=128), Origin.DHCPV6),
        (kernel_address("2001:db8::1000", AddressFlag.PERMANENT, prefix_length=128), Origin.MANUAL),
        (kernel_address(OPAQUE, AddressFlag.NOPREFIXROUTE), Origin.UNKNOWN),
    ],
)
def test_origin(raw: KernelAddress, origin: Origin) -> None:
    assert origin == classify(raw).origin


@pytest.mark.parametrize(("needed", "origin"), ORIGINS, ids=lambda cell: "+".join(sorted(cell)) if cell else "nothing")
def test_every_row_of_the_table_decides_what_has_only_its_traits(needed: frozenset[Trait], origin: Origin) -> None:
    assert origin == origin_of(needed)


def test_every_earlier_row_wins() -> None:
    for place, (needed, origin) in enumerate(ORIGINS):
        later = frozenset().union(*(traits for traits, _ in ORIGINS[place:]))
        assert origin == origin_of(needed | later)


@pytest.mark.parametrize(
    ("flags", "preferred", "state"),
    [
        (NONE, 300, State.PREFERRED),
        (AddressFlag.TENTATIVE, 300, State.TENTATIVE),
        (AddressFlag.TENTATIVE | AddressFlag.OPTIMISTIC, 300, State.TENTATIVE),
        (AddressFlag.TENTATIVE | AddressFlag.DADFAILED, 300, State.DADFAILED),
        (AddressFlag.DADFAILED | AddressFlag.DEPRECATED, 0, State.DADFAILED),
        (AddressFlag.DEPRECATED, 300, State.DEPRECATED),
        (NONE, 0, State.DEPRECATED),
        (AddressFlag.PERMANENT, FOREVER, State.PREFERRED),
    ],
)
def test_state(flags: AddressFlag, preferred: int, state: State) -> None:
    assert state == state_of(flags, preferred)


def test_kind_is_temporary_by_flag_alone() -> None:
    assert classify(kernel_address(flags=AddressFlag.TEMPORARY)).kind == Kind.TEMPORARY
    assert classify(kernel_address(flags=MANAGED)).kind == Kind.STABLE


def test_forever_is_none() -> None:
    address = classify(kernel_address(preferred=FOREVER, valid=FOREVER))
    assert (address.preferred_lifetime, address.valid_lifetime) == (None, None)
    address = classify(kernel_address(preferred=FOREVER - 1, valid=FOREVER - 1))
    assert (address.preferred_lifetime, address.valid_lifetime) == (FOREVER - 1, FOREVER - 1)


def test_an_address_without_valid_lifetime_is_not_listed_and_the_rest_is_in_order() -> None:
    lo = Link(1, "lo")
    raws = (
        kernel_address("2001:db8::2"),
        kernel_address("2001:db8::3", preferred=0, valid=0),
        kernel_address("2001:db8::1", preferred=0),
        kernel_address("::1", link=lo),
    )
    assert [str(address.ip) for address in classify_all(raws)] == ["::1", "2001:db8::1", "2001:db8::2"]


@pytest.mark.parametrize(
    ("ip", "mac"),
    [
        (FROM_MAC, MAC),
        ("fe80::211:22ff:fe33:4455", "00:11:22:33:44:55"),  # the example of RFC 4291 appendix A in kind
        ("fe80::fc:ff:fe00:1", "02:fc:00:00:00:01"),
        (OPAQUE, None),
        ("2001:db8::fffe:0:0", None),  # ff:fe in the wrong place
        ("2001:db8:ff:fe00::1", None),
        ("::", None),
    ],
)
def test_mac_in(ip: str, mac: str | None) -> None:
    assert mac == mac_in(IPv6Address(ip))


@given(st.binary(min_size=6, max_size=6))
def test_the_identifier_of_a_mac_shows_that_mac(octets: bytes) -> None:
    mac = octets.hex(":")
    identifier = identifier_of(mac)
    assert identifier is not None
    assert mac == mac_in(IPv6Address(0x20010DB8 << 96 | identifier))


@pytest.mark.parametrize(
    ("hardware", "identifier"),
    [
        (MAC, 0x505400FFFE123456),
        ("02:11:22:33:44:55:66:77", 0x0011223344556677),  # IEEE 802.15.4: inverted
        ("80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:bc:de", 0x0202C903000ABCDE),  # InfiniBand: set
        ("", None),
        ("192.0.2.1", None),
        ("zz:zz", None),
        ("01:02:03:04", None),
    ],
)
def test_identifier_of(hardware: str, identifier: int | None) -> None:
    assert identifier == identifier_of(hardware)


def test_a_64_bit_hardware_address_shows_without_ff_fe() -> None:
    link = Link(2, "wpan0", ("02:11:22:33:44:55:66:77",))
    assert (
        classify(kernel_address("2001:db8::11:2233:4455:6677", MANAGED, link=link, protocol=2)).origin == Origin.EUI64
    )


def test_hardware_addresses() -> None:
    assert hardware_addresses("AA:BB:CC:DD:EE:FF", "aa:bb:cc:dd:ee:ff") == ("aa:bb:cc:dd:ee:ff",)
    assert hardware_addresses("02:00:00:00:00:01", "02:00:00:00:00:02") == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    assert hardware_addresses("00:00:00:00:00:00", None, 7, "") == ()


@given(
    st.builds(
        KernelAddress,
        ip=st.integers(0, 2**128 - 1).map(IPv6Address),
        prefix_length=st.integers(0, 128),
        link=st.just(LINK),
        flags=st.integers(0, 2**32 - 1).map(AddressFlag),
        protocol=st.integers(0, 255),
        preferred=st.integers(0, FOREVER),
        valid=st.integers(0, FOREVER),
    )
)
def test_whatever_the_kernel_says_becomes_an_address(raw: KernelAddress) -> None:
    address = classify(raw)
    assert address.ip == raw.ip
    assert (address.kind is Kind.TEMPORARY) == bool(raw.flags & 1)
    assert (Trait.KERNEL_MADE in traits_of(raw)) == (raw.protocol in (1, 2, 3))


def test_protocol_numbers_are_the_kernels() -> None:
    assert (
        AddressProtocol.KERNEL_LOOPBACK,
        AddressProtocol.KERNEL_ROUTER_ADVERTISEMENT,
        AddressProtocol.KERNEL_LINK_LOCAL,
    ) == (1, 2, 3)
