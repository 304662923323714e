"""Where the vantages do not agree about a port. Pure."""

from collections.abc import Iterable

from scanner.model.ports import PortSet
from scanner.model.run import Difference, PortTable
from scanner.model.verdict import Verdict

Seen = tuple[tuple[str, Verdict], ...]  # (vantage, its verdict), in the vantages' order


def differences(tables: Iterable[PortTable]) -> tuple[Difference, ...]:
    """One row for each set of ports of (address, protocol) that the same vantages saw in the same differing ways. A
    vantage that could not tell, or did not ask, contradicts nobody.
    """
    gathered: dict[tuple[str, str], list[PortTable]] = {}
    for table in tables:
        gathered.setdefault((table.address, table.protocol), []).append(table)
    return tuple(row for group in gathered.values() if len(group) > 1 for row in _of_one(group))


def _of_one(tables: list[PortTable]) -> Iterable[Difference]:
    words: dict[int, list[tuple[str, Verdict]]] = {}
    for table in tables:
        for verdict, text in table.verdicts.items():
            if verdict is not Verdict.INDETERMINATE:
                for port in PortSet.parse(text):
                    words.setdefault(port, []).append((table.vantage, verdict))
    groups: dict[Seen, list[int]] = {}
    for port, said in words.items():
        if len({verdict for _, verdict in said}) > 1:
            groups.setdefault(tuple(said), []).append(port)
    for seen, ports in sorted(groups.items(), key=lambda row: min(row[1])):
        yield Difference(tables[0].address, tables[0].protocol, str(PortSet.of(ports)), dict(seen))
