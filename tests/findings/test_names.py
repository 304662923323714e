"""V6X012 and V6X013: what is found about a name, and what is said to do about it."""

from dataclasses import replace

import pytest

from scanner.findings.names import dies_in, filled, judge_astray, judge_dying
from scanner.model.address import Inventory
from scanner.model.finding import Finding, Severity
from scanner.model.names import Method, NameRecord, Outcome, Publication
from tests.findings.test_published import HOST, STABLE, TEMPORARY, answer, record

KEPT = Publication(
    client="ddclient",
    name="www.example.org",
    path="/etc/ddclient.conf",
    line=7,
    method=Method.OUTGOING,
    setting="usev6=webv6",
    fix="usev6=ifv6, ifv6={interface} {address} {identifier}",
    source="https://example.org/docs",
)


def dying(*records: NameRecord, host: Inventory = HOST) -> list[Finding]:
    return list(judge_dying(host, records))


def astray(*records: NameRecord, host: Inventory = HOST) -> list[Finding]:
    return list(judge_astray(host, records))


def test_the_stable_address_is_nothing_to_report() -> None:
    good = record(answer("192.0.2.1", str(STABLE.ip)), answer("192.0.2.53", str(STABLE.ip), role="r"))
    assert dying(good) == astray(good) == []


def test_a_temporary_address_in_the_dns() -> None:
    (found,) = dying(replace(record(answer("192.0.2.1", str(TEMPORARY.ip))), publications=(KEPT,)))
    assert (found.rule, found.severity, found.address) == ("V6X012", Severity.MEDIUM, str(TEMPORARY.ip))
    assert found.title == "www.example.org names a temporary address"
    assert found.evidence == (
        "AAAA 2001:db8:a::7777 from 192.0.2.1; it dies in 47 hours; "
        "/etc/ddclient.conf:7: ddclient publishes it (usev6=webv6)"
    )
    assert found.remedy == (
        "ddclient, in /etc/ddclient.conf (line 7): usev6=ifv6, ifv6=eth0 2001:db8:a::10 ::10. "
        "See https://example.org/docs"
    )
    assert "RFC 8981" in found.standard


def test_without_a_known_client_the_remedy_names_the_address() -> None:
    (found,) = dying(record(answer("192.0.2.1", str(TEMPORARY.ip))))
    assert found.remedy == "DNS: let www.example.org name 2001:db8:a::10, the stable address of this host."
    (alone,) = dying(record(answer("192.0.2.1", str(TEMPORARY.ip))), host=replace(HOST, addresses=(TEMPORARY,)))
    assert "no stable global address" in alone.remedy


def test_a_deprecated_address_is_less_grave() -> None:
    (found,) = dying(record(answer("192.0.2.1", "2001:db8:e::10")))
    assert (found.rule, found.severity) == ("V6X012", Severity.LOW)
    assert "it dies in 24 hours" in found.evidence


def test_a_ttl_beyond_the_preferred_lifetime() -> None:
    (found,) = dying(record(answer("192.0.2.1", str(STABLE.ip), ttl=86_400)))
    assert (found.rule, found.severity) == ("V6X012", Severity.INFO)
    assert "caches may keep it for 86400 s (TTL), it stays preferred for 14400 s" in found.evidence
    (both,) = dying(record(answer("192.0.2.1", str(TEMPORARY.ip), ttl=86_400)))
    assert "caches may keep it for 86400 s" in both.evidence


@pytest.mark.parametrize(
    ("ip", "severity", "title"),
    [
        ("2001:db8:a::1234", Severity.MEDIUM, "www.example.org names an address this host does not have"),
        ("2001:db8:ffff::1", Severity.MEDIUM, "www.example.org names somebody else's address"),
        ("fd00:1::10", Severity.LOW, "www.example.org names a unique local address"),
        ("fe80::10", Severity.LOW, "www.example.org names a link-local address"),
        ("::1", Severity.LOW, "www.example.org names an address nobody can reach"),
        ("2001:db8:a::12", Severity.MEDIUM, "www.example.org names an address that does not work"),
    ],
)
def test_a_name_that_leads_elsewhere(ip: str, severity: Severity, title: str) -> None:
    said = record(answer("192.0.2.1", ip))
    (found,) = astray(said)
    assert (found.rule, found.severity, found.title, found.address) == ("V6X013", severity, title, ip)
    assert found.why
    assert dying(said) == []


def test_an_address_made_by_the_resolver_is_nothing_to_report() -> None:
    said = record(answer("192.0.2.53", "64:ff9b::c000:201", role="r"))
    assert astray(said) == dying(said) == []


def test_a_name_without_an_address() -> None:
    (found,) = astray(record(answer("192.0.2.1", outcome=Outcome.NXDOMAIN), answer("192.0.2.53", role="r")))
    assert (found.title, found.severity) == ("www.example.org has no IPv6 address", Severity.LOW)
    assert found.evidence == "nxdomain from 192.0.2.1 and nodata from 192.0.2.53"
    assert astray(record(answer("192.0.2.1", outcome=Outcome.TIMEOUT))) == []


def test_a_name_kept_for_ipv4_only_needs_no_ipv6_address() -> None:
    said = record(answer("192.0.2.1"))
    kept = replace(KEPT, method=Method.NONE)
    assert astray(replace(said, publications=(kept,))) == []
    assert len(astray(replace(said, publications=(kept, KEPT)))) == 1


def test_a_client_that_is_set_well_is_not_told_to_change() -> None:
    said = record(answer("192.0.2.1", str(TEMPORARY.ip)))
    (found,) = dying(replace(said, publications=(replace(KEPT, method=Method.STABLE),)))
    assert found.remedy.endswith("has it publish a stable address; see why it has not.")


def test_servers_that_disagree() -> None:
    (found,) = astray(record(answer("192.0.2.1", str(STABLE.ip)), answer("192.0.2.2")))
    assert found.title == "The authoritative servers of www.example.org disagree"
    assert found.evidence == "2001:db8:a::10 from 192.0.2.1; nodata from 192.0.2.2"


def test_the_same_thing_has_the_same_fingerprint_after_the_address_rotated() -> None:
    later = replace(TEMPORARY, ip=TEMPORARY.ip + 1)
    (before,) = dying(record(answer("192.0.2.1", str(TEMPORARY.ip))))
    (after,) = dying(record(answer("192.0.2.1", str(later.ip))), host=replace(HOST, addresses=(STABLE, later)))
    (other,) = dying(replace(record(answer("192.0.2.1", str(TEMPORARY.ip))), name="shop.example.org"))
    assert before.fingerprint == after.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "at a time nobody knows"),
        (0, "in less than a minute"),
        (59, "in less than a minute"),
        (60, "in 1 minute"),
        (3599, "in 59 minutes"),
        (3600, "in 1 hour"),
        (172_800, "in 48 hours"),
        (604_800, "in 168 hours (7 days)"),
    ],
)
def test_how_long_it_has(seconds: int | None, words: str) -> None:
    assert dies_in(seconds) == words


def test_braces_of_a_program_are_left_alone() -> None:
    assert filled("awk '{print $4}' {interface} ::/{identifier}", STABLE) == "awk '{print $4}' eth0 ::/::10"
