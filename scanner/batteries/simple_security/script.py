"""What is said and in which order, before anything is sent: shots, steps, acts. Pure.

A *shot* is one packet from one side. A *step* is what is said together; the next one waits until all of it was seen on
the other side, or said often enough. An *act* is a row of steps about one question; all acts are played at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv6Address
from itertools import count

from scanner.probes.cases.gateway import Way

LABELS = 1 << 20
# Protocol numbers that IANA has not assigned: drawn anew for every run, so that no router remembers the last one's
UNKNOWN = (range(160, 200), range(200, 250))


class Side(StrEnum):
    INSIDE = "inside"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Shot:
    """One packet. ``name`` is unique in an address's play; ``tries`` how often it is sent while nobody sees it."""

    name: str
    side: Side
    packet: bytes
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Shots that go out together, ``after`` seconds since the act's previous step was through. ``when`` gives them as
    late as possible, for what depends on what was seen meanwhile.
    """

    shots: tuple[Shot, ...] = ()
    after: float = 0.0
    when: Callable[[], tuple[Shot, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """``about`` in words, for who asks what would be sent."""

    about: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Ends:
    """Who takes part. ``port`` and ``other_port`` are the vantage's, on each of its addresses; ``second`` is another
    address of it, None where there is none; ``ports`` gives silent ports of the host; ``low_port`` is one below 1024;
    ``unknown`` are two protocols that nobody has assigned.
    """

    host: IPv6Address
    vantage: IPv6Address
    port: int
    other_port: int
    second: IPv6Address | None
    ports: Callable[[], int]
    low_port: int | None = None
    unknown: tuple[int, int] = (UNKNOWN[0][0], UNKNOWN[1][0])

    @property
    def peer(self) -> IPv6Address:
        """Who the host speaks to in protocols without ports: the vantage's other address, where there is one. A router
        remembers such flows by their addresses, for minutes, and would let in what the next scan sends unasked.
        """
        return self.second or self.vantage


class Labels:
    """Identities of packets: flow labels, none of them twice."""

    def __init__(self, first: int) -> None:
        self._numbers = count(first)

    def take(self) -> int:
        return next(self._numbers) % (LABELS - 1) + 1


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow between a port of the host and one of the vantage's, as both sides speak it."""

    ends: Ends
    labels: Labels
    inside_port: int
    vantage: IPv6Address
    outside_port: int
    number: int

    def out(self, name: str, build: Callable[[Way], bytes], **changes: object) -> Shot:
        """From the inside."""
        way = Way(self.ends.host, self.vantage, self.inside_port, self.outside_port, self.labels.take(), self.number)
        return Shot(name, Side.INSIDE, build(replace(way, **changes)))  # type: ignore[arg-type]

    def back(self, name: str, build: Callable[[Way], bytes], **changes: object) -> Shot:
        """From the vantage."""
        way = Way(
            self.vantage, self.ends.host, self.outside_port, self.inside_port, self.labels.take(), self.number + 50_000
        )
        return Shot(name, Side.OUTSIDE, build(replace(way, **changes)))  # type: ignore[arg-type]


def steps(*parts: Sequence[Shot]) -> tuple[Step, ...]:
    return tuple(Step(tuple(part)) for part in parts)
