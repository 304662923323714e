"""``-o sarif=``: every finding as a result at the line of the owner's file that decides about it."""

from collections.abc import Iterable
from typing import Any

from scanner.findings.rules import RULES
from scanner.model.finding import Finding, Severity
from scanner.model.run import Run
from scanner.report.sarif import Invocation, Level, Place, Result, Rule, sarif_log, to_text

CONFIGURATION = "v6expose.toml"  # where the owner would say otherwise, if there is no policy
OTHER = "rule of another version"
LEVELS: dict[Severity, Level] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub's property "security-severity": over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, 0.1 to 3.9 low
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def render_sarif(run: Run) -> str:
    return to_text(sarif_of(run))


def sarif_of(run: Run) -> dict[str, Any]:
    """SARIF 2.1.0; a rule is listed whether or not something was found by it."""
    place = Place(run.run.policy or CONFIGURATION)
    invocation = Invocation(run.run.started_at, run.run.finished_at, run.run.complete, run.run.problems)
    results = [_result(finding, place) for finding in run.findings]
    return sarif_log(_rules(run.findings), results, invocation, run.run.version, f"v6expose/{run.host.name}")


def _rules(findings: Iterable[Finding]) -> list[Rule]:
    gravest: dict[str, Severity] = {}
    for finding in findings:
        before = gravest.get(finding.rule, Severity.INFO)
        gravest[finding.rule] = max(before, finding.severity, key=lambda severity: severity.rank)
    known = {rule.id: rule.name for rule in RULES} | {f.rule: OTHER for f in findings if f.rule not in _IDS}
    return [_rule(identifier, name, gravest.get(identifier)) for identifier, name in known.items()]


_IDS = frozenset(rule.id for rule in RULES)


def _rule(identifier: str, name: str, severity: Severity | None) -> Rule:
    properties: dict[str, Any] = {"tags": ["security", "ipv6"]}
    if severity is not None:
        properties["security-severity"] = SECURITY_SEVERITY[severity]
    return Rule(
        id=identifier,
        name="".join(word.capitalize() for word in name.replace("-", " ").split()),
        short=f"{name[:1].upper()}{name[1:]}.",
        full=f"{name[:1].upper()}{name[1:]}. docs/findings.md explains {identifier}.",
        help=f"See {identifier} in docs/findings.md.",
        level=LEVELS[severity] if severity else "warning",
        properties=properties,
    )


def _result(finding: Finding, place: Place) -> Result:
    words = [
        f"{finding.title}.",
        finding.why,
        f"Evidence: {finding.evidence}." if finding.evidence else "",
        finding.remedy,
    ]
    about = {"address": finding.address, "protocol": finding.protocol, "port": finding.port}
    return Result(
        rule=finding.rule,
        message=" ".join(word for word in words if word),
        place=place,
        fingerprint=finding.fingerprint,
        level=LEVELS[finding.severity],
        properties={"severity": finding.severity.value, "standard": finding.standard}
        | {key: value for key, value in about.items() if value is not None},
    )
