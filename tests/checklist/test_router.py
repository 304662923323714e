"""The router drops the unlisted: only what it was seen to drop, from a vantage that is proven to be outside."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict

from .runs import (
    FAIL,
    NOT_MEASURED,
    PASS,
    STABLE,
    TEMPORARY,
    dropped,
    fact,
    item,
    judge,
    run,
    table,
    temporary,
    vantage,
)

KEY = "router_drops_unlisted"
ALL_UDP = table(protocol="udp", router_dropped="53")


def test_a_router_that_drops_everything_passes() -> None:
    found = fact(KEY, run())
    assert (found.status, found.line) == (PASS, 2)
    assert (
        found.evidence
        == "65,535 TCP ports of 1 address stopped by the router; 3 UDP ports of 1 address stopped by the router"
    )


def test_listed_ports_may_be_let_in() -> None:
    judged = run(*dropped(open_ports="22,443"))
    assert fact(KEY, judged).status is FAIL
    assert fact(KEY, judged, '[[allow]]\nprotocol = "tcp"\nports = "22,443"\n').status is PASS
    assert fact(KEY, judged, '[[allow]]\nprotocol = "udp"\nports = "22,443"\n').status is FAIL


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        ("open", FAIL),
        ("open|filtered", FAIL),
        ("closed", FAIL),
        ("host-dropped", FAIL),
        ("host-rejected", FAIL),
        ("reply-lost", FAIL),
        ("no-neighbour", FAIL),
        ("router-rejected", PASS),
        ("router-dropped", PASS),
        ("upstream-rejected", NOT_MEASURED),
        ("upstream-dropped", NOT_MEASURED),
        ("blocked", NOT_MEASURED),
        ("intercepted", NOT_MEASURED),
        ("forged", NOT_MEASURED),
        ("indeterminate", NOT_MEASURED),
    ],
)
def test_one_port_with_this_verdict_decides(verdict: str, status: Any) -> None:
    name = verdict.replace("|", "_").replace("-", "_")
    rest = "router_rejected" if name == "router_dropped" else "router_dropped"
    tcp = table(**{rest: "1-444,446-65535", name: "445"})
    found = fact(KEY, run(tcp, ALL_UDP))
    assert found.status is status
    assert status is PASS or "445" in found.evidence


def test_every_verdict_was_asked_about() -> None:
    marks = test_one_port_with_this_verdict_decides.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {verdict for verdict, _ in marks} == set(Verdict)


@pytest.mark.parametrize(
    "judged",
    [
        run(vantages=(vantage(outside="unproven"),)),
        run(vantages=(vantage(outside="refuted"),)),
        run(header={"witness": False}),
        run(vantages=(vantage(bound=None),)),
        run(vantages=()),
        run(addresses=()),
        run(addresses=(*run().addresses, temporary())),
        run(dropped()[0]),
        run(dropped()[1]),
        run(table(router_dropped="1-1000"), ALL_UDP),
        run(dropped()[0], table(protocol="udp")),
    ],
    ids=["unproven", "refuted", "one-sided", "no bound", "no vantage", "no address", "an address unprobed", "no UDP",
         "no TCP", "few ports", "an empty table"],
)  # fmt: skip
def test_what_was_not_measured_never_passes(judged: Any) -> None:
    assert fact(KEY, judged).status is NOT_MEASURED


def test_what_an_unproven_vantage_saw_come_in_fails_and_what_a_refuted_one_saw_does_not_count() -> None:
    tables = (*dropped(), table(seen_from="lan", closed="1-65535"))
    assert fact(KEY, run(*tables, vantages=(vantage(), vantage("lan", "unproven")))).status is FAIL
    assert fact(KEY, run(*tables, vantages=(vantage(), vantage("lan", "refuted")))).status is PASS


def test_one_proven_vantage_that_saw_the_router_drop_it_is_enough() -> None:
    other = table(seen_from="b", upstream_dropped="445", router_dropped="1-444,446-65535")
    judged = run(
        *dropped(), other, table(protocol="udp", seen_from="b", router_dropped="53"), vantages=(vantage(), vantage("b"))
    )
    assert fact(KEY, judged).status is PASS


def test_ports_may_be_left_to_a_network_before_the_router_by_name_only() -> None:
    judged = run(table(upstream_dropped="25,445", router_dropped="1-24,26-444,446-65535"), ALL_UDP)
    found = fact(KEY, judged, 'upstream_may_stop = "25"\n')
    assert found.status is NOT_MEASURED
    assert "(445)" in found.evidence
    assert 'upstream_may_stop = "445"' in found.remedy
    assert fact(KEY, judged, 'upstream_may_stop = "25,445"\n').status is PASS


def test_a_waived_port_is_left_out_here_too() -> None:
    judged = run(*dropped(open_ports="445"))
    waiver = '[[waive]]\nitem = "tcp/445"\nreason = "moving"\nuntil = {}\n'
    assert fact(KEY, judged, waiver.format("2026-12-31")).status is PASS
    assert fact(KEY, judged, waiver.format("2026-11-23")).status is FAIL


def test_the_profile_says_how_much_must_have_been_probed() -> None:
    few = run(table(router_dropped="1-1000"), table(protocol="udp", router_dropped="53"))
    assert fact(KEY, few, 'profile = "quick"\n').status is PASS
    assert fact(KEY, run(), 'profile = "full"\n').status is NOT_MEASURED
    whole = run(dropped()[0], table(protocol="udp", router_dropped="1-65535"))
    assert fact(KEY, whole, 'profile = "full"\n').status is PASS


def test_addresses_with_the_same_ports_are_told_together() -> None:
    judged = run(
        *dropped(open_ports="445"), *dropped(TEMPORARY, open_ports="445"), addresses=(*run().addresses, temporary())
    )
    assert fact(KEY, judged).evidence == (
        f"let in, seen from vps: 1 TCP port (445) on 2 of 2 addresses: {STABLE} (stable) and {TEMPORARY} (temporary)"
    )


verdicts = st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(verdicts, st.sampled_from(["proven", "unproven", "refuted"]), st.booleans())
def test_it_passes_only_where_a_proven_vantage_saw_the_router_stop_every_port(
    drawn: list[Verdict],
    outside: str,
    watched: bool,  # noqa: FBT001
) -> None:
    """Whatever mixture of verdicts: the definition, said a second time."""
    first = {verdict: [port for port, one in enumerate(drawn, 1) if one is verdict] for verdict in set(drawn)}
    tcp = table(**{v.replace("|", "_").replace("-", "_"): str(PortSet.of(ports)) for v, ports in first.items()})
    judged = run(tcp, ALL_UDP, vantages=(vantage(outside=outside),), header={"witness": watched})
    stopped = {Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED}
    passes = outside == "proven" and watched and set(drawn) <= stopped
    checklist = judge(f'[require]\n{KEY} = true\nprofile = "quick"\n', judged)
    assert (item(checklist, KEY).status is PASS) == passes
