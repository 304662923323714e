"""What the trial of an evasion case means. Pure."""

from ipaddress import IPv6Address

from scanner.batteries.exchange import Outcome
from scanner.batteries.path_control import Reached
from scanner.batteries.reading import WORDS, came_out, in_any, leads_elsewhere, reaction_of, share, through
from scanner.model.cases import Case
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.text import clauses, say, say_many

OPENED = say("an earlier case had opened this port to everybody (endpoint-independent filtering, RFC 6092 REC-33)")
LEGITIMATE = "legitimate"  # the group of cases that a correct filter lets in
ELSEWHERE = say("what arrived leads somewhere else, where your router lets it in")


def row_of(
    case: Case, vantage: str, outcome: Outcome, port: int, reached: Reached | None, *, opened: bool
) -> ConformanceRow:
    """``port`` is the one the case is about; ``opened``: it may have come in only because an earlier one had."""
    result, why = judge(case, outcome, port, reached, opened=opened)
    arrived = result in (Result.THROUGH, Result.PARTIAL)
    return ConformanceRow(
        standard=Standard.EVASION,
        id=case.id,
        address=str(outcome.shot.target),
        vantage=vantage,
        result=result,
        evidence=evidence_of(outcome, port),
        why=why,
        title=case.name,
        meant=case.group == LEGITIMATE,
        reaction=str(reaction_of(outcome, port)) if arrived else "",
    )


def judge(
    case: Case, outcome: Outcome, port: int, reached: Reached | None, *, opened: bool = False
) -> tuple[Result, str]:
    """(result, why)."""
    if opened:
        return Result.NOT_MEASURABLE, OPENED
    if in_any(outcome) and leads_elsewhere(outcome, port):
        return Result.STOPPED, ELSEWHERE
    if in_any(outcome):
        return (Result.THROUGH if through(outcome) else Result.PARTIAL), case.filter
    if outcome.doubt:
        return Result.NOT_MEASURABLE, outcome.doubt
    if reached is not None and not reached.yes:
        return Result.NOT_MEASURABLE, reached.how
    return Result.STOPPED, reached.how if reached else case.filter


def evidence_of(outcome: Outcome, port: int | None = None) -> str:
    """What was sent and seen, in words. Of TCP and UDP answers those from ``port`` count."""
    sent = say_many("{count} copy sent", "{count} copies sent", len(outcome.trials))
    if not in_any(outcome):
        return clauses([sent, say("none arrived")])
    if not through(outcome):
        arrived, number = share(outcome)
        some = say("{arrived} of {number} packets arrived as they were sent", arrived=arrived, number=number)
        return clauses([sent, some])
    said = [sent, say("it arrived whole"), WORDS[reaction_of(outcome, port)]]
    return clauses([*said, say("the answer came out")] if came_out(outcome) else said)


def unasked(case: Case, address: IPv6Address, vantage: str, why: str) -> ConformanceRow:
    """A case that was not tried, and why."""
    nothing = say("nothing was sent")
    name = str(address)
    return ConformanceRow(Standard.EVASION, case.id, name, vantage, Result.NOT_MEASURABLE, nothing, why, case.name)
