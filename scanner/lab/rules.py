"""What a node lets in, as a value, and its nftables text (pure).

A RuleSet says what happens to *new* flows towards the LAN. What belongs to a flow that already exists passes, what the
inside opens passes unless ``outbound`` says otherwise, and so do the ICMPv6 messages that RFC 4890 section 4.3.1 says
must not be dropped (errors only when they belong to a flow: RFC 6092 REC-10, REC-18, REC-36).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.lab.topology import DELEGATED, LAN
from scanner.model.ports import PortSet

TABLE = "v6expose_lab"
COUNTER = "arrived"
PROTOCOLS = ("tcp", "udp")


class Action(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    DROP = "drop"
    ADMIN_PROHIBITED = "admin-prohibited"  # ICMPv6 1/1
    PORT_UNREACHABLE = "port-unreachable"  # ICMPv6 1/4
    RESET = "reset"  # TCP RST; means drop for everything that is not TCP


class Role(StrEnum):
    """Which of the host's addresses a rule is about."""

    ALL = "all"
    STABLE = "stable"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class Rule:
    protocol: str  # "tcp" | "udp"
    ports: PortSet
    action: Action
    role: Role = Role.ALL


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The first rule that matches decides, else ``default``. ``outbound`` is for what the inside opens.

    Not ``stateful``: no flow is remembered, every TCP segment with ACK or RST passes ("established" of an access list).
    """

    rules: tuple[Rule, ...] = ()
    default: Action = Action.PASS
    outbound: Action = Action.PASS
    stateful: bool = True


PASS_ALL = RuleSet()

_VERDICTS = {
    Action.PASS: "accept",
    Action.DROP: "drop",
    Action.ADMIN_PROHIBITED: "reject with icmpv6 type admin-prohibited",
    Action.PORT_UNREACHABLE: "reject with icmpv6 type port-unreachable",
    Action.RESET: "reject with tcp reset",
}
# RFC 4890 section 4.3.1, as far as RFC 6092 does not ask for state; the rest comes by "related"
_ICMPV6_IN = "icmpv6 type { echo-request, time-exceeded, parameter-problem } accept"
_BY_STATE = "ct state established,related accept"
_BY_FLAGS = "tcp flags & (ack | rst) != 0x0 accept"
_NEIGHBOUR_DISCOVERY = (
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept"
)


def table(node: str, rules: RuleSet, stable: Collection[IPv6Address] = (), first: Collection[str] = ()) -> str:
    """One nftables table. ``first`` are rules that come before all others, ``stable`` the host's stable addresses.

    Routers filter in the forward hook, the host in input.
    """
    body = "\n".join(f"    {line}" for line in (*first, *chain(node, rules, stable)))
    hook = "input" if node == "host" else "forward"
    return (
        f"table ip6 {TABLE} {{\n  chain filter {{\n"
        f"    type filter hook {hook} priority filter; policy accept;\n{body}\n  }}\n}}\n"
    )


def counting_table() -> str:
    """The printer's: it filters nothing and counts what comes from beyond the LAN."""
    return (
        f"table ip6 {TABLE} {{\n  counter {COUNTER} {{ }}\n  chain count {{\n"
        "    type filter hook input priority filter; policy accept;\n"
        f"    ip6 saddr != {{ {LAN}, fe80::/10, ::/128, ::1/128 }} counter name {COUNTER}\n  }}\n}}\n"
    )


def chain(node: str, rules: RuleSet, stable: Collection[IPv6Address] = ()) -> tuple[str, ...]:
    """The rules of one node, in order; none at all where everything passes (no connection tracking either)."""
    if rules == PASS_ALL:
        return ()
    inward = [line for rule in rules.rules if (line := _rule(rule, stable))] + _default(rules.default)
    return (_BY_STATE if rules.stateful else _BY_FLAGS, *_head(node, rules), _ICMPV6_IN, *inward)


def effective(action: Action, protocol: str) -> Action:
    """What ``action`` does to ``protocol``: only TCP can be reset."""
    return Action.DROP if action is Action.RESET and protocol != "tcp" else action


def _head(node: str, rules: RuleSet) -> list[str]:
    if node == "host":
        return ['iifname "lo" accept', _NEIGHBOUR_DISCOVERY, "ip6 saddr fe80::/10 accept"]
    return [f"ip6 saddr {DELEGATED} {line}" for line in _default(rules.outbound)] or [f"ip6 saddr {DELEGATED} accept"]


def _rule(rule: Rule, stable: Collection[IPv6Address]) -> str:
    """The text of one rule; "" where it can never match."""
    where = _addresses(rule.role, stable)
    if not rule.ports.ranges or where is None:
        return ""
    ports = ", ".join(str(rule.ports).split(","))
    return f"{where}{rule.protocol} dport {{ {ports} }} {_VERDICTS[effective(rule.action, rule.protocol)]}"


def _addresses(role: Role, stable: Collection[IPv6Address]) -> str | None:
    """The match on the destination; None where no address has that role."""
    known = ", ".join(str(ip) for ip in sorted(stable))
    match role:
        case Role.ALL:
            return ""
        case Role.STABLE:
            return f"ip6 daddr {{ {known} }} " if known else None
        case Role.TEMPORARY:
            return f"ip6 daddr != {{ {known} }} " if known else ""


def _default(action: Action) -> list[str]:
    if action is Action.PASS:
        return []
    if action is Action.RESET:
        return ["meta l4proto tcp reject with tcp reset", "drop"]
    return [_VERDICTS[action]]
