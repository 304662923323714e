"""What a run proves to be gone, and what it only did not look at."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.model.conformance import Result, Standard
from scanner.model.finding import Finding, Severity
from scanner.model.run import PortTable, Run
from scanner.model.settings import Profile
from scanner.model.text import say
from scanner.notify.decide import decide
from scanner.notify.look import look_of
from scanner.notify.values import Absence, HostState, Known
from tests.checklist.runs import STABLE, address, dropped, row, run, table, temporary, vantage

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LEAST = Severity.MEDIUM


def finding(
    port: int | None = 22, severity: Severity = Severity.HIGH, ip: str | None = STABLE, **changes: Any
) -> Finding:
    protocol = None if port is None else "tcp"
    title = say("{service} answers strangers", service="SSH")
    made = Finding("V6X001", severity, title, ip, protocol, port, "", "", "", "", f"f{port}")
    return replace(made, **changes)


def known(*findings: Finding, tables: tuple[PortTable, ...] = (), **changes: Any) -> dict[str, Known]:
    """What is remembered after a run that found it."""
    first = replace(run(*(tables or dropped(open_ports="22")), **changes), findings=findings)
    state, _ = decide(HostState(), look_of(first, {}, LEAST), NOW)
    return dict(state.known)


def absence(later: Run, of: Finding | None = None, **first: Any) -> Absence | None:
    remembered = known(of or finding(), **first)
    return look_of(later, remembered, LEAST).absent.get((of or finding()).fingerprint)


def test_a_port_that_is_stopped_now_is_shut() -> None:
    assert absence(run(*dropped())) is Absence.SHUT


def test_a_port_that_still_answers_and_is_no_finding_any_more_is_gone() -> None:
    """For example because the policy allows it now."""
    assert absence(run(*dropped(open_ports="22"))) is Absence.GONE


def test_an_address_whose_role_is_gone_takes_its_findings_along() -> None:
    at = temporary().address
    seen = {"tables": (*dropped(), *dropped(at, open_ports="22")), "addresses": (address(), temporary())}
    assert absence(run(*dropped()), finding(ip=at), **seen) is Absence.GONE


@pytest.mark.parametrize(
    "later",
    [
        run(*dropped(), header={"complete": False, "problems": ("vps: the control flow was lost",)}),
        run(*dropped(), header={"complete": False, "interrupted": True}),
        run(table(router_dropped="80-443")),
        run(table(router_dropped="1-21", indeterminate="22-65535")),
        run(*dropped(temporary().address), addresses=(address(scanned=False), temporary())),
        # seen open from vps; what stops it on the way from elsewhere tells nothing about the way from vps
        run(table(seen_from="two", upstream_dropped="22"), vantages=(vantage("two"),)),
        run(table(seen_from="two", blocked="22"), vantages=(vantage("two"),)),
        # the same vantage, which turns out to stand inside
        run(*dropped(), vantages=(vantage("vps", "refuted"),)),
        run(
            *dropped(),
            table(seen_from="two", upstream_dropped="22"),
            vantages=(vantage("vps", "refuted"), vantage("two")),
        ),
    ],
)
def test_what_was_not_measured_is_not_gone(later: Run) -> None:
    assert absence(later) is None


def test_another_vantage_may_prove_what_is_so_wherever_one_looks_from() -> None:
    elsewhere = run(*dropped(seen_from="two"), vantages=(vantage("two"),))
    assert absence(elsewhere) is Absence.SHUT
    assert absence(run(table(upstream_dropped="1-65535"))) is Absence.SHUT  # the same vantage may say so


HOST = finding(None, ip=None)
WIDE = {"conformance": (row(Standard.RFC6092, Result.VIOLATES), row(Standard.RFC6092, Result.CONFORMS, "X2"))}


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (run(*dropped(open_ports="22"), **WIDE), Absence.GONE),
        (run(*dropped(open_ports="22")), None),  # the battery was left out
        (run(*dropped(), conformance=(row(Standard.RFC6092, Result.NOT_TESTABLE),) * 2), None),
        (run(*dropped(), header={"profile": Profile.QUICK}, **WIDE), None),
        (run(*dropped(), header={"witness": False}, **WIDE), None),
        (run(table(router_dropped="22,80"), table(protocol="udp", router_dropped="53,123,161"), **WIDE), None),
        (run(*dropped(), vantages=(), **WIDE), None),
        (run(table(indeterminate="1-65535"), table(protocol="udp", router_dropped="53,123,161"), **WIDE), None),
        (run(*dropped(), header={"profile": Profile.FULL}, **WIDE), Absence.GONE),
    ],
)
def test_a_finding_of_the_whole_host_is_gone_after_as_wide_a_look(later: Run, expected: Absence | None) -> None:
    assert absence(later, HOST, **WIDE) is expected


def test_addresses_that_came_and_went_do_not_make_a_look_narrower() -> None:
    both = {"tables": (*dropped(), *dropped(temporary().address)), "addresses": (address(), temporary())}
    assert absence(run(*dropped()), HOST, **both) is Absence.GONE
    assert absence(run(*dropped(), addresses=(address(), temporary())), HOST, **both) is None


def test_findings_that_share_a_fingerprint_are_one() -> None:
    other = "2001:db8:a:1::99"
    both = (finding(severity=Severity.MEDIUM), finding(ip=other))
    look = look_of(replace(run(), findings=both), {}, LEAST)
    (one,) = look.found
    assert (one.addresses, one.severity) == ((STABLE, other), Severity.HIGH)


def test_what_is_milder_than_asked_for_is_neither_news_nor_gone() -> None:
    milder = replace(run(*dropped(open_ports="22")), findings=(finding(severity=Severity.LOW),))
    look = look_of(milder, known(finding()), LEAST)
    assert (look.found, look.absent) == ((), {})


@pytest.mark.parametrize(("attended", "measured"), [(True, None), (False, False)])
def test_an_interrupted_run_is_told_where_nobody_watched(attended: bool, measured: bool | None) -> None:  # noqa: FBT001
    later = run(*dropped(), header={"complete": False, "interrupted": True})
    look = look_of(later, {}, LEAST, attended=attended)
    assert (look.measured, look.why.text) == (measured, "The scan was interrupted.")


def test_why_nothing_was_measured_is_what_the_run_says() -> None:
    later = run(header={"complete": False, "problems": ("vps: no python3", "two: no raw sockets")})
    assert look_of(later, {}, LEAST).why.text == "vps: no python3; two: no raw sockets"
