"""What to do first: the few steps that take most of the exposure away, and what is left to grade after each. Pure.

A step is a cure, not a finding: a router that lets everything in is mended once, whatever listens behind it. Where the
run itself cannot be believed, measuring again is a step too.
"""

import shlex
from dataclasses import dataclass

from scanner.findings import exposed, lan, measured, partial, router
from scanner.findings.grade import BEST, CAP_BY_SEVERITY
from scanner.model.evidence import Default
from scanner.model.finding import Severity
from scanner.model.run import Run
from scanner.model.text import Text, say
from scanner.report.cards import Card
from scanner.report.fixview import curable
from scanner.report.standing import Condition, Standing
from scanner.report.text import one_line

MOST_STEPS = 3
# found where the router's filter is missing; each of them is a cause, and what answers behind it a consequence
_ROUTER_CAUSES = frozenset({router.UNFILTERED, partial.RULE})
_ROUTER_CURES = _ROUTER_CAUSES | {router.VACANT_DOORS, lan.LAN_OPEN, exposed.RULE}
_MEASURE_FIRST = (Condition.UNMEASURED, Condition.NOT_OUTSIDE)
_OF_THE_RUN = frozenset({measured.UNMEASURED, measured.NOT_OUTSIDE})  # cured by measuring again

AGAIN: dict[Condition, tuple[Text, Text]] = {
    Condition.UNMEASURED: (
        say("Get a vantage outside that works, and scan again"),
        say("Nothing was measured, so nothing can be said of what strangers reach."),
    ),
    Condition.NOT_OUTSIDE: (
        say("Scan from a machine in another network"),
        say("From inside your own network the router's filter cannot be seen."),
    ),
    Condition.INTERRUPTED: (
        say("Let the scan run to its end"),
        say("What was not reached before it was stopped is unknown."),
    ),
    Condition.INCOMPLETE: (
        say("Solve the problems that are listed, and scan again"),
        say("What is missing is unknown, not safe."),
    ),
    Condition.PARTLY_INSIDE: (
        say("Replace the vantage that is not outside"),
        say("What it saw counts for nothing."),
    ),
    Condition.ONE_SIDED: (
        say("Scan again with the right to watch on the host"),
        say("Only a witness inside can tell a filter from a silent host."),
    ),
    Condition.UNPROVEN: (
        say("Scan from a vantage that can be proven to be outside"),
        say("Until then the result may be that of your own network."),
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """``solves`` are the cards (anchor, title) that go away; ``command`` is to be typed, "" where there is none.
    ``grade`` is the best that is left after this and the steps before it, "" where that cannot be said.
    """

    title: str
    why: str
    command: str
    solves: tuple[tuple[str, str], ...]
    grade: str


@dataclass(frozen=True, slots=True)
class _Cure:
    title: str
    why: str
    command: str
    cards: tuple[Card, ...]


def steps_of(run: Run, standing: Standing, cards: tuple[Card, ...]) -> tuple[Step, ...]:
    """At most MOST_STEPS, the one to take first on top; none where nothing needs doing."""
    again = _again(run, standing)
    counted = (card for card in cards if card.severity is not Severity.INFO and card.rule not in _OF_THE_RUN)
    cures = _cures(tuple(counted), _causes(run))
    ordered = (*again, *cures) if standing.conditions[0] in _MEASURE_FIRST else (*cures[: MOST_STEPS - 1], *again)
    steps: list[Step] = []
    left = cards
    for cure in (ordered if again else cures)[:MOST_STEPS]:
        left = tuple(card for card in left if card not in cure.cards)
        solves = tuple((card.anchor, one_line(card.title, 160)) for card in cure.cards)
        steps.append(Step(cure.title, cure.why, cure.command, solves, _grade_left(run, left) if solves else ""))
    return tuple(steps)


def again_command(run: Run) -> str:
    """The scan that made this run, to be typed again."""
    vantages = " ".join(f"--vantage {shlex.quote(one_line(vantage.spec, 200))}" for vantage in run.vantages)
    return f"sudo v6expose scan {vantages or '--vantage ssh:user@host'} --profile {run.run.profile.value}"


def _again(run: Run, standing: Standing) -> tuple[_Cure, ...]:
    """Only the gravest doubt: a scan that settles it may settle the others."""
    if standing.conditions[0] is Condition.COMPLETE:
        return ()
    title, why = AGAIN[standing.conditions[0]]
    elsewhere = standing.conditions[0] in (Condition.NOT_OUTSIDE, Condition.PARTLY_INSIDE, Condition.UNPROVEN)
    command = "v6expose vantage --help" if elsewhere else again_command(run)
    return (_Cure(title, why, command, ()),)


def _causes(run: Run) -> frozenset[str]:
    """Where the whole LAN is let in the filter is missing, though a sweep of few ports may have found no empty one."""
    unfiltered = bool(run.lan) and all(row.verdict is Default.PASSED for row in run.lan)
    return _ROUTER_CAUSES | {lan.LAN_OPEN} if unfiltered else _ROUTER_CAUSES


def _cures(cards: tuple[Card, ...], causes: frozenset[str]) -> tuple[_Cure, ...]:
    cause = next((card for card in cards if card.rule in causes), None)
    solved = tuple(card for card in cards if card.rule in _ROUTER_CURES) if cause else ()
    cures = [(card.severity.rank, _closing(card)) for card in cards if card not in solved]
    if cause:
        gravest = max(card.severity.rank for card in solved)
        cures.insert(0, (gravest, _router_cure(cause, solved)))
    return tuple(cure for _, cure in sorted(cures, key=lambda pair: -pair[0]))


def _router_cure(cause: Card, solved: tuple[Card, ...]) -> _Cure:
    return _Cure(
        say("Let the router drop what nobody inside asked for"),
        say("One default rule closes every port that you do not open on purpose, and those of tomorrow."),
        f"v6expose remedy {one_line(cause.findings[0].fingerprint, 64)}",
        solved,
    )


def _closing(card: Card) -> _Cure:
    return _Cure(
        say("Mend this: {title}", title=one_line(card.title, 160)),
        one_line(card.why[0], 300) if card.why else "",
        f"v6expose remedy {one_line(card.findings[0].fingerprint, 64)}" if curable(card.findings[0]) else "",
        (card,),
    )


def _grade_left(run: Run, left: tuple[Card, ...]) -> str:
    """The best letter that the other findings and the gaps of the measurement allow."""
    if run.summary.grade is None or not run.summary.caps:
        return ""
    gaps = [cap.letter for cap in run.summary.caps if cap.severity is None]
    return max([BEST, *gaps, *(CAP_BY_SEVERITY.get(card.severity, BEST) for card in left)])
