"""V6X024 to V6X026: what the router owes RFC 6092, as far as its owner wants it."""

from dataclasses import replace

import pytest

from scanner.findings import evaluate
from scanner.findings.gateway import OPENNESS
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.finding import Finding, Severity
from scanner.model.settings import Expectation

from .conftest import STABLE, TEMPORARY, facts, only, table, vantage

ROUTER = "2001:db8:2c::2"


def row(name: str, result: Result = Result.VIOLATES, address: str = STABLE, evidence: str = "seen") -> ConformanceRow:
    return ConformanceRow(Standard.RFC6092, name, address, "vps", result, evidence, "because", f"title of {name}")


def found(rule: str, *rows: ConformanceRow, expect: Expectation = Expectation.STRICT) -> list[Finding]:
    return only(rule, evaluate(replace(facts(table(router_dropped="1-65535")), conformance=rows, expect=expect)))


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (["REC-50"], Severity.HIGH),
        (["REC-8"], Severity.MEDIUM),
        (["REC-9"], Severity.LOW),
        (["REC-9", "REC-50"], Severity.HIGH),
    ],
)
def test_a_router_that_answers_is_as_grave_as_what_it_offers(names: list[str], severity: Severity) -> None:
    (finding,) = found("V6X024", *(row(name, address=ROUTER, evidence=f"at {ROUTER}: {name}") for name in names))
    assert finding.severity is severity
    assert all(name in finding.standard and name in finding.evidence for name in names)


@pytest.mark.parametrize("expect", Expectation)
def test_nobody_means_a_router_to_be_managed_from_outside(expect: Expectation) -> None:
    assert len(found("V6X024", row("REC-50"), expect=expect)) == 1


def test_forged_sources_are_one_finding() -> None:
    rows = [row(name, address=address) for name in ("REC-5", "REC-7") for address in (STABLE, TEMPORARY)]
    (finding,) = found("V6X025", *rows)
    assert finding.severity is Severity.LOW
    assert finding.standard == "RFC 6092 REC-5; RFC 6092 REC-7"


def test_the_rest_is_told_once() -> None:
    (finding,) = found(
        "V6X026", row("REC-17"), row("REC-17", address=TEMPORARY), row("REC-4"), row("REC-50"), row("REC-5")
    )
    assert finding.severity is Severity.INFO
    assert finding.title == "2 recommendations for home routers are not kept"
    assert finding.evidence == "REC-17 (title of REC-17), REC-4 (title of REC-4)"


@pytest.mark.parametrize("name", sorted(OPENNESS))
def test_openness_is_missed_by_those_who_want_it(name: str) -> None:
    assert found("V6X026", row(name)) == []
    assert len(found("V6X026", row(name), expect=Expectation.RFC6092)) == 1


def test_a_filter_is_missed_by_nobody_who_wants_none() -> None:
    rows = (row("REC-10"), row("REC-17"), row("REC-34"))
    assert found("V6X026", *rows, expect=Expectation.TRANSPARENT) == []
    assert len(found("V6X026", *rows, row("REC-36"), expect=Expectation.TRANSPARENT)) == 1


@pytest.mark.parametrize("result", [Result.CONFORMS, Result.NOT_TESTABLE])
def test_only_violations_are_findings(result: Result) -> None:
    rows = [row(f"REC-{number}", result) for number in range(1, 51)]
    assert [
        one.rule for one in evaluate(replace(facts(table(router_dropped="1-65535")), conformance=tuple(rows)))
    ] == []


def test_a_vantage_that_is_not_outside_proves_nothing() -> None:
    given = replace(facts(table(), vantages=(vantage("vps", "refuted"),)), conformance=(row("REC-50"),))
    assert only("V6X024", evaluate(given)) == []


def test_the_same_router_is_the_same_finding() -> None:
    """However its prefix and its address are called this time."""
    (one,), (other,) = (
        found("V6X024", row("REC-50", address=ROUTER)),
        found("V6X024", row("REC-50", address="2001:db8::9")),
    )
    assert one.fingerprint == other.fingerprint
