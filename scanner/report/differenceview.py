"""Where the vantages differ, as a reader sees it: addresses that fared alike are told once. Pure."""

from dataclasses import dataclass

from scanner.model.run import Difference, Run
from scanner.model.text import commas, say
from scanner.report.ranges import listing, read_ranges, size
from scanner.report.results import Tag, tags_of
from scanner.report.text import and_more, count, left_off, one_line
from scanner.report.words import VERDICTS, VerdictWords

MOST_RANGES = 40
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``seen``: what each vantage of the table's head saw, None for one that could not tell."""

    protocol: str
    ports: str
    count: str
    seen: tuple[VerdictWords | None, ...]
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class DifferencesView:
    vantages: tuple[str, ...]
    rows: tuple[DifferenceRow, ...]
    left_off: str


def differences_view(run: Run) -> DifferencesView | None:
    """None where the vantages agree, or there is only one."""
    if not run.differences:
        return None
    tags = tags_of(run)
    vantages = tuple(dict.fromkeys(name for row in run.differences for name in row.verdicts))
    alike: dict[tuple[object, ...], list[Difference]] = {}
    for row in run.differences:
        alike.setdefault((row.protocol, row.ports, *row.verdicts.items()), []).append(row)
    groups = list(alike.values())
    return DifferencesView(
        tuple(one_line(name, 60) for name in vantages),
        tuple(_row(rows, vantages, tags) for rows in groups[:MOST_ROWS]),
        left_off(len(groups) - MOST_ROWS, "group of ports", "groups of ports"),
    )


def told(row: DifferenceRow, vantages: tuple[str, ...]) -> str:
    """``445: from vps-a dropped upstream, from vps-b open``, for a line of text."""
    words = (
        say("from {vantage} {verdict}", vantage=name, verdict=said.label)
        for name, said in zip(vantages, row.seen, strict=True)
        if said
    )
    return say("{ports}: {told}", ports=row.ports, told=commas(words))


def _row(rows: list[Difference], vantages: tuple[str, ...], tags: dict[str, Tag]) -> DifferenceRow:
    first = rows[0]
    ranges = read_ranges(first.ports)
    shown, rest = listing(ranges, MOST_RANGES)
    return DifferenceRow(
        first.protocol.upper(),
        and_more(shown, rest),
        count(size(ranges), "port"),
        tuple(VERDICTS[first.verdicts[name]] if name in first.verdicts else None for name in vantages),
        tuple(tags.get(row.address, Tag(row.address, "")) for row in rows),
    )
