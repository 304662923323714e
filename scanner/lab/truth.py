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

from scanner.lab.personalities import NONE, Personality
from scanner.lab.rules import PASS_ALL, Action, Role, RuleSet, effective
from scanner.model.ports import LAST_PORT, PortSet
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
    verdicts = _at_home(services, protocol)
    for node, kind in reversed(PATH):
        actions = actions_of(one.filters.get(node, PASS_ALL), protocol, role)
        verdicts = [
            verdict if action is Action.PASS else _stopped(kind, action, protocol, verdict)
            for action, verdict in zip(actions, verdicts, strict=True)
        ]
    for instead in one.instead:
        if instead.protocol == protocol:
            for port in instead.ports:
                verdicts[port] = instead.verdict
    return _by_verdict(verdicts)


def actions_of(rules: RuleSet, protocol: str, role: Role) -> list[Action]:
    """What the rule set does to a new flow, indexed by port (index 0 is no port)."""
    actions = [effective(rules.default, protocol)] * (LAST_PORT + 1)
    for rule in reversed(rules.rules):  # the first that matches wins, so it is written last
        if rule.protocol == protocol and rule.role in (Role.ALL, role):
            for low, high in rule.ports.ranges:
                actions[low : high + 1] = [effective(rule.action, protocol)] * (high - low + 1)
    return actions


def _at_home(services: Services, protocol: str) -> list[Verdict]:
    """What a host without a firewall says, indexed by port."""
    verdicts = [Verdict.CLOSED] * (LAST_PORT + 1)
    listening = (
        ((services.tcp, Verdict.OPEN),)
        if protocol == "tcp"
        else ((services.udp, Verdict.OPEN), (services.udp_silent, Verdict.OPEN_FILTERED))
    )
    for ports, verdict in listening:
        for port in ports:
            verdicts[port] = verdict
    return verdicts


def _stopped(kind: str, action: Action, protocol: str, otherwise: Verdict) -> Verdict:
    """``otherwise`` is what would have become of the probe: a silent UDP port that is listened on stays in doubt."""
    listened = otherwise in (Verdict.OPEN, Verdict.OPEN_FILTERED)
    if kind == "host" and action is Action.DROP and protocol == "udp" and listened:
        return Verdict.OPEN_FILTERED
    return STOPPED_BY[kind][action]


def _by_verdict(verdicts: list[Verdict]) -> dict[Verdict, PortSet]:
    ports: dict[Verdict, list[int]] = {}
    for port, verdict in enumerate(verdicts[1:], 1):
        ports.setdefault(verdict, []).append(port)
    return {verdict: PortSet.of(some) for verdict, some in ports.items()}
