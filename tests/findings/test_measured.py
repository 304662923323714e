"""V6X008 and V6X009: what the scan cannot tell is said, and never in the words of a filter."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from scanner.findings import evaluate
from scanner.model.address import Origin, State
from scanner.model.finding import Finding
from scanner.model.run import Evidence
from scanner.model.verdict import Verdict

from .conftest import STABLE, TEMPORARY, address, facts, inventory, only, table, temporary, vantage


def unmeasured(*args: object, **more: object) -> list[Finding]:
    return only("V6X008", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


def outsideness(*args: object, **more: object) -> list[Finding]:
    return only("V6X009", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


def test_a_complete_measurement_has_nothing_to_add() -> None:
    found = evaluate(facts(table(router_dropped="1-65535"), table(TEMPORARY, router_dropped="1-65535")))
    assert found == ()


def test_indeterminate_ports_are_listed_with_their_reason() -> None:
    record = Evidence(
        "7-9", Verdict.INDETERMINATE, "no-response", None, None, None, None, None, 3, "a control was lost"
    )
    (finding,) = unmeasured(table(router_dropped="1-6", indeterminate="7-9", evidence=(record,)))
    assert finding.severity == "info"
    assert finding.title == "3 TCP ports could not be measured (from vps)"
    assert finding.evidence == f"3 TCP ports (7-9) on 1 of 1 address: {STABLE} (stable); reason: a control was lost"


def test_each_vantage_and_protocol_answers_for_itself() -> None:
    found = unmeasured(
        table(vantage="a", indeterminate="1"),
        table(vantage="b", closed="1"),
        table(vantage="a", protocol="udp", indeterminate="1"),
        table(vantage="b", protocol="udp", indeterminate="1"),
    )
    assert sorted(finding.title for finding in found) == [
        "1 TCP port could not be measured (from a)",
        "1 UDP port could not be measured (from a)",
        "1 UDP port could not be measured (from b)",
    ]
    assert len({finding.fingerprint for finding in found}) == 3


@pytest.mark.parametrize(
    ("verdict", "bound", "number"),
    [
        ("router_dropped", None, 1),
        ("upstream_dropped", None, 1),
        ("blocked", 2e-3, 1),
        ("blocked", 1e-3, 0),
        ("blocked", 0.0, 0),
        ("router_rejected", None, 0),  # somebody spoke: no loss can feign that
        ("closed", None, 0),
        ("indeterminate", None, 0),  # reported by itself
    ],
)
def test_a_loose_bound_matters_where_silence_was_judged(verdict: str, bound: float | None, number: int) -> None:
    found = unmeasured(table(**{verdict: "1-100"}), vantages=(vantage(bound=bound),))
    assert len([finding for finding in found if finding.title.startswith("Loss on the way")]) == number


def test_the_bound_and_the_controls_are_quoted() -> None:
    (finding,) = unmeasured(table(blocked="1-100"), vantages=(vantage(bound=0.0123),))
    assert finding.evidence == (
        "bound 0.012, wanted at most 0.001; 100 of 100 control probes came through (loss 0.00%)"
    )


def test_an_address_that_was_not_scanned_is_named() -> None:
    (finding,) = unmeasured(table(closed="1"), host=inventory(address(), temporary()))
    assert finding.title == f"Temporary address {TEMPORARY} was not scanned"
    assert finding.address == TEMPORARY
    assert finding.remedy == "Scan without --address, or name this one too."


def test_an_address_that_was_born_too_late_wants_another_scan() -> None:
    given = facts(table(closed="1"), host=inventory(address(), temporary()))
    (finding,) = only("V6X008", evaluate(replace(given, born=frozenset({IPv6Address(TEMPORARY)}))))
    assert finding.remedy == "It was born in mid-scan: scan again, without --address."


@pytest.mark.parametrize(
    "unreachable",
    [
        address("fe80::1", origin=Origin.EUI64),
        address("fd00::1"),
        address("2001:db8:a::99", state=State.TENTATIVE),
        address("2001:db8:a::99", state=State.DADFAILED),
    ],
)
def test_an_address_that_no_stranger_can_reach_needs_no_scan(unreachable: object) -> None:
    assert unmeasured(table(closed="1"), host=inventory(address(), unreachable)) == []  # type: ignore[arg-type]


def test_a_deprecated_address_still_receives_and_must_be_scanned() -> None:
    deprecated = address("2001:db8:a::99", state=State.DEPRECATED)
    (finding,) = unmeasured(table(closed="1"), host=inventory(address(), deprecated))
    assert "is deprecated and reachable" in finding.evidence


def test_an_address_written_in_another_way_is_the_same_address() -> None:
    assert unmeasured(table("2001:0DB8:a:01:9C3F:71e2:4b8d:6a05", closed="1"), host=inventory(address())) == []


def test_what_one_vantage_measured_and_another_did_not_is_named() -> None:
    (finding,) = unmeasured(
        table(vantage="a", closed="1"), table(TEMPORARY, vantage="a", closed="1"), table(vantage="b", closed="1")
    )
    assert finding.title == "Vantage b did not measure everything"
    assert finding.evidence == f"not measured: TCP on {TEMPORARY} (temporary)"


def test_a_vantage_without_any_result_is_named() -> None:
    (finding,) = unmeasured(table(vantage="a", closed="1"), vantages=(vantage("a"), vantage("b")))
    assert finding.title == "Vantage b measured nothing"


def test_a_run_without_any_result_is_told() -> None:
    titles = {finding.title for finding in unmeasured(host=inventory(), vantages=(vantage("a"),))}
    assert "Vantage a measured nothing" in titles
    assert f"Stable address {STABLE} was not scanned" in titles


def test_a_refuted_vantage_is_not_asked_for_more() -> None:
    vantages = (vantage("a"), vantage("b", outside="refuted"))
    assert unmeasured(table(vantage="a", closed="1"), vantages=vantages) == []


def test_a_run_without_a_witness_says_so() -> None:
    assert [finding.title for finding in unmeasured(table(open="22"), witness=False)] == ["Nobody watched inside"]


def test_silence_without_a_witness_is_not_measured() -> None:
    titles = [finding.title for finding in unmeasured(table(protocol="udp", open_filtered="1-9"), witness=False)]
    assert "9 UDP ports could not be measured (from vps)" in titles


@pytest.mark.parametrize("word", ["block", "filtered", "dropped", "stopped", "rejected"])
def test_no_finding_speaks_of_an_indeterminate_port_as_of_a_blocked_one(word: str) -> None:
    for finding in evaluate(facts(table(indeterminate="1-65535"), table(TEMPORARY, indeterminate="1-65535"))):
        told = f"{finding.title} {finding.why} {finding.evidence} {finding.remedy}".lower()
        assert word not in told


def test_a_refuted_vantage_is_grave_when_there_is_no_other() -> None:
    refuted = vantage(outside="refuted", evidence=("it shares the prefix of the host", "no router on the way"))
    (finding,) = outsideness(table(open="22"), vantages=(refuted,))
    assert finding.severity == "high"
    assert finding.title == "Vantage vps is not outside"
    assert finding.evidence == "it shares the prefix of the host; no router on the way"


def test_a_refuted_vantage_beside_a_good_one_is_only_noted() -> None:
    vantages = (vantage("a"), vantage("b", outside="refuted"))
    (finding,) = outsideness(table(vantage="a", closed="1"), table(vantage="b", open="22"), vantages=vantages)
    assert finding.severity == "info"
    assert "results are left out" in finding.why


def test_an_unproven_vantage_is_noted_and_a_proven_one_is_not() -> None:
    vantages = (vantage("a"), vantage("b", outside="unproven"))
    (finding,) = outsideness(table(vantage="a", closed="1"), table(vantage="b", closed="1"), vantages=vantages)
    assert (finding.severity, finding.title) == ("info", "Vantage b is not proven to be outside")
