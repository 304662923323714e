"""Every case is built as the catalogue says, carries its identity, and is read back by our own reader and by scapy."""

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import IPv6

from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.model.cases import Case
from scanner.probes.cases import carriers, fragments, headers, icmpv6, segments
from scanner.probes.cases.craft import LARGEST, Base
from scanner.probes.cases.read import FRAGMENT, TCP, UDP, Said, read_packet, walk_headers
from scanner.probes.cases.read import ICMPV6 as ICMPV6_NUMBER
from scanner.probes.cases.stamp import HOP_LIMIT, Stamp

HOST, VANTAGE = IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:f::2")
STAMP = Stamp(0xABCDE, VANTAGE, HOST, 21_001, b"key of this run")
BASE = Base(445, 80, quoted=bytes(IPv6(src=str(HOST), dst=str(VANTAGE), nh=17, plen=8)) + bytes(8))
BUILDS = {**segments.CASES, **headers.CASES, **fragments.CASES, **carriers.CASES, **icmpv6.CASES}
CASES = (*load_cases(EVASION), *load_cases(ICMPV6))


def read(packet: bytes) -> Said:
    said = read_packet(packet)
    assert said is not None
    return said


def test_catalogue_and_builders_name_the_same_cases() -> None:
    assert [case.id for case in CASES] == list(dict.fromkeys(case.id for case in CASES))
    assert {case.id for case in CASES} == set(BUILDS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_packet_of_a_case_is_what_it_should_be(case: Case) -> None:
    packets = BUILDS[case.id](STAMP, BASE)
    assert len(packets) == case.count
    for packet in packets:
        said = read(packet)
        assert (said.source, said.target, said.label) == (VANTAGE.packed, HOST.packed, 0xABCDE)
        assert said.hop_limit == HOP_LIMIT
        assert said.length == len(packet) <= LARGEST, "it needs no path MTU, and says its own length"
        assert said.source_port in (-1, 21_001), "scapy's default would be a source-port hole (PROBES trap D11)"
        assert said.piece is None or said.piece.identification == STAMP.fragment


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_same_stamp_builds_the_same_packets_and_another_builds_others(case: Case) -> None:
    other = Stamp(0xABCDF, VANTAGE, HOST, 21_002, b"key of this run")
    once, again = (BUILDS[case.id](STAMP, BASE) for _ in range(2))
    assert once == again
    assert not set(once) & set(BUILDS[case.id](other, BASE))


WRONG_ON_PURPOSE = {"X46"}  # a bad checksum is the case


def checksum_fits(packet: bytes) -> bool:
    """RFC 8200 section 8.1: pseudo-header and upper layer sum up to all ones; every routing header here ends at us."""
    chain, _, at = walk_headers(packet, packet[6], len(packet))
    body = packet[at:]
    summed = packet[8:40] + struct.pack("!II", len(body), chain[-1]) + body + bytes(len(body) % 2)
    total = sum(struct.unpack(f"!{len(summed) // 2}H", summed))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


@pytest.mark.parametrize("case", [case for case in CASES if case.count == 1], ids=lambda case: case.id)
def test_checksums_are_right(case: Case) -> None:
    (packet,) = BUILDS[case.id](STAMP, BASE)
    said = read(packet)
    if (
        said.protocol in (TCP, UDP, ICMPV6_NUMBER)
        and (said.piece is None or not said.piece.more)
        and case.id not in LONE
    ):
        assert checksum_fits(packet) is (case.id not in WRONG_ON_PURPOSE)


LONE = {"X42", "X43", "fw6-09"}  # one fragment alone, or more headers than the reader walks


@pytest.mark.parametrize(
    ("case", "chain", "flags"),
    [
        ("tcp-null", (TCP,), 0),
        ("tcp-xmas", (TCP,), 0x29),
        ("tcp-syn-reserved", (TCP,), 0x102),
        ("fw6-05", (0, TCP), 2),
        ("X01", (43, TCP), 2),
        ("X39", (0, 60, 43, FRAGMENT, 60, TCP), 2),
        ("X19", (51, TCP), 2),
        ("X24", (4,), -1),
    ],
)
def test_some_cases_by_hand(case: str, chain: tuple[int, ...], flags: int) -> None:
    said = read(BUILDS[case](STAMP, BASE)[0])
    assert (said.chain, said.flags) == (chain, flags)


def test_the_header_chain_goes_on_in_the_second_fragment() -> None:
    """Y02: the first fragment shows the first of two options headers, and no TCP."""
    first, second = (read(packet) for packet in BUILDS["Y02"](STAMP, BASE))
    assert (first.chain, first.source_port, first.piece and first.piece.more) == ((FRAGMENT, 60, 60), -1, True)
    assert second.piece is not None
    assert (second.piece.offset, second.piece.more) == (8, False)


def test_overlapping_fragments_overlap() -> None:
    pieces = [read(packet).piece for packet in BUILDS["fw6-32"](STAMP, BASE)]
    assert [(one.offset, one.offset + one.length) for one in pieces if one] == [(0, 24), (24, 48), (40, 64)]


def test_errors_quote_what_they_are_about() -> None:
    said = read(BUILDS["2-0-flow"](STAMP, BASE)[0])
    assert (said.kind, said.word) == (2, 1280)
    assert said.quoted is not None
    assert said.quoted.source == HOST.packed


@given(st.binary(max_size=400))
def test_reading_survives_anything(data: bytes) -> None:
    said = read_packet(data)
    assert said is None or said.chain


@given(st.sampled_from(sorted(BUILDS)), st.integers(0, 200), st.integers(0, 200), st.integers(0, 255))
def test_reading_survives_packets_cut_and_changed(case: str, at: int, length: int, value: int) -> None:
    packet = bytearray(BUILDS[case](STAMP, BASE)[0])
    packet[at % len(packet)] = value
    said = read_packet(bytes(packet[:length]))
    assert said is None or len(said.chain) >= 1
