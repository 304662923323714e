"""The whole report as plain values, so that the template only loops: Run -> ReportView. Pure.

standing    how far to believe it     path          where probes ended      cardview      findings
changeview  before and after          portview      maps and tables         surroundings  addresses, vantages, evidence
"""

from dataclasses import dataclass

from scanner.model.run import Run
from scanner.report.cards import cards_of
from scanner.report.cardview import CardView, card_views
from scanner.report.changeview import ComparisonView, comparison_view
from scanner.report.differenceview import DifferencesView, differences_view
from scanner.report.neighbours import NeighbourView, neighbour_views
from scanner.report.path import Way, ways_of
from scanner.report.portview import BlockView, block_views
from scanner.report.results import blocks_of, tags_of
from scanner.report.standing import CONDITIONS, NO_GRADE, Condition, Standing, standing_of
from scanner.report.surroundings import (
    AddressRow,
    EvidenceView,
    VantageView,
    address_rows,
    controls,
    evidence_views,
    sureness,
    vantage_views,
)
from scanner.report.tally import Tally, inside_vantages, tally_of, trusted_tables
from scanner.report.text import clean, count, left_off, moment, one_line, percent, took
from scanner.report.timeline import Timeline, timeline_of
from scanner.report.words import (
    EXPECTATIONS,
    GROUPS,
    PROFILES,
    SEVERITIES,
    VERDICT_ORDER,
    VERDICTS,
    Group,
    GroupWords,
    VerdictWords,
    Word,
)

MOST_CARDS = 120
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is worth a large figure. ``group`` colours it, "" leaves it plain."""

    figure: str
    label: str
    note: str
    group: str


@dataclass(frozen=True, slots=True)
class ListenerRow:
    protocol: str
    bind: str
    port: str
    process: str


@dataclass(frozen=True, slots=True)
class GlossaryGroup:
    group: Group
    words: GroupWords
    verdicts: tuple[tuple[str, VerdictWords], ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    title: str
    host: str
    run_id: str
    tone: str
    grade: str
    grade_caption: str
    grade_words: str
    headline: str
    reasons: tuple[str, ...]
    conditions: tuple[tuple[str, Word], ...]
    warnings: tuple[str, ...]
    meta: tuple[str, ...]
    sure: tuple[str, ...]
    facts: tuple[Fact, ...]
    comparison: ComparisonView | None
    ways: tuple[Way, ...]
    differences: DifferencesView | None
    severities: tuple[tuple[str, Word, int], ...]
    no_findings: str
    cards: tuple[CardView, ...]
    cards_left_off: str
    blocks: tuple[BlockView, ...]
    evidence: tuple[EvidenceView, ...]
    addresses: tuple[AddressRow, ...]
    timeline: Timeline | None
    listeners: tuple[ListenerRow, ...]
    neighbours: tuple[NeighbourView, ...]
    vantages: tuple[VantageView, ...]
    glossary: tuple[GlossaryGroup, ...]
    problems: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]


def view_of(run: Run) -> ReportView:
    """Raises InputError where the document's port lists cannot be read."""
    standing, blocks, cards = standing_of(run), blocks_of(run), cards_of(run.findings)
    return ReportView(
        title=_title(run),
        host=one_line(run.host.name, 80),
        run_id=one_line(run.run.id, 80),
        tone=standing.tone.value,
        grade=one_line(standing.grade, 2) if standing.grade else NO_GRADE,
        grade_caption=_grade_caption(standing),
        grade_words=f"{standing.grade or 'none'}, {_grade_caption(standing)}",
        headline=one_line(standing.headline),
        reasons=tuple(clean(reason, 300) for reason in standing.reasons),
        conditions=tuple((condition.value, CONDITIONS[condition]) for condition in standing.conditions),
        warnings=_warnings(standing),
        meta=_meta(run),
        sure=_sure(run),
        facts=_facts(tally_of(trusted_tables(run)), run),
        comparison=comparison_view(run, run.before) if run.before else None,
        ways=ways_of(run, blocks),
        differences=differences_view(run),
        severities=tuple(
            (severity.value, word, amount)
            for severity, word in SEVERITIES.items()
            if (amount := sum(card.severity is severity for card in cards))
        ),
        no_findings=_no_findings(standing),
        cards=card_views(cards[:MOST_CARDS], tags_of(run)),
        cards_left_off=left_off(len(cards) - MOST_CARDS, "finding"),
        blocks=block_views(blocks, inside_vantages(run)),
        evidence=evidence_views(run),
        addresses=address_rows(run),
        timeline=timeline_of(run.addresses, run.run.started_at),
        listeners=_listeners(run),
        neighbours=neighbour_views(run),
        vantages=vantage_views(run),
        glossary=_glossary(),
        problems=tuple(clean(problem, 600) for problem in run.run.problems),
        settings=_settings(run),
    )


def _title(run: Run) -> str:
    told = f"{run.host.name}: {run.run.title}" if run.run.title else run.host.name
    return one_line(told, 120)


def _grade_caption(standing: Standing) -> str:
    if standing.grade is None:
        return "no grade"
    return "grade" if standing.conditions == (Condition.COMPLETE,) else "so far"


def _no_findings(standing: Standing) -> str:
    if standing.conditions == (Condition.COMPLETE,):
        return "Nothing to fix was found."
    return "No findings, which says little: " + CONDITIONS[standing.conditions[0]].says


def _warnings(standing: Standing) -> tuple[str, ...]:
    """What stands before everything else when the run may not be believed as it is."""
    return tuple(CONDITIONS[condition].says for condition in standing.conditions if condition is not Condition.COMPLETE)


def _meta(run: Run) -> tuple[str, ...]:
    header = run.run
    seen_from = ", ".join(one_line(vantage.name, 60) for vantage in run.vantages)
    return (
        moment(header.finished_at),
        f"took {took(header.started_at, header.finished_at)}",
        f"seen from {seen_from}" if seen_from else "no vantage",
        f"{header.profile.value} profile",
    )


def _sure(run: Run) -> tuple[str, ...]:
    """How sure, a line a vantage."""
    many = len(run.vantages) > 1
    return tuple(
        f"{one_line(vantage.name, 60) + ': ' if many else ''}{sureness(vantage)} (controls: {controls(vantage)})"
        for vantage in run.vantages
    )


def _facts(tally: Tally, run: Run) -> tuple[Fact, ...]:
    if not tally.scanned:
        return ()
    opened, reached = tally.of(Group.OPEN), tally.of(Group.OPEN, Group.PASSED)
    stopped, elsewhere = tally.of(Group.ROUTER), tally.of(Group.UPSTREAM, Group.BLOCKED)
    unknown = tally.of(Group.UNKNOWN, Group.STRANGE)
    addresses = count(len({table.address for table in trusted_tables(run)}), "address", "addresses")
    return (
        Fact(f"{opened:,}", "open to strangers", _named(tally), "open" if opened else ""),
        Fact(
            f"{reached:,}",
            "passed the router",
            f"{percent(reached / tally.scanned)} of {count(tally.scanned, 'port')} scanned on {addresses}",
            "passed" if reached else "",
        ),
        Fact(
            f"{stopped:,}",
            "stopped by the router",
            f"{percent(stopped / tally.scanned)}, on every address"
            + (f"; {elsewhere:,} more stopped elsewhere" if elsewhere else ""),
            "router" if stopped else "",
        ),
        Fact(
            f"{unknown:,}",
            "unknown",
            percent(unknown / tally.scanned) if unknown else "every scanned port was judged",
            "unknown" if unknown else "",
        ),
    )


def _named(tally: Tally) -> str:
    """The first open ports, by name."""
    ports = [f"{port}/{protocol}" for protocol, port in tally.open_ports[:MOST_NAMED]]
    more = len(tally.open_ports) - len(ports)
    return (", ".join(ports) + (f" and {more:,} more" if more else "")) or "no service answered"


def _listeners(run: Run) -> tuple[ListenerRow, ...]:
    return tuple(
        ListenerRow(
            listener.protocol.upper(),
            one_line(listener.bind + (f"%{listener.interface}" if listener.interface else ""), 60),
            str(listener.port),
            one_line(listener.process, 80) or "not known",
        )
        for listener in sorted(run.listeners, key=lambda listener: (listener.protocol, listener.port))
    )


def _glossary() -> tuple[GlossaryGroup, ...]:
    return tuple(
        GlossaryGroup(
            group,
            GROUPS[group],
            tuple((verdict.value, VERDICTS[verdict]) for verdict in VERDICT_ORDER if VERDICTS[verdict].group is group),
        )
        for group in reversed(Group)
    )


def _settings(run: Run) -> tuple[tuple[str, str], ...]:
    header = run.run
    return (
        ("Run", one_line(header.id, 80)),
        ("Started", moment(header.started_at)),
        ("Finished", moment(header.finished_at)),
        ("Took", took(header.started_at, header.finished_at)),
        ("Profile", PROFILES[header.profile]),
        ("Expected of the router", EXPECTATIONS[header.expect]),
        ("Watched inside", "yes" if header.witness else "no"),
        ("Host", one_line(f"{run.host.name}, {run.host.os}", 200)),
        ("v6expose", one_line(header.version, 40)),
        ("Document", run.schema),
    )
