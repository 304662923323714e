"""Packets whose TCP or UDP stands behind extension headers, all in one packet. Names as in docs/batteries.md."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from scapy.layers.inet6 import (
    HAO,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrSegmentRouting,
    PadN,
    RouterAlert,
)
from scapy.packet import Packet

from scanner.probes.cases.craft import (
    Base,
    atomic,
    destination,
    hop_by_hop,
    one,
    option,
    routing,
    skipped,
    tcp,
    udp,
)
from scanner.probes.cases.segments import Build
from scanner.probes.cases.stamp import Stamp

Layers = Callable[[Stamp], tuple[Packet, ...]]
DESTINATION, MANY = 60, 130
EXPERIMENTAL = 253  # RFC 3692: a routing type nobody knows


def before_syn(layers: Layers) -> Build:
    return lambda stamp, base: one(stamp, *layers(stamp), tcp(stamp, base.port))


def before_ack(layers: Layers) -> Build:
    return lambda stamp, base: one(stamp, *layers(stamp), tcp(stamp, base.port, "A"))


def before_udp(layers: Layers) -> Build:
    return lambda stamp, base: one(stamp, *layers(stamp), udp(stamp, base.port))


def options(*some: object) -> IPv6ExtHdrDestOpt:
    return IPv6ExtHdrDestOpt(options=list(some))


def every_kind(stamp: Stamp) -> tuple[Packet, ...]:
    """Hop-by-hop, destination, routing, atomic fragment and destination options: all legal, in RFC 8200's order."""
    return hop_by_hop(), destination(), routing(EXPERIMENTAL, 0), atomic(stamp), destination()


def reserved_bits(stamp: Stamp) -> tuple[Packet, ...]:
    return (IPv6ExtHdrFragment(offset=0, m=0, id=stamp.fragment, res1=0xFF, res2=3),)


def segments(stamp: Stamp, left: int) -> tuple[Packet, ...]:
    """RFC 8754; the only segment is the target itself."""
    return (IPv6ExtHdrSegmentRouting(segleft=left, lastentry=0, addresses=[str(stamp.target)]),)


def many_options(stamp: Stamp, base: Base) -> list[bytes]:
    """130 destination options headers of eight bytes: the first by scapy, which takes a second for them all."""
    packet = one(stamp, destination(), tcp(stamp, base.port))[0]
    more = bytes([DESTINATION, *bytes(7)]) * (MANY - 1)
    length = (len(packet) + len(more) - 40).to_bytes(2, "big")
    return [packet[:4] + length + packet[6:40] + more + packet[40:]]


CASES: Mapping[str, Build] = MappingProxyType(
    {
        "fw6-05": before_syn(lambda _: (hop_by_hop(),)),
        "fw6-06": before_syn(lambda _: (destination(),)),
        "fw6-07": before_syn(lambda _: (IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)]),)),
        "fw6-08": before_syn(lambda _: (destination(),) * 3),
        "fw6-09": many_options,
        "fw6-10": before_syn(lambda s: (atomic(s),)),
        "X01": before_syn(lambda s: (routing(0, 0, (str(s.target),)),)),
        "X02": before_syn(lambda s: (routing(0, 1, (str(s.target),)),)),
        "X03": before_syn(lambda s: (routing(2, 1, (str(s.target),)),)),
        "X04": before_syn(lambda s: segments(s, 0)),
        "X05": before_syn(lambda s: segments(s, 1)),
        "X06": before_syn(lambda _: (routing(3, 0),)),
        "X07": before_syn(lambda _: (routing(EXPERIMENTAL, 0),)),
        "X08": before_syn(lambda _: (routing(EXPERIMENTAL, 1),)),
        "X09-1e": before_syn(lambda _: (options(option(0x1E, 4)),)),
        "X09-5e": before_syn(lambda _: (options(option(0x5E, 4)),)),
        "X09-9e": before_syn(lambda _: (options(option(0x9E, 4)),)),
        "X09-de": before_syn(lambda _: (options(option(0xDE, 4)),)),
        "X10-1e": before_syn(lambda _: (IPv6ExtHdrHopByHop(options=[option(0x1E, 4)]),)),
        "X10-5e": before_syn(lambda _: (IPv6ExtHdrHopByHop(options=[option(0x5E, 4)]),)),
        "X10-9e": before_syn(lambda _: (IPv6ExtHdrHopByHop(options=[option(0x9E, 4)]),)),
        "X10-de": before_syn(lambda _: (IPv6ExtHdrHopByHop(options=[option(0xDE, 4)]),)),
        "X11": before_syn(lambda _: (destination(), hop_by_hop())),
        "X12": before_syn(lambda _: (hop_by_hop(), hop_by_hop())),
        "X14": before_syn(lambda s: (options(HAO(hoa=str(s.source))),)),
        "X15": before_syn(lambda _: (options(PadN(optdata=b"\1\2\3\4")),)),
        "X16": before_syn(lambda _: (options(PadN(optdata=bytes(12))),)),
        "X17": before_syn(lambda _: (options(option(0x1E, 60)),)),
        "X18": before_syn(lambda _: (options(*skipped(*(0,) * 9)),)),
        "X37": before_syn(lambda s: (destination(), atomic(s))),
        "X38": before_syn(lambda s: (atomic(s), destination())),
        "X39": before_syn(every_kind),
        "X40": before_syn(reserved_bits),
        "X48": before_syn(lambda _: (options(*(PadN(optdata=bytes(5)),) * 168),)),
        "X49": before_syn(lambda _: (options(*skipped(194, 194, 194, 194, 194, 194)),)),
        "Y10": before_udp(lambda _: (destination(),)),
        "Y11": before_udp(lambda s: (atomic(s),)),
        "Y12": before_ack(lambda _: (destination(),)),
    }
)
