"""Pictures of time: what became of the findings since an earlier run, and a strip a door over the last runs. Pure.

A strip has a bar a run, the oldest first. How high it is says the same as its colour, and ``Strip.says`` says it again
in words.
"""

from dataclasses import dataclass
from datetime import datetime

from scanner.changes.doors import MOST_RUNS
from scanner.changes.roles import told
from scanner.model.finding import Severity
from scanner.model.history import Changes, DoorHistory, FindingChange, RunName, Turn
from scanner.model.run import Run
from scanner.model.text import enumerated, joined, say, say_many
from scanner.report.text import moment, one_line
from scanner.report.words import SEVERITIES, VERDICTS, Group, Word

THEN = "{one}, then {next}"
CELL, GAP, HEIGHT = 8, 1.5, 20
MOST_CHANGES = 60
MOST_STRETCHES = 4  # of one strip, in words: the last ones
HEIGHTS: dict[Group, int] = {
    Group.OPEN: 20,
    Group.PASSED: 14,
    Group.STRANGE: 14,
    Group.UNKNOWN: 9,
    Group.BLOCKED: 5,
    Group.UPSTREAM: 5,
    Group.ROUTER: 5,
}
NOT_ASKED = 1.5  # the height of a run that did not ask
NO_GROUP = "none"

# icon and colour of the report's own changes
TURNS: dict[Turn, tuple[Word, str]] = {
    Turn.NEW: (Word(say("New"), "worse"), "worse"),
    Turn.CHANGED: (Word(say("Changed"), "changed"), "changed"),
    Turn.UNKNOWN: (Word(say("Not known now"), "unsure"), "unsure"),
    Turn.GONE: (Word(say("Gone"), "better"), "better"),
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """Changes that differ in the address only."""

    severity: str
    word: Word
    title: str
    rule: str
    addresses: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnView:
    """``direction`` is the colour's name."""

    word: Word
    direction: str
    lines: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """``group`` is a verdict's, "none" where the run did not ask."""

    x: float
    y: float
    height: float
    group: str


@dataclass(frozen=True, slots=True)
class Strip:
    """``first`` and ``last`` are the days of the oldest and the newest run."""

    door: str
    program: str
    role: str
    bars: tuple[Bar, ...]
    width: float
    says: str
    now: str  # the group of the newest run


@dataclass(frozen=True, slots=True)
class HistoryView:
    """``since`` names the run that ``turns`` and ``notes`` compare with, "" where there is none."""

    since: str
    turns: tuple[TurnView, ...]
    notes: tuple[str, ...]
    unchanged: str
    strips: tuple[Strip, ...]
    span: str


def history_view(run: Run) -> HistoryView | None:
    """None where nothing is known of earlier runs."""
    changes = run.changes
    several = any(sum(stretch.runs for stretch in door.stretches) > 1 for door in run.doors)
    if changes is None and not several:
        return None
    return HistoryView(
        since=_named(changes.before) if changes else "",
        turns=_turns(changes) if changes else (),
        notes=tuple(note.text for note in changes.notes) if changes else (),
        unchanged=say_many("{count:,} finding is unchanged", "{count:,} findings are unchanged", changes.unchanged)
        if changes and changes.unchanged
        else "",
        strips=tuple(strip(doors, run) for doors in alike(run.doors)) if several else (),
        span=_span(run.doors) if several else "",
    )


def alike(doors: tuple[DoorHistory, ...]) -> tuple[tuple[DoorHistory, ...], ...]:
    """A port whose addresses fared alike is told once."""
    found: dict[object, list[DoorHistory]] = {}
    for door in doors:
        found.setdefault((door.protocol, door.port, door.stretches), []).append(door)
    return tuple(tuple(group) for group in found.values())


def strip(doors: tuple[DoorHistory, ...], run: Run) -> Strip:
    """One port; ``doors`` differ in the role only. The newest run is on the right."""
    door = doors[0]
    bars: list[Bar] = []
    empty = max(MOST_RUNS - sum(stretch.runs for stretch in door.stretches), 0)
    for stretch in door.stretches:
        group = VERDICTS[stretch.verdict].group if stretch.verdict else None
        height = HEIGHTS[group] if group else NOT_ASKED
        for _ in range(stretch.runs):
            x = (empty + len(bars)) * CELL
            bars.append(Bar(x, HEIGHT - height, height, group.value if group else NO_GROUP))
    return Strip(
        door=f"{door.port}/{one_line(door.protocol, 10)}",
        program=_program(door, run),
        role=enumerated([told(one_line(one.role, 120)) for one in doors]),
        bars=tuple(bars),
        width=max(len(bars), MOST_RUNS) * CELL - GAP,
        says=_says(door),
        now=bars[-1].group if bars else NO_GROUP,
    )


def _says(door: DoorHistory) -> str:
    shown = door.stretches[-MOST_STRETCHES:]
    return joined(
        THEN,
        [
            say_many(
                "{verdict} in {count} run since {since}",
                "{verdict} in {count} runs since {since}",
                stretch.runs,
                verdict=VERDICTS[stretch.verdict].label if stretch.verdict else say("not asked"),
                since=_day(stretch.since),
            )
            for stretch in shown
        ],
    )


def _turns(changes: Changes) -> tuple[TurnView, ...]:
    return tuple(
        TurnView(word, direction, _lines(changes.of(turn)))
        for turn, (word, direction) in TURNS.items()
        if changes.of(turn)
    )


def _lines(found: tuple[FindingChange, ...]) -> tuple[ChangeLine, ...]:
    alike: dict[object, list[FindingChange]] = {}
    for change in found:
        alike.setdefault((change.severity, change.rule, change.title, change.causes), []).append(change)
    return tuple(_line(changes) for changes in list(alike.values())[:MOST_CHANGES])


def _line(changes: list[FindingChange]) -> ChangeLine:
    first = changes[0]
    return ChangeLine(
        severity=Severity(first.severity).value,
        word=SEVERITIES[first.severity],
        title=first.title,
        rule=one_line(first.rule, 20),
        addresses=tuple(one_line(change.address, 60) for change in changes if change.address),
        causes=tuple(cause.text for cause in first.causes),
    )


def _named(run: RunName) -> str:
    if run.number is None:
        return moment(run.started_at)
    return say("run {number}, {moment}", number=run.number, moment=moment(run.started_at))


def _program(door: DoorHistory, run: Run) -> str:
    listening = (one for one in run.listeners if (one.protocol, one.port) == (door.protocol, door.port))
    return next((one_line(one.process, 40) for one in listening if one.process), "")


def _span(doors: tuple[DoorHistory, ...]) -> str:
    stretches = doors[0].stretches
    runs = sum(stretch.runs for stretch in stretches)
    return say_many(
        "The last {count} run, from {first} to {last}; each bar is a run.",
        "The last {count} runs, from {first} to {last}; each bar is a run.",
        runs,
        first=_day(stretches[0].since),
        last=_day(stretches[-1].until),
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
