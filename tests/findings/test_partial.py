"""V6X003: the filter forgets some of the addresses."""

import pytest

from scanner.findings import evaluate
from scanner.model.finding import Finding
from scanner.model.ports import PortSet
from scanner.policy import AddressRole, Allow, Policy

from .conftest import STABLE, TEMPORARY, facts, only, table, vantage

SECOND = "2001:db8:b::20"
REST = str(PortSet.every() - PortSet.parse("22,445"))


def partial(*args: object, **more: object) -> list[Finding]:
    return only("V6X003", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


def test_a_filter_for_the_stable_address_only() -> None:
    (finding,) = partial(table(open="22", router_dropped="1-21,23-65535"), table(TEMPORARY, open="22,445", closed=REST))
    assert finding.severity == "critical"  # SMB answers through the gap
    assert finding.why.startswith(f"What is stopped on {STABLE} (stable) gets in on {TEMPORARY} (temporary)")
    assert finding.evidence == (
        f"let in: 65,534 TCP ports (1-21,23-65535) on 1 of 2 addresses: {TEMPORARY} (temporary)"
    )
    assert "use_tempaddr" in finding.remedy


@pytest.mark.parametrize(
    ("verdicts", "severity"),
    [
        ({"closed": "1-100"}, "high"),
        ({"open": "80", "closed": "1-79"}, "high"),
        ({"open": "6379", "closed": "1-100"}, "critical"),
        ({"open_filtered": "6379", "closed": "1-100"}, "high"),
    ],
)
def test_severity_is_that_of_what_answers_and_at_least_high(verdicts: dict[str, str], severity: str) -> None:
    (finding,) = partial(table(router_dropped="1-10000"), table(TEMPORARY, **verdicts))
    assert finding.severity == severity


@pytest.mark.parametrize("verdict", ["router_dropped", "router_rejected", "blocked", "upstream_dropped"])
def test_every_way_of_being_stopped_elsewhere_counts(verdict: str) -> None:
    assert len(partial(table(**{verdict: "445"}), table(TEMPORARY, open="445"))) == 1


@pytest.mark.parametrize("verdict", ["indeterminate", "intercepted", "forged", "closed"])
def test_what_is_not_proven_stopped_makes_no_difference(verdict: str) -> None:
    assert partial(table(**{verdict: "445"}), table(TEMPORARY, open="445")) == []


def test_an_address_that_is_gone_shows_the_gap_all_the_same() -> None:
    """The router asked the LAN for it, so its filter had let the probe in (RFC 4861 section 7.2.2)."""
    assert len(partial(table(router_dropped="445"), table(TEMPORARY, no_neighbour="445"))) == 1


def test_one_single_port_is_enough_at_a_temporary_address() -> None:
    """Nobody opens a port on purpose for an address that is gone tomorrow."""
    (finding,) = partial(table(router_dropped="1-1000"), table(TEMPORARY, open="445", router_dropped="1-444,446-1000"))
    assert "1 TCP port (445)" in finding.evidence


def test_a_pinhole_for_one_stable_address_is_what_a_careful_owner_does() -> None:
    filtered = table(TEMPORARY, router_dropped="1-1000")
    assert partial(table(open="22,443", router_dropped="1-21,23-442,444-1000"), filtered) == []


def test_a_stable_address_that_is_not_filtered_is_no_pinhole() -> None:
    (finding,) = partial(table(open="22", closed="1-21,23-1000"), table(SECOND, router_dropped="1-1000"))
    assert finding.why.startswith(f"What is stopped on {SECOND} (stable) gets in on {STABLE} (stable)")
    assert "use_tempaddr" not in finding.remedy


def test_differences_between_vantages_are_not_differences_between_addresses() -> None:
    assert partial(table(vantage="a", router_dropped="445"), table(TEMPORARY, vantage="b", open="445")) == []


def test_only_the_addresses_that_stop_it_are_said_to_stop_it() -> None:
    (finding,) = partial(
        table(router_dropped="1-100"), table(TEMPORARY, closed="1-100"), table(SECOND, indeterminate="1-100")
    )
    assert SECOND not in finding.why


def test_what_the_policy_allows_there_is_no_gap() -> None:
    policy = Policy((Allow("tcp", PortSet.parse("445"), AddressRole.TEMPORARY),))
    assert partial(table(router_dropped="445"), table(TEMPORARY, open="445"), policy=policy) == []


def test_each_protocol_has_its_finding() -> None:
    found = partial(
        table(router_dropped="445"),
        table(TEMPORARY, open="445"),
        table(protocol="udp", router_dropped="53"),
        table(TEMPORARY, protocol="udp", open="53"),
    )
    assert [finding.protocol for finding in found] == ["tcp", "udp"]


def test_one_address_alone_cannot_differ() -> None:
    assert partial(table(open="445", router_dropped="1-444")) == []


def test_a_refuted_vantage_does_not_count() -> None:
    tables = (table(router_dropped="445"), table(TEMPORARY, open="445"))
    assert partial(*tables, vantages=(vantage(outside="refuted"),)) == []


def test_one_sided_evidence_is_worded_as_probable() -> None:
    (finding,) = partial(table(router_rejected="445"), table(TEMPORARY, open="445"), witness=False)
    assert finding.title == "Only some addresses are probably filtered (TCP)"
