"""Layers that several cases share. Every field scapy would fill with a telling default is set (PROBES trap D11)."""

from dataclasses import dataclass

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    HBHOptUnknown,
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.packet import Packet, Raw

from scanner.probes.cases.stamp import Stamp
from scanner.probes.payloads import payload

WINDOW = 14_400
LARGEST = 1280  # RFC 8200 section 5: every link carries this much, so nothing on the way needs to be told it is too big
CUT = 1232  # bytes of a fragment's content in such a packet: 1280 - 40 - 8
SKIP = 0x1E  # RFC 4727: experimental option; the highest two bits 00 say "skip over it"


@dataclass(frozen=True, slots=True)
class Base:
    """Where the packets of a case go. ``port`` is the one the case is about, ``other`` one that is let in; ``quoted``
    is the beginning of a packet that the inside has sent, for errors about it.
    """

    port: int = 0
    other: int = 80
    quoted: bytes = b""


def ip(stamp: Stamp) -> IPv6:
    return IPv6(src=str(stamp.source), dst=str(stamp.target), fl=stamp.number, hlim=stamp.hop_limit)


def tcp(stamp: Stamp, port: int, flags: str = "S", **more: object) -> TCP:
    acknowledged = stamp.sequence ^ 0x5A5A5A5A if "A" in flags else 0
    fields = {"sport": stamp.source_port, "seq": stamp.sequence, "ack": acknowledged, "window": WINDOW} | more
    return TCP(dport=port, flags=flags, **fields)


def udp(stamp: Stamp, port: int) -> Packet:
    """A query the port's usual service answers, else the nonce."""
    return UDP(sport=stamp.source_port, dport=port) / Raw(payload(port, stamp.nonce) or stamp.nonce)


def echo(stamp: Stamp, data: bytes = b"") -> ICMPv6EchoRequest:
    return ICMPv6EchoRequest(id=stamp.identifier, seq=1, data=stamp.nonce + data)


def destination(octets: int = 8) -> IPv6ExtHdrDestOpt:
    """A destination options header of nothing but padding."""
    return IPv6ExtHdrDestOpt(options=[Raw(bytes(octets - 2))], autopad=0)  # Pad1 is one zero byte


def hop_by_hop(octets: int = 8) -> IPv6ExtHdrHopByHop:
    return IPv6ExtHdrHopByHop(options=[Raw(bytes(octets - 2))], autopad=0)


def skipped(*lengths: int) -> list[HBHOptUnknown]:
    """Options that every node skips, each with so many bytes of content."""
    return [option(SKIP, length) for length in lengths]


def option(kind: int, length: int) -> HBHOptUnknown:
    return HBHOptUnknown(otype=kind, optlen=length, optdata=bytes(length))


def routing(kind: int, left: int, addresses: tuple[str, ...] = ()) -> IPv6ExtHdrRouting:
    """A routing header; without addresses it is eight bytes long."""
    return IPv6ExtHdrRouting(type=kind, segleft=left, addresses=list(addresses), len=2 * len(addresses))


def atomic(stamp: Stamp) -> IPv6ExtHdrFragment:
    """A fragment that is the whole packet (RFC 6946)."""
    return IPv6ExtHdrFragment(offset=0, m=0, id=stamp.fragment)


def one(stamp: Stamp, *layers: Packet) -> list[bytes]:
    """One packet of these layers."""
    packet = ip(stamp)
    for layer in layers:
        packet /= layer
    return [bytes(packet)]


def content(stamp: Stamp, *layers: Packet) -> tuple[int, bytes]:
    """(next header, everything behind the IPv6 header) of such a packet, checksums right for the whole."""
    packet = one(stamp, *layers)[0]
    return packet[6], packet[40:]


def piece(
    stamp: Stamp, next_header: int, offset: int, data: bytes, *, more: bool, before: Packet | None = None
) -> bytes:
    """One fragment: ``data`` belongs at ``offset`` bytes. ``before`` stands before the fragment header."""
    header = IPv6ExtHdrFragment(nh=next_header, offset=offset // 8, m=int(more), id=stamp.fragment)
    packet = ip(stamp) if before is None else ip(stamp) / before
    return bytes(packet / header / Raw(data))


def cut(stamp: Stamp, whole: tuple[int, bytes], at: tuple[int, ...], before: Packet | None = None) -> list[bytes]:
    """Fragments of ``content``, cut at these offsets (multiples of 8)."""
    next_header, data = whole
    ends = [*at, len(data)]
    begins = [0, *at]
    return [
        piece(stamp, next_header, begin, data[begin:end], more=end < len(data), before=before)
        for begin, end in zip(begins, ends, strict=True)
    ]
