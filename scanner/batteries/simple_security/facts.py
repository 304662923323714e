"""What is known of one address when the play is over, and the few ways to conclude from it. Pure.

An arrival always speaks. Silence speaks only where the same direction was seen to work: answers on a flow that the
inside opened came through, nothing was lost in a capture, and the kind of packet was seen to get as far as the router.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.batteries.simple_security.acts import CONTROL_ROUNDS, CONTROLS, ERRORS
from scanner.batteries.simple_security.gate import Gate
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.timing import Timing
from scanner.model.conformance import Result
from scanner.model.text import commas, say

ENOUGH = 0.9  # of the controls must come through: three copies then are lost once in a thousand
UNREACHABLE, TOO_BIG = 1, 2  # ICMPv6 types


class Judgement(NamedTuple):
    """``evidence`` is what was seen, ``why`` what follows from it or stands in the way."""

    result: Result
    evidence: str
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """``seen`` of the address, ``about`` of the router. ``trouble`` is why silence means nothing in this run, "" where
    it does; ``second`` says that the vantage had another address to speak from.
    """

    seen: Seen
    about: Seen
    gate: Gate | None
    timing: Timing
    second: bool
    trouble: str = ""

    def arrived(self, *names: str) -> bool:
        """All of them."""
        return all(name in self.seen.arrived for name in names)

    def reached(self, kind: str) -> bool:
        """A packet of the kind that was to expire at the home router did."""
        return any(error.kind == 3 for error in self.about.told.get(f"reach.{kind}", ()))  # noqa: PLR2004

    @property
    def doubt(self) -> str:
        """Why silence proves nothing, "" where it does."""
        if self.trouble:
            return self.trouble
        if self.seen.translated:
            return say("the host's address is translated on the way: what is measured here would be the translator")
        if not self.arrived("first.open"):
            return say("nothing that the host sent reached the vantage")
        if not self.arrived("first.reply"):
            return say("no answer to what the host sent came back to it")
        sent = [name for name in control_names() if name in self.seen.sent]
        came = sum(name in self.seen.arrived for name in sent)
        if came < ENOUGH * len(sent) or not sent:
            return say("only {came} of {sent} control answers came through", came=came, sent=len(sent))
        return ""

    def errors(self, flow: str, kind: int) -> list[str]:
        """ICMPv6 errors of a type about a flow that arrived inside, as type/code."""
        named = (f"{flow}.error.{kind}.{code}" for one, code in ERRORS if one == kind)
        return [name.rpartition("error.")[2].replace(".", "/") for name in named if name in self.seen.arrived]


def control_names() -> list[str]:
    return [f"control.reply.{turn}.{number}" for turn in range(CONTROL_ROUNDS) for number in range(CONTROLS)]


def conforms(evidence: str, why: str = "") -> Judgement:
    return Judgement(Result.CONFORMS, evidence, why)


def violates(evidence: str, why: str) -> Judgement:
    return Judgement(Result.VIOLATES, evidence, why)


def untestable(why: str, evidence: str = "") -> Judgement:
    return Judgement(Result.NOT_TESTABLE, evidence, why)


def opened(facts: Facts, name: str) -> str:
    """Why the host's first packet cannot be built upon, "" where the vantage received it."""
    if facts.arrived(name):
        return ""
    if facts.doubt:
        return facts.doubt
    if name not in facts.seen.left:
        return say("the host could not send it: its own kernel or firewall kept it from leaving")
    return say("the host's packet did not get out: the router or a network behind it does not carry this kind")


def passes(facts: Facts, names: Sequence[str], opening: str, kind: str, harm: str) -> Judgement:
    """``names`` must arrive on a flow that the host opened with ``opening``; ``kind`` as in ``Facts.reached``."""
    if facts.arrived(*names):
        return conforms(say("the answer on the flow that the host opened arrived"))
    problem = opened(facts, opening) or facts.doubt
    if problem:
        return untestable(problem)
    evidence = say("the host's packet came out, the answer did not arrive inside")
    if kind == "udp" or facts.reached(kind):
        return violates(evidence, harm)
    return untestable(say("no packet of this kind was seen to get as far as the router: it may end before"), evidence)


def lets_in(facts: Facts, name: str, kind: str, harm: str) -> Judgement:
    """What the default of RFC 6092 lets in though nobody asked for it."""
    if facts.arrived(name):
        return conforms(say("it arrived though nobody inside had asked for it"))
    if facts.doubt:
        return untestable(facts.doubt)
    if facts.reached(kind):
        return violates(say("it got as far as the router and did not arrive"), harm)
    return untestable(say("no packet of this kind was seen to get as far as the router: it may end before"))


def errors_pass(facts: Facts, flow: str, opening: str) -> Judgement:
    """ICMPv6 errors about a live flow must arrive: destination unreachable and packet too big."""
    came = {kind: facts.errors(flow, kind) for kind in (UNREACHABLE, TOO_BIG)}
    evidence = say("arrived of the errors about the flow: {errors}", errors=commas(came[1] + came[2]) or say("none"))
    if all(came.values()):
        return conforms(evidence)
    problem = opened(facts, opening) or facts.doubt
    if problem:
        return untestable(problem)
    if any(any_error(facts)) or facts.reached("echo"):
        missing = say("packet too big") if came[UNREACHABLE] else say("destination unreachable")
        why = say("path MTU discovery and fast failure of connections depend on them: {missing}", missing=missing)
        return violates(evidence, why)
    return untestable(say("no ICMPv6 of the vantage was seen to get as far as the router"), evidence)


def any_error(facts: Facts) -> Iterable[bool]:
    """Whether errors of each type about any live flow arrived."""
    flows = ("udp", "tcp", "esp", "mobility", "sctp", "dccp")
    return (any(facts.errors(flow, kind) for flow in flows) for kind in (UNREACHABLE, TOO_BIG))


def survives(facts: Facts, after: str, before: str, opening: str) -> Judgement:
    """A flow goes on after errors about it."""
    if facts.arrived(after):
        return conforms(say("after seven ICMPv6 errors about it the flow went on"))
    problem = opened(facts, opening) or facts.doubt
    if problem:
        return untestable(problem)
    if not facts.arrived(before):
        return untestable(say("the flow did not work before any error either"))
    return violates(
        say("the flow worked, seven ICMPv6 errors about it were sent, and it worked no more"),
        say("anybody who can guess a connection's ports can end it"),
    )


def lives(facts: Facts, name: str, least: float, what: str, alike: str) -> Judgement:
    """A state that was left alone for a time must still be there; whether it was for long enough is the timing's.
    ``alike`` is an answer of the same kind that came at once.
    """
    idle = facts.timing.idle(least)
    seconds = round(idle, 1) if idle < 10 else round(idle)  # noqa: PLR2004
    if facts.arrived(f"idle.{name}"):
        evidence = say("{what}: an answer after {seconds} s of silence arrived", what=what, seconds=seconds)
        if facts.timing.slow:
            return conforms(evidence)
        why = say("the standard asks for {least} s, which --slow waits out", least=round(least))
        return untestable(why, evidence)
    problem = opened(facts, f"idle.{name}.open") or facts.doubt
    if problem:
        return untestable(problem)
    if not facts.arrived(alike):
        return untestable(say("{what}: an answer that came at once did not arrive either", what=what))
    if not facts.arrived(f"idle.{name}.fresh"):
        return untestable(say("at that time an answer on a fresh flow did not come through either"))
    return violates(
        say("{what}: an answer after {seconds} s of silence did not arrive", what=what, seconds=seconds),
        say("the standard asks for {least} s: what stays idle for longer breaks", least=round(least)),
    )


def worst(judgements: Sequence[Judgement]) -> Judgement:
    """The one that decides: a violation, else what could not be tested, else the first."""
    for result in (Result.VIOLATES, Result.NOT_TESTABLE):
        for one in judgements:
            if one.result is result:
                return one
    return judgements[0]
