"""Run -> one screen of a terminal: what matters first, problems last, 80 columns.

Foreign text goes through ``one_line`` (rich would pass ESC on) and into ``Text`` objects, never through markup.
Colour is rich's business (NO_COLOR, pipes); every colour here stands beside a word.
"""

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from scanner.model.finding import Severity
from scanner.model.run import Run
from scanner.report.cards import Card, cards_of
from scanner.report.changeview import comparison_view
from scanner.report.differenceview import differences_view, told
from scanner.report.ranges import listing
from scanner.report.results import Block, Table, Tag, blocks_of
from scanner.report.standing import CONDITIONS, NO_GRADE, Condition, Standing, Tone, standing_of
from scanner.report.surroundings import OUTSIDE, controls, sureness
from scanner.report.tally import inside_vantages
from scanner.report.text import count, moment, one_line, took
from scanner.report.words import SEVERITIES, VERDICTS, Group

WIDEST = 100
MOST_CARDS = 8
MOST_DIFFERENCES = 4
MOST_RANGES = 14
MOST_BLOCKS = 6
MOST_PROBLEMS = 5
MOST_REASONS = 3
_INDENT = 2
_NARROWEST = 20
_COLUMN = 10

TONES: dict[Tone, str] = {Tone.GOOD: "green", Tone.CAUTION: "yellow", Tone.BAD: "red", Tone.UNKNOWN: "bold"}
LEVELS: dict[Severity, str] = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "",
}
COLOURS: dict[Group, str] = {
    Group.OPEN: "red",
    Group.PASSED: "yellow",
    Group.STRANGE: "magenta",
    Group.UNKNOWN: "",
    Group.BLOCKED: "blue",
    Group.UPSTREAM: "blue",
    Group.ROUTER: "green",
}


def render_terminal(run: Run, console: Console, *, everything: bool = False) -> None:
    """The summary; with ``everything``, no list is cut short. Raises InputError for an unreadable port list."""
    page = _Page(console, everything=everything)
    standing = standing_of(run)
    _head(page, run, standing)
    _changes(page, run)
    _findings(page, run, standing)
    _differences(page, run)
    _addresses(page, run)
    _vantages(page, run)
    _problems(page, run)
    page.show()  # not before: an unreadable document is refused without half a page


class _Page:
    """Lines no wider than the console; a wrapped line goes on under its own text."""

    def __init__(self, console: Console, *, everything: bool) -> None:
        self._console = console
        self._everything = everything
        self._rows: list[Text] = []
        self._width = min(console.width, WIDEST)

    def cap(self, most: int) -> int:
        return sys.maxsize if self._everything else most

    def blank(self) -> None:
        self._rows.append(Text())

    def line(self, word: str, text: str, style: str = "", text_style: str = "", indent: int = 0) -> None:
        """``word`` in ``style`` in a column of its own, ``text`` beside it."""
        lead = " " * indent + f"{word:<{_COLUMN}} " if word else " " * indent
        rows = Text(text, text_style).wrap(self._console, max(self._width - len(lead), _NARROWEST))
        for number, row in enumerate(rows):
            start = lead if number == 0 else " " * len(lead)
            row.rstrip()
            self._rows.append(Text(start, style) + row)

    def show(self) -> None:
        for row in self._rows:
            self._console.print(row, soft_wrap=True, highlight=False)


def _head(page: _Page, run: Run, standing: Standing) -> None:
    tone = TONES[standing.tone]
    page.line(f"Grade {standing.grade or NO_GRADE}", one_line(standing.headline), f"bold {tone}", "bold")
    for condition in standing.conditions:
        if condition is not Condition.COMPLETE:
            word = CONDITIONS[condition]
            page.line("", f"{word.label}. {word.says}", text_style=tone, indent=_COLUMN + 1)
    for reason in standing.reasons[: page.cap(MOST_REASONS)]:
        page.line("", f"- {one_line(reason)}", indent=_COLUMN + 1)
    more = len(standing.reasons) - page.cap(MOST_REASONS)
    if more > 0:
        page.line("", f"... and {count(more, 'more reason')} in the report", indent=_COLUMN + 1)
    where = ", ".join(one_line(vantage.name, 40) for vantage in run.vantages) or "no vantage"
    header = run.run
    facts = (one_line(run.host.name, 40), moment(header.finished_at), took(header.started_at, header.finished_at))
    page.line(
        "", f"{', '.join(facts)}, {header.profile.value} profile, from {where}", text_style="dim", indent=_COLUMN + 1
    )


def _changes(page: _Page, run: Run) -> None:
    if run.before is None:
        return
    view = comparison_view(run, run.before)
    told = "; ".join(f"{what} {old} -> {new}" for what, old, new in view.counts)
    page.line("Before", f"grade {view.grade_before} -> {view.grade_after}; {told}", "bold")


def _findings(page: _Page, run: Run, standing: Standing) -> None:
    cards = cards_of(run.findings)
    page.blank()
    if not cards:
        sure = standing.conditions == (Condition.COMPLETE,)
        page.line("Findings", "none" if sure else "none, which says little in such a run", "bold")
        return
    for card in cards[: page.cap(MOST_CARDS)]:
        word = SEVERITIES[card.severity].label.upper()
        page.line(word, _told(card, run), LEVELS[card.severity])
    if len(cards) > page.cap(MOST_CARDS):
        page.line("", f"... and {len(cards) - MOST_CARDS:,} more in the report", indent=_COLUMN + 1)


def _differences(page: _Page, run: Run) -> None:
    view = differences_view(run)
    if view is None:
        return
    page.blank()
    most = page.cap(MOST_DIFFERENCES)
    for number, row in enumerate(view.rows[:most]):
        where = f" (on {count(len(row.tags), 'address', 'addresses')})"
        page.line(
            "" if number else "Differs",
            f"{row.protocol} {told(row, view.vantages)}{where}",
            "bold yellow",
            indent=0 if not number else _COLUMN + 1,
        )
    if len(view.rows) > most:
        page.line("", f"... and {len(view.rows) - most:,} more in the report", indent=_COLUMN + 1)


def _told(card: Card, run: Run) -> str:
    kinds = {record.address: record.kind.value for record in run.addresses}
    where = _joined(kinds.get(address, one_line(address, 50)) for address in card.addresses)
    target = "" if not card.target or card.place in card.title else f" {card.target}"
    return f"{one_line(card.title, 200)}{one_line(target)}" + (f" ({where})" if where else "")


def _joined(words: Iterable[str]) -> str:
    """Each word once, with how often it stood there."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return " + ".join(word if amount == 1 else f"{amount} {word}" for word, amount in counts.items())


def _addresses(page: _Page, run: Run) -> None:
    blocks, inside = blocks_of(run), inside_vantages(run)
    for block in blocks[: page.cap(MOST_BLOCKS)]:
        page.blank()
        for tag in block.tags:
            page.line("", _named(tag), text_style="bold")
        if len(run.vantages) > 1 or block.vantage in inside:
            note = ", which is not outside" if block.vantage in inside else ""
            page.line("", f"seen from {one_line(block.vantage, 40)}{note}", indent=_INDENT)
        _block(page, block)
    if len(blocks) > page.cap(MOST_BLOCKS):
        page.line("", f"... and {count(len(blocks) - MOST_BLOCKS, 'more result')} in the report", indent=_INDENT)


def _named(tag: Tag) -> str:
    return " ".join(part for part in (one_line(tag.address, 60), tag.kind, tag.state) if part)


def _block(page: _Page, block: Block) -> None:
    for table in block.tables:
        if table.scanned:
            page.line(
                table.protocol.upper(),
                _open_ports(table, page.cap(MOST_RANGES)),
                "",
                "red" if _opened(table) else "",
                _INDENT,
            )
        for row in table.rows:
            if row.group is not Group.OPEN:
                words = f"{VERDICTS[row.verdict].label}: {count(row.count, 'port')}"
                page.line("", words, text_style=COLOURS[row.group], indent=_INDENT + _COLUMN + 1)


def _opened(table: Table) -> bool:
    return any(row.group is Group.OPEN for row in table.rows)


def _open_ports(table: Table, most: int) -> str:
    told = []
    for row in table.rows:
        if row.group is Group.OPEN:
            shown, left_off = listing(row.ranges, most)
            rest = f" and {count(left_off, 'more range')}" if left_off else ""
            told.append(f"{VERDICTS[row.verdict].label}: {shown}{rest}")
    return "; ".join(told) or "nothing open"


def _vantages(page: _Page, run: Run) -> None:
    for vantage in run.vantages:
        page.blank()
        page.line("Seen from", f"{one_line(vantage.name, 40)}, {OUTSIDE[vantage.outside.verdict].label}", "bold")
        page.line("How sure", f"{sureness(vantage)}; controls: {controls(vantage)}", "bold")


def _problems(page: _Page, run: Run) -> None:
    if not run.run.problems:
        return
    page.blank()
    for problem in run.run.problems[: page.cap(MOST_PROBLEMS)]:
        page.line("Problem", one_line(problem), "bold yellow")
    if len(run.run.problems) > page.cap(MOST_PROBLEMS):
        page.line("", f"... and {len(run.run.problems) - MOST_PROBLEMS:,} more in the report", indent=_COLUMN + 1)
