"""The inbound flow that is asked about, and whether a match is true of its first packet. Pure.

Three values: True, False, and None where it cannot be known. A field has a set of values it may have; a match is true
where it holds for all of them, false where for none.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.hostwall.fields import ADDRESS_TYPES, DIRECTIONS, ETHER_TYPES, FAMILIES, FLAGS, STATES, TCP
from scanner.hostwall.values import (
    Field,
    Hook,
    Interface,
    Lookup,
    Masked,
    Match,
    Never,
    Range,
    Unclear,
    WayBack,
    Within,
)

CONNTRACK = -200  # linux/netfilter_ipv6.h: NF_IP6_PRI_CONNTRACK, in prerouting
NEW, INVALID, UNTRACKED = STATES["new"], STATES["invalid"], STATES["untracked"]
# What an unknown value may be. A vantage is somewhere on the Internet: RFC 4291 section 2.4, global unicast, 2000::/3.
ANYTHING: Mapping[Field, Range] = {Field.SOURCE_PORT: (0, 65535), Field.SOURCE: (1 << 125, (1 << 126) - 1)}

Values = frozenset[int] | None  # None: any
NOTHING: frozenset[int] = frozenset()


class Protocol(StrEnum):
    TCP = "tcp"
    UDP = "udp"


NUMBERS = {Protocol.TCP: TCP, Protocol.UDP: 17}


@dataclass(frozen=True, slots=True)
class Flow:
    """The first packet (a SYN, or a datagram) of a new flow to one of the host's own addresses; no extension headers.

    ``source``, ``interface`` (that it comes in by) and ``way_back`` (the interface that answers to the source leave by)
    are None where they are not known; ``source_port`` likewise.
    """

    protocol: Protocol
    target: IPv6Address
    port: int
    source: IPv6Address | None = None
    interface: str | None = None
    way_back: str | None = None
    source_port: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A flow at a hook. ``tracked`` are the connection tracking states the packet may be in once it was looked at."""

    flow: Flow
    hook: Hook
    tracked: frozenset[int] = frozenset({NEW})

    def looked_at(self) -> bool | None:
        """Whether connection tracking has seen the packet; None where another hook of its priority may come first."""
        if self.hook.name == "ingress" or (self.hook.name == "prerouting" and self.hook.priority < CONNTRACK):
            return False
        return None if self.hook.name == "prerouting" and self.hook.priority == CONNTRACK else True

    def states(self) -> Values:
        """Before it has, `ct state` is invalid (net/netfilter/nft_ct.c: there is no entry)."""
        match self.looked_at():
            case True:
                return self.tracked
            case False:
                return frozenset({INVALID}) | (self.tracked & {UNTRACKED})
            case None:
                return None

    def of_entry(self, value: int) -> Values:
        """What is read of the entry itself: without an entry there is nothing, and no comparison is true."""
        if self.looked_at() is False:
            return NOTHING
        return frozenset({value}) if self.looked_at() and self.tracked == {NEW} else None

    def values(self, field: Field) -> Values:  # noqa: C901  (a column, one line a field)
        flow = self.flow
        match field:
            case Field.PROTOCOL:
                return frozenset({NUMBERS[flow.protocol]})
            case Field.FAMILY:
                return frozenset({FAMILIES["ipv6"]})
            case Field.ETHER_TYPE:
                return frozenset({ETHER_TYPES["ip6"]})
            case Field.TARGET:
                return frozenset({int(flow.target)})
            case Field.SOURCE:
                return None if flow.source is None else frozenset({int(flow.source)})
            case Field.TARGET_PORT:
                return frozenset({flow.port})
            case Field.SOURCE_PORT:
                return None if flow.source_port is None else frozenset({flow.source_port})
            case Field.TCP_FLAGS:
                return frozenset({FLAGS["syn"]})
            case Field.STATE:
                return self.states()
            case Field.STATUS:  # no flag is set on an entry that is new; which NAT has set is not followed
                return self.of_entry(0)
            case Field.DIRECTION:
                return self.of_entry(DIRECTIONS["original"])
            case Field.TARGET_TYPE:
                return frozenset({ADDRESS_TYPES["local"]})


def holds(match: Match, moment: Moment) -> bool | None:
    """Whether ``match`` is true at that moment, None where it cannot be known."""
    match match:
        case Within() if match.field is Field.TARGET_PORT:  # by far the most frequent
            return _lies(match, moment.flow.port) != match.negated
        case Within() | Masked():
            values = moment.values(match.field)
            if values == NOTHING:
                return False
            truth = _within(match, values) if isinstance(match, Within) else _masked(match, values)
            return _negate(truth, match.negated)
        case Interface():
            return _negate(_named(match, moment.flow.interface), match.negated)
        case WayBack():
            return _negate(_back(match, moment.flow), match.negated)
        case Lookup():
            return _negate(any_of(all_hold(row, moment) for row in match.rows), match.negated)
        case Never():
            return False
        case Unclear():
            return None


def all_hold(matches: tuple[Match, ...], moment: Moment) -> bool | None:
    """Three-valued and: one False decides."""
    truth: bool | None = True
    for match in matches:
        found = holds(match, moment)
        if found is False:
            return False
        if found is None:
            truth = None
    return truth


def any_of(truths: Iterable[bool | None]) -> bool | None:
    """Three-valued or: one True decides."""
    result: bool | None = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def _negate(truth: bool | None, negated: bool) -> bool | None:  # noqa: FBT001
    return truth if truth is None or not negated else not truth


def _all_same(truths: set[bool]) -> bool | None:
    return truths.pop() if len(truths) == 1 else None


def _within(match: Within, values: Values) -> bool | None:
    if values is None:
        return _whatever(match)
    return _all_same({_lies(match, value) for value in values})


def _whatever(match: Within) -> bool | None:
    """Without a value: what of all that it may be lies in the ranges."""
    span = ANYTHING.get(match.field)
    if span is None or not match.ranges:
        return None if match.ranges else False
    low, high = span
    if all(last < low or first > high for first, last in match.ranges):
        return False
    return True if any(first <= low and last >= high for first, last in match.ranges) else None


def _lies(match: Within, value: int) -> bool:
    if len(match.ranges) == 1:
        return match.ranges[0][0] <= value <= match.ranges[0][1]
    at = bisect_right(match.ranges, (value, value)) - 1
    candidates = match.ranges[max(at, 0) : at + 2]
    return any(low <= value <= high for low, high in candidates)


def _masked(match: Masked, values: Values) -> bool | None:
    if values is None:
        return None
    return _all_same({value & match.mask in match.values for value in values})


def _named(match: Interface, interface: str | None) -> bool | None:
    if interface is None:
        return None
    return any(
        interface.startswith(pattern[:-1]) if pattern.endswith("*") else interface == pattern
        for pattern in match.patterns
    )


def _back(match: WayBack, flow: Flow) -> bool | None:
    if flow.way_back is None:
        return None
    if match.interface:
        return flow.way_back == match.interface
    return None if flow.interface is None else flow.way_back == flow.interface
