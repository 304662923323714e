"""Counts for a reader: every port once, by the address on which it is most exposed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from scanner.model.run import PortTable, Run
from scanner.report.ranges import segments
from scanner.report.words import VERDICTS, Group

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
    pieces = sorted(
        (VERDICTS[verdict].group.rank, table.protocol, low, high)
        for table in _distinct(tables)
        for low, high, verdict in segments(table.verdicts)
    )
    for rank, protocol, low, high in pieces:  # the most exposed group is painted last
        worst.setdefault(protocol, bytearray(_PORTS))[low : high + 1] = bytes([rank + 1]) * (high - low + 1)
    counts = {group: sum(row.count(group.rank + 1) for row in worst.values()) for group in Group}
    mark = Group.OPEN.rank + 1
    return Tally(
        sum(counts.values()),
        {group: amount for group, amount in counts.items() if amount},
        tuple(
            (protocol, port) for protocol, row in sorted(worst.items()) for port in range(_PORTS) if row[port] == mark
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
