"""Packets byte for byte: what scapy itself would build, what the stub builds, and no telling default (trap D11)."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6
from scapy.packet import Packet, Raw
from stub_source import swept

from scanner.probes.craft import (
    HOP_LIMIT,
    MSS,
    WINDOW,
    Flow,
    Template,
    checksum,
    echo_reply,
    stamp,
    syn_template,
    udp_packet,
    udp_template,
)
from scanner.probes.tokens import flow_label, sequence_number, token_of

ADDRESSES = st.integers(1, 2**128 - 1).map(IPv6Address)
PORTS = st.integers(1, 65_535)
FLOWS = st.builds(Flow, ADDRESSES, ADDRESSES, PORTS)
TOKENS = st.binary(min_size=8, max_size=8)
HOP_LIMITS = st.integers(1, 255)
FIXED = Flow(IPv6Address("2001:db8:f::2"), IPv6Address("2001:db8:a::10"), 40_000)


def header(flow: Flow, hop_limit: int, label: int) -> Packet:
    return IPv6(src=str(flow.source), dst=str(flow.target), hlim=hop_limit, fl=label)


def scapy_syn(flow: Flow, port: int, token: bytes, hop_limit: int = HOP_LIMIT) -> bytes:
    segment = TCP(
        sport=flow.source_port,
        dport=port,
        seq=sequence_number(token),
        flags="S",
        window=WINDOW,
        options=[("MSS", MSS)],
    )
    return bytes(header(flow, hop_limit, flow_label(token)) / segment)


def scapy_udp(flow: Flow, port: int, token: bytes, hop_limit: int = HOP_LIMIT) -> bytes:
    return bytes(header(flow, hop_limit, flow_label(token)) / UDP(sport=flow.source_port, dport=port) / Raw(token))


@given(FLOWS, PORTS, TOKENS, HOP_LIMITS)
def test_a_stamped_syn_is_what_scapy_builds(flow: Flow, port: int, token: bytes, hop_limit: int) -> None:
    assert stamp(syn_template(flow, hop_limit), port, token) == scapy_syn(flow, port, token, hop_limit)


@given(FLOWS, PORTS, TOKENS, HOP_LIMITS)
def test_a_stamped_datagram_is_what_scapy_builds(flow: Flow, port: int, token: bytes, hop_limit: int) -> None:
    assert stamp(udp_template(flow, hop_limit), port, token) == scapy_udp(flow, port, token, hop_limit)


@given(FLOWS, st.binary(min_size=16, max_size=16), st.binary(max_size=40), st.lists(PORTS, max_size=40, unique=True))
def test_the_stub_sweeps_the_very_same_packets(flow: Flow, key: bytes, salt: bytes, ports: list[int]) -> None:
    for template in (syn_template(flow), udp_template(flow)):
        expected = [(port, stamp(template, port, token_of(key, salt, port))) for port in ports]
        assert swept(template, key, salt, ports, []) == expected


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_the_stub_sends_everything_once_and_spreads_the_controls(number: int, queries: int, controls: int) -> None:
    template = udp_template(FIXED)
    other = udp_template(replace(FIXED, source_port=40_001))
    asked = [stamp(template, 50_000 + index, bytes(8)) for index in range(queries)]
    extra = [stamp(other, 60_000 + index, bytes(8)) for index in range(controls)]
    sent = swept(template, b"k", b"s", list(range(1, number + 1)), asked + extra)
    packets = [packet for _, packet in sent]
    assert sorted(packet for packet in packets if packet in extra) == sorted(extra)
    assert sorted(packet for packet in packets if packet in asked) == sorted(asked)
    assert len(sent) == number + queries + controls
    assert [port for port, packet in sent if packet in asked] == list(range(50_000, 50_000 + queries)), (
        "a query that could not be sent is a port that was not asked"
    )
    assert all(port == -1 for port, packet in sent if packet in extra)
    where = [index for index, packet in enumerate(packets) if packet in extra]
    if 2 <= controls <= number:
        assert max(where) - min(where) >= number // 2, "controls in a heap measure the loss of that moment only"


@given(st.binary(min_size=8, max_size=8), PORTS)
def test_a_checksum_of_zero_is_never_sent(token: bytes, port: int) -> None:
    """RFC 8200 section 8.1: a computed zero is sent as all ones; zero would mean "none", which IPv6 forbids."""
    packet = stamp(udp_template(FIXED), port, token)
    assert packet[46:48] != b"\0\0"


def test_the_checksum_that_comes_out_as_zero() -> None:
    template = udp_template(FIXED)
    nought = stamp(template, 1, bytes(8), label=0)
    left = int.from_bytes(nought[46:48], "big")
    token = left.to_bytes(2, "big") + bytes(6)  # adding the checksum itself brings the sum to all ones
    packet = stamp(template, 1, token, label=0)
    assert packet[46:48] == b"\xff\xff"
    assert packet == bytes(header(FIXED, HOP_LIMIT, 0) / UDP(sport=40_000, dport=1) / Raw(token))


@given(FLOWS, PORTS, TOKENS, st.integers(0, 0xFFFFF))
def test_a_steady_label_leaves_the_rest_alone(flow: Flow, port: int, token: bytes, label: int) -> None:
    template = syn_template(flow)
    steady = IPv6(stamp(template, port, token, label))
    assert steady.fl == label
    assert steady[TCP].seq == sequence_number(token)
    assert bytes(steady)[4:] == stamp(template, port, token)[4:], "the checksum does not cover the label"


@given(FLOWS, PORTS, st.binary(max_size=64))
def test_a_query_has_a_checksum_that_scapy_agrees_with(flow: Flow, port: int, payload: bytes) -> None:
    packet = IPv6(udp_packet(flow, port, payload))
    claimed = packet[UDP].chksum
    del packet[UDP].chksum
    assert IPv6(bytes(packet))[UDP].chksum == claimed
    assert (packet[UDP].sport, packet[UDP].dport) == (flow.source_port, port)


@pytest.mark.parametrize("make", [syn_template, udp_template])
def test_no_default_of_scapy_shows(make: type[Template]) -> None:
    packet = IPv6(stamp(make(FIXED), 445, b"\1\2\3\4\5\6\7\x08"))  # type: ignore[arg-type, call-arg]
    layer = packet[TCP] if TCP in packet else packet[UDP]
    assert (packet.src, packet.dst, packet.hlim) == ("2001:db8:f::2", "2001:db8:a::10", 64)
    assert layer.sport == 40_000, "scapy's own source ports are 20 and 53: a source-port hole by accident"
    assert packet.fl != 0


def test_a_probe_fits_the_minimum_mtu_and_says_so() -> None:
    syn = IPv6(syn_template(FIXED).packet)
    assert dict(syn[TCP].options)["MSS"] == 1280 - 40 - 20  # RFC 8200 section 5


@given(ADDRESSES, ADDRESSES, st.integers(0, 65_535), st.integers(0, 65_535), st.binary(max_size=32))
def test_an_echo_reply(source: IPv6Address, target: IPv6Address, identifier: int, sequence: int, data: bytes) -> None:
    packet = IPv6(echo_reply(source, target, identifier, sequence, data))
    reply = packet[ICMPv6EchoReply]
    assert (reply.id, reply.seq, bytes(reply.data)) == (identifier, sequence, data)


def test_an_odd_length_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        checksum(bytes(41))
