"""The same service weighs more at an address that is easily found, and less at one that dies; the evidence says why."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest

from scanner.findings import Facts, evaluate
from scanner.findings.weight import lowered, moved
from scanner.model.finding import Finding, Severity
from scanner.model.names import Answer, NameRecord, Outcome, Role, Server
from scanner.model.settings import Expectation

from .conftest import STABLE, TEMPORARY, address, facts, inventory, only, table, temporary

SECOND = "2001:db8:a:1:7f1a:93c4:5d2e:b60f"
NUMBERED = "2001:db8:a:1::2"


def record(ip: str, name: str = "www.home.example") -> NameRecord:
    server = Server(IPv4Address("192.0.2.53"))
    answer = Answer(server, Role.RESOLVER, name, "AAAA", Outcome.ANSWERED, (IPv6Address(ip),), ttl=60)
    return NameRecord(name, "home.example", (answer,))


def exposed(given: Facts) -> list[Finding]:
    return only("V6X001", evaluate(given))


@pytest.mark.parametrize(
    ("protocol", "ports", "severity"),
    [
        ("tcp", {"open": "80"}, "medium"),  # low
        ("tcp", {"open": "139"}, "critical"),  # high
        ("tcp", {"open": "445"}, "critical"),  # critical: nothing lies above
        ("udp", {"open_filtered": "53"}, "high"),  # medium, since it only may answer
    ],
)
def test_an_address_that_is_easy_to_find_makes_it_graver(protocol: str, ports: dict[str, str], severity: str) -> None:
    (finding,) = exposed(facts(table(NUMBERED, protocol=protocol, **ports)))
    assert finding.severity == severity
    assert finding.evidence.endswith("one step graver: its address is trivial to find by trying")


def test_an_ipv4_address_of_the_hosts_own_network_inside_an_address_is_trivial() -> None:
    """203.0.113.7 in the identifier: easy for everybody, trivial for whoever knows the network."""
    ip = "2001:db8:a:1::cb00:7107"
    host = replace(inventory(address(ip)), ipv4=(IPv4Network("203.0.113.0/24"),))
    (knowing,) = exposed(facts(table(ip, open="80"), host=host))
    (without,) = exposed(facts(table(ip, open="80"), host=inventory(address(ip))))
    assert "trivial to find" in knowing.evidence
    assert "easy to find" in without.evidence


def test_an_address_that_the_dns_gives_makes_it_graver_once() -> None:
    (named,) = exposed(replace(facts(table(open="80")), names=(record(STABLE),)))
    assert named.severity == "medium"
    assert named.evidence.endswith("one step graver: the DNS gives its address as www.home.example")
    (both,) = exposed(replace(facts(table(NUMBERED, open="80")), names=(record(NUMBERED),)))
    assert both.severity == "medium"
    (elsewhere,) = exposed(replace(facts(table(open="80")), names=(record(SECOND),)))
    assert elsewhere.severity == "low"


def test_what_only_temporary_addresses_show_is_lighter() -> None:
    (finding,) = exposed(facts(table(router_dropped="139"), table(TEMPORARY, open="139")))
    assert finding.severity == "medium"
    assert finding.evidence.endswith("one step lighter: only temporary addresses, which die, show it")


def test_a_temporary_address_in_the_dns_weighs_as_the_service_does() -> None:
    given = facts(table(router_dropped="139"), table(TEMPORARY, open="139"))
    (finding,) = exposed(replace(given, names=(record(TEMPORARY),)))
    assert finding.severity == "high"


@pytest.mark.parametrize("verdict", ["open", "open_filtered", "indeterminate"])
def test_a_lasting_address_that_shows_it_too_or_may_do_so_takes_nothing_off(verdict: str) -> None:
    found = exposed(facts(table(**{verdict: "139"}), table(TEMPORARY, open="139")))
    assert {finding.address: finding.severity for finding in found}[TEMPORARY] == "high"


def test_where_a_lasting_address_was_not_probed_nothing_is_known_of_it() -> None:
    alone = facts(table(TEMPORARY, open="139"), host=inventory(address(), temporary()))
    assert exposed(alone)[0].severity == "high"
    one_of_two = facts(
        table(router_dropped="139"),
        table(TEMPORARY, open="139"),
        host=inventory(address(), address(SECOND), temporary()),
    )
    assert exposed(one_of_two)[0].severity == "high"


def test_what_the_expected_router_lets_in_by_design_is_low_at_most() -> None:
    given = facts(table(NUMBERED, protocol="udp", open="500"))
    (strict,) = exposed(given)
    (by_design,) = exposed(replace(given, expect=Expectation.RFC6092))
    assert strict.severity == "medium"
    assert by_design.severity == "low"
    assert "REC-24" in by_design.evidence


@pytest.mark.parametrize("severity", list(Severity))
def test_steps_stay_on_the_scale(severity: Severity) -> None:
    assert moved(severity, 9) is Severity.CRITICAL
    assert moved(severity, -9) is Severity.INFO
    assert moved(severity, 0) is severity
    assert lowered(severity).rank == max(severity.rank - 1, 0)
