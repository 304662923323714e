"""What both sides saw of the shots, by name. Filled while the acts are played, asked by the judges afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from scanner.batteries.simple_security.script import Shot, Side
from scanner.probes.cases.gateway import TCP_NUMBER as TCP
from scanner.probes.cases.gateway import UDP_NUMBER as UDP
from scanner.probes.cases.gateway import identity, quoted


class Told(NamedTuple):
    """An ICMPv6 error that the vantage heard about a shot. ``source`` packed; ``delay`` in seconds by the vantage's
    clock, None where it did not say when it sent.
    """

    kind: int
    code: int
    source: bytes
    delay: float | None


@dataclass(slots=True)
class Seen:
    """Of one play. ``left`` are shots of the host that its card sent, ``arrived`` those of either side that the other
    side received; the value is the hop limit they had there.
    """

    left: set[str] = field(default_factory=set)
    arrived: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=dict)
    replied: dict[str, int] = field(default_factory=dict)  # the flags of TCP, 0 for UDP
    sent_at: dict[str, float] = field(default_factory=dict)  # by the vantage's clock
    sent: dict[str, int] = field(default_factory=dict)  # how many copies
    unsent: Counter[str] = field(default_factory=Counter)  # copies that the vantage has and has not sent yet
    translated: bool = False  # what the host said came out under another address

    def settled(self, shot: Shot) -> bool:
        """Nothing more need be sent: it was received, or somebody said what became of it."""
        return shot.name in self.arrived or shot.name in self.told or shot.name in self.replied

    def tell(self, name: str, error: Told) -> None:
        self.told.setdefault(name, []).append(error)


class Book:
    """Whose shot a packet is, of all plays: found by any of the marks a packet is known by."""

    def __init__(self) -> None:
        self._marks: dict[object, tuple[Seen, Shot]] = {}
        self._asked: dict[bytes, tuple[Seen, Shot]] = {}  # by what an answer begins with

    def note(self, seen: Seen, shot: Shot) -> None:
        packet = shot.packet
        for mark in identity(packet):
            self._marks[mark] = (seen, shot)
        if shot.side is Side.INSIDE:
            self._marks[_faceless(packet)] = (seen, shot)
        if shot.side is Side.OUTSIDE and packet[6] in (TCP, UDP):
            back = packet[24:40] + packet[8:24] + packet[6:7] + packet[42:44] + packet[40:42]
            self._asked[back] = (seen, shot)

    def find(self, packet: bytes) -> tuple[Seen, Shot] | None:
        if len(packet) < 44 or packet[0] >> 4 != 6:  # noqa: PLR2004  (header and two ports; IPv6)
            return None
        return next((found for mark in identity(packet) if (found := self._marks.get(mark))), None)

    def inside(self, packet: bytes, *, outgoing: bool) -> None:
        """A frame the witness saw."""
        found = self.find(packet)
        if found is None:
            return
        seen, shot = found
        if outgoing and shot.side is Side.INSIDE:
            seen.left.add(shot.name)
        elif not outgoing and shot.side is Side.OUTSIDE:
            seen.arrived.setdefault(shot.name, packet[7])

    def outside(self, packet: bytes, at: float) -> None:
        """A packet the vantage heard."""
        about = quoted(packet)
        if about is not None:
            self._error(packet, about, at)
            return
        found = self.find(packet)
        if found is not None and found[1].side is Side.INSIDE:
            found[0].arrived.setdefault(found[1].name, packet[7])
        elif masked := self._marks.get(_faceless(packet)):
            masked[0].translated = True
        elif len(packet) >= 44 and (asked := self._asked.get(packet[8:40] + packet[6:7] + packet[40:44])):  # noqa: PLR2004
            asked[0].replied.setdefault(asked[1].name, packet[53] if packet[6] == TCP and len(packet) > 53 else 0)  # noqa: PLR2004

    def _error(self, packet: bytes, about: bytes, at: float) -> None:
        found = self.find(about)
        if found is not None and found[1].side is Side.OUTSIDE:
            seen, shot = found
            begun = seen.sent_at.get(shot.name)
            seen.tell(shot.name, Told(packet[40], packet[41], packet[8:24], None if begun is None else at - begun))


def _faceless(packet: bytes) -> tuple[object, ...]:
    """Where a packet goes and its flow label: what a translator of source addresses leaves alone."""
    return ("faceless", packet[24:40], int.from_bytes(packet[1:4], "big") & 0xFFFFF)
