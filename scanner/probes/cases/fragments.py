"""Packets in fragments: tiny, overlapping, out of order, incomplete, or with the header chain in the second one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from scapy.layers.inet6 import IPv6ExtHdrDestOpt
from scapy.packet import Packet, Raw

from scanner.probes.cases.craft import (
    CUT,
    Base,
    atomic,
    content,
    cut,
    destination,
    echo,
    hop_by_hop,
    one,
    piece,
    routing,
    skipped,
    tcp,
)
from scanner.probes.cases.headers import EXPERIMENTAL
from scanner.probes.cases.segments import Build
from scanner.probes.cases.stamp import Stamp

ICMPV6, TCP, NOTHING, DESTINATION = 58, 6, 59, 60
HEADER = 24  # bytes of a first fragment that holds the whole TCP header
LONG = 2040  # bytes of the longest destination options header used


def long_options() -> IPv6ExtHdrDestOpt:
    """2,040 bytes in eight options, as many as Linux accepts (max_dst_opts_number)."""
    return IPv6ExtHdrDestOpt(options=skipped(*(252,) * 7, 244))


def syn_cut(*at: int, before: Packet | None = None, order: Sequence[int] = (), rest: int = 16) -> Build:
    """A SYN with ``rest`` bytes of data, cut at these offsets; ``order`` says which piece goes when."""

    def build(stamp: Stamp, base: Base) -> list[bytes]:
        whole = content(stamp, tcp(stamp, base.port), Raw(bytes(rest)))
        return ordered(cut(stamp, whole, at, before), order)

    return build


def behind(layers: Sequence[Packet], *at: int, before: Packet | None = None, order: Sequence[int] = ()) -> Build:
    """A SYN behind ``layers``, cut at these offsets."""

    def build(stamp: Stamp, base: Base) -> list[bytes]:
        whole = content(stamp, *layers, tcp(stamp, base.port))
        return ordered(cut(stamp, whole, at, before), order)

    return build


def claiming(kinds: Sequence[int], order: Sequence[int] = (), size: int = 2500, first: int = 0) -> Build:
    """A SYN with ``size`` bytes in three fragments whose fragment headers name these next headers. RFC 8200 section
    4.5: only the first fragment's counts. ``first`` cuts the first one shorter.
    """

    def build(stamp: Stamp, base: Base) -> list[bytes]:
        _, data = content(stamp, tcp(stamp, base.port), Raw(bytes(size)))
        ends = [first or 840, 1680, len(data)]
        begins = [0, *ends[:2]]
        pieces = [
            piece(stamp, kind, begin, data[begin:end], more=end < len(data))
            for kind, begin, end in zip(kinds, begins, ends, strict=True)
        ]
        return ordered(pieces, order)

    return build


def ordered(pieces: list[bytes], order: Sequence[int]) -> list[bytes]:
    return [pieces[index] for index in order] if order else pieces


def fake_first_after_rest(stamp: Stamp, base: Base) -> list[bytes]:
    """The rest of a SYN behind options, then a first fragment that shows an echo request over 16 bytes of it."""
    _, data = content(stamp, destination(), tcp(stamp, base.port), Raw(bytes(16)))
    _, shown = content(stamp, destination(), echo(stamp))
    rest = [piece(stamp, DESTINATION, 8, data[8:24], more=True), piece(stamp, DESTINATION, 24, data[24:], more=False)]
    return [*rest, piece(stamp, DESTINATION, 0, shown[:24], more=True)]


def atomic_after_echo(stamp: Stamp, base: Base) -> list[bytes]:
    """A first fragment of an echo request, then an atomic SYN of the same identification (RFC 6946)."""
    _, ping = content(stamp, echo(stamp))
    return [piece(stamp, ICMPV6, 0, ping[:8], more=True), *one(stamp, atomic(stamp), tcp(stamp, base.port))]


def overlapping_last(stamp: Stamp, base: Base) -> list[bytes]:
    """The last fragment covers eight bytes that are there already (RFC 5722)."""
    _, data = content(stamp, tcp(stamp, base.port), Raw(bytes(44)))
    return [
        piece(stamp, TCP, 0, data[:HEADER], more=True),
        piece(stamp, TCP, HEADER, data[HEADER:48], more=True),
        piece(stamp, TCP, 40, data[40:], more=False),
    ]


def ping_then_syn(order: Sequence[int]) -> Build:
    """The first fragment begins a ping; one that overlaps it and the last belong to a SYN."""

    def build(stamp: Stamp, base: Base) -> list[bytes]:
        _, ping = content(stamp, destination(), echo(stamp))
        _, data = content(stamp, destination(), tcp(stamp, base.port), Raw(bytes(12)))
        pieces = [
            piece(stamp, DESTINATION, 0, ping[:16], more=True),
            piece(stamp, DESTINATION, 8, data[8:32], more=True),
            piece(stamp, DESTINATION, 16, data[16:], more=False),
        ]
        return ordered(pieces, order)

    return build


def duplicate_first(stamp: Stamp, base: Base) -> list[bytes]:
    first, last = syn_cut(HEADER)(stamp, base)
    return [first, first, last]


def other_port_overlapped(stamp: Stamp, base: Base) -> list[bytes]:
    """A SYN to a port that is let in, overlapped by one to the port that is not."""
    shown = syn_cut(HEADER)(stamp, Base(base.other))
    hidden = syn_cut(HEADER)(stamp, base)
    return [shown[0], hidden[0], hidden[1]]


def ack_overlapped(stamp: Stamp, base: Base) -> list[bytes]:
    """An ACK whose flags a second fragment turns into SYN."""
    _, data = content(stamp, tcp(stamp, base.port, "A"), Raw(bytes(16)))
    _, hidden = content(stamp, tcp(stamp, base.port), Raw(bytes(16)))
    return [
        piece(stamp, TCP, 0, data[:HEADER], more=True),
        piece(stamp, TCP, 8, hidden[8:HEADER], more=True),
        piece(stamp, TCP, HEADER, hidden[HEADER:], more=False),
    ]


def first_only(stamp: Stamp, base: Base) -> list[bytes]:
    return syn_cut(HEADER)(stamp, base)[:1]


def rest_only(stamp: Stamp, base: Base) -> list[bytes]:
    return syn_cut(HEADER)(stamp, base)[1:]


def second_claims(kind: int, at: int, layers: int) -> Build:
    """In two fragments, the second one's header naming another next header."""

    def build(stamp: Stamp, base: Base) -> list[bytes]:
        next_header, data = content(stamp, *(destination(),) * layers, tcp(stamp, base.port), Raw(bytes(16)))
        return [
            piece(stamp, next_header, 0, data[:at], more=True),
            piece(stamp, kind, at, data[at:], more=False),
        ]

    return build


TWO = (destination(), destination())

CASES: Mapping[str, Build] = MappingProxyType(
    {
        "fw6-19": behind((destination(LONG),), CUT),
        "fw6-20": behind((destination(LONG), destination()), CUT),
        "fw6-22": lambda s, b: behind((destination(LONG), destination(), atomic(s)), CUT)(s, b),
        "fw6-23": lambda s, b: behind((destination(LONG), destination(), atomic(s)) * 2, CUT, 2 * CUT, 3 * CUT)(s, b),
        "fw6-24": claiming((TCP, TCP, ICMPV6)),
        "fw6-25": claiming((TCP, ICMPV6, ICMPV6), (1, 0, 2)),
        "fw6-26": fake_first_after_rest,
        "fw6-28": atomic_after_echo,
        "fw6-29": claiming((ICMPV6, TCP, TCP)),
        "fw6-30": claiming((ICMPV6, TCP, TCP), (1, 0, 2)),
        "fw6-31": claiming((ICMPV6, ICMPV6, TCP)),
        "fw6-32": overlapping_last,
        "fw6-33": ping_then_syn((0, 2, 1)),
        "fw6-34": ping_then_syn((0, 1, 2)),
        "X29": syn_cut(8),
        "X30": syn_cut(16),
        "X31": behind((destination(),), 8),
        "X32": syn_cut(HEADER),
        "X33": syn_cut(HEADER, order=(1, 0)),
        "X34": duplicate_first,
        "X35": other_port_overlapped,
        "X36": ack_overlapped,
        "X42": first_only,
        "X43": rest_only,
        "X47": syn_cut(HEADER, before=destination()),
        "X50": behind((long_options(),), CUT),
        "Y01": behind((long_options(), destination()), CUT),
        "Y02": behind(TWO, 8),
        "Y03": behind(TWO, 16),
        "Y04": behind(TWO * 2, *range(8, 52, 8)),
        "Y05": behind(TWO, 8, order=(1, 0)),
        "Y06": second_claims(ICMPV6, 8, 2),
        "Y07": second_claims(NOTHING, HEADER, 0),
        "Y08": behind(TWO, 8, before=routing(EXPERIMENTAL, 0)),
        "Y09": behind(TWO, 8, before=hop_by_hop()),
    }
)
