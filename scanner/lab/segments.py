"""The few bytes the lab's liars need: which SYN went by, and an answer to it. Pure; standard library only."""

import struct
from dataclasses import dataclass

IPV6_HEADER = 40
TCP_HEADER = 20
TCP = 6
SCTP, SCTP_HEADER, INIT = 132, 12, 1
SYN, RST, ACK = 0x02, 0x04, 0x10
HOP_LIMIT = 64
LONGEST_QUOTE = 1280 - IPV6_HEADER - 8  # RFC 4443 section 3.1: an error fits the minimum MTU


@dataclass(frozen=True, slots=True)
class Syn:
    """The first segment of a TCP connection; addresses packed."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    sequence: int


def read_syn(packet: bytes) -> Syn | None:
    """The SYN in an IPv6 packet without extension headers, None for anything else."""
    if len(packet) < IPV6_HEADER + TCP_HEADER or packet[0] >> 4 != 6 or packet[6] != TCP:  # noqa: PLR2004 - IPv6
        return None
    source_port, destination_port, sequence = struct.unpack_from("!HHI", packet, IPV6_HEADER)
    if packet[IPV6_HEADER + 13] & (SYN | ACK | RST) != SYN:
        return None
    return Syn(packet[8:24], packet[24:40], source_port, destination_port, sequence)


def opens(packet: bytes, protocol: str) -> bool:
    """A SYN, or the INIT with which an SCTP association begins (RFC 9260 section 3.3.2)."""
    if protocol == "tcp":
        return read_syn(packet) is not None
    return len(packet) > IPV6_HEADER + SCTP_HEADER and packet[6] == SCTP and packet[IPV6_HEADER + SCTP_HEADER] == INIT


def reset_for(syn: Syn) -> bytes:
    """The RST, ACK that the destination itself would send (RFC 9293 section 3.10.7.1), as a whole IPv6 packet."""
    return answer_for(syn, RST | ACK)


def answer_for(syn: Syn, flags: int) -> bytes:
    """A segment with ``flags`` that acknowledges the SYN in the destination's name, as a whole IPv6 packet."""
    acknowledged = (syn.sequence + 1) & 0xFFFFFFFF
    tcp = struct.pack("!HHIIBBHHH", syn.destination_port, syn.source_port, 0, acknowledged, 5 << 4, flags, 0, 0, 0)
    pseudo = syn.destination + syn.source + struct.pack("!II", len(tcp), TCP)  # RFC 8200 section 8.1
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    header = struct.pack("!IHBB", 6 << 28, len(tcp), TCP, HOP_LIMIT)
    return header + syn.destination + syn.source + tcp


def prohibited(packet: bytes) -> bytes:
    """ICMPv6 type 1 code 1 quoting ``packet``; the kernel fills the checksum in."""
    return struct.pack("!BBHI", 1, 1, 0, 0) + packet[:LONGEST_QUOTE]


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
