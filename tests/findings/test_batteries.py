"""V6X021 to V6X023: what the batteries found, one finding for cases of a kind."""

from dataclasses import replace

import pytest

from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.findings import evaluate
from scanner.findings.batteries import BY_DESIGN, KINDS
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.finding import Finding, Severity
from scanner.model.settings import Expectation

from .conftest import STABLE, TEMPORARY, facts, only, table, vantage

CASES = (*load_cases(EVASION), *load_cases(ICMPV6))


def row(case: str, result: Result = Result.THROUGH, reaction: str = "syn-ack", **more: str) -> ConformanceRow:
    standard = Standard.EVASION if result in (Result.THROUGH, Result.PARTIAL, Result.STOPPED) else Standard.RFC4890
    words = {"address": STABLE, "vantage": vantage().name} | more
    return ConformanceRow(standard, case, **words, result=result, evidence="1 copy sent", why="", reaction=reaction)


def found(rule: str, *rows: ConformanceRow, expect: Expectation = Expectation.STRICT) -> list[Finding]:
    given = replace(facts(table(router_dropped="445")), conformance=rows, cases=CASES, expect=expect)
    return only(rule, evaluate(given))


def test_every_group_of_evasion_has_words() -> None:
    assert {case.group for case in load_cases(EVASION)} - {"legitimate"} == set(KINDS)


def test_cases_of_a_kind_are_one_finding() -> None:
    headers = [case.id for case in load_cases(EVASION) if case.group == "headers"]
    (finding,) = found("V6X021", *(row(case, address=ip) for case in headers for ip in (STABLE, TEMPORARY)))
    assert finding.title == "Packets behind extension headers slip past the filter"
    assert finding.evidence.startswith(f"{len(headers)} cases: ")
    assert f"{len(headers) - 12} more" in finding.evidence
    assert f"at {STABLE}, {TEMPORARY}" in finding.evidence


@pytest.mark.parametrize(
    ("case", "reaction", "severity"),
    [
        ("Y02", "syn-ack", Severity.HIGH),
        ("Y02", "reset", Severity.HIGH),
        ("Y03", "param-problem", Severity.MEDIUM),
        ("sport-53-udp", "silent", Severity.HIGH),
        ("tcp-ack", "reset", Severity.LOW),
        ("X19", "param-problem", Severity.LOW),
        ("tcp-ack-allowed", "reset", Severity.INFO),
    ],
)
def test_the_severity_is_by_what_the_host_did(case: str, reaction: str, severity: Severity) -> None:
    (finding,) = found("V6X021", row(case, reaction=reaction))
    assert finding.severity is severity


def test_parts_of_packets_are_a_note() -> None:
    (finding,) = found("V6X021", row("X32", Result.PARTIAL, "silent"))
    assert (finding.severity, finding.title) == (Severity.INFO, "Parts of packets get past the filter")


def test_what_was_stopped_or_meant_is_no_finding() -> None:
    assert found("V6X021", row("Y02", Result.STOPPED)) == []
    assert found("V6X021", row("tcp-syn-data-allowed")) == []
    assert found("V6X021", row("Y02"), expect=Expectation.TRANSPARENT) == []


def test_rfc_6092_lets_three_protocols_in() -> None:
    rows = [row(case, reaction="param-problem") for case in (*sorted(BY_DESIGN), "X23")]
    (strict,) = found("V6X021", *rows)
    assert strict.evidence.startswith("4 cases: ")
    (meant,) = found("V6X021", *rows, expect=Expectation.RFC6092)
    assert meant.evidence.startswith("1 case: X23")


def test_a_vantage_inside_proves_nothing() -> None:
    assert found("V6X021", row("Y02", vantage="somewhere else")) == []


def test_unwanted_icmpv6() -> None:
    rows = [row(case, Result.VIOLATES) for case in ("135", "138", "151")]
    (finding,) = found("V6X022", *rows)
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence.startswith("3 cases: 135, 138, 151")
    assert found("V6X022", *rows, expect=Expectation.TRANSPARENT) == []
    assert found("V6X023", *rows) == []


def test_path_mtu_discovery_is_named_where_it_breaks() -> None:
    (finding,) = found("V6X023", row("2-0-flow", Result.VIOLATES), row("1-0-flow", Result.VIOLATES))
    assert finding.title == "The router breaks path MTU discovery"
    (other,) = found("V6X023", row("3-1-flow", Result.VIOLATES))
    assert (other.title, other.severity) == ("Errors about your own connections are lost", Severity.LOW)
    assert found("V6X023", row("2-0-flow", Result.CONFORMS)) == []


def test_lost_echo_requests_are_no_finding() -> None:
    for rule in ("V6X021", "V6X022", "V6X023"):
        assert found(rule, row("128", Result.VIOLATES)) == []
