"""Counts for a reader: every port once, by the address on which it is most exposed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.model.run import PortTable, Run
from scanner.report.ranges import read_ranges
from scanner.report.words import VERDICT_ORDER, VERDICTS, Group

_PORTS = 65536


@dataclass(frozen=True, slots=True)
class Tally:
    """Distinct ports (protocol and number) over all addresses and vantages; ``open_ports`` lists (protocol, port)."""

    scanned: int
    groups: dict[Group, int]
    open_ports: tuple[tuple[str, int], ...]

    def of(self, *groups: Group) -> int:
        return sum(self.groups.get(group, 0) for group in groups)


def tally_of(tables: Iterable[PortTable]) -> Tally:
    worst: dict[str, bytearray] = {}
    distinct = _distinct(tables)
    for verdict in reversed(VERDICT_ORDER):  # the most exposed group is painted last
        mark = bytes([VERDICTS[verdict].group.rank + 1])
        for table in distinct:
            row = worst.setdefault(table.protocol, bytearray(_PORTS))
            for low, high in read_ranges(table.verdicts.get(verdict, "")):
                row[low : high + 1] = mark * (high - low + 1)
    counts = {group: sum(row.count(group.rank + 1) for row in worst.values()) for group in Group}
    opened = Group.OPEN.rank + 1
    return Tally(
        sum(counts.values()),
        {group: amount for group, amount in counts.items() if amount},
        tuple(
            (protocol, port) for protocol, row in sorted(worst.items()) for port in range(_PORTS) if row[port] == opened
        ),
    )


def trusted_tables(run: Run) -> tuple[PortTable, ...]:
    """The tables of every vantage that was not found to stand inside: only they speak of strangers."""
    inside = inside_vantages(run)
    return tuple(table for table in run.ports if table.vantage not in inside)


def inside_vantages(run: Run) -> frozenset[str]:
    return frozenset(vantage.name for vantage in run.vantages if vantage.outside.verdict == "refuted")


def _distinct(tables: Iterable[PortTable]) -> list[PortTable]:
    """Addresses that fared alike need painting once."""
    return list({(table.protocol, tuple(sorted(table.verdicts.items()))): table for table in tables}.values())
