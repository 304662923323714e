"""Rows are split by the rule that decides, and what is not sure is said as unknown."""

from collections.abc import Callable
from typing import Literal

import pytest

from scanner.hostwall.name_rules import NO_RULE, UNKNOWN, Whence, name_rules
from scanner.hostwall.values import HostRules
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, PortTable
from scanner.model.verdict import Verdict

from .conftest import ACCEPT, DROP, HOST, VANTAGE, dport, match

Build = Callable[..., HostRules]
ADMIN = {"reject": {"type": "icmpv6", "expr": "admin-prohibited"}}
RESET = {"reject": {"type": "tcp reset"}}
LIMIT = {"limit": {"rate": 5, "burst": 5, "per": "second"}}
WHENCE = {(str(HOST), "vps"): Whence(VANTAGE, "eth0", "eth0")}


def row(ports: str, verdict: Verdict, answer: str = "no-response", reason: str = "") -> Evidence:
    return Evidence(ports, verdict, answer, None, None, True, None, 61, 2, reason)  # noqa: FBT003


def named(rules: HostRules, *rows: Evidence, protocol: Literal["tcp", "udp"] = "tcp") -> dict[str, str]:
    """ports -> reason, after naming."""
    table = PortTable(str(HOST), "vps", protocol, {}, rows)
    (after,) = name_rules((table,), rules, WHENCE)
    assert sum(len(PortSet.parse(one.ports)) for one in after.evidence) == sum(
        len(PortSet.parse(r.ports)) for r in rows
    )
    return {one.ports: one.reason for one in after.evidence}


def only(rules: HostRules, one: Evidence) -> str:
    (reason,) = named(rules, one).values()
    return reason


def test_a_row_is_split_by_the_rule_that_decides(rules: Build) -> None:
    one = rules([dport({"set": [25, {"range": [135, 139]}]}), DROP], [dport(22), ACCEPT], policy="drop")
    reasons = named(one, row("1-21,23-65535", Verdict.HOST_DROPPED))
    assert list(reasons) == ["1-21,23-24,26-134,140-65535", "25,135-139"]
    assert reasons["1-21,23-24,26-134,140-65535"] == "nftables inet t input: policy drop"
    assert reasons["25,135-139"].startswith("nftables inet t input: ")


def test_rows_of_other_verdicts_stay_as_they_are(rules: Build) -> None:
    rows = (row("1", Verdict.ROUTER_DROPPED, reason="located"), row("2", Verdict.OPEN, "syn-ack"))
    assert named(rules([DROP]), *rows) == {"1": "located", "2": ""}


def test_the_answer_tells_which_of_two_rules_it_was(rules: Build) -> None:
    one = rules([LIMIT, ADMIN], [DROP])
    assert "policy" not in only(one, row("7", Verdict.HOST_REJECTED, "admin-prohibited"))
    assert only(one, row("7", Verdict.HOST_REJECTED, "admin-prohibited")).startswith("nftables inet t input: ")


def test_a_silent_port_was_not_accepted(rules: Build) -> None:
    one = rules([LIMIT, ACCEPT], policy="drop")
    assert only(one, row("7", Verdict.HOST_DROPPED)) == "nftables inet t input: policy drop"


def test_two_rules_that_may_both_have_dropped_are_not_chosen_from(rules: Build) -> None:
    reason = only(rules([LIMIT, DROP], policy="drop"), row("7", Verdict.HOST_DROPPED))
    assert reason.startswith(UNKNOWN)
    assert "policy drop" in reason
    assert "cannot be known: limit" in reason


@pytest.mark.parametrize("verdict", [Verdict.HOST_DROPPED, Verdict.HOST_REJECTED])
def test_no_rule_at_all_is_unknown(rules: Build, verdict: Verdict) -> None:
    assert only(rules([ACCEPT]), row("7", verdict)) == UNKNOWN + NO_RULE


def test_rules_that_say_otherwise_than_what_was_seen_are_not_believed(rules: Build) -> None:
    reason = only(rules([DROP]), row("7", Verdict.HOST_REJECTED, "admin-prohibited"))
    assert reason.startswith(UNKNOWN)
    assert "not what was seen" in reason


def test_a_reject_may_stay_silent_but_a_reset_does_not(rules: Build) -> None:
    silent = row("7", Verdict.HOST_DROPPED)
    assert only(rules([ADMIN]), silent).endswith("whose answer did not leave the host")
    assert only(rules([RESET]), silent).startswith(UNKNOWN)


def test_a_closed_port_is_the_firewalls_only_where_it_must_be(rules: Build) -> None:
    closed = row("7", Verdict.CLOSED, "reset")
    assert only(rules([RESET]), closed).startswith("nftables inet t input: ")
    assert only(rules([LIMIT, RESET]), closed) == ""
    assert only(rules([ACCEPT]), closed) == ""


def test_a_redirect_is_unknown_and_named(rules: Build) -> None:
    one = rules([dport(7), {"redirect": {"port": 8080}}], hook="prerouting", type="nat", prio=-100)
    reason = only(one, row("7", Verdict.HOST_DROPPED))
    assert reason.startswith(UNKNOWN + "nftables inet t input: ")
    assert reason.endswith("which sends it to another port (redirect)")


def test_where_rules_could_not_be_read_nothing_is_named(rules: Build) -> None:
    one = HostRules(rules([DROP]).chains, ("the rules of legacy ip6tables cannot be read (x): run as root",))
    assert only(one, row("7", Verdict.HOST_DROPPED)) == UNKNOWN + one.problems[0]


def test_an_interface_that_is_not_known_is_a_doubt(rules: Build) -> None:
    one = rules([match({"meta": {"key": "iifname"}}, "eth1"), DROP], policy="drop")
    table = PortTable(str(HOST), "vps", "tcp", {}, (row("7", Verdict.HOST_DROPPED),))
    (after,) = name_rules((table,), one)
    assert "the interface is not known" in after.evidence[0].reason
    assert only(one, row("7", Verdict.HOST_DROPPED)) == "nftables inet t input: policy drop"


def test_udp_and_tcp_are_told_apart(rules: Build) -> None:
    one = rules([dport(7), DROP], policy="drop")
    assert "policy" in named(one, row("7", Verdict.HOST_DROPPED), protocol="udp")["7"]
    assert "policy" not in named(one, row("7", Verdict.HOST_DROPPED))["7"]


def test_too_many_rules_for_every_port_are_unknown(rules: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.hostwall.name_rules.MOST_STEPS", 1000)
    one = rules(*([dport(port), ACCEPT] for port in range(2, 200, 2)), policy="drop")
    reasons = named(one, row("1-300", Verdict.HOST_DROPPED)).values()
    assert any("too many" in reason for reason in reasons)
