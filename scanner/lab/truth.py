"""What a two-sided scan of the lab must find, computed from the rule sets and the listeners (pure).

A probe meets isp1, isp2, cpe and host in this order; the first that does not pass it decides:

    isp1, isp2  drop                                  upstream-dropped
                admin-prohibited, port-unreachable    upstream-rejected
                reset                                 forged (it claims to be the target, and nothing arrived)
    cpe         drop                                  router-dropped
                admin-prohibited, port-unreachable    router-rejected
                reset                                 forged
    host        drop                                  host-dropped; a UDP port that is listened on: open|filtered, since
                                                      silence there is also what a listener without an answer does
                admin-prohibited                      host-rejected
                port-unreachable, reset               closed: just what the host says where nobody listens
    nobody      a listener that answers               open
                a UDP listener that is silent         open|filtered
                no listener                           closed

Reset means drop for UDP. What a personality's daemons answer replaces all that (``Personality.instead``). Rules that a
personality has beside its rule sets (holes for odd packets, loss, rate limits) do not change what an ordinary probe
proves, once it is repeated often enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from scanner.lab.personalities import NONE, Personality
from scanner.lab.rules import Action, Role, RuleSet, effective
from scanner.model.ports import FIRST_PORT, LAST_PORT, PortSet
from scanner.model.verdict import Verdict

A, V = Action, Verdict

# node -> action -> verdict, for everything but a pass
STOPPED_BY: Mapping[str, Mapping[Action, Verdict]] = {
    "isp": {
        A.DROP: V.UPSTREAM_DROPPED,
        A.ADMIN_PROHIBITED: V.UPSTREAM_REJECTED,
        A.PORT_UNREACHABLE: V.UPSTREAM_REJECTED,
        A.RESET: V.FORGED,
    },
    "cpe": {
        A.DROP: V.ROUTER_DROPPED,
        A.ADMIN_PROHIBITED: V.ROUTER_REJECTED,
        A.PORT_UNREACHABLE: V.ROUTER_REJECTED,
        A.RESET: V.FORGED,
    },
    "host": {
        A.DROP: V.HOST_DROPPED,
        A.ADMIN_PROHIBITED: V.HOST_REJECTED,
        A.PORT_UNREACHABLE: V.CLOSED,
        A.RESET: V.CLOSED,
    },
}
PATH = (("isp1", "isp"), ("isp2", "isp"), ("cpe", "cpe"), ("host", "host"))


@dataclass(frozen=True, slots=True)
class Services:
    """Who listens on the host, on all of its addresses. UDP ports in ``udp_silent`` take probes and say nothing."""

    tcp: PortSet = NONE
    udp: PortSet = NONE
    udp_silent: PortSet = NONE


def truth(
    what: Personality | Mapping[str, RuleSet], services: Services, protocol: str, role: Role
) -> dict[Verdict, PortSet]:
    """Every port from 1 to 65535 in exactly one verdict; a verdict without ports is left out.

    ``role`` is the address's: STABLE or TEMPORARY.
    """
    one = what if isinstance(what, Personality) else Personality("", "", what)
    ranges: dict[Verdict, list[tuple[int, int]]] = {}
    for low, high in pairwise(_cuts(one, services)):
        same = ranges.setdefault(verdict_of(one, services, protocol, role, low), [])
        if same and same[-1][1] == low - 1:
            same[-1] = (same[-1][0], high - 1)
        else:
            same.append((low, high - 1))
    return {verdict: PortSet(tuple(same)) for verdict, same in ranges.items()}


def verdict_of(one: Personality, services: Services, protocol: str, role: Role, port: int) -> Verdict:
    """The verdict of a single port."""
    for instead in one.instead:
        if instead.protocol == protocol and port in instead.ports:
            return instead.verdict
    at_home = _at_home(services, protocol, port)
    for node, kind in PATH:
        action = action_of(one.rules(node), protocol, role, port)
        if action is not Action.PASS:
            return _stopped(kind, action, protocol, at_home)
    return at_home


def action_of(rules: RuleSet, protocol: str, role: Role, port: int) -> Action:
    """What the rule set does to a new flow: the first rule that matches, else the default."""
    for rule in rules.rules:
        if rule.protocol == protocol and rule.role in (Role.ALL, role) and port in rule.ports:
            return effective(rule.action, protocol)
    return effective(rules.default, protocol)


def _cuts(one: Personality, services: Services) -> list[int]:
    """The ports at which anything may change, from 1 to 65536: between two of them all ports are alike."""
    named = [rule.ports for rules in one.filters.values() for rule in rules.rules]
    named += [instead.ports for instead in one.instead] + [services.tcp, services.udp, services.udp_silent]
    edges = {edge for ports in named for low, high in ports.ranges for edge in (low, high + 1)}
    return sorted(edges | {FIRST_PORT, LAST_PORT + 1})


def _at_home(services: Services, protocol: str, port: int) -> Verdict:
    """What a host without a firewall says."""
    if port in (services.tcp if protocol == "tcp" else services.udp):
        return Verdict.OPEN
    return Verdict.OPEN_FILTERED if protocol == "udp" and port in services.udp_silent else Verdict.CLOSED


def _stopped(kind: str, action: Action, protocol: str, otherwise: Verdict) -> Verdict:
    """``otherwise`` is what would have become of the probe: a silent UDP port that is listened on stays in doubt."""
    listened = otherwise in (Verdict.OPEN, Verdict.OPEN_FILTERED)
    if kind == "host" and action is Action.DROP and protocol == "udp" and listened:
        return Verdict.OPEN_FILTERED
    return STOPPED_BY[kind][action]
