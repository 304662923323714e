"""The checklist as JUnit XML: an item is a case, not measured is an error, waived is skipped."""

from scanner.checklist.values import Checklist, Item, Status
from scanner.model.text import say
from scanner.report.junit import Case, Outcome, Suite, junit_text

OUTCOMES = {Status.PASS: Outcome.PASSED, Status.FAIL: Outcome.FAILURE, Status.NOT_MEASURED: Outcome.ERROR}
GROUP = "v6expose.checklist"


def to_junit(checklist: Checklist) -> str:
    suite = Suite(
        name=f"v6expose checklist of {checklist.host}",
        cases=tuple(_case(item, checklist.policy.source) for item in checklist.items),
        at=checklist.measured_at,
        seconds=checklist.seconds,
        host=checklist.host,
        properties=(("policy", checklist.policy.source), ("run", checklist.run)),
    )
    return junit_text((suite,))


def _case(item: Item, source: str) -> Case:
    """The name holds no measured value, so that a case is found again in the next run."""
    outcome = Outcome.SKIPPED if item.waiver else OUTCOMES[item.status]
    message = str(item.title)
    if item.waiver:
        message = say("waived until {until}: {reason}", until=item.waiver.until.isoformat(), reason=item.waiver.reason)
    return Case(
        group=GROUP,
        name=item.id,
        outcome=outcome,
        message=message,
        details="\n".join(filter(None, (item.title, item.evidence, item.remedy))),
        kind=item.status.value,
        file=source,
        line=item.line,
    )
