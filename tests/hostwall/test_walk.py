"""Jumps, gotos, returns, priorities and doubt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scanner.hostwall.flow import Flow
from scanner.hostwall.values import Act, Action, Chain, Hook, HostRules, Rule, Source
from scanner.hostwall.walk import PASSED, SAME_PRIORITY, decide, ports_that_differ

from .conftest import ACCEPT, DROP, dport, field, match

LIMIT = {"limit": {"rate": 5, "burst": 5, "per": "second"}}
Build = Callable[..., HostRules]


def acts(flow: Flow, rules: HostRules) -> list[Act]:
    return sorted(end.act for end in decide(flow, rules).possible)


def test_the_first_rule_that_matches_decides(syn: Flow, rules: Build) -> None:
    one = rules([dport(22), ACCEPT], [dport(445), DROP], [dport(445), ACCEPT], policy="drop")
    (end,) = decide(syn, one).possible
    assert (end.act, end.number) == (Act.DROP, 1)


def test_the_policy_decides_where_no_rule_does(syn: Flow, rules: Build) -> None:
    (end,) = decide(syn, rules([dport(22), ACCEPT], policy="drop")).possible
    assert (end.number, end.text) == (None, "policy drop")


def test_accept_ends_its_own_base_chain_only(syn: Flow, rules: Build) -> None:
    early, late = rules([ACCEPT], prio=-10), rules([DROP], prio=10)
    both = HostRules((early.chains[0], replace(late.chains[0], name="late")))
    (end,) = decide(syn, both).possible
    assert (end.act, end.chain and end.chain[3]) == (Act.DROP, "late")


@pytest.mark.parametrize(
    ("how", "expected"),
    [("jump", Act.DROP), ("goto", Act.ACCEPT)],  # a goto does not come back: the base chain's policy decides
)
def test_a_jump_comes_back_and_a_goto_does_not(syn: Flow, rules: Build, how: str, expected: Act) -> None:
    one = rules([{how: {"target": "sub"}}], [DROP], subs={"sub": [[dport(22), ACCEPT], [{"return": None}], [DROP]]})
    assert acts(syn, one) == [expected]


def test_a_goto_in_a_jump_comes_back_to_who_jumped(syn: Flow, rules: Build) -> None:
    subs = {"one": [[{"goto": {"target": "two"}}], [ACCEPT]], "two": [[dport(22), DROP]]}
    assert acts(syn, rules([{"jump": {"target": "one"}}], [DROP], subs=subs)) == [Act.DROP]


def test_a_limit_makes_two_ways_and_says_why(syn: Flow, rules: Build) -> None:
    ends = decide(syn, rules([dport(445), LIMIT, ACCEPT], [dport(445), DROP]))
    assert {end.act for end in ends.possible} == {Act.DROP, Act.ACCEPT}
    assert ends.doubts == ("limit",)


def test_what_only_logs_under_a_limit_is_no_doubt(syn: Flow, rules: Build) -> None:
    ends = decide(syn, rules([LIMIT, {"log": {"prefix": "x"}}], [DROP]))
    assert (len(ends.possible), ends.doubts) == (1, ())


def test_two_stops_at_one_priority_are_not_put_in_order(syn: Flow, rules: Build) -> None:
    one, other = rules([DROP]).chains[0], replace(rules([DROP]).chains[0], name="other")
    ends = decide(syn, HostRules((one, other)))
    assert len(ends.possible) == 2
    assert SAME_PRIORITY in ends.doubts


def test_where_one_of_two_at_a_priority_passes_the_other_decides(syn: Flow, rules: Build) -> None:
    one, other = rules([ACCEPT]).chains[0], replace(rules([DROP]).chains[0], name="other")
    (end,) = decide(syn, HostRules((one, other))).possible
    assert end.chain == other.key


def test_another_destination_is_not_followed(syn: Flow, rules: Build) -> None:
    one = rules([dport(445), {"dnat": {"addr": "::1", "port": 99}}], hook="prerouting", type="nat", prio=-100)
    (end,) = decide(syn, one).possible
    assert end.act is Act.ELSEWHERE
    assert "dnat" in end.word


def test_a_word_that_is_not_known_is_not_passed_over(syn: Flow, rules: Build) -> None:
    (end,) = decide(syn, rules([{"teleport": None}], [ACCEPT])).possible
    assert (end.act, end.word) == (Act.ELSEWHERE, "does what is not understood (teleport)")


def test_before_connection_tracking_no_packet_is_new(syn: Flow, rules: Build) -> None:
    new = match({"ct": {"key": "state"}}, "new", "in")
    assert acts(syn, rules([new, DROP], hook="prerouting", prio=-300)) == [Act.ACCEPT]
    assert acts(syn, rules([new, DROP], hook="prerouting", prio=-150)) == [Act.DROP]


def test_before_connection_tracking_there_is_no_direction(syn: Flow, rules: Build) -> None:
    for op in ("==", "!="):
        original = match({"ct": {"key": "direction"}}, "original", op)
        assert acts(syn, rules([original, DROP], hook="prerouting", prio=-300)) == [Act.ACCEPT]


def test_a_rule_may_switch_tracking_off(syn: Flow, rules: Build) -> None:
    raw = rules([dport(445), {"notrack": None}], hook="prerouting", prio=-300).chains[0]
    new = match({"ct": {"key": "state"}}, "new", "in")
    both = HostRules((replace(raw, name="raw"), rules([new, DROP]).chains[0]))
    assert acts(syn, both) == [Act.ACCEPT, Act.DROP]
    assert acts(replace(syn, port=22), both) == [Act.DROP]


def test_an_ingress_chain_sees_its_own_interface_only(syn: Flow, rules: Build) -> None:
    one = rules([DROP], hook="ingress", dev="eth0")
    assert acts(syn, one) == [Act.DROP]
    assert acts(replace(syn, interface="eth1"), one) == [Act.ACCEPT]
    assert acts(replace(syn, interface=None), one) == [Act.ACCEPT, Act.DROP]


def test_circles_end(syn: Flow) -> None:
    jump = Rule("jump", (), Action(Act.JUMP, "sub"))
    base = Chain(Source.NFTABLES, "inet", "t", "input", Hook("input", 0, Act.ACCEPT), (jump, jump))
    (end,) = decide(syn, HostRules((base, replace(base, name="sub", hook=None)))).possible
    assert (end.act, end.word) == (Act.ELSEWHERE, "jumps in circles")


def test_a_dormant_table_does_nothing(syn: Flow) -> None:
    import json

    from scanner.hostwall.nft_rules import read_rules

    from .conftest import nft

    document = json.loads(nft({"input": [[DROP]]}))
    document["nftables"][0]["table"]["flags"] = ["dormant"]
    assert decide(syn, HostRules(read_rules(json.dumps(document)))).possible == (PASSED,)


def test_edges_are_where_a_rule_begins_and_ends(rules: Build) -> None:
    vmap = {"vmap": {"key": field("tcp", "dport"), "data": {"set": [[{"range": [100, 200]}, DROP]]}}}
    assert ports_that_differ(rules([dport({"set": [22, 23]}), DROP], [vmap])) == (0, 22, 24, 100, 201)


def test_an_unknown_source_is_on_the_internet(syn: Flow, rules: Build) -> None:
    local = match(field("ip6", "saddr"), {"prefix": {"addr": "fe80::", "len": 10}})
    some = match(field("ip6", "saddr"), {"prefix": {"addr": "2001:db8::", "len": 32}})
    somewhere: dict[str, Any] = {"source": None}
    assert acts(replace(syn, **somewhere), rules([local, ACCEPT], [DROP])) == [Act.DROP]
    assert acts(replace(syn, **somewhere), rules([some, DROP])) == [Act.ACCEPT, Act.DROP]
