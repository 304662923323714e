"""The routers and hosts of the lab by name: literal, one line of help each (pure).

A name in PERSONALITIES has its default parameters; the functions give the same with others.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from scanner.lab.rules import PASS_ALL, Action, Role, Rule, RuleSet, table
from scanner.lab.topology import DELEGATED
from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.text import say
from scanner.model.verdict import Verdict

NONE = PortSet()
EVERY = PortSet.every()
ALLOWED = PortSet.parse("22,80,443")
WINDOWS_AND_MAIL = PortSet.parse("25,135-139,445")  # what many ISPs drop for all of their customers
UNPRIVILEGED = PortSet.parse("1024-")
PROXIED = PortSet.of([80])
PROXY_PORT = 8080
LATE = 6.5  # seconds; RFC 6092 REC-34 asks for at least 6
SYNS_A_SECOND = 200
LOST_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process of the lab's own on ``node``: ``python -m scanner.lab.MODULE ARGUMENTS``."""

    node: str
    module: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instead:
    """A daemon answers for these ports, whatever the rule sets would have made of them."""

    protocol: str
    ports: PortSet
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Personality:
    """What the filtering nodes (isp1, isp2, cpe, host) do; a node without a rule set passes everything.

    ``first`` are nftables rules that come before the rule set's, ``tables`` whole further tables, both by node.
    """

    name: str
    help: str
    filters: Mapping[str, RuleSet] = field(default_factory=dict)
    first: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    daemons: tuple[Daemon, ...] = ()
    instead: tuple[Instead, ...] = ()

    def rules(self, node: str) -> RuleSet:
        return self.filters.get(node, PASS_ALL)

    def text(self, node: str, stable: Collection[IPv6Address]) -> str:
        """The node's whole nftables rule set."""
        return table(node, self.rules(node), stable, self.first.get(node, ())) + self.tables.get(node, "")


def allow(ports: PortSet, default: Action) -> RuleSet:
    """New TCP flows to ``ports`` pass, the rest meets ``default``."""
    return RuleSet((Rule("tcp", ports, Action.PASS),), default)


def stateful(allowed: PortSet = ALLOWED) -> Personality:
    return Personality(
        "stateful", _but("the router drops what nobody inside asked for", allowed), _cpe(allowed, Action.DROP)
    )


def stateful_none() -> Personality:
    return replace(stateful(NONE), name="stateful-none")


def reject_admin(allowed: PortSet = ALLOWED) -> Personality:
    words = _but("the router rejects with ICMPv6 administratively prohibited", allowed)
    return Personality("reject-admin", words, _cpe(allowed, Action.ADMIN_PROHIBITED))


def reject_reset(allowed: PortSet = ALLOWED) -> Personality:
    words = _but("the router rejects TCP with a reset in the host's name", allowed)
    return Personality("reject-reset", words, _cpe(allowed, Action.RESET))


def reject_port_unreachable(allowed: PortSet = ALLOWED) -> Personality:
    words = _but("the router rejects with ICMPv6 port unreachable", allowed)
    return Personality("reject-port-unreachable", words, _cpe(allowed, Action.PORT_UNREACHABLE))


def stable_only(allowed: PortSet = ALLOWED) -> Personality:
    rules = (
        Rule("tcp", allowed, Action.PASS, Role.STABLE),
        Rule("tcp", EVERY, Action.DROP, Role.STABLE),
        Rule("udp", EVERY, Action.DROP, Role.STABLE),
    )
    words = f"the router filters the stable address only (all but TCP {allowed}); temporary ones stay open"
    return Personality("stable-only", words, {"cpe": RuleSet(rules)})


def stateless_established(allowed: PortSet = ALLOWED) -> Personality:
    rules = (Rule("tcp", allowed, Action.PASS), Rule("udp", UNPRIVILEGED, Action.PASS))
    words = _but("the router keeps no state: TCP with ACK or RST passes, and UDP from port 1024", allowed)
    return Personality("stateless-established", words, {"cpe": RuleSet(rules, Action.DROP, stateful=False)})


def source_port_53() -> Personality:
    first = ("tcp sport 53 accept", "udp sport 53 accept")
    return _hole("source-port-53", "as stateful, but whatever comes from source port 53 passes", first)


def fragment_hole() -> Personality:
    untrack = (  # before defragmentation, whose priority is -400
        "table ip6 v6expose_fragments {\n  chain pass {\n    type filter hook prerouting priority -450;\n"
        "    exthdr frag exists notrack\n  }\n}\n"
    )
    one = _hole("fragment-hole", "as stateful, but whatever is fragmented passes", ("exthdr frag exists accept",))
    return replace(one, tables={"cpe": untrack})


def extension_header_hole() -> Personality:
    first = ("ip6 nexthdr { 0, 43, 60 } accept",)  # hop-by-hop, routing, destination options
    return _hole("extension-header-hole", "as stateful, but whatever begins with an extension header passes", first)


def icmpv6_dropped() -> Personality:
    words = "as stateful, but ICMPv6 is dropped in both directions, errors too"
    return _hole("icmpv6-dropped", words, ("meta l4proto icmpv6 drop",))


def rfc6092() -> Personality:
    # RFC 6092 REC-21 (AH), REC-22 (ESP), REC-26 (HIP); REC-24 (IKE) is the rule for UDP 500
    first = (f"ip6 daddr {DELEGATED} ip6 nexthdr {{ 50, 51, 139 }} accept",)
    rules = RuleSet((Rule("udp", PortSet.of([500]), Action.PASS),), Action.DROP)
    words = "the router drops what nobody inside asked for, except IKE, ESP, AH and HIP (RFC 6092)"
    return Personality("rfc6092", words, {"cpe": rules}, {"cpe": first})


def rate_limit(syns_a_second: int = SYNS_A_SECOND) -> Personality:
    limit = f"limit rate over {syns_a_second}/second burst {syns_a_second} packets drop"
    first = (f"ip6 daddr {DELEGATED} tcp flags & (syn | ack) == syn {limit}",)
    words = f"the router passes {syns_a_second} new TCP connections a second and drops the rest"
    return Personality("rate-limit", words, first={"cpe": first})


def loss(percent: int = LOST_PERCENT, beside: Personality | None = None) -> Personality:
    """``percent`` of 100 packets are lost at the router, each way; ``beside`` says what it filters."""
    base = beside or Personality("", "")
    first = {**base.first, "cpe": (f"numgen random mod 100 < {percent} drop", *base.first.get("cpe", ()))}
    words = f"the router loses {percent} % of all packets, each way" + (f" ({base.help})" if base.help else "")
    return replace(base, name="loss", help=words, first=first)


def late_reject(delay: float = LATE) -> Personality:
    return Personality(
        "late-reject",
        f"the router drops silently and rejects {delay:g} s later (RFC 6092 REC-34)",
        _cpe(NONE, Action.DROP),
        daemons=(Daemon("cpe", "late_reject", ("wan0", str(DELEGATED), str(delay))),),
        instead=(Instead("tcp", EVERY, Verdict.ROUTER_REJECTED),),
    )


def isp_drops_smb(router: Personality | None = None) -> Personality:
    """``router`` says what the home router behind that ISP does: by default it passes everything."""
    rules = tuple(Rule(protocol, WINDOWS_AND_MAIL, Action.DROP) for protocol in ("tcp", "udp"))
    words = f"the ISP drops {WINDOWS_AND_MAIL} for everybody, the router " + (
        "passes all" if not router else router.name
    )
    base = router or Personality("", "")
    return replace(base, name="isp-drops-smb", help=words, filters={**base.filters, "isp1": RuleSet(rules)})


def host_firewall(allowed: PortSet = ALLOWED) -> Personality:
    words = _but("the router passes all, the host's own firewall drops", allowed)
    return Personality("host-firewall", words, {"host": allow(allowed, Action.DROP)})


def host_rejects(allowed: PortSet = ALLOWED) -> Personality:
    words = _but("the router passes all, the host's own firewall rejects", allowed)
    return Personality("host-rejects", words, {"host": allow(allowed, Action.ADMIN_PROHIBITED)})


def forged_reset() -> Personality:
    return Personality(
        "forged-reset",
        "the router drops, and something at the ISP sends resets in the host's name",
        _cpe(NONE, Action.DROP),
        daemons=(Daemon("isp2", "forge_reset", ("down0", str(DELEGATED))),),
        instead=(Instead("tcp", EVERY, Verdict.FORGED),),
    )


def proxy_answers() -> Personality:
    redirect = (
        "table ip6 v6expose_proxy {\n  chain catch {\n    type nat hook prerouting priority dstnat;\n"
        f"    ip6 daddr {DELEGATED} tcp dport {{ {PROXIED} }} redirect to :{PROXY_PORT}\n  }}\n}}\n"
    )
    return Personality(
        "proxy-answers",
        "the router passes all, but a proxy at the ISP answers on port 80 and the host never sees it",
        tables={"isp2": redirect},
        daemons=(Daemon("isp2", "services", ("--tcp", str(PROXY_PORT))),),
        instead=(Instead("tcp", PROXIED, Verdict.INTERCEPTED),),
    )


def no_outbound() -> Personality:
    rules = RuleSet(default=Action.DROP, outbound=Action.DROP)
    return Personality("no-outbound", "the router drops both ways, what the inside opens too", {"cpe": rules})


def _cpe(allowed: PortSet, default: Action) -> dict[str, RuleSet]:
    return {"cpe": allow(allowed, default)}


def _hole(name: str, words: str, first: tuple[str, ...]) -> Personality:
    return replace(stateful(), name=name, help=words, first={"cpe": first})


def _but(words: str, allowed: PortSet) -> str:
    return f"{words}, except TCP {allowed}" if allowed.ranges else words


PASSES = Personality("pass-all", "the router filters nothing (the vendor's sample configuration)")

PERSONALITIES = {
    one.name: one
    for one in (
        PASSES,
        stateful(),
        stateful_none(),
        reject_admin(),
        reject_reset(),
        reject_port_unreachable(),
        stable_only(),
        stateless_established(),
        source_port_53(),
        fragment_hole(),
        extension_header_hole(),
        icmpv6_dropped(),
        rfc6092(),
        rate_limit(),
        loss(),
        late_reject(),
        isp_drops_smb(),
        host_firewall(),
        host_rejects(),
        forged_reset(),
        proxy_answers(),
        no_outbound(),
    )
}


def personality(name: str) -> Personality:
    """The personality called ``name``. Raises InputError listing the known names."""
    if name not in PERSONALITIES:
        raise InputError(
            say("no personality {name!r}", name=name),
            say("known are {personalities}", personalities=", ".join(PERSONALITIES)),
        )
    return PERSONALITIES[name]
