"""How far the run may be believed, and in which tone it is told. Pure.

Green is earned: only a complete run, watched from both sides, from a vantage proven to be outside, with a good grade.
"""

from dataclasses import dataclass
from enum import StrEnum

from scanner.model.finding import Severity
from scanner.model.run import Run
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.report.words import Word


class Condition(StrEnum):
    """What a reader must know before the grade, gravest first."""

    UNMEASURED = "unmeasured"
    NOT_OUTSIDE = "not-outside"
    INTERRUPTED = "interrupted"
    INCOMPLETE = "incomplete"
    PARTLY_INSIDE = "partly-inside"
    ONE_SIDED = "one-sided"
    UNPROVEN = "unproven"
    COMPLETE = "complete"


class Tone(StrEnum):
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    UNKNOWN = "unknown"


CONDITIONS: dict[Condition, Word] = {
    Condition.UNMEASURED: Word(
        say("Nothing measured"),
        "unknown",
        say("No port was judged. This report says nothing about what strangers can reach."),
    ),
    Condition.NOT_OUTSIDE: Word(
        say("Not outside"),
        "strange",
        say("No vantage stands outside. What was reached, and what was not, says nothing about strangers."),
    ),
    Condition.INTERRUPTED: Word(
        say("Interrupted"),
        "partial",
        say("The scan was stopped before its end. What was measured until then is shown; the rest is unknown."),
    ),
    Condition.INCOMPLETE: Word(
        say("Incomplete"),
        "partial",
        say("A part of the measurement failed. What is missing is unknown, not safe; the problems are listed."),
    ),
    Condition.PARTLY_INSIDE: Word(
        say("A vantage is not outside"),
        "strange",
        say("One of the vantages stands inside. Its results are shown, but they count for nothing."),
    ),
    Condition.ONE_SIDED: Word(
        say("One-sided"),
        "one-sided",
        say("Nobody watched on the host. An answer proves that a port is reachable; silence proves nothing."),
    ),
    Condition.UNPROVEN: Word(
        say("Outside not proven"),
        "unknown",
        say("Nothing proves that the vantage stands outside the home network, and nothing refutes it."),
    ),
    Condition.COMPLETE: Word(
        say("Complete"),
        "complete",
        say("Everything planned was measured, from outside, while the host watched what arrived."),
    ),
}

NO_GRADE = "?"  # what stands where the letter would
_GOOD_GRADES = frozenset({"A", "B"})
_BAD_GRADES = frozenset({"D", "E", "F"})
_ALARMING = frozenset({Severity.CRITICAL, Severity.HIGH})


@dataclass(frozen=True, slots=True)
class Standing:
    """``grade`` is None where the run may not be graded."""

    tone: Tone
    grade: str | None
    headline: str
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]


def standing_of(run: Run) -> Standing:
    conditions = conditions_of(run)
    first = CONDITIONS[conditions[0]]
    return Standing(
        tone=_tone(run, conditions),
        grade=run.summary.grade,
        headline=run.summary.headline or f"{first.label}.",
        reasons=run.summary.reasons,
        conditions=conditions,
    )


def conditions_of(run: Run) -> tuple[Condition, ...]:
    """Every condition that holds, gravest first; COMPLETE stands alone."""
    outside = {vantage.outside.verdict for vantage in run.vantages}
    holds = {
        Condition.UNMEASURED: not _judged_anything(run),
        Condition.NOT_OUTSIDE: outside == {"refuted"},
        Condition.PARTLY_INSIDE: "refuted" in outside and outside != {"refuted"},
        Condition.INTERRUPTED: run.run.interrupted,
        Condition.INCOMPLETE: not (run.run.complete or run.run.interrupted),
        Condition.ONE_SIDED: not run.run.witness,
        Condition.UNPROVEN: "unproven" in outside and "proven" not in outside,
    }
    return tuple(condition for condition in Condition if holds.get(condition)) or (Condition.COMPLETE,)


def _judged_anything(run: Run) -> bool:
    return any(
        ports and verdict is not Verdict.INDETERMINATE
        for table in run.ports
        for verdict, ports in table.verdicts.items()
    )


def _tone(run: Run, conditions: tuple[Condition, ...]) -> Tone:
    if conditions[0] in (Condition.UNMEASURED, Condition.NOT_OUTSIDE):
        return Tone.UNKNOWN
    if run.summary.grade in _BAD_GRADES or any(finding.severity in _ALARMING for finding in run.findings):
        return Tone.BAD
    if run.summary.grade is None:
        return Tone.UNKNOWN
    return Tone.GOOD if conditions == (Condition.COMPLETE,) and run.summary.grade in _GOOD_GRADES else Tone.CAUTION
