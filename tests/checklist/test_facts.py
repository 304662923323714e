"""LAN, ways through, ICMPv6, addresses, names, and what the run itself is worth."""

from dataclasses import replace
from typing import Any

import pytest

from scanner.checklist.facts import FACTS
from scanner.model.conformance import Result, Standard
from scanner.model.evidence import Default
from scanner.model.finding import Finding, Severity
from scanner.model.names import Standing
from scanner.model.run_names import NameAddress, NameEntry
from scanner.policy import values

from .runs import CASES, FAIL, NOT_MEASURED, PASS, TEMPORARY, address, fact, judge, lan, row, run, temporary, vantage


def test_the_policy_and_the_judges_know_the_same_facts() -> None:
    assert {one.key for one in FACTS} == set(values.FACTS)


@pytest.mark.parametrize(
    ("judged", "status"),
    [
        (run(lan=(lan(),)), PASS),
        (run(lan=(lan(), lan(Default.PASSED, 22))), FAIL),
        (run(lan=(lan(), lan(Default.UNKNOWN, 22))), NOT_MEASURED),
        (run(), NOT_MEASURED),
        (run(lan=(lan(prefix="2001:db8:b::/64"),)), NOT_MEASURED),
        (run(lan=(lan(),), vantages=(vantage(outside="unproven"),)), NOT_MEASURED),
        (run(lan=(lan(Default.PASSED),), vantages=(vantage(outside="unproven"),)), FAIL),
        (run(lan=(lan(Default.PASSED),), vantages=(vantage(outside="refuted"),)), NOT_MEASURED),
        (run(lan=(lan(), lan(Default.PASSED, 22, "b")), vantages=(vantage(), vantage("b"))), FAIL),
        (run(lan=(lan(prefix="2001:db8:a::/48"),)), PASS),
    ],
)
def test_the_rest_of_the_lan(judged: Any, status: Any) -> None:
    assert fact("lan_default_blocked", judged).status is status


def test_what_may_pass_to_every_device_is_named() -> None:
    judged = run(lan=(lan(), lan(Default.PASSED, 22)))
    found = fact("lan_default_blocked", judged, 'lan_may_pass = "22"\n')
    assert (found.status, found.evidence) == (
        PASS,
        "stopped for addresses nobody uses: tcp/445; let in to every device, as lan_may_pass has it: tcp/22",
    )
    assert fact("lan_default_blocked", judged, 'lan_may_pass = "23"\n').status is FAIL


ROWS = [
    ("no_way_through", Standard.EVASION, Result.STOPPED, PASS),
    ("no_way_through", Standard.EVASION, Result.THROUGH, FAIL),
    ("no_way_through", Standard.EVASION, Result.PARTIAL, FAIL),
    ("no_way_through", Standard.EVASION, Result.NOT_MEASURABLE, NOT_MEASURED),
    ("no_way_through", Standard.RFC4890, Result.CONFORMS, NOT_MEASURED),
    ("must_pass_icmpv6", Standard.RFC4890, Result.CONFORMS, PASS),
    ("must_pass_icmpv6", Standard.RFC4890, Result.VIOLATES, FAIL),
    ("must_pass_icmpv6", Standard.RFC4890, Result.NOT_TESTABLE, NOT_MEASURED),
    ("must_pass_icmpv6", Standard.RFC6092, Result.CONFORMS, NOT_MEASURED),
]


@pytest.mark.parametrize(("key", "standard", "result", "status"), ROWS)
def test_rows_of_the_batteries(key: str, standard: Standard, result: Result, status: Any) -> None:
    """One good row beside each, so that a single bad or unknown one decides."""
    good = row(*{"no_way_through": (Standard.EVASION, Result.STOPPED)}.get(key, (Standard.RFC4890, Result.CONFORMS)))
    beside = (good,) if standard is good.standard else ()
    found = fact(key, run(conformance=(*beside, row(standard, result, "X2"))))
    assert found.status is status
    assert status is PASS or not beside or "X2" in found.evidence


def test_a_battery_that_was_not_played_is_named_in_the_remedy() -> None:
    """``--profile quick or more`` is what such a run had already."""
    for key, battery in (("no_way_through", "evasion"), ("must_pass_icmpv6", "icmpv6")):
        found = fact(key, run())
        assert found.status is NOT_MEASURED
        assert f"--battery {battery}" in found.remedy
        assert "or more" not in found.remedy


def test_a_case_may_stay_untried_by_name_and_never_get_through() -> None:
    rows = [
        row(Standard.EVASION, result, name) for result, name in ((Result.STOPPED, "X1"), (Result.NOT_MEASURABLE, "X2"))
    ]
    judged = run(conformance=tuple(rows))
    unknown = fact("no_way_through", judged)
    assert unknown.status is NOT_MEASURED
    assert 'may_stay_untried = ["X2"]' in unknown.remedy
    found = fact("no_way_through", judged, 'may_stay_untried = ["X2"]\n')
    assert (found.status, found.evidence) == (
        PASS,
        "1 case tried, as it should be; untried, as may_stay_untried has it: X2",
    )
    through = run(conformance=(rows[0], row(Standard.EVASION, Result.THROUGH, "X2")))
    assert fact("no_way_through", through, 'may_stay_untried = ["X2"]\n').status is FAIL


def test_only_what_must_pass_and_what_is_blocked_matters() -> None:
    """Router advertisements may get in, and packets to open ports, without these two facts being false."""
    drop, must, allowed, ways = (
        next(case.id for case in CASES if case.group == group)
        for group in ("must-drop", "must-pass", "allowed", "source-port")
    )
    good = {
        "must_pass_icmpv6": row(Standard.RFC4890, Result.CONFORMS),
        "no_way_through": row(Standard.EVASION, Result.STOPPED),
    }

    def status(key: str, result: Result, name: str) -> Any:
        return fact(key, run(conformance=(good[key], row(good[key].standard, result, name)))).status

    assert [status("must_pass_icmpv6", Result.VIOLATES, name) for name in (drop, must)] == [PASS, FAIL]
    assert [status("no_way_through", Result.THROUGH, name) for name in (allowed, ways)] == [PASS, FAIL]
    assert status("no_way_through", Result.THROUGH, "tcp-syn-data-allowed") is PASS
    only = run(conformance=(row(Standard.RFC4890, Result.CONFORMS, drop),))
    assert fact("must_pass_icmpv6", only).status is NOT_MEASURED


@pytest.mark.parametrize(
    ("outside", "status"), [("proven", PASS), ("unproven", NOT_MEASURED), ("refuted", NOT_MEASURED)]
)
def test_rows_count_from_where_they_were_tried(outside: str, status: Any) -> None:
    judged = run(conformance=(row(Standard.EVASION, Result.STOPPED),), vantages=(vantage(outside=outside),))
    assert fact("no_way_through", judged).status is status
    other = run(conformance=(row(Standard.EVASION, Result.STOPPED),), addresses=(address(), temporary()))
    assert fact("no_way_through", other).evidence == f"not tried at {TEMPORARY}"
    nobody = fact("no_way_through", run())
    assert (nobody.status, nobody.evidence) == (NOT_MEASURED, "this was not tried in the run")


def finding(rule: str) -> Finding:
    return Finding(rule, Severity.LOW, "Temporary address preferred", None, None, None, "", "", "", "", "f")


INTERNET = ("the Internet",)


@pytest.mark.parametrize(
    ("judged", "status"),
    [
        (run(addresses=(address(used_outbound=INTERNET), temporary())), PASS),
        (run(addresses=(address(seen_at=("vps",)), temporary())), PASS),
        (run(addresses=(address(), temporary(used_outbound=INTERNET))), FAIL),
        (run(addresses=(address(used_outbound=INTERNET), temporary(seen_at=("vps",)))), FAIL),
        (run(addresses=(address(used_outbound=INTERNET),), findings=(finding("V6X010"),)), FAIL),
        (run(addresses=(address(used_outbound=INTERNET),), findings=(finding("V6X011"),)), PASS),
        (run(), NOT_MEASURED),
    ],
)
def test_the_preferred_address(judged: Any, status: Any) -> None:
    assert fact("stable_address_preferred", judged).status is status


def test_what_is_told_of_a_call_from_a_temporary_address_does_not_deny_it() -> None:
    found = fact("stable_address_preferred", run(addresses=(address(), temporary(used_outbound=INTERNET))))
    assert "is used for the Internet" in found.evidence
    assert "does not tell" not in found.evidence


def name(*standings: Standing, unanswered: bool = False) -> NameEntry:
    found = tuple(NameAddress(TEMPORARY, standing, None, None, None, None, everywhere=True) for standing in standings)
    return NameEntry("www.example.org", "example.org", unanswered, found, ())


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ((name(Standing.STABLE),), PASS),
        ((name(Standing.STABLE, Standing.DEPRECATED),), PASS),
        ((name(Standing.STABLE, Standing.TEMPORARY),), FAIL),
        ((name(Standing.TEMPORARY, unanswered=True),), FAIL),
        ((name(Standing.GONE),), NOT_MEASURED),
        ((name(Standing.STABLE, unanswered=True),), NOT_MEASURED),
        ((name(Standing.STABLE), name()), NOT_MEASURED),
        ((), NOT_MEASURED),
    ],
)
def test_names(names: Any, status: Any) -> None:
    assert fact("no_temporary_address_in_dns", run(names=names)).status is status


@pytest.mark.parametrize(
    ("wanted", "outside", "status"),
    [
        (1, ("proven",), PASS),
        (1, ("proven", "refuted"), PASS),
        (2, ("proven", "proven"), PASS),
        (2, ("proven",), FAIL),
        (1, ("refuted",), FAIL),
        (1, ("unproven",), NOT_MEASURED),
        (2, ("proven", "unproven"), NOT_MEASURED),
        (1, (), NOT_MEASURED),
    ],
)
def test_vantages(wanted: int, outside: tuple[str, ...], status: Any) -> None:
    judged = run(vantages=tuple(vantage(f"v{number}", one) for number, one in enumerate(outside)))
    assert fact("vantages_proven_outside", judged, value=str(wanted)).status is status


@pytest.mark.parametrize(
    ("vantages", "watched", "status"),
    [
        ((vantage(bound=1e-3),), True, PASS),
        ((vantage(bound=0.0),), True, PASS),
        ((vantage(bound=1.1e-3),), True, FAIL),
        ((vantage(bound=1e-6), vantage("b", bound=0.5)), True, FAIL),
        ((vantage(bound=1e-6), vantage("b", bound=None)), True, NOT_MEASURED),
        ((vantage(bound=1e-6), vantage("b", "refuted", bound=0.5)), True, PASS),
        ((vantage(bound=1e-6),), False, NOT_MEASURED),
        ((), True, NOT_MEASURED),
    ],
)
def test_the_bound(vantages: Any, watched: bool, status: Any) -> None:  # noqa: FBT001
    judged = run(vantages=vantages, header={"witness": watched})
    assert fact("false_blocked_at_most", judged, value="0.001").status is status


def test_a_bound_of_nothing_is_a_bound() -> None:
    assert fact("false_blocked_at_most", run(), value="0").status is FAIL


def test_an_incomplete_run_is_not_measured_unless_nobody_asks() -> None:
    judged = run(header={"complete": False, "interrupted": True, "problems": ("the vantage went away",)})
    found = judge("", judged).items[0]
    assert (found.id, found.status, found.line) == ("complete_run", NOT_MEASURED, 1)
    assert found.evidence == "the run was interrupted; the vantage went away"
    assert judge("[require]\ncomplete_run = false\n", judged).status is PASS
    assert judge("", replace(judged, run=replace(judged.run, complete=True))).status is PASS


def test_what_is_not_asked_for_is_told() -> None:
    checklist = judge("[require]\nno_way_through = true\nmust_pass_icmpv6 = false\n", run())
    assert "must_pass_icmpv6" in checklist.not_required
    assert not {"no_way_through", "complete_run"} & set(checklist.not_required)
