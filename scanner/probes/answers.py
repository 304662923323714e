"""Bytes into meaning: what a packet heard outside, or a frame seen inside, says about one probe. Never raises."""

import struct
from typing import NamedTuple

from scanner.model.evidence import Kind
from scanner.probes.bpf import FRAGMENT, ICMPV6, TCP, UDP

SYN, RST, ACK = 0x02, 0x04, 0x10
PORTS = struct.Struct("!HH")
TCP_HEAD = struct.Struct("!HHIIBB")
SHORTEST = 44  # IPv6 header and two port numbers
QUOTED_AT = 48  # ICMPv6 errors quote the packet after 8 bytes of their own (RFC 4443)
INFORMATIONAL = 128  # from this type on, ICMPv6 messages are no errors (RFC 4443 section 2.1)


# ICMPv6 (type, code) -> (kind, nmap's reason word). RFC 4443 sections 3.1 to 3.4, RFC 8200, RFC 7112.
ERRORS: dict[tuple[int, int], tuple[Kind, str]] = {
    (1, 0): (Kind.UNREACHABLE, "no-route"),
    (1, 1): (Kind.PROHIBIT, "admin-prohibited"),
    (1, 2): (Kind.UNREACHABLE, "beyond-scope"),
    (1, 3): (Kind.UNREACHABLE, "host-unreach"),
    (1, 4): (Kind.REFUSE, "port-unreach"),
    (1, 5): (Kind.PROHIBIT, "policy-failed"),
    (1, 6): (Kind.PROHIBIT, "reject-route"),
    (3, 0): (Kind.EXPIRED, "time-exceeded"),
}


class Answer(NamedTuple):
    """An answer to the probe (target, protocol, port, source_port). Addresses packed.

    ``token`` is the sequence number (TCP) or the first word of the payload (quoted UDP) the answer proves to know, or
    -1; ``responder`` sent it, ``hop_limit`` is as received.
    """

    target: bytes
    protocol: int
    port: int
    source_port: int
    kind: Kind
    reason: str
    responder: bytes
    hop_limit: int
    token: int


def read_answer(packet: bytes) -> Answer | None:
    """An IPv6 packet heard at the vantage (or leaving the host), None where it answers no probe."""
    if len(packet) < SHORTEST or packet[0] >> 4 != 6:  # noqa: PLR2004
        return None
    protocol, source, at = packet[6], packet[8:24], 40
    if protocol == FRAGMENT:  # a long UDP answer in pieces: the first piece has the ports (RFC 8200 section 4.5)
        if len(packet) < SHORTEST + 8 or packet[42] or packet[43] & 0xF8:
            return None
        protocol, at = packet[40], 48
    if protocol == ICMPV6:
        return _read_error(packet, source) if at == QUOTED_AT - 8 else None
    if protocol not in (TCP, UDP):
        return None
    port, ours = PORTS.unpack_from(packet, at)
    if protocol == UDP:
        return Answer(source, UDP, port, ours, Kind.ACCEPT, "udp-response", source, packet[7], -1)
    if len(packet) < at + 14:
        return None
    _, _, _, acknowledged, _, flags = TCP_HEAD.unpack_from(packet, at)
    token = (acknowledged - 1) & 0xFFFFFFFF
    if flags & RST:
        return Answer(source, TCP, port, ours, Kind.REFUSE, "reset", source, packet[7], token)
    if flags & (SYN | ACK) == SYN | ACK:
        return Answer(source, TCP, port, ours, Kind.ACCEPT, "syn-ack", source, packet[7], token)
    return None


def _read_error(packet: bytes, source: bytes) -> Answer | None:
    if len(packet) < QUOTED_AT + SHORTEST or packet[40] >= INFORMATIONAL:
        return None
    quoted = packet[QUOTED_AT:]
    protocol = quoted[6]
    if protocol not in (TCP, UDP):
        return None
    kind, reason = ERRORS.get((packet[40], packet[41]), (Kind.OTHER, f"icmp-{packet[40]}-{packet[41]}"))
    ours, port = PORTS.unpack_from(quoted, 40)
    at = 44 if protocol == TCP else 48  # the sequence number, the first word of the payload
    token = int.from_bytes(quoted[at : at + 4], "big") if len(quoted) >= at + 4 else -1
    return Answer(quoted[24:40], protocol, port, ours, kind, reason, source, packet[7], token)


class Probe(NamedTuple):
    """A probe as the witness saw it come in: where to, and what it carries of our token."""

    target: bytes
    protocol: int
    port: int
    source_port: int
    hop_limit: int
    token: int
    label: int
    payload: bytes


def read_probe(packet: bytes) -> Probe | None:
    """A TCP SYN or UDP datagram that came in, None for anything else."""
    if len(packet) < SHORTEST + 4:
        return None
    protocol = packet[6]
    label = int.from_bytes(packet[1:4], "big") & 0xFFFFF
    if protocol == TCP and len(packet) >= 54 and packet[53] & (SYN | ACK | RST) == SYN:  # noqa: PLR2004
        source_port, port, sequence = struct.unpack_from("!HHI", packet, 40)
        return Probe(packet[24:40], TCP, port, source_port, packet[7], sequence, label, b"")
    if protocol == UDP:
        source_port, port = PORTS.unpack_from(packet, 40)
        return Probe(packet[24:40], UDP, port, source_port, packet[7], -1, label, packet[48:])
    return None
