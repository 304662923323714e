"""The whole report as plain values, so that the template only loops: Run -> ReportView. Pure.

standing    how far to believe it     figures       the large numbers       first         what to do first
changeview  before and after          cardview      findings                proof         what proves them
path        where probes ended        portview      maps and tables         surroundings  addresses, vantages, evidence
"""

from dataclasses import dataclass

from scanner.language import SOURCE
from scanner.model.address import Kind
from scanner.model.finding import Severity
from scanner.model.run import Cap, Run
from scanner.model.text import commas, say, say_many
from scanner.report.addressstory import AddressStory, story_of
from scanner.report.cards import Card, cards_of
from scanner.report.cardview import WHOLE_HOST, CardView, card_views
from scanner.report.changeview import ComparisonView, comparison_view
from scanner.report.conformanceview import ConformanceView, conformance_view
from scanner.report.differenceview import DifferencesView, differences_view
from scanner.report.figures import Fact, figures_of
from scanner.report.first import Step, steps_of
from scanner.report.fixview import FixView, fix_view
from scanner.report.historyview import HistoryView, history_view
from scanner.report.neighbours import NeighbourView, neighbour_views
from scanner.report.path import Way, ways_of
from scanner.report.portview import BlockView, block_views
from scanner.report.results import blocks_of
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
from scanner.report.tally import inside_vantages
from scanner.report.text import clean, left_off, moment, one_line, took
from scanner.report.timeline import Timeline, timeline_of
from scanner.report.words import (
    EXPECTATIONS,
    GROUPS,
    KINDS,
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


@dataclass(frozen=True, slots=True)
class CapView:
    """Why the grade is no better than ``letter``; ``tone`` colours the letter."""

    letter: str
    reason: str
    tone: str


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
    caps: tuple[CapView, ...]
    conditions: tuple[tuple[str, Word], ...]
    warnings: tuple[str, ...]
    meta: tuple[str, ...]
    sure: tuple[str, ...]
    facts: tuple[Fact, ...]
    comparison: ComparisonView | None
    history: HistoryView | None
    steps: tuple[Step, ...]
    steps_left: str
    ways: tuple[Way, ...]
    differences: DifferencesView | None
    conformance: ConformanceView | None
    severities: tuple[tuple[str, Word, int], ...]
    no_findings: str
    cards: tuple[CardView, ...]
    fix: FixView | None
    card_kinds: tuple[tuple[str, str], ...]
    remembered: bool
    cards_left_off: str
    blocks: tuple[BlockView, ...]
    evidence: tuple[EvidenceView, ...]
    addresses: tuple[AddressRow, ...]
    timeline: Timeline | None
    story: AddressStory | None
    listeners: tuple[ListenerRow, ...]
    neighbours: tuple[NeighbourView, ...]
    vantages: tuple[VantageView, ...]
    glossary: tuple[GlossaryGroup, ...]
    problems: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]


def view_of(run: Run, language: str = SOURCE) -> ReportView:
    """Raises InputError where the document's port lists cannot be read."""
    standing, blocks, cards = standing_of(run), blocks_of(run), cards_of(run.findings)
    steps = steps_of(run, standing, cards)
    return ReportView(
        title=_title(run),
        host=one_line(run.host.name, 80),
        run_id=one_line(run.run.id, 80),
        tone=standing.tone.value,
        grade=one_line(standing.grade, 2) if standing.grade else NO_GRADE,
        grade_caption=_grade_caption(standing),
        grade_words=commas([standing.grade or say("none"), _grade_caption(standing)]),
        headline=one_line(standing.headline),
        reasons=tuple(clean(reason, 300) for reason in standing.reasons),
        caps=tuple(CapView(cap.letter, clean(cap.reason, 300), _tone_of(cap)) for cap in run.summary.caps),
        conditions=tuple((condition.value, CONDITIONS[condition]) for condition in standing.conditions),
        warnings=_warnings(standing),
        meta=_meta(run),
        sure=_sure(run),
        facts=figures_of(run, whole=standing.conditions == (Condition.COMPLETE,)),
        comparison=comparison_view(run, run.before) if run.before else None,
        history=history_view(run),
        steps=steps,
        steps_left=_steps_left(standing, steps, cards),
        ways=ways_of(run, blocks),
        differences=differences_view(run),
        conformance=conformance_view(run),
        severities=tuple(
            (severity.value, word, amount)
            for severity, word in SEVERITIES.items()
            if (amount := sum(card.severity is severity for card in cards))
        ),
        no_findings=_no_findings(standing),
        cards=card_views(cards[:MOST_CARDS], run, language),
        fix=fix_view(run, language),
        card_kinds=_card_kinds(),
        remembered=any(finding.first_seen for finding in run.findings),
        cards_left_off=left_off(len(cards) - MOST_CARDS, "finding"),
        blocks=block_views(blocks, inside_vantages(run)),
        evidence=evidence_views(run),
        addresses=address_rows(run),
        timeline=timeline_of(run.addresses, run.run.started_at, run.events),
        story=story_of(run),
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


def _tone_of(cap: Cap) -> str:
    """Gaps in the measurement are neither good nor bad."""
    return f"sev-{cap.severity.value}" if cap.severity else "tone-unknown"


def _steps_left(standing: Standing, steps: tuple[Step, ...], cards: tuple[Card, ...]) -> str:
    told = {anchor for step in steps for anchor, _ in step.solves}
    left = sum(card.severity is not Severity.INFO and card.anchor not in told for card in cards)
    if left:
        return say_many("{count} finding more is listed below.", "{count:,} findings more are listed below.", left)
    if steps or standing.conditions != (Condition.COMPLETE,):
        return ""
    return say("Nothing needs doing now. Scan again after every change of the router, and from time to time.")


def _card_kinds() -> tuple[tuple[str, str], ...]:
    """What findings can be about, for the filter."""
    return (*((kind.value, KINDS[kind].label) for kind in Kind), (WHOLE_HOST, say("the whole host")))


def _grade_caption(standing: Standing) -> str:
    if standing.grade is None:
        return say("no grade")
    return say("grade") if standing.conditions == (Condition.COMPLETE,) else say("so far")


def _no_findings(standing: Standing) -> str:
    if standing.conditions == (Condition.COMPLETE,):
        return say("Nothing to fix was found.")
    return say("No findings, which says little: {why}", why=CONDITIONS[standing.conditions[0]].says)


def _warnings(standing: Standing) -> tuple[str, ...]:
    """What stands before everything else when the run may not be believed as it is."""
    return tuple(CONDITIONS[condition].says for condition in standing.conditions if condition is not Condition.COMPLETE)


def _meta(run: Run) -> tuple[str, ...]:
    header = run.run
    seen_from = ", ".join(one_line(vantage.name, 60) for vantage in run.vantages)
    return (
        moment(header.finished_at),
        say("took {time}", time=took(header.started_at, header.finished_at)),
        say("seen from {vantages}", vantages=seen_from) if seen_from else say("no vantage"),
        say("{profile} profile", profile=header.profile.value),
    )


def _sure(run: Run) -> tuple[str, ...]:
    """How sure, a line a vantage."""
    told = tuple(
        say("{sure} (controls: {controls})", sure=sureness(vantage), controls=controls(vantage))
        for vantage in run.vantages
    )
    if len(told) == 1:
        return told
    return tuple(
        say("{vantage}: {told}", vantage=one_line(vantage.name, 60), told=line)
        for vantage, line in zip(run.vantages, told, strict=True)
    )


def _listeners(run: Run) -> tuple[ListenerRow, ...]:
    return tuple(
        ListenerRow(
            listener.protocol.upper(),
            one_line(listener.bind + (f"%{listener.interface}" if listener.interface else ""), 60),
            str(listener.port),
            one_line(listener.process, 80) or say("not known"),
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
        (say("Run"), one_line(header.id, 80)),
        (say("Started"), moment(header.started_at)),
        (say("Finished"), moment(header.finished_at)),
        (say("Took"), took(header.started_at, header.finished_at)),
        (say("Profile"), PROFILES[header.profile]),
        (say("Expected of the router"), EXPECTATIONS[header.expect]),
        (say("Watched inside"), say("yes") if header.witness else say("no")),
        (say("Host"), one_line(f"{run.host.name}, {run.host.os}", 200)),
        ("v6expose", one_line(header.version, 40)),
        (say("Document"), run.schema),
    )
