"""Port sets in nmap's syntax: ``22,80,1000-2000``, ``-100``, ``60000-``, ``-`` for 1-65535."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scanner.model.errors import InputError
from scanner.model.text import say

FIRST_PORT = 1
LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class PortSet:
    """Sorted, merged, closed ranges of ports 1 to 65535. ``str()`` gives nmap's syntax back."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, ports: Iterable[int]) -> PortSet:
        """The set of ``ports``, in any order, doubles allowed."""
        ranges: list[tuple[int, int]] = []
        for port in sorted(set(ports)):
            if ranges and port == ranges[-1][1] + 1:
                ranges[-1] = (ranges[-1][0], port)
            else:
                ranges.append((port, port))
        return cls(tuple(ranges))

    @classmethod
    def every(cls) -> PortSet:
        return cls(((FIRST_PORT, LAST_PORT),))

    @classmethod
    def parse(cls, text: str) -> PortSet:
        """Nmap's ``-p`` syntax without protocol letters and service names. Raises InputError naming the bad part."""
        if not text.strip():
            return cls()
        ranges = sorted(_parse_range(part.strip(), text) for part in text.split(","))
        merged: list[tuple[int, int]] = []
        for low, high in ranges:
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return cls(tuple(merged))

    def __str__(self) -> str:
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for low, high in self.ranges:
            yield from range(low, high + 1)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and any(low <= port <= high for low, high in self.ranges)

    def __or__(self, other: PortSet) -> PortSet:
        return PortSet.of([*self, *other])

    def __sub__(self, other: PortSet) -> PortSet:
        return PortSet.of(set(self) - set(other))


def _parse_range(part: str, text: str) -> tuple[int, int]:
    low_text, dash, high_text = part.partition("-")
    low = _parse_port(low_text, part, text) if low_text else FIRST_PORT
    if not dash:
        if not low_text:
            raise InputError(
                say("port list {text!r} has an empty part", text=text), say("write ports like 22,80,1000-2000")
            )
        return low, low
    high = _parse_port(high_text, part, text) if high_text else LAST_PORT
    if low > high:
        raise InputError(
            say("port range {part!r} runs backwards", part=part), say("write {high}-{low}", high=high, low=low)
        )
    return low, high


def _parse_port(word: str, part: str, text: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise InputError(
            say("{part!r} in port list {text!r} is no port", part=part, text=text),
            say("write ports like 22,80,1000-2000"),
        )
    port = int(word[:9])
    if not FIRST_PORT <= port <= LAST_PORT:
        raise InputError(
            say("port {word} does not exist", word=word),
            say("ports run from {first_port} to {last_port}", first_port=FIRST_PORT, last_port=LAST_PORT),
        )
    return port
