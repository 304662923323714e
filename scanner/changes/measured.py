"""What a run asked and was told, by role, protocol and port. Vantages that stand inside count for nothing."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address

from scanner.changes.roles import roles
from scanner.model.address import Listener
from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.run import Run, ServiceRecord
from scanner.model.verdict import PASSED, STOPPED, Verdict

_ENOUGH_PORTS = 10  # fewer say nothing of what a router does by default
_HALF = 0.5
Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """One vantage's table of one address."""

    role: str
    address: str
    vantage: str
    protocol: str
    ranges: Mapping[Verdict, Ranges]

    def at(self, port: int) -> Verdict | None:
        return next((verdict for verdict, ranges in self.ranges.items() if holds(ranges, port)), None)


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, ready to be asked."""

    run: Run
    sights: tuple[Sight, ...]

    def verdicts(
        self, role: str | None, protocol: str | None, port: int, address: str | None = None
    ) -> frozenset[Verdict]:
        """What was said of the port of any address of the role, or of ``address`` alone; empty where nobody asked."""
        found = (
            sight.at(port)
            for sight in self.sights
            if sight.protocol == protocol and sight.role == role and address in (None, sight.address)
        )
        return frozenset(verdict for verdict in found if verdict is not None)

    def roles(self) -> frozenset[str]:
        """Of the addresses that were scanned."""
        return frozenset(sight.role for sight in self.sights)

    def vantages_that_saw(self, role: str, protocol: str, port: int, verdicts: Iterable[Verdict]) -> frozenset[str]:
        wanted = frozenset(verdicts)
        return frozenset(
            sight.vantage
            for sight in self.sights
            if (sight.role, sight.protocol) == (role, protocol) and sight.at(port) in wanted
        )

    def listeners(self, protocol: str | None, port: int | None) -> tuple[Listener, ...]:
        """What would take a packet from outside first, loopback last."""
        found = (one for one in self.run.listeners if (one.protocol, one.port) == (protocol, port))
        return tuple(sorted(found, key=is_loopback))

    def services(self, protocol: str | None, port: int | None) -> tuple[ServiceRecord, ...]:
        return tuple(one for one in self.run.services if (one.protocol, one.port) == (protocol, port))

    def passes_by_default(self, protocol: str) -> bool | None:
        """Whether most ports get past the router; None where too few were measured."""
        passed = stopped = 0
        for sight in self.sights:
            if sight.protocol == protocol:
                passed += sum(size(sight.ranges.get(verdict, ())) for verdict in PASSED)
                stopped += sum(size(sight.ranges.get(verdict, ())) for verdict in STOPPED)
        return passed / (passed + stopped) > _HALF if passed + stopped >= _ENOUGH_PORTS else None


def measured(run: Run) -> Measured:
    inside = {vantage.name for vantage in run.vantages if vantage.outside.verdict == "refuted"}
    by_address = roles(run)
    sights = (
        Sight(
            by_address.get(table.address, f"elsewhere {table.address}"),
            table.address,
            table.vantage,
            table.protocol,
            {verdict: read_ports(text) for verdict, text in table.verdicts.items() if text},
        )
        for table in run.ports
        if table.vantage not in inside
    )
    return Measured(run, tuple(sights))


@lru_cache(maxsize=256)  # addresses and runs repeat the same long lists
def read_ports(text: str) -> Ranges:
    """Nothing where the list cannot be read: a report of that run says so."""
    try:
        return PortSet.parse(text).ranges
    except InputError:
        return ()


def holds(ranges: Ranges, port: int) -> bool:
    place = bisect_right(ranges, (port, 1 << 16)) - 1
    return place >= 0 and ranges[place][0] <= port <= ranges[place][1]


def size(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)


def ports_in(ranges: Ranges) -> Iterator[int]:
    for low, high in ranges:
        yield from range(low, high + 1)


def is_loopback(listener: Listener) -> bool:
    try:
        return IPv6Address(listener.bind).is_loopback
    except ValueError:
        return False
