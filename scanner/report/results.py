"""The port tables ordered for a reader: addresses with the same outcome are told once. Pure, shared by every format."""

from dataclasses import dataclass

from scanner.model.run import Disagreement, NmapRow, PortTable, Run
from scanner.model.verdict import Verdict
from scanner.report.ranges import Ranges, read_ranges, size_of
from scanner.report.text import one_line
from scanner.report.words import KINDS, STATES, VERDICT_ORDER, VERDICTS, Group


@dataclass(frozen=True, slots=True)
class Tag:
    """An address as the reader meets it: ``kind`` is "" where unknown, ``state`` where preferred.

    ``kind`` and ``state`` are words to be read, ``key`` is the kind that a style or a picture goes by.
    """

    address: str
    kind: str
    state: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    verdict: Verdict
    ranges: Ranges
    count: int

    @property
    def group(self) -> Group:
        return VERDICTS[self.verdict].group


@dataclass(frozen=True, slots=True)
class Service:
    port: int
    name: str
    product: str
    version: str
    process: str


@dataclass(frozen=True, slots=True)
class Table:
    """One protocol of a block; rows in VERDICT_ORDER, none of them empty."""

    protocol: str
    scanned: int
    rows: tuple[Row, ...]
    services: tuple[Service, ...]
    nmap: NmapRow | None
    disagreements: tuple[Disagreement, ...]

    def row(self, *verdicts: Verdict) -> Ranges:
        return tuple(sorted(pair for row in self.rows if row.verdict in verdicts for pair in row.ranges))


@dataclass(frozen=True, slots=True)
class Block:
    """The addresses that fared alike, seen from one vantage."""

    vantage: str
    tags: tuple[Tag, ...]
    tables: tuple[Table, ...]

    @property
    def scanned(self) -> int:
        return sum(table.scanned for table in self.tables)


def tags_of(run: Run) -> dict[str, Tag]:
    """A tag for every address the run knows, in the run's order."""
    tags = {
        record.address: Tag(
            one_line(record.address, 60),
            KINDS[record.kind].label,
            "" if record.state == "preferred" else STATES[record.state].label,
            record.kind.value,
        )
        for record in run.addresses
    }
    for table in run.ports:
        tags.setdefault(table.address, Tag(one_line(table.address, 60), ""))
    return tags


def blocks_of(run: Run) -> tuple[Block, ...]:
    tags = tags_of(run)
    tables: dict[tuple[str, str], list[PortTable]] = {}
    for table in run.ports:
        tables.setdefault((table.vantage, table.address), []).append(table)
    order = {address: index for index, address in enumerate(tags)}
    alike: dict[tuple[str, object], list[str]] = {}
    for vantage, address in sorted(tables, key=lambda key: order[key[1]]):
        outcome = _outcome(tables[vantage, address], run)
        alike.setdefault((vantage, outcome), []).append(address)
    return tuple(
        Block(
            vantage,
            tuple(tags[address] for address in addresses),
            tuple(_table(table, run) for table in tables[vantage, addresses[0]]),
        )
        for (vantage, _), addresses in alike.items()
    )


def _outcome(tables: list[PortTable], run: Run) -> object:
    """What two addresses must share to be told as one: everything a block shows."""
    return tuple(
        (
            table.protocol,
            tuple(sorted((verdict, ports) for verdict, ports in table.verdicts.items() if ports)),
            _services(table, run),
            repr(table.nmap),
            table.disagreements,
        )
        for table in tables
    )


def _services(table: PortTable, run: Run) -> tuple[Service, ...]:
    return tuple(
        Service(found.port, found.name, found.product, found.version, found.process)
        for found in sorted(run.services, key=lambda service: service.port)
        if (found.address, found.vantage, found.protocol) == (table.address, table.vantage, table.protocol)
    )


def _table(table: PortTable, run: Run) -> Table:
    ranges = {verdict: read_ranges(table.verdicts.get(verdict, "")) for verdict in VERDICT_ORDER}
    rows = tuple(Row(verdict, found, size_of(table.verdicts[verdict])) for verdict, found in ranges.items() if found)
    return Table(
        table.protocol,
        sum(row.count for row in rows),
        rows,
        _services(table, run),
        table.nmap,
        table.disagreements,
    )
