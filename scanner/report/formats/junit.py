"""``-o junit=``: a suite for the rules, one for the measurement itself, one for each standard of the batteries."""

from collections.abc import Iterable, Iterator

from scanner.findings.rules import RULES
from scanner.model.conformance import ConformanceRow, Result
from scanner.model.finding import Finding, Severity
from scanner.model.run import Run, VantageRecord
from scanner.report.junit import Case, Outcome, Suite, junit_text

OUTSIDE = {"proven": Outcome.PASSED, "unproven": Outcome.ERROR, "refuted": Outcome.FAILURE}
RESULTS = {
    Result.STOPPED: Outcome.PASSED,
    Result.CONFORMS: Outcome.PASSED,
    Result.THROUGH: Outcome.FAILURE,
    Result.PARTIAL: Outcome.FAILURE,
    Result.VIOLATES: Outcome.FAILURE,
    Result.NOT_MEASURABLE: Outcome.SKIPPED,
    Result.NOT_TESTABLE: Outcome.SKIPPED,
}


def render_junit(run: Run) -> str:
    """Findings of no more than informational weight pass; what could not be measured is an error."""
    suites = [("rules", tuple(_rules(run))), ("measurement", tuple(_measurement(run)))]
    standards = dict.fromkeys(row.standard for row in run.conformance)
    suites += [(str(one), tuple(map(_row, _of(run.conformance, one)))) for one in standards]
    seconds = (run.run.finished_at - run.run.started_at).total_seconds()
    return junit_text(
        Suite(f"v6expose.{name}", cases, run.run.started_at, seconds if name == "rules" else 0.0, run.host.name)
        for name, cases in suites
    )


def _rules(run: Run) -> Iterator[Case]:
    """A case a rule where it found nothing, else a case a finding."""
    yield from map(_finding, run.findings)
    found = {finding.rule for finding in run.findings}
    for rule in (rule for rule in RULES if rule.id not in found):
        if run.summary.grade is None or not run.run.complete:
            yield Case(rule.id, rule.name, Outcome.ERROR, "not everything was measured", kind="not-measured")
        else:
            yield Case(rule.id, rule.name)


def _finding(finding: Finding) -> Case:
    where = [finding.address, f"{finding.protocol}/{finding.port}" if finding.port else None]
    name = " ".join([finding.title, *(f"[{part}]" for part in where if part)])
    details = "\n".join(part for part in (finding.why, finding.evidence, finding.remedy, finding.standard) if part)
    if finding.severity is Severity.INFO:
        return Case(finding.rule, name, details=details)
    return Case(finding.rule, name, Outcome.FAILURE, finding.title, details, kind=finding.severity.value)


def _measurement(run: Run) -> Iterator[Case]:
    problems = "; ".join(run.run.problems)
    complete = Outcome.PASSED if run.run.complete else Outcome.ERROR
    yield Case("run", "complete", complete, problems or "the run is incomplete", problems, kind="not-measured")
    yield from (_outside(vantage) for vantage in run.vantages)


def _outside(vantage: VantageRecord) -> Case:
    evidence = "; ".join(vantage.outside.evidence)
    name = f"{vantage.name} is outside"
    return Case("vantage", name, OUTSIDE[vantage.outside.verdict], vantage.outside.verdict, evidence)


def _of(rows: Iterable[ConformanceRow], standard: str) -> list[ConformanceRow]:
    return [row for row in rows if row.standard == standard]


def _row(row: ConformanceRow) -> Case:
    name = f"{row.id} {row.title} [{row.address} from {row.vantage}]"
    details = "\n".join(part for part in (row.evidence, row.why) if part)
    return Case(row.standard.value, name, RESULTS[row.result], row.why or row.result.value, details, row.result.value)
