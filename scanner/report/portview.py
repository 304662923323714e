"""The port tables as a reader sees them: picture, legend, ranges, services and nmap's own words. Pure."""

from dataclasses import dataclass

from scanner.model.ports import PortSet
from scanner.model.text import clauses, say, say_many
from scanner.report.portmap import PortMap, map_of
from scanner.report.ranges import listing
from scanner.report.results import Block, Row, Service, Table, Tag
from scanner.report.text import and_more, count, one_line, percent
from scanner.report.text import left_off as more_left_off
from scanner.report.words import GROUPS, VERDICTS, Group, GroupWords, VerdictWords

MOST_RANGES = 160  # a verdict; the embedded run document has them all
MOST_RANGES_OF_MANY = 40
MANY_BLOCKS = 8
ENOUGH_FOR_A_MAP = 512  # scanned ports; fewer are named one by one in the table


@dataclass(frozen=True, slots=True)
class PortRow:
    """``left_off`` says how many ranges are not listed, or ""."""

    words: VerdictWords
    count: str
    share: str
    ranges: str
    left_off: str


@dataclass(frozen=True, slots=True)
class LegendRow:
    group: Group
    words: GroupWords
    count: str


@dataclass(frozen=True, slots=True)
class NmapView:
    """``rows``: (state, reason, how many, ports)."""

    summary: str
    rows: tuple[tuple[str, str, str, str], ...]
    disagreements: tuple[tuple[str, VerdictWords, str, VerdictWords], ...]


@dataclass(frozen=True, slots=True)
class TableView:
    protocol: str
    scanned: str
    picture: PortMap | None
    picture_text: str
    legend: tuple[LegendRow, ...]
    rows: tuple[PortRow, ...]
    services: tuple[Service, ...]
    nmap: NmapView | None


@dataclass(frozen=True, slots=True)
class BlockView:
    """``outside`` False: the vantage stands inside, and nothing it saw may look reassuring."""

    anchor: str
    heading: str
    vantage: str
    tags: tuple[Tag, ...]
    tables: tuple[TableView, ...]
    outside: bool


def block_views(blocks: tuple[Block, ...], inside: frozenset[str]) -> tuple[BlockView, ...]:
    """``inside`` names the vantages that do not stand outside."""
    most = MOST_RANGES if len(blocks) < MANY_BLOCKS else MOST_RANGES_OF_MANY
    return tuple(
        BlockView(
            f"ports-{number}",
            say_many("One address", "{count} addresses, the same result", len(block.tags)),
            say("{vantage}, which is not outside", vantage=one_line(block.vantage))
            if block.vantage in inside
            else one_line(block.vantage),
            block.tags,
            tuple(_table(table, most) for table in block.tables),
            block.vantage not in inside,
        )
        for number, block in enumerate(blocks, 1)
    )


def _table(table: Table, most: int) -> TableView:
    legend = _legend(table)
    return TableView(
        table.protocol.upper(),
        count(table.scanned, "port"),
        map_of(table) if table.scanned >= ENOUGH_FOR_A_MAP else None,
        clauses(say("{what}: {count}", what=row.words.label, count=row.count) for row in legend)
        or say("no port scanned"),
        legend,
        tuple(_row(row, table.scanned, most) for row in table.rows),
        tuple(_service(service) for service in table.services),
        _nmap(table, most) if table.nmap else None,
    )


def _row(row: Row, scanned: int, most: int) -> PortRow:
    ranges, left_off = listing(row.ranges, most)
    return PortRow(
        VERDICTS[row.verdict],
        f"{row.count:,}",
        percent(row.count / scanned),
        ranges,
        more_left_off(left_off, "range"),
    )


def _legend(table: Table) -> tuple[LegendRow, ...]:
    counts: dict[Group, int] = {}
    for row in table.rows:
        counts[row.group] = counts.get(row.group, 0) + row.count
    return tuple(LegendRow(group, GROUPS[group], f"{counts[group]:,}") for group in reversed(Group) if group in counts)


def _service(service: Service) -> Service:
    """Banners come from whoever answered."""
    return Service(
        service.port,
        one_line(service.name, 60),
        one_line(service.product, 160),
        one_line(service.version, 80),
        one_line(service.process, 80),
    )


def _nmap(table: Table, most: int) -> NmapView:
    states = table.nmap.states if table.nmap else {}
    rows = [(state, reason, PortSet.parse(ports)) for state, found in states.items() for reason, ports in found.items()]
    total = sum(len(ports) for _, _, ports in rows)
    disputed = len(table.disagreements)
    numbers = {"total": total, "disputed": disputed}
    return NmapView(
        say("nmap -6 scanned {total:,} of these ports and disagreed with the sweep on {disputed:,}.", **numbers)
        if disputed
        else say("nmap -6 scanned {total:,} of these ports and contradicted the sweep on none.", **numbers),
        tuple(_nmap_row(state, reason, ports, most) for state, reason, ports in rows if len(ports)),
        tuple(
            (str(item.port), VERDICTS[item.sweep], one_line(item.nmap, 80), VERDICTS[item.again])
            for item in table.disagreements
        ),
    )


def _nmap_row(state: str, reason: str, ports: PortSet, most: int) -> tuple[str, str, str, str]:
    shown, left_off = listing(ports.ranges, most)
    return one_line(state, 40), one_line(reason, 40), f"{len(ports):,}", and_more(shown, left_off)
