"""Every class of the table by its example, the order of the tests, and the mistakes that others make."""

from ipaddress import IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.guess.classes import SEARCHES, YEAR, guess, years_to_search
from scanner.guess.eui64 import identifier_of, mac_in
from scanner.guess.patterns import Subject, service_port, shape_of
from scanner.guess.words import WORDS, spells
from scanner.model.address import Kind, Origin
from scanner.model.guess import Effort, Shape

PREFIX = 0x20010DB8_000A0001 << 64
DOCKER_HOST = (IPv4Network("203.0.113.0/24"),)


def subject(text: str, origin: Origin = Origin.MANUAL, kind: Kind = Kind.STABLE, own_mac: str = "") -> Subject:
    """``text`` is the identifier, or a whole address when it is one."""
    ip = IPv6Address(text)
    return Subject(ip if int(ip) >> 64 else IPv6Address(PREFIX | int(ip)), kind, origin, own_mac)


EXAMPLES = [
    (subject("2001:0:4136:e378:8000:63bf:3fff:fdd2"), Shape.TEREDO),  # RFC 4380 section 4's form
    (subject("::211:22ff:fe33:4455", own_mac="00:11:22:33:44:55"), Shape.EUI64_OWN),
    (subject("::211:22ff:fe33:4455"), Shape.EUI64_LIKELY),
    (subject("::1211:22ff:fe33:4455"), Shape.EUI64_LIKELY),
    (subject("::1411:22ff:fe33:4455"), Shape.EUI64_LOCAL),  # u-bit clear: no vendor
    (subject("::a00:27ff:fe12:3456"), Shape.VIRTUALBOX),
    (subject("::250:56ff:fe3f:1"), Shape.VMWARE_MANUAL),
    (subject("::250:56ff:fe40:1"), Shape.EUI64_LIKELY),  # above the manual range
    (subject("::20c:29ff:fe9f:c532"), Shape.VMWARE_ESXI),
    (subject("::205:69ff:fe01:203"), Shape.VMWARE_ESX),
    (subject("::5054:ff:fe12:3456"), Shape.KVM),
    (subject("::42:acff:fe11:2"), Shape.DOCKER),
    (subject("::5efe:c000:201"), Shape.ISATAP),
    (subject("::200:5efe:c000:201"), Shape.ISATAP),
    (subject("::80"), Shape.PORT),
    (subject("::50"), Shape.PORT),  # 80 in hex
    (subject("::1:443"), Shape.PORT),
    (subject("::443:1"), Shape.PORT),
    (subject("::10:1bb"), Shape.PORT),
    (subject("::11:443"), Shape.LOW_BYTE_2),  # 0x11 counts no hosts
    (subject("::1"), Shape.LOW_BYTE_STRICT),
    (subject("::ff"), Shape.LOW_BYTE_STRICT),
    (subject("::100"), Shape.LOW_BYTE),
    (subject("::1000", Origin.DHCPV6), Shape.DHCPV6_POOL),
    (subject("::1:0"), Shape.LOW_BYTE_2),
    (subject("::ff:ffff"), Shape.LOW_BYTE_2),
    (subject("::bad:cafe"), Shape.WORDY),
    (subject("::dead:beef"), Shape.WORDY),
    (subject("::face:b00c"), Shape.WORDY),
    (subject("::cafe:0:0:babe"), Shape.WORDY),
    (subject("::c0a8:101"), Shape.IPV4_32_LAN),
    (subject("::c000:201"), Shape.IPV4_32),
    (subject("::192:168:1:10"), Shape.IPV4_64),
    (subject("::10:0:0:1"), Shape.IPV4_64),
    (subject("::1:2:3:a"), Shape.PATTERN),  # a is no decimal, and four bytes are zero
    (subject("::a00:0:0:f"), Shape.PATTERN),
    (subject("::abab:abab:abab:abab"), Shape.PATTERN),
    (subject("::9f3e:9f3e:9f3e:9f3e"), Shape.PATTERN),
    (subject("::8c2a:1f03:77b9:d0e4"), Shape.OPAQUE),
    (subject("::8c2a:1f03:77b9:d0e4", Origin.STABLE_PRIVACY), Shape.STABLE_PRIVACY),
    (subject("::8c2a:1f03:77b9:d0e4", Origin.TEMPORARY, Kind.TEMPORARY), Shape.TEMPORARY),
    (subject("::8c2a:1f03:77b9:d0e4", Origin.DHCPV6), Shape.OPAQUE_DHCPV6),
]


@pytest.mark.parametrize(("one", "shape"), EXAMPLES, ids=lambda cell: getattr(cell, "ip", cell))
def test_shape(one: Subject, shape: Shape) -> None:
    assert shape == shape_of(one)


def test_every_class_has_an_example_and_a_row() -> None:
    assert {shape for _, shape in EXAMPLES} == set(Shape) == set(SEARCHES)


@pytest.mark.parametrize(
    ("text", "theirs", "ours"),
    [
        ("::5054:ff:fe12:3456", "randomized: they want the universal bit", Shape.KVM),
        ("::42:acff:fe11:2", "randomized: the same", Shape.DOCKER),
        ("::1411:22ff:fe33:4455", "randomized: the same", Shape.EUI64_LOCAL),
        ("::1:0", "embedded IPv4", Shape.LOW_BYTE_2),
        ("::bad:cafe", "embedded IPv4", Shape.WORDY),
        ("::1:2:3:a", "embedded IPv4 with hex digits", Shape.PATTERN),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "randomized", Shape.TEREDO),
    ],
)
def test_what_si6_addr6_gets_wrong(text: str, theirs: str, ours: Shape) -> None:
    assert ours == shape_of(subject(text)), theirs


def test_the_hosts_own_ipv4_network_makes_the_search_small() -> None:
    found = subject("::cb00:7109")  # 203.0.113.9
    assert shape_of(found) == Shape.IPV4_32
    assert shape_of(Subject(found.ip, networks=DOCKER_HOST)) == Shape.IPV4_32_LAN


# shape: seconds at a million probes a second, as RFC 7707's figures give them
SECONDS = {
    Shape.LOW_BYTE_STRICT: 0.000256,
    Shape.LOW_BYTE: 0.0655,
    Shape.LOW_BYTE_2: 16.8,
    Shape.DHCPV6_POOL: 0.0655,
    Shape.PORT: 0.0205,
    Shape.IPV4_32_LAN: 0.0655,
    Shape.IPV4_32: 4295,
    Shape.IPV4_64: 8590,
    Shape.EUI64_OWN: 16.8,
    Shape.EUI64_LIKELY: 16.8,
    Shape.EUI64_LOCAL: 2.23 * YEAR,
    Shape.VIRTUALBOX: 16.8,
    Shape.VMWARE_MANUAL: 4.19,
    Shape.VMWARE_ESXI: 16.8,
    Shape.VMWARE_ESX: 0.000256,
    Shape.KVM: 16.8,
    Shape.DOCKER: 0.0655,
    Shape.ISATAP: 8590,
    Shape.TEREDO: 17.8 * YEAR,
    Shape.WORDY: 1,
    Shape.PATTERN: 12.7 * 86_400,
    Shape.STABLE_PRIVACY: 584_542 * YEAR,
    Shape.TEMPORARY: 584_542 * YEAR,
    Shape.OPAQUE_DHCPV6: 584_542 * YEAR,
    Shape.OPAQUE: 584_542 * YEAR,
}


@pytest.mark.parametrize("shape", Shape)
def test_time_to_search(shape: Shape) -> None:
    assert years_to_search(SEARCHES[shape].space, 1_000_000) * YEAR == pytest.approx(SECONDS[shape], rel=0.01)


# The word follows from the time: a minute, three hours, a week, a month, ever.
LONGEST = {
    Effort.TRIVIAL: 60,
    Effort.EASY: 3 * 3600,
    Effort.FEASIBLE: 7 * 86_400,
    Effort.MEDIUM: 30 * 86_400,
    Effort.HARD: 100 * YEAR,
}


@pytest.mark.parametrize("shape", Shape)
def test_the_word_fits_the_time(shape: Shape) -> None:
    seconds = SECONDS[shape]
    assert seconds <= LONGEST.get(SEARCHES[shape].effort, float("inf"))
    if SEARCHES[shape].effort is Effort.NONE:
        assert seconds > LONGEST[Effort.HARD]


def test_what_is_certain() -> None:
    kvm = "52:54:00:12:34:56"
    own = guess(subject("::5054:ff:fe12:3456", own_mac=kvm))
    likely = guess(subject("::5054:ff:fe12:3456"))
    assert (own.shape, own.certain, likely.shape, likely.certain) == (Shape.KVM, True, Shape.KVM, False)
    assert guess(subject("::1")).certain
    assert not guess(subject("::211:22ff:fe33:4455")).certain


def test_a_random_mac_of_the_interface_itself_is_not_narrowed_by_a_maker() -> None:
    found = guess(subject("::1411:22ff:fe33:4455", own_mac="16:11:22:33:44:55"))
    assert (found.shape, found.effort, found.search_bits) == (Shape.EUI64_OWN, Effort.HARD, 46)


def test_the_rate_is_the_callers() -> None:
    fast, slow = guess(subject("::1"), rate=1_000), guess(subject("::1"), rate=1)
    assert slow.years == pytest.approx(1000 * fast.years)
    assert (fast.rate, slow.rate) == (1_000, 1)


@pytest.mark.parametrize(("text", "bits"), [("::abab:abab:abab:abab", 8), ("::1:2:3:a", 32), ("::9f3e:1:9f3e:1", 32)])
def test_the_space_of_a_pattern_is_what_its_free_bytes_can_be(text: str, bits: int) -> None:
    assert bits == guess(subject(text)).search_bits


@pytest.mark.parametrize(
    ("word", "port"), [(0x443, 443), (0x1BB, 443), (0x80, 80), (0x50, 80), (0x1234, None), (0, None)]
)
def test_a_port_is_written_in_decimal_or_in_hex(word: int, port: int | None) -> None:
    assert port == service_port(word)


@pytest.mark.parametrize(
    ("digits", "does"),
    [("badcafe", True), ("c0ffee", True), ("deadbee", True), ("1337", False), ("deadb", False), ("", False)],
)
def test_spells(digits: str, *, does: bool) -> None:
    assert does == spells(digits)


def test_the_words_are_hexadecimal() -> None:
    assert all(set(word) <= set("0123456789abcdef") for word in WORDS)


@given(st.integers(0, 2**128 - 1), st.sampled_from(Kind), st.sampled_from(Origin), st.integers(1, 10**9))
def test_every_address_has_a_class(number: int, kind: Kind, origin: Origin, rate: int) -> None:
    found = guess(Subject(IPv6Address(number), kind, origin), rate)
    assert 0 < found.search_bits <= 64
    assert found.years > 0
    assert found.effort is SEARCHES[found.shape].effort


@given(st.binary(min_size=6, max_size=6))
def test_any_mac_of_the_interface_is_recognised(octets: bytes) -> None:
    mac = octets.hex(":")
    number = identifier_of(mac)
    assert number is not None
    ip = IPv6Address(PREFIX | number)
    assert mac_in(ip) == mac
    found = guess(Subject(ip, own_mac=mac))
    assert found.certain
    assert found.search_bits <= 46


@given(st.binary(min_size=8, max_size=8).filter(lambda octets: octets[0] >= 0x10 and 0x11 <= octets[4] <= 0x99))
def test_an_identifier_without_any_pattern_is_opaque(octets: bytes) -> None:
    """The filter keeps words and decimals out: a letter that no word begins with, an octet above 255."""
    octets = bytes([octets[0] | 0x11, 0x3F, octets[2] | 1, 0x47, octets[4], 0x9F, octets[6] | 1, 0x2F])
    assert shape_of(subject(str(IPv6Address(int.from_bytes(octets))))) is Shape.OPAQUE
