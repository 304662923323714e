"""What the batteries say, on one page: what got in or violates, a row each; the rest gathered by its reason. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.run import Run
from scanner.model.text import Text, commas, say
from scanner.report.results import Tag, tags_of
from scanner.report.text import clean, one_line

STANDARDS: Mapping[Standard, Text] = {
    Standard.EVASION: say("Ways through the filter"),
    Standard.RFC4890: say("ICMPv6 (RFC 4890)"),
    Standard.RFC6092: say("What a home router owes its users (RFC 6092)"),
    Standard.RFC9099: say("Operational security (RFC 9099)"),
    Standard.RFC7084: say("Requirements for home routers (RFC 7084)"),
}
RESULTS: Mapping[Result, Text] = {
    Result.THROUGH: say("gets through"),
    Result.PARTIAL: say("gets through in part"),
    Result.VIOLATES: say("violates"),
    Result.STOPPED: say("stopped"),
    Result.CONFORMS: say("conforms"),
    Result.NOT_MEASURABLE: say("not measurable from here"),
    Result.NOT_TESTABLE: say("not testable here"),
}
TONES: Mapping[Result, str] = {
    Result.THROUGH: "open",
    Result.PARTIAL: "strange",
    Result.VIOLATES: "open",
    Result.STOPPED: "router",
    Result.CONFORMS: "router",
    Result.NOT_MEASURABLE: "unknown",
    Result.NOT_TESTABLE: "unknown",
}
LONG = (Standard.EVASION, Standard.RFC4890)  # catalogues whose good rows are only counted and listed
BAD = (Result.THROUGH, Result.PARTIAL, Result.VIOLATES)
MOST_ROWS = 60
MOST_IDS = 80


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case that fared alike at some addresses; of the long catalogues, all cases that did (``title`` of one)."""

    id: str
    title: str
    result: Text
    tone: str
    evidence: str
    why: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class GatheredView:
    """Cases of one result, and of one reason where nothing could be told."""

    result: Text
    tone: str
    why: str
    cases: str


@dataclass(frozen=True, slots=True)
class StandardView:
    title: Text
    counts: tuple[tuple[Text, str, int], ...]  # (result, tone, cases)
    rows: tuple[CaseView, ...]
    gathered: tuple[GatheredView, ...]
    left_off: int


@dataclass(frozen=True, slots=True)
class ConformanceView:
    standards: tuple[StandardView, ...]


def conformance_view(run: Run) -> ConformanceView | None:
    """None where no battery was played."""
    if not run.conformance:
        return None
    tags = tags_of(run)
    return ConformanceView(
        tuple(_standard(standard, rows, tags) for standard, rows in by_standard(run.conformance) if rows)
    )


def by_standard(rows: Iterable[ConformanceRow]) -> Iterator[tuple[Standard, list[ConformanceRow]]]:
    known = list(rows)
    for standard in STANDARDS:
        yield standard, [row for row in known if row.standard is standard]


def counts_of(rows: Iterable[ConformanceRow]) -> dict[Result, int]:
    """How many cases have each result; one that differs by address or vantage counts by its worst."""
    order = list(RESULTS)
    worst: dict[str, Result] = {}
    for row in rows:
        if row.meant:
            continue
        worst[row.id] = min(worst.get(row.id, row.result), row.result, key=order.index)
    return {result: number for result in order if (number := sum(one is result for one in worst.values()))}


def told(rows: Sequence[ConformanceRow]) -> str:
    """``gets through: 3, stopped: 138``, for a line of text."""
    return commas(
        [say("{result}: {count:,}", result=RESULTS[result], count=number) for result, number in counts_of(rows).items()]
    )


def is_bad(row: ConformanceRow) -> bool:
    return row.result in BAD and not row.meant


def _standard(standard: Standard, rows: list[ConformanceRow], tags: Mapping[str, Tag]) -> StandardView:
    many = standard in LONG
    each = [row for row in rows if is_bad(row) or not many]
    alike: dict[tuple[str, Result, str, str], list[ConformanceRow]] = {}
    for row in each:
        own = (row.evidence, "") if many else ("", row.id)
        alike.setdefault((own[0], row.result, row.why, own[1]), []).append(row)
    groups = list(alike.values())
    told_alone = set(map(id, each))
    rest = [row for row in rows if id(row) not in told_alone]
    return StandardView(
        STANDARDS[standard],
        tuple((RESULTS[result], TONES[result], number) for result, number in counts_of(rows).items()),
        tuple(_case(some, tags) for some in groups[:MOST_ROWS]),
        tuple(_gathered(rest)),
        max(0, len(groups) - MOST_ROWS),
    )


def _case(rows: list[ConformanceRow], tags: Mapping[str, Tag]) -> CaseView:
    row = rows[0]
    addresses = dict.fromkeys(one.address for one in rows)
    cases = list(dict.fromkeys(one.id for one in rows))
    return CaseView(
        id=one_line(commas(cases[:MOST_IDS]), 4000),
        title=one_line(row.title, 200) if len(cases) == 1 else "",
        result=RESULTS[row.result],
        tone=TONES[row.result],
        evidence=clean(row.evidence, 400),
        why=clean(row.why, 400),
        tags=tuple(tags[address] for address in addresses if address in tags),
    )


def _gathered(rows: Iterable[ConformanceRow]) -> Iterator[GatheredView]:
    alike: dict[tuple[Result, str], dict[str, None]] = {}
    for row in rows:
        why = row.why if row.meant or row.result in (Result.NOT_MEASURABLE, Result.NOT_TESTABLE) else ""
        alike.setdefault((row.result, why), {})[row.id] = None
    for (result, why), cases in alike.items():
        shown = commas(list(cases)[:MOST_IDS])
        yield GatheredView(RESULTS[result], TONES[result], clean(why, 300), one_line(shown, 4000))
