"""Packets by hand: what a strict receiver would check, computed by somebody else or by the standard's own rule."""

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import IPv6

from scanner.probes.cases import gateway
from scanner.probes.cases.gateway import Way, identity, quoted

HOST, VANTAGE, HOME = (IPv6Address(f"2001:db8:{net}") for net in ("a::10", "f::2", "f::77"))
WAY = Way(VANTAGE, HOST, 50_001, 40_001, 4711, 123_456)
BUILDS: dict[str, Callable[[Way], bytes]] = {
    "udp": gateway.udp,
    "ike": gateway.ike,
    "lite": gateway.udp_lite,
    "syn": partial(gateway.tcp, flags="S"),
    "data": partial(gateway.tcp, flags="PA", acknowledged=9, offset=1, size=8),
    "init": partial(gateway.sctp, chunk="init", tag=0),
    "init-ack": partial(gateway.sctp, chunk="init-ack", tag=9),
    "cookie-echo": partial(gateway.sctp, chunk="cookie-echo", tag=9),
    "cookie-ack": partial(gateway.sctp, chunk="cookie-ack", tag=9),
    "sctp data": partial(gateway.sctp, chunk="data", tag=9),
    "request": partial(gateway.dccp, kind=gateway.DCCP_REQUEST),
    "response": partial(gateway.dccp, kind=gateway.DCCP_RESPONSE, acknowledged=9),
    "dccp data": partial(gateway.dccp, kind=gateway.DCCP_DATA, offset=1),
    "dccp ack": partial(gateway.dccp, kind=gateway.DCCP_ACK, acknowledged=9),
    "dccp data ack": partial(gateway.dccp, kind=gateway.DCCP_DATA_ACK, acknowledged=9),
    "opaque": partial(gateway.opaque, protocol=253),
    "ah": gateway.authenticated,
    "esp": partial(gateway.esp, spi=256),
    "hip": gateway.hip,
    "home test init": gateway.mobility,
    "home test": partial(gateway.mobility, test=True),
    "rh0": gateway.routing_zero,
    "rh0, one left": partial(gateway.routing_zero, left=1),
    "rh2": partial(gateway.routing_home, home=HOME),
    "home address": partial(gateway.from_home, home=HOME),
    "shim6": gateway.shim6,
    "echo": gateway.echo,
    "error": partial(gateway.error, kind=2, code=0, about=gateway.udp(WAY)),
}
SUMMED = {"udp": 17, "ike": 17, "lite": 136, "syn": 6, "data": 6, "hip": 139, "home test": 135, "home test init": 135}
SUMMED |= dict.fromkeys(("request", "response", "dccp data", "dccp ack", "dccp data ack"), 33)
SUMMED |= {"echo": 58, "error": 58}


def internet_sum(packet: bytes, protocol: int, target: IPv6Address = HOST, source: IPv6Address = VANTAGE) -> int:
    """Of pseudo header and payload, RFC 8200 section 8.1: 0xFFFF where the checksum is right."""
    body = packet[40:]
    data = source.packed + target.packed + struct.pack("!II", len(body), protocol) + body + b"\0" * (len(body) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("name", BUILDS)
def test_headers_are_as_asked(name: str) -> None:
    packet = BUILDS[name](replace(WAY, hop_limit=3))
    header = IPv6(packet)
    assert (header.src, header.dst, header.fl, header.hlim) == (str(VANTAGE), str(HOST), 4711, 3)
    assert header.plen == len(packet) - 40


@pytest.mark.parametrize("name", SUMMED)
def test_checksums_are_right(name: str) -> None:
    assert internet_sum(BUILDS[name](WAY), SUMMED[name]) == 0xFFFF


def crc32c(data: bytes) -> int:
    """RFC 3720 appendix B.4, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


@pytest.mark.parametrize("name", ["init", "init-ack", "cookie-echo", "cookie-ack", "sctp data"])
def test_sctp_checksums_are_right(name: str) -> None:
    """RFC 9260 section 6.8: CRC32c over the packet with the field zero, least significant byte first."""
    body = BUILDS[name](WAY)[40:]
    assert crc32c(body[:8] + bytes(4) + body[12:]) == int.from_bytes(body[8:12], "little")


def test_udp_behind_other_headers_is_summed_over_its_final_addresses() -> None:
    """RFC 8200 section 8.1 for the routing header, RFC 6275 section 6.3 for the home address option."""
    cases = [
        ("rh0", HOST, VANTAGE),
        ("rh0, one left", HOST, VANTAGE),
        ("rh2", HOME, VANTAGE),
        ("home address", HOST, HOME),
    ]
    for name, target, source in cases:
        packet = BUILDS[name](WAY)
        datagram = packet[:40] + packet[40 + 8 * (packet[41] + 1) :]
        assert internet_sum(datagram, 17, target, source) == 0xFFFF, name


def test_the_syn_behind_ah_is_summed() -> None:
    packet = gateway.authenticated(WAY)
    assert packet[6] == 51
    assert packet[40] == 6
    length = 4 * (packet[41] + 2)  # RFC 4302 section 2.2
    assert internet_sum(packet[:40] + packet[40 + length :], 6) == 0xFFFF


def test_shim6_carries_udp() -> None:
    """RFC 5533 section 5.1: 8 bytes, the P bit set."""
    packet = gateway.shim6(WAY)
    assert (packet[6], packet[40], packet[41], packet[42] >> 7) == (140, 17, 0, 1)
    assert internet_sum(packet[:40] + packet[48:], 17) == 0xFFFF


@pytest.mark.parametrize(("name", "kind"), [("request", 0), ("response", 1), ("dccp data ack", 4)])
def test_dccp_headers(name: str, kind: int) -> None:
    """RFC 4340 section 5.1: data offset in words, type, 48-bit sequence numbers."""
    body = BUILDS[name](WAY)[40:]
    assert body[8] >> 1 & 0xF == kind
    assert body[8] & 1 == 1
    data = body[4 * body[4] :]
    assert data == (WAY.nonce if name == "dccp data ack" else b"")
    assert int.from_bytes(body[10:16], "big") == WAY.number


def test_ike_is_an_opening() -> None:
    datagram = gateway.ike(replace(WAY, port=gateway.IKE))[40:]
    spi, other, _, version, exchange, flags, number, length = struct.unpack("!8s8sBBBBII", datagram[8:])
    assert (other, version, exchange, flags, number, length) == (bytes(8), 0x20, 34, 0x08, 0, len(datagram) - 8)
    assert spi == WAY.nonce


def test_packet_too_big_makes_no_path_smaller() -> None:
    """The host remembers a smaller one for ten minutes (net.ipv6.route.mtu_expires)."""
    packet = gateway.error(WAY, 2, 0, gateway.udp(WAY))
    assert int.from_bytes(packet[44:48], "big") == 1500
    assert quoted(packet) == gateway.udp(WAY)


def test_packets_of_one_flow_are_told_apart() -> None:
    first, second = (gateway.udp(replace(WAY, label=label)) for label in (1, 2))
    assert not set(identity(first)) & set(identity(second))


@given(st.binary(max_size=200))
def test_any_bytes_quote_something_or_nothing(data: bytes) -> None:
    found = quoted(data)
    assert found is None or data.endswith(found)
