"""The letter, its reasons and the sentence on top."""

import pytest

from scanner.findings import Facts, evaluate, summarise
from scanner.model.finding import Severity
from scanner.model.ports import PortSet
from scanner.model.run import PortTable, Summary
from scanner.model.settings import Expectation
from scanner.policy import Allow, Policy

from .conftest import TEMPORARY, address, facts, inventory, table, temporary, vantage

WEB = Policy((Allow("tcp", PortSet.parse("22,80,443")),))
FILTERED = str(PortSet.every() - PortSet.parse("22,80,443"))
EIGHT = "22,80,139,443,445,631,5000,6379"
UNFILTERED = str(PortSet.every() - PortSet.parse(EIGHT))


def grade(given_facts: Facts, *, complete: bool = True) -> Summary:
    return summarise(given_facts, evaluate(given_facts), complete=complete)


@pytest.mark.parametrize(
    ("verdicts", "letter"),
    [
        ({"open": "445"}, "F"),
        ({"open": "139"}, "D"),
        ({"open": "22"}, "C"),
        ({"open": "80"}, "B"),
        ({}, "A"),
        ({"closed": "25"}, "B"),  # a forgotten door
        ({"forged": "25"}, "A"),  # noted, nothing to act on
        ({"upstream_dropped": "25,445"}, "A"),
        ({"intercepted": "25"}, "C"),
        ({"indeterminate": "25"}, "B"),
        ({"indeterminate": "25,1000-2000"}, "C"),
        ({"open": "445", "indeterminate": "25"}, "F"),
    ],
)
def test_the_lowest_cap_is_the_grade(verdicts: dict[str, str], letter: str) -> None:
    assert grade(facts(table(router_dropped="2001-12000", **verdicts))).grade == letter


def test_a_router_that_passes_everything_caps_at_d_even_with_nothing_behind_it() -> None:
    assert grade(facts(table(closed="1-65535"))).grade == "D"
    assert grade(facts(table(closed="1-65535"), expect=Expectation.TRANSPARENT)).grade == "A"


@pytest.mark.parametrize(
    ("given_facts", "complete", "letter"),
    [
        (facts(table(router_dropped="1-100")), False, "C"),
        (facts(table(router_rejected="1-100"), witness=False), True, "C"),
        (facts(table(router_dropped="1-100"), host=inventory()), True, "B"),  # the temporary one was not scanned
        (facts(table(router_dropped="1-100"), vantages=(vantage(bound=None),)), True, "B"),
        (facts(table(router_dropped="1-100"), vantages=(vantage(outside="unproven"),)), True, "B"),
        (facts(table(router_dropped="1-100"), vantages=()), True, "B"),
        (facts(table(upstream_dropped="1-100")), True, "B"),  # the router was hardly tested
        (facts(table(router_dropped="1-50", upstream_dropped="51-100")), True, "A"),
    ],
)
def test_never_an_a_when_something_was_not_measured(
    given_facts: Facts,
    complete: bool,  # noqa: FBT001
    letter: str,
) -> None:
    assert grade(given_facts, complete=complete).grade == letter


@pytest.mark.parametrize(
    ("given_facts", "headline"),
    [
        (facts(vantages=(vantage(),), host=inventory()), "The scan could not tell: nothing was measured."),
        (facts(table(indeterminate="1-100")), "The scan could not tell: nothing was measured."),
        (
            facts(table(indeterminate="1-100"), witness=False),
            "The scan could not tell: nobody watched inside, and nothing answered.",
        ),
        (
            facts(table(open="445"), vantages=(vantage(outside="refuted"),)),
            "The scan could not tell: vps is not outside, so what it saw says nothing about strangers.",
        ),
        (
            facts(host=inventory(address("fe80::1")), vantages=(vantage(),)),
            "The scan could not tell: the host has no IPv6 address that the Internet can reach.",
        ),
    ],
)
def test_no_grade_where_nothing_may_be_graded(given_facts: Facts, headline: str) -> None:
    summary = grade(given_facts)
    assert summary.grade is None
    assert summary.headline == headline


def test_one_good_vantage_is_enough_for_a_grade() -> None:
    vantages = (vantage("a"), vantage("b", outside="refuted"))
    tables = (table(vantage="a", router_dropped="1-100"), table(vantage="b", open="445"))
    assert grade(facts(*tables, vantages=vantages)).grade == "A"


def test_all_five_counts_are_always_there() -> None:
    assert grade(facts(table(router_dropped="1-100"))).counts == dict.fromkeys(Severity, 0)
    counts = grade(facts(table(open=EIGHT, closed=UNFILTERED))).counts
    assert counts == {
        Severity.CRITICAL: 2,
        Severity.HIGH: 4,  # 139, 631, 5000, and the router
        Severity.MEDIUM: 1,
        Severity.LOW: 2,
        Severity.INFO: 0,
    }


def test_reasons_are_caps_the_lowest_first() -> None:
    reasons = grade(facts(table(open=EIGHT, closed=UNFILTERED, indeterminate=""))).reasons
    assert [reason[0] for reason in reasons] == ["F", "D", "C", "B"]
    assert reasons[0] == (
        "F: SMB file sharing answers strangers on tcp/445 on a stable address, and 1 more that is as grave"
    )
    assert "The router passes unsolicited traffic" in reasons[1]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ((table(open="445"),), "SMB file sharing answers strangers on tcp/445 on a stable address"),
        ((table(TEMPORARY, open="445"),), "SMB file sharing answers strangers on tcp/445 on a temporary address"),
        (
            (table(open="445"), table(TEMPORARY, open="445")),
            "SMB file sharing answers strangers on tcp/445 on stable and temporary addresses",
        ),
    ],
)
def test_a_cap_names_the_kind_of_address(tables: tuple[PortTable, ...], said: str) -> None:
    caps = grade(facts(*tables)).caps
    assert [(cap.reason, cap.severity) for cap in caps if cap.letter == "F"] == [(said, Severity.CRITICAL)]


def test_a_gap_in_the_measurement_is_a_cap_without_severity() -> None:
    caps = grade(facts(table(router_dropped="1-100")), complete=False).caps
    assert (caps[0].letter, caps[0].reason, caps[0].severity) == ("C", "the run is incomplete", None)


@pytest.mark.parametrize(
    ("given_facts", "headline"),
    [
        (
            facts(table(open=EIGHT, closed=UNFILTERED), table(TEMPORARY, open=EIGHT, closed=UNFILTERED)),
            (
                "SMB file sharing on 445 is open to the Internet on 2 of 2 addresses, and so are 7 other ports; "
                "your router passes everything."
            ),
        ),
        (
            facts(table(open="22,80,443", router_dropped=FILTERED), table(TEMPORARY, router_dropped="1-65535")),
            "SSH on 22 is open to the Internet on 1 of 2 addresses, and so are 2 other ports.",
        ),
        (
            facts(table(open="22,80,443", router_dropped=FILTERED), policy=WEB),
            "Nothing you did not allow is reachable from vps: 65,535 TCP ports on 1 address probed.",
        ),
        (
            facts(table(router_dropped="1-9"), table(protocol="udp", router_dropped="53")),
            "Nothing you did not allow is reachable from vps: 9 TCP ports and 1 UDP port on 1 address probed.",
        ),
        (facts(table(closed="1-65535")), "Your router passes everything."),
        (
            facts(table(open="80", closed="1-79")),
            "Your router passes everything; Web server (HTTP) on 80 is open to the Internet on 1 of 1 address.",
        ),
        (facts(table(closed="1-100", upstream_dropped="135-139")), "Your router passes everything."),
        (facts(table(closed="1-100", blocked="135-139")), "Your router passes unsolicited traffic."),
        (
            facts(table(router_dropped="445"), table(TEMPORARY, open="445")),
            (
                "Your router filters only some of your addresses; "
                "SMB file sharing on 445 is open to the Internet on 1 of 2 addresses."
            ),
        ),
        (
            facts(table(protocol="udp", open_filtered="51820", router_dropped="1-9")),
            "WireGuard on UDP 51820 is probably open to the Internet on 1 of 1 address.",
        ),
        (
            facts(table(closed="25", router_dropped="1000-2000")),
            "No service you did not allow is reachable from vps, but: Doors left open to nobody (TCP).",
        ),
        (
            facts(table(router_dropped="1-9", indeterminate="10-12")),
            "Nothing you did not allow was seen from vps, but 3 ports could not be measured.",
        ),
        (
            facts(table(router_dropped="1-9"), host=inventory(address(), temporary())),
            "Nothing you did not allow was seen from vps, but not everything could be measured.",
        ),
        (
            facts(table(router_dropped="1-9"), vantages=(vantage(outside="unproven"),)),
            "Nothing you did not allow was seen from vps, but it is not proven to be outside.",
        ),
        (
            facts(table(open="445", indeterminate="1-9")),
            "SMB file sharing on 445 is open to the Internet on 1 of 1 address; not everything could be measured.",
        ),
        (
            facts(table(open="445", closed="1-100"), witness=False),
            (
                "SMB file sharing on 445 is probably open to the Internet on 1 of 1 address; "
                "your router probably passes everything; not everything could be measured."
            ),
        ),
        (
            facts(table(vantage="vps", router_dropped="1-9"), table(vantage="cafe", router_dropped="1-9")),
            "Nothing you did not allow is reachable from vps and cafe: 9 TCP ports on 1 address probed.",
        ),
    ],
)
def test_the_headline_says_it_in_plain_words(given_facts: Facts, headline: str) -> None:
    assert grade(given_facts).headline == headline


def test_an_incomplete_run_does_not_claim_a_clean_result() -> None:
    headline = grade(facts(table(router_dropped="1-9")), complete=False).headline
    assert headline == "Nothing you did not allow was seen from vps, but not everything could be measured."
