"""V6X002 and V6X005: vacant ports that are let in, by a missing filter or by single forgotten doors."""

import pytest

from scanner.findings import evaluate
from scanner.findings.router import FEW
from scanner.model.finding import Finding
from scanner.model.ports import PortSet
from scanner.model.settings import Expectation
from scanner.policy import Allow, Policy

from .conftest import STABLE, TEMPORARY, facts, only, table

SERVICES = PortSet.parse("22,80,139,443,445,631,5000,6379")
CLOSED = str(PortSet.every() - SERVICES)


def unfiltered(*args: object, **more: object) -> list[Finding]:
    return only("V6X002", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


def vacant_doors(*args: object, **more: object) -> list[Finding]:
    return only("V6X005", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


def test_the_seed_story_992_closed_ports_beside_8_open_ones() -> None:
    (finding,) = unfiltered(
        table(open=str(SERVICES), closed=CLOSED), table(TEMPORARY, open=str(SERVICES), closed=CLOSED)
    )
    assert finding.severity == "high"
    assert (finding.address, finding.protocol, finding.port) == (None, None, None)
    assert finding.title == "The router passes unsolicited traffic"
    assert "the next program you install is on the Internet" in finding.why
    assert finding.evidence == (
        "65,535 of 65,535 probed TCP ports reached the host on 2 of 2 addresses: "
        f"{STABLE} (stable) and {TEMPORARY} (temporary)"
    )


def test_counts_are_those_of_the_tables() -> None:
    one = table(open="22", closed="1-21,23-100", router_dropped="101-200", indeterminate="201-210")
    two = table(protocol="udp", host_dropped="1-50", host_rejected="51-60", reply_lost="61", blocked="62-70")
    (finding,) = unfiltered(one, two)
    assert "100 of 210 probed TCP ports reached the host on 1 of 1 address" in finding.evidence
    assert "without a program behind them: 1-21,23-100" in finding.evidence
    assert "61 of 70 probed UDP ports reached the host on 1 of 1 address" in finding.evidence


def test_addresses_that_differ_are_counted_apart() -> None:
    (finding,) = unfiltered(table(closed="1-100"), table(TEMPORARY, closed="1-90", router_dropped="91-100"))
    assert f"100 of 100 probed TCP ports reached the host on 1 of 2 addresses: {STABLE} (stable)" in finding.evidence
    assert f"90 of 100 probed TCP ports reached the host on 1 of 2 addresses: {TEMPORARY}" in finding.evidence


def test_a_port_that_any_vantage_got_through_was_let_in() -> None:
    blind = table(vantage="near", upstream_dropped="1-100")
    (finding,) = unfiltered(blind, table(vantage="far", closed="1-100"))
    assert "100 of 100 probed TCP ports" in finding.evidence


@pytest.mark.parametrize(
    ("expect", "severity"),
    [(Expectation.STRICT, "high"), (Expectation.RFC6092, "high"), (Expectation.TRANSPARENT, "info")],
)
def test_severity_follows_what_the_owner_expects(expect: Expectation, severity: str) -> None:
    (finding,) = unfiltered(table(closed="1-100"), expect=expect)
    assert finding.severity == severity


@pytest.mark.parametrize("verdict", ["closed", "host_dropped", "host_rejected", "no_neighbour"])
def test_every_way_of_being_let_in_without_a_program_counts(verdict: str) -> None:
    assert len(unfiltered(table(**{verdict: "1-100"}))) == 1


def test_a_vanished_address_is_not_said_to_have_been_reached() -> None:
    (finding,) = unfiltered(table(no_neighbour="1-100"))
    assert "0 of 100 probed TCP ports reached the host" in finding.evidence
    assert "100 ports let in while the host no longer had the address" in finding.evidence


@pytest.mark.parametrize(
    "verdicts",
    [
        {"router_dropped": "1-100"},
        {"upstream_dropped": "1-100"},
        {"blocked": "1-100"},
        {"indeterminate": "1-100"},
        {"intercepted": "1-100"},
        {"forged": "1-100"},
        {"open": "1-100"},
        {"reply_lost": "1-100"},
    ],
)
def test_nothing_vacant_nothing_to_say(verdicts: dict[str, str]) -> None:
    assert unfiltered(table(**verdicts)) == []
    assert vacant_doors(table(**verdicts)) == []


@pytest.mark.parametrize(
    ("vacant", "stopped", "rule"),
    [
        ("1-31", "1000-1100", "V6X005"),
        ("1-32", "1000-1100", "V6X002"),
        ("1-10", "1000-1010", "V6X005"),
        ("1-10", "1000-1009", "V6X002"),  # no majority is stopped
        ("1", "", "V6X002"),
    ],
)
def test_few_doors_in_a_filter_are_not_a_missing_filter(vacant: str, stopped: str, rule: str) -> None:
    assert FEW == 32
    found = evaluate(facts(table(closed=vacant, router_dropped=stopped)))
    assert [finding.rule for finding in found if finding.rule in ("V6X002", "V6X005")] == [rule]


def test_what_the_provider_stops_is_no_merit_of_the_router() -> None:
    found = evaluate(facts(table(closed="1-10", upstream_dropped="1000-1100")))
    assert len(only("V6X002", found)) == 1
    assert only("V6X005", found) == []


def test_forgotten_doors_are_listed() -> None:
    (finding,) = vacant_doors(
        table(closed="25,8080", router_dropped="1000-2000"),
        table(TEMPORARY, closed="25,8080", router_dropped="1000-2000"),
    )
    assert finding.severity == "low"
    assert finding.title == "Doors left open to nobody (TCP)"
    assert finding.evidence == (
        f"2 TCP ports (25,8080) on 2 of 2 addresses: {STABLE} (stable) and {TEMPORARY} (temporary)"
    )


def test_allowed_ports_are_no_forgotten_doors() -> None:
    policy = Policy((Allow("tcp", PortSet.parse("25")),))
    (finding,) = vacant_doors(table(closed="25,8080", router_dropped="1000-2000"), policy=policy)
    assert "1 TCP port (8080)" in finding.evidence


def test_what_one_vantage_got_through_is_not_counted_as_stopped_for_another() -> None:
    found = evaluate(facts(table(vantage="a", router_dropped="1-10"), table(vantage="b", closed="1-9")))
    assert len(only("V6X002", found)) == 1
    assert only("V6X005", found) == []


def test_a_port_on_which_another_vantage_found_a_program_is_not_vacant() -> None:
    one = table(vantage="a", closed="25", router_dropped="1000-2000")
    two = table(vantage="b", open="25", router_dropped="1000-2000")
    assert vacant_doors(one, two) == []


@pytest.mark.parametrize(("expect", "number"), [(Expectation.STRICT, 1), (Expectation.RFC6092, 0)])
def test_rfc_6092_lets_key_exchange_in_by_design(expect: Expectation, number: int) -> None:
    """RFC 6092 REC-24: UDP to port 500 must not be prohibited by default."""
    assert len(vacant_doors(table(protocol="udp", host_dropped="500", router_dropped="1-100"), expect=expect)) == number


def test_one_sided_evidence_is_worded_as_probable() -> None:
    (finding,) = unfiltered(table(closed="1-100"), witness=False)
    assert finding.title == "The router probably passes unsolicited traffic"
    assert "probably reached the host" in finding.evidence
    assert "nobody watched inside" in finding.evidence
