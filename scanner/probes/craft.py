"""Packets, built with scapy: templates for sweeps, UDP service queries, controls, hop-limited probes.

Every field that scapy would fill with a telling default (source port 20 or 53, sequence 0) is set here (trap D11), the
source address too: scapy cannot select one.
"""

import struct
from dataclasses import dataclass
from ipaddress import IPv6Address

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6
from scapy.packet import Raw

from scanner.probes.tokens import flow_label

HOP_LIMIT = 64
WINDOW = 64240
MSS = 1220  # fits the minimum IPv6 MTU of 1280 (RFC 8200 section 5)
PORT_AT, TCP_TOKEN_AT, TCP_CHECKSUM_AT, TCP_DATA_AT = 42, 44, 56, 60
UDP_TOKEN_AT, UDP_CHECKSUM_AT = 48, 46


@dataclass(frozen=True, slots=True)
class Template:
    """One packet and where port, token and checksum go in it (byte offsets from the IPv6 header)."""

    packet: bytes
    token_at: int
    token_length: int
    checksum_at: int
    port_at: int = PORT_AT


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a packet comes from and goes to; ports are the outside's and the inside's."""

    source: IPv6Address
    target: IPv6Address
    source_port: int


def syn_template(flow: Flow, hop_limit: int = HOP_LIMIT) -> Template:
    """A TCP SYN with MSS option; port, sequence number and checksum are the stub's to fill."""
    segment = TCP(
        sport=flow.source_port, dport=0, seq=0, ack=0, flags="S", window=WINDOW, chksum=0, options=[("MSS", MSS)]
    )
    return Template(bytes(_header(flow, hop_limit) / segment), TCP_TOKEN_AT, 4, TCP_CHECKSUM_AT)


def udp_template(flow: Flow, hop_limit: int = HOP_LIMIT, token_length: int = 8) -> Template:
    """A UDP datagram whose payload is the token."""
    # A checksum of 0 would make scapy compute one; the stub overwrites it in any case.
    datagram = UDP(sport=flow.source_port, dport=0, chksum=0) / Raw(bytes(token_length))
    packet = bytearray(bytes(_header(flow, hop_limit) / datagram))
    packet[UDP_CHECKSUM_AT : UDP_CHECKSUM_AT + 2] = b"\0\0"
    return Template(bytes(packet), UDP_TOKEN_AT, token_length, UDP_CHECKSUM_AT)


def segment_template(
    flow: Flow, sequence: int, acknowledged: int, hop_limit: int = HOP_LIMIT, token_length: int = 12
) -> Template:
    """A TCP segment of an open connection whose data is the token."""
    segment = TCP(
        sport=flow.source_port, dport=0, seq=sequence, ack=acknowledged, flags="PA", window=WINDOW, chksum=0
    ) / Raw(bytes(token_length))
    return Template(bytes(_header(flow, hop_limit) / segment), TCP_DATA_AT, token_length, TCP_CHECKSUM_AT)


def syn_ack(flow: Flow, port: int, sequence: int, acknowledged: int) -> bytes:
    """The answer to a SYN that the inside sent to us, made by us so that no kernel has to be willing."""
    segment = TCP(
        sport=flow.source_port,
        dport=port,
        seq=sequence,
        ack=acknowledged,
        flags="SA",
        window=WINDOW,
        options=[("MSS", MSS)],
    )
    return bytes(_header(flow, HOP_LIMIT) / segment)


def udp_packet(flow: Flow, port: int, payload: bytes, label: int = 0, hop_limit: int = HOP_LIMIT) -> bytes:
    """A whole UDP datagram with checksum."""
    datagram = UDP(sport=flow.source_port, dport=port) / Raw(payload)
    return bytes(_header(flow, hop_limit, label) / datagram)


def stamp(template: Template, port: int, token: bytes, label: int | None = None) -> bytes:
    """One packet of a template, as the stub makes it: port, token, flow label and checksum filled in. ``label`` keeps
    the flow label steady where packets must take the same way.
    """
    packet = bytearray(template.packet)
    first = int.from_bytes(packet[:4], "big") & 0xFFF00000
    packet[:4] = (first | (flow_label(token) if label is None else label)).to_bytes(4, "big")
    packet[template.port_at : template.port_at + 2] = port.to_bytes(2, "big")
    packet[template.token_at : template.token_at + template.token_length] = token[: template.token_length]
    packet[template.checksum_at : template.checksum_at + 2] = b"\0\0"
    packet[template.checksum_at : template.checksum_at + 2] = checksum(packet).to_bytes(2, "big")
    return bytes(packet)


def checksum(packet: bytes | bytearray) -> int:
    """The transport checksum of an IPv6 packet without extension headers (RFC 8200 section 8.1); never 0."""
    body = bytes(packet[8:]) + struct.pack("!II", len(packet) - 40, packet[6])
    total = sum(struct.unpack(f"!{len(body) // 2}H", body[: len(body) & ~1]))
    if len(body) % 2:
        raise ValueError("odd length: templates are even")
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (0xFFFF - total) or 0xFFFF


def echo_reply(source: IPv6Address, target: IPv6Address, identifier: int, sequence: int, data: bytes) -> bytes:
    """The answer to an echo request of the inside, made by us so that no kernel has to be willing."""
    header = IPv6(src=str(source), dst=str(target), hlim=HOP_LIMIT, nh=58)
    return bytes(header / ICMPv6EchoReply(id=identifier, seq=sequence, data=data))


def _header(flow: Flow, hop_limit: int, label: int = 0) -> IPv6:
    return IPv6(src=str(flow.source), dst=str(flow.target), hlim=hop_limit, fl=label)
