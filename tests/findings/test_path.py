"""V6X004, V6X006 and V6X007: upstream filters, impostors, answers lost on their way out."""

import pytest

from scanner.findings import evaluate
from scanner.findings.path import FORGED_WORDING, INTERCEPTED_WORDING, LOST_WORDING, UPSTREAM_WORDING
from scanner.model.run import Evidence
from scanner.model.verdict import Verdict

from .conftest import STABLE, TEMPORARY, facts, only, table

WORDINGS = (UPSTREAM_WORDING, INTERCEPTED_WORDING, FORGED_WORDING, LOST_WORDING)


@pytest.mark.parametrize(
    ("verdict", "rule", "severity"),
    [
        ("upstream_dropped", "V6X004", "info"),
        ("upstream_rejected", "V6X004", "info"),
        ("intercepted", "V6X006", "medium"),
        ("forged", "V6X006", "info"),
        ("reply_lost", "V6X007", "low"),
    ],
)
def test_each_verdict_has_its_rule(verdict: str, rule: str, severity: str) -> None:
    (finding,) = only(
        rule, evaluate(facts(table(**{verdict: "25,135-139"}), table(TEMPORARY, **{verdict: "25,135-139"})))
    )
    assert finding.severity == severity
    assert finding.protocol == "tcp"
    assert f"6 TCP ports (25,135-139) on 2 of 2 addresses: {STABLE} (stable)" in finding.evidence


@pytest.mark.parametrize(
    "verdict", [verdict for verdict in Verdict if not any(verdict in w.verdicts for w in WORDINGS)]
)
def test_other_verdicts_have_none_of_them(verdict: Verdict) -> None:
    found = evaluate(facts(table(**{verdict.value.replace("|", "_").replace("-", "_"): "25"})))
    assert {finding.rule for finding in found}.isdisjoint({"V6X004", "V6X006", "V6X007"})


def test_each_vantage_has_an_upstream_of_its_own() -> None:
    found = only(
        "V6X004",
        evaluate(facts(table(vantage="vps", upstream_dropped="25"), table(vantage="cafe", upstream_dropped="445"))),
    )
    assert [(finding.title, finding.evidence) for finding in found] == [
        (
            f"Filtered before your router (TCP, seen from {name})",
            f"1 TCP port ({port}) on 1 of 1 address: {STABLE} (stable)",
        )
        for name, port in (("cafe", 445), ("vps", 25))
    ]
    assert len({finding.fingerprint for finding in found}) == 2


def test_an_upstream_filter_is_not_called_the_routers_merit() -> None:
    (finding,) = only("V6X004", evaluate(facts(table(upstream_dropped="25"))))
    assert "not your router's merit" in finding.why
    assert "second vantage" in finding.remedy


def test_addresses_with_other_ports_are_told_apart() -> None:
    (finding,) = only("V6X007", evaluate(facts(table(reply_lost="22"), table(TEMPORARY, reply_lost="80"))))
    assert f"(22) on 1 of 2 addresses: {STABLE} (stable); " in finding.evidence
    assert f"(80) on 1 of 2 addresses: {TEMPORARY} (temporary)" in finding.evidence


def test_the_answer_and_its_sender_are_quoted() -> None:
    record = Evidence("25", Verdict.UPSTREAM_REJECTED, "admin-prohibited", "2001:db8:1::1", 62, False, None, None, 3)  # noqa: FBT003
    (finding,) = only("V6X004", evaluate(facts(table(upstream_rejected="25", evidence=(record,)))))
    assert finding.evidence.endswith("[upstream-rejected, admin-prohibited from 2001:db8:1::1]")


def test_acceptance_and_refusal_by_an_impostor_are_two_findings() -> None:
    found = only("V6X006", evaluate(facts(table(intercepted="80", forged="81"))))
    assert [finding.severity for finding in found] == ["medium", "info"]
    assert len({finding.fingerprint for finding in found}) == 2
