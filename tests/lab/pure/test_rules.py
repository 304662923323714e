"""RuleSet -> nftables text."""

from ipaddress import IPv6Address

import pytest

from scanner.lab.rules import Action, Role, Rule, RuleSet, chain, effective, table
from scanner.model.ports import PortSet

STABLE = [IPv6Address("2001:db8:2120:f400::10")]
ONE = PortSet.of([22])


def test_what_passes_everything_tracks_no_connections() -> None:
    assert chain("cpe", RuleSet()) == ()


def test_stateful_default_deny_of_a_router() -> None:
    rules = RuleSet((Rule("tcp", PortSet.parse("22,80-81"), Action.PASS),), Action.DROP)
    assert chain("cpe", rules) == (
        "ct state established,related accept",
        "ip6 saddr 2001:db8:2120:f400::/56 accept",
        "icmpv6 type { echo-request, time-exceeded, parameter-problem } accept",
        "tcp dport { 22, 80-81 } accept",
        "drop",
    )


def test_the_host_keeps_its_neighbours_and_itself() -> None:
    lines = chain("host", RuleSet(default=Action.DROP))
    assert 'iifname "lo" accept' in lines
    assert any("nd-neighbor-solicit" in line for line in lines)


def test_a_router_without_state_trusts_the_flags() -> None:
    assert chain("cpe", RuleSet(default=Action.DROP, stateful=False))[0] == "tcp flags & (ack | rst) != 0x0 accept"


def test_what_the_inside_opens_may_be_dropped() -> None:
    assert "ip6 saddr 2001:db8:2120:f400::/56 drop" in chain("cpe", RuleSet(outbound=Action.DROP))


@pytest.mark.parametrize(
    ("role", "stable", "expected"),
    [
        (Role.ALL, STABLE, "tcp dport { 22 } drop"),
        (Role.STABLE, STABLE, "ip6 daddr { 2001:db8:2120:f400::10 } tcp dport { 22 } drop"),
        (Role.TEMPORARY, STABLE, "ip6 daddr != { 2001:db8:2120:f400::10 } tcp dport { 22 } drop"),
        (Role.TEMPORARY, [], "tcp dport { 22 } drop"),
    ],
)
def test_roles(role: Role, stable: list[IPv6Address], expected: str) -> None:
    assert chain("cpe", RuleSet((Rule("tcp", ONE, Action.DROP, role),)), stable)[-1] == expected


@pytest.mark.parametrize("rule", [Rule("tcp", PortSet(), Action.DROP), Rule("tcp", ONE, Action.DROP, Role.STABLE)])
def test_a_rule_that_can_never_match_has_no_text(rule: Rule) -> None:
    assert not any("drop" in line for line in chain("cpe", RuleSet((rule,))))


@pytest.mark.parametrize(
    ("action", "lines"),
    [
        (Action.DROP, ["drop"]),
        (Action.ADMIN_PROHIBITED, ["reject with icmpv6 type admin-prohibited"]),
        (Action.PORT_UNREACHABLE, ["reject with icmpv6 type port-unreachable"]),
        (Action.RESET, ["meta l4proto tcp reject with tcp reset", "drop"]),
    ],
)
def test_default_actions(action: Action, lines: list[str]) -> None:
    assert list(chain("cpe", RuleSet(default=action)))[-len(lines) :] == lines


def test_only_tcp_can_be_reset() -> None:
    assert effective(Action.RESET, "tcp") is Action.RESET
    assert effective(Action.RESET, "udp") is Action.DROP
    assert chain("cpe", RuleSet((Rule("udp", ONE, Action.RESET),)))[-1] == "udp dport { 22 } drop"


@pytest.mark.parametrize(("node", "hook"), [("isp1", "forward"), ("cpe", "forward"), ("host", "input")])
def test_the_hook_of_a_node(node: str, hook: str) -> None:
    text = table(node, RuleSet(default=Action.DROP), STABLE, ("udp sport 53 accept",))
    assert f"hook {hook} priority filter" in text
    assert text.index("udp sport 53 accept") < text.index("ct state")
