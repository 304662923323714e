"""Run -> one screen of a terminal: the verdict, the findings and what to do first on top, the rest as far as it fits.

Foreign text goes through ``one_line`` (rich would pass ESC on). screen.py knows how the lines become rows.
"""

from collections.abc import Iterable, Iterator

from rich.console import Console

from scanner.language import SOURCE, in_language, translator
from scanner.model.finding import Severity
from scanner.model.run import Run, VantageRecord
from scanner.model.text import Text, capitalised, clauses, commas, joined, say, say_many, sentences
from scanner.report.cards import Card, cards_of
from scanner.report.changeview import comparison_view
from scanner.report.conformanceview import STANDARDS, by_standard
from scanner.report.conformanceview import told as counts_told
from scanner.report.differenceview import differences_view, told
from scanner.report.first import steps_of
from scanner.report.ranges import listing
from scanner.report.results import Block, Table, Tag, blocks_of
from scanner.report.screen import Line, Section, rows_of
from scanner.report.standing import CONDITIONS, NO_GRADE, Condition, Standing, Tone, standing_of
from scanner.report.surroundings import OUTSIDE, controls, sureness
from scanner.report.tally import inside_vantages
from scanner.report.text import moment, one_line, took
from scanner.report.words import KINDS, SEVERITIES, VERDICTS, Group

MOST_RANGES = 14

TONES: dict[Tone, str] = {Tone.GOOD: "green", Tone.CAUTION: "yellow", Tone.BAD: "red", Tone.UNKNOWN: "bold"}
LEVELS: dict[Severity, str] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "",
}


def render_terminal(run: Run, console: Console, *, everything: bool = False, language: str = SOURCE) -> None:
    """The summary; with ``everything``, no list is cut short. Raises InputError for an unreadable port list, or for a
    language that nobody speaks here.
    """
    spoken = translator(language)
    sections = sections_of(in_language(run, spoken), everything=everything)
    for row in rows_of(sections, console, spoken, everything=everything):
        console.print(row, soft_wrap=True, highlight=False)


def sections_of(run: Run, *, everything: bool) -> tuple[Section, ...]:
    """In the order in which they are read; findings come right after the verdict."""
    standing, cards, blocks = standing_of(run), cards_of(run.findings), blocks_of(run)
    most = len(SEVERITIES)
    return (
        Section(tuple(_head(standing)), least=9, rank=0, floor=9),
        Section(tuple(_findings(cards, run, standing)), least=3, rank=1, floor=1),
        Section(tuple(_first(run, standing, cards)), least=1, rank=1),
        Section(tuple(_changes(run)), least=1, rank=1),
        Section(tuple(_reasons(standing)), least=0, rank=most + 2),
        Section(tuple(_differences(run)), least=1, rank=most),
        Section(tuple(_conformance(run)), least=0, rank=most + 1),
        Section(tuple(_ports(run, blocks, everything=everything)), least=1, rank=most),
        Section(tuple(_vantages(run)), least=1, rank=most + 1),
        Section(tuple(_problems(run)), least=1, rank=2, floor=1),
    )


def _head(standing: Standing) -> Iterator[Line]:
    tone = TONES[standing.tone]
    grade = say("Grade {letter}", letter=one_line(standing.grade or NO_GRADE, 2))
    yield Line(grade, one_line(standing.headline), f"bold {tone}", "bold")
    for condition in standing.conditions:
        if condition is not Condition.COMPLETE:
            word = CONDITIONS[condition]
            yield Line("", say("{condition}. {says}", condition=word.label, says=word.says), text_style=tone)


def _findings(cards: tuple[Card, ...], run: Run, standing: Standing) -> Iterator[Line]:
    if not cards:
        sure = standing.conditions == (Condition.COMPLETE,)
        none = say("none") if sure else say("none, which says little in such a run")
        yield Line(say("Findings"), none, "bold")
    for card in cards:
        yield Line(SEVERITIES[card.severity].label, _told(card, run), LEVELS[card.severity])


def _first(run: Run, standing: Standing, cards: tuple[Card, ...]) -> Iterator[Line]:
    for number, step in enumerate(steps_of(run, standing, cards)):
        title = say("{what}: {command}", what=step.title, command=step.command) if step.command else step.title
        yield Line("" if number else say("Do first"), title, "bold")


def _changes(run: Run) -> Iterator[Line]:
    if run.before is None:
        return
    view = comparison_view(run, run.before)
    counts = [say("{what} {old} -> {new}", what=what, old=old, new=new) for what, old, new in view.counts]
    grades = say("grade {before} -> {after}", before=view.grade_before, after=view.grade_after)
    yield Line(say("Before"), commas([grades, *counts]), "bold")


def _reasons(standing: Standing) -> Iterator[Line]:
    for number, reason in enumerate(standing.reasons):
        yield Line("" if number else say("Because"), one_line(reason), "bold")


def _differences(run: Run) -> Iterator[Line]:
    view = differences_view(run)
    for number, row in enumerate(view.rows if view else ()):
        addresses = say_many("on {count} address", "on {count:,} addresses", len(row.tags))
        where = say(
            "{protocol} {ports} ({addresses})",
            protocol=row.protocol,
            ports=told(row, view.vantages if view else ()),
            addresses=addresses,
        )
        yield Line("" if number else say("Differs"), where, "bold yellow")


def _conformance(run: Run) -> Iterator[Line]:
    """One line a standard: how many cases have each result."""
    for number, (standard, rows) in enumerate((one, rows) for one, rows in by_standard(run.conformance) if rows):
        text = say("{standard}: {counts}", standard=STANDARDS[standard], counts=counts_told(rows))
        yield Line("" if number else say("Standards"), text, "bold")


def _told(card: Card, run: Run) -> Text:
    kinds = {record.address: KINDS[record.kind].label for record in run.addresses}
    where = _joined(kinds.get(address, one_line(address, 50)) for address in card.addresses)
    target = "" if not card.target or card.place in card.title else f" {card.target}"
    return (
        say("{finding} ({where})", finding=f"{one_line(card.title, 200)}{one_line(target)}", where=where)
        if where
        else say("{finding}", finding=f"{one_line(card.title, 200)}{one_line(target)}")
    )


def _joined(words: Iterable[str]) -> str:
    """Each word once, with how often it stood there."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return joined(
        "{one} + {next}",
        [word if amount == 1 else say("{count} {kind}", count=amount, kind=word) for word, amount in counts.items()],
    )


def _ports(run: Run, blocks: tuple[Block, ...], *, everything: bool) -> Iterator[Line]:
    inside = inside_vantages(run)
    for block in blocks:
        told_from = len(run.vantages) > 1 or block.vantage in inside
        for table in block.tables:
            if table.scanned:
                opened = any(row.group is Group.OPEN for row in table.rows)
                yield Line(
                    f"{table.protocol.upper()}",
                    _verdicts(table, everything=everything),
                    "bold",
                    "red" if opened else "",
                )
        yield Line("", _places(block, inside, told_from=told_from), text_style="dim")


def _verdicts(table: Table, *, everything: bool) -> str:
    """Open ports by number, the others counted."""
    parts = []
    for row in table.rows:
        label = VERDICTS[row.verdict].label
        if row.group is Group.OPEN or everything:
            shown, rest = listing(row.ranges, len(row.ranges) if everything else MOST_RANGES)
            more = say_many("{ports} and {count} more range", "{ports} and {count:,} more ranges", rest, ports=shown)
            parts.append(say("{verdict}: {ports}", verdict=label, ports=more if rest else shown))
        else:
            ports = say_many("{count} port", "{count:,} ports", row.count)
            parts.append(say("{verdict}: {ports}", verdict=label, ports=ports))
    return clauses(parts)


def _places(block: Block, inside: frozenset[str], *, told_from: bool) -> str:
    where = say("on {addresses}", addresses=commas([_named(tag) for tag in block.tags]))
    if block.vantage in inside:
        return sentences(
            [where, say("(seen from {vantage}, which is not outside)", vantage=one_line(block.vantage, 40))]
        )
    return sentences([where, say("(seen from {vantage})", vantage=one_line(block.vantage, 40)) if told_from else ""])


def _named(tag: Tag) -> str:
    values = {"address": one_line(tag.address, 60), "kind": tag.kind, "state": tag.state}
    if tag.state:
        return say("{address} {kind} {state}", **values)
    return say("{address} {kind}", **values) if tag.kind else values["address"]


def _vantages(run: Run) -> Iterator[Line]:
    for vantage in run.vantages:
        yield Line(say("Seen from"), _vantage(vantage), "bold")
    header = run.run
    yield Line(
        say("Run"),
        commas(
            [
                one_line(run.host.name, 40),
                moment(header.finished_at),
                took(header.started_at, header.finished_at),
                say("{profile} profile", profile=header.profile.value),
            ]
        ),
        "bold",
        "dim",
    )


def _vantage(vantage: VantageRecord) -> str:
    return say(
        "{vantage}, {outside}. {sure}; controls: {controls}",
        vantage=one_line(vantage.name, 40),
        outside=OUTSIDE[vantage.outside.verdict].label,
        sure=capitalised(sureness(vantage)),
        controls=controls(vantage),
    )


def _problems(run: Run) -> Iterator[Line]:
    for problem in run.run.problems:
        yield Line(say("Problem"), one_line(problem), "bold yellow")
