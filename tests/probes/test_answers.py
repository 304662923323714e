"""Bytes into meaning: every reader survives any bytes and reads what scapy builds."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrFragment,
)
from scapy.packet import Packet, Raw

from scanner.model.evidence import Kind
from scanner.probes.answers import ERRORS, Answer, read_answer, read_probe
from scanner.probes.craft import Flow, stamp, syn_template, udp_packet, udp_template
from scanner.probes.tokens import flow_label, sequence_number

VANTAGE, HOST, ROUTER = (IPv6Address(f"2001:db8::{n}") for n in (2, 0x10, 1))
OURS, PORT = 40_000, 445
TOKEN = bytes(range(1, 9))
FLOW = Flow(VANTAGE, HOST, OURS)
SYN = stamp(syn_template(FLOW), PORT, TOKEN)
DATAGRAM = stamp(udp_template(FLOW), PORT, TOKEN)


def from_host(hop_limit: int = 61, sender: IPv6Address = HOST) -> Packet:
    return IPv6(src=str(sender), dst=str(VANTAGE), hlim=hop_limit)


def tcp_answer(flags: str, acknowledged: int = sequence_number(TOKEN) + 1) -> bytes:
    return bytes(from_host() / TCP(sport=PORT, dport=OURS, seq=7, ack=acknowledged, flags=flags))


def error(kind: type[Packet], code: int, about: bytes, sender: IPv6Address = ROUTER) -> bytes:
    return bytes(from_host(62, sender) / kind(code=code) / Raw(about))


def test_a_syn_ack_accepts() -> None:
    assert read_answer(tcp_answer("SA")) == Answer(
        HOST.packed, 6, PORT, OURS, Kind.ACCEPT, "syn-ack", HOST.packed, 61, sequence_number(TOKEN)
    )


@pytest.mark.parametrize("flags", ["RA", "R"])
def test_a_reset_refuses(flags: str) -> None:
    answer = read_answer(tcp_answer(flags))
    assert answer is not None
    assert (answer.kind, answer.reason, answer.responder) == (Kind.REFUSE, "reset", HOST.packed)
    assert answer.token == sequence_number(TOKEN)


@pytest.mark.parametrize("flags", ["A", "S", "FA", "PA"])
def test_other_segments_answer_no_probe(flags: str) -> None:
    assert read_answer(tcp_answer(flags)) is None


def test_a_reset_without_acknowledgement_proves_no_token() -> None:
    answer = read_answer(tcp_answer("R", 0))
    assert answer is not None
    assert answer.token == 0xFFFF_FFFF


def test_a_datagram_accepts() -> None:
    answer = read_answer(bytes(from_host() / UDP(sport=PORT, dport=OURS) / Raw(b"hello")))
    assert answer == Answer(HOST.packed, 17, PORT, OURS, Kind.ACCEPT, "udp-response", HOST.packed, 61, -1)


def test_the_first_piece_of_a_fragmented_datagram_accepts_the_later_ones_say_nothing() -> None:
    """RFC 8200 section 4.5: only the first piece has the ports."""
    datagram = UDP(sport=PORT, dport=OURS) / Raw(b"hello" * 10)
    first = bytes(from_host() / IPv6ExtHdrFragment(id=1, m=1, offset=0, nh=17) / datagram)
    later = bytes(from_host() / IPv6ExtHdrFragment(id=1, m=0, offset=100, nh=17) / datagram)
    answer = read_answer(first)
    assert answer is not None
    assert (answer.kind, answer.port, answer.source_port) == (Kind.ACCEPT, PORT, OURS)
    assert read_answer(later) is None


@pytest.mark.parametrize(("number", "code"), list(ERRORS))
@pytest.mark.parametrize(("about", "protocol"), [(SYN, 6), (DATAGRAM, 17)])
def test_every_error_names_its_sender_and_the_probe_it_is_about(
    number: int, code: int, about: bytes, protocol: int
) -> None:
    kind, reason = ERRORS[number, code]
    layer = {1: ICMPv6DestUnreach, 3: ICMPv6TimeExceeded}[number]
    assert read_answer(error(layer, code, about)) == Answer(
        HOST.packed, protocol, PORT, OURS, kind, reason, ROUTER.packed, 62, sequence_number(TOKEN)
    )


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [
        (1, 0, Kind.UNREACHABLE),  # no route
        (1, 1, Kind.PROHIBIT),  # administratively prohibited
        (1, 2, Kind.UNREACHABLE),  # beyond scope
        (1, 3, Kind.UNREACHABLE),  # address unreachable
        (1, 4, Kind.REFUSE),  # port unreachable
        (1, 5, Kind.PROHIBIT),  # source address failed ingress/egress policy
        (1, 6, Kind.PROHIBIT),  # reject route
        (3, 0, Kind.EXPIRED),  # hop limit exceeded
    ],
)
def test_what_each_error_of_rfc_4443_amounts_to(number: int, code: int, kind: Kind) -> None:
    assert ERRORS[number, code][0] is kind
    assert len(ERRORS) == 8


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (error(ICMPv6DestUnreach, 7, SYN), "icmp-1-7"),
        (error(ICMPv6PacketTooBig, 0, SYN), "icmp-2-0"),
        (error(ICMPv6TimeExceeded, 1, SYN), "icmp-3-1"),
        (error(ICMPv6ParamProblem, 0, SYN), "icmp-4-0"),
    ],
)
def test_other_errors_are_told_by_their_numbers(packet: bytes, reason: str) -> None:
    answer = read_answer(packet)
    assert answer is not None
    assert (answer.kind, answer.reason) == (Kind.OTHER, reason)


def test_an_error_that_quotes_the_ports_only_proves_no_token() -> None:
    answer = read_answer(error(ICMPv6DestUnreach, 1, DATAGRAM[:44]))
    assert answer is not None
    assert (answer.port, answer.token) == (PORT, -1)


def test_what_is_no_error_is_no_answer_though_it_holds_a_probe() -> None:
    """RFC 4443 section 2.1: from type 128 on ICMPv6 informs. An echo reply carries whatever the request did."""
    assert read_answer(bytes(from_host() / ICMPv6EchoReply(data=DATAGRAM))) is None


def test_a_fragment_of_an_error_is_no_answer() -> None:
    body = ICMPv6DestUnreach(code=1) / Raw(SYN + SYN)
    assert read_answer(bytes(from_host() / IPv6ExtHdrFragment(id=1, m=1, offset=0, nh=58) / body)) is None


@given(st.binary(max_size=200) | st.binary(max_size=160).map(lambda rest: b"\x60" + rest))
def test_any_bytes_are_an_answer_or_none(packet: bytes) -> None:
    answer = read_answer(packet)
    assert answer is None or (len(answer.target), len(answer.responder)) == (16, 16)
    probe = read_probe(packet)
    assert probe is None or len(probe.target) == 16


WHOLE = (
    tcp_answer("SA"),
    error(ICMPv6DestUnreach, 4, DATAGRAM),
    error(ICMPv6TimeExceeded, 0, SYN),
    bytes(from_host() / IPv6ExtHdrFragment(id=1, m=1, offset=0, nh=6) / TCP(sport=PORT, dport=OURS, flags="SA")),
    bytes(from_host() / UDP(sport=PORT, dport=OURS) / Raw(b"hello")),
    SYN,
    DATAGRAM,
)


@given(st.sampled_from(WHOLE), st.integers(0, 120), st.dictionaries(st.integers(0, 119), st.integers(0, 255)))
def test_cut_and_bent_packets_are_an_answer_or_none(packet: bytes, length: int, bent: dict[int, int]) -> None:
    cut = bytearray(packet[:length])
    for at, value in bent.items():
        if at < len(cut):
            cut[at] = value
    read_answer(bytes(cut))
    read_probe(bytes(cut))


@given(st.sampled_from(WHOLE[:5]), st.integers(0, 43))
def test_what_has_no_ports_is_no_answer(packet: bytes, length: int) -> None:
    assert read_answer(packet[:length]) is None


def test_a_syn_that_comes_in() -> None:
    probe = read_probe(SYN)
    assert probe is not None
    assert (probe.target, probe.protocol, probe.port, probe.source_port) == (HOST.packed, 6, PORT, OURS)
    assert (probe.hop_limit, probe.token, probe.label) == (64, sequence_number(TOKEN), flow_label(TOKEN))


def test_a_datagram_that_comes_in() -> None:
    probe = read_probe(udp_packet(FLOW, PORT, b"question", label=5, hop_limit=61))
    assert probe is not None
    assert (probe.protocol, probe.payload, probe.hop_limit, probe.label) == (17, b"question", 61, 5)


@pytest.mark.parametrize("flags", ["SA", "RA", "R", "A", "SR"])
def test_other_segments_are_no_probe(flags: str) -> None:
    packet = IPv6(src=str(VANTAGE), dst=str(HOST)) / TCP(sport=OURS, dport=PORT, flags=flags)
    assert read_probe(bytes(packet)) is None


@pytest.mark.parametrize("flags", ["S", "SEC", "SP"])
def test_a_syn_is_a_syn_whatever_was_set_beside_it_on_the_way(flags: str) -> None:
    packet = IPv6(src=str(VANTAGE), dst=str(HOST)) / TCP(sport=OURS, dport=PORT, flags=flags)
    assert read_probe(bytes(packet)) is not None
