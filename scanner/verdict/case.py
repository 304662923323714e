"""What the certificate of outsideness is made from, and the questions its checks ask of it. Pure."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import HostRoute, Inventory, Scope
from scanner.model.evidence import Kind, Measurement, PortFacts, TargetFacts
from scanner.model.text import say

SITE = 48  # RFC 6177: a site's prefix, at the most
DEFAULT_IN_PIECES = 8  # a VPN replaces ::/0 by ::/1, 2000::/3 and the like: such routes say nothing about the vantage
# The kernel's words (IFLA_INFO_KIND) for interfaces behind which another machine's packets come out of an envelope ...
TUNNELS = frozenset({"wireguard", "tun", "ipip", "sit", "ip6tnl", "gre", "gretap", "ip6gre", "ip6gretap", "erspan"})
TUNNELS |= {"ip6erspan", "vti", "vti6", "xfrm", "vxlan", "geneve", "ppp", "l2tpeth"}
# ... and for those behind which containers and virtual machines of this host are.
CONTAINERS = frozenset({"bridge", "veth", "macvlan", "macvtap", "ipvlan", "ipvtap", "netkit", "openvswitch"})


@dataclass(frozen=True, slots=True)
class Case:
    """What the certificate is made from."""

    inventory: Inventory
    vantage: IPv6Address
    measurement: Measurement

    @property
    def way_out(self) -> frozenset[str]:
        """The interfaces that lead to a default router."""
        router = self.inventory.default_router
        routed = {route.interface for route in self.inventory.routes if route.is_default and route.gateway}
        return frozenset(routed | ({router.interface} if router else set()))

    @property
    def routerless(self) -> frozenset[str]:
        """The interfaces a default route leaves by without a router's address: point to point."""
        return frozenset(route.interface for route in self.inventory.routes if route.is_default and not route.gateway)

    @property
    def unresolved(self) -> frozenset[str]:
        """The interfaces with a default router whose MAC is not known."""
        routes = [route for route in self.inventory.routes if route.is_default and route.gateway]
        return frozenset(route.interface for route in routes if not route.mac)

    @property
    def router_macs(self) -> frozenset[tuple[str, str]]:
        """(MAC, interface) of every default router whose MAC is known."""
        router = self.inventory.default_router
        known = {(route.mac, route.interface) for route in self.inventory.routes if route.is_default}
        if router is not None:
            known.add((router.mac, router.interface))
        return frozenset((mac.lower(), interface) for mac, interface in known if mac)

    @property
    def prefixes(self) -> frozenset[IPv6Network]:
        """The host's own global prefixes."""
        return frozenset(address.network for address in self.inventory.addresses if address.scope is Scope.GLOBAL)

    def named(self, interface: str) -> str:
        """The interface with what it is: ``wg0 (a wireguard tunnel)``."""
        kind = self.inventory.kind_of(interface)
        if kind in TUNNELS:
            return say("{interface} (a {kind} tunnel that ends on this host)", interface=interface, kind=kind)
        if kind in CONTAINERS and interface not in self.way_out:
            return say(
                "{interface} (a {kind} of this host, for containers or virtual machines)",
                interface=interface,
                kind=kind,
            )
        return interface


def is_tunnel(case: Case, interface: str) -> bool:
    return case.inventory.kind_of(interface) in TUNNELS


def shared_site(case: Case) -> IPv6Network | None:
    """The /48 in which both the vantage and a global address of the host are."""
    site = IPv6Network((case.vantage, SITE), strict=False)
    own = (address.ip for address in case.inventory.addresses if address.scope is Scope.GLOBAL)
    return site if any(ip in site for ip in own) else None


def routes_to(case: Case) -> tuple[HostRoute, ...]:
    """Routes that hold the vantage, those of the host's own links and the default ones left out."""
    return tuple(
        route
        for route in case.inventory.routes
        if route.network.prefixlen >= DEFAULT_IN_PIECES
        and case.vantage in route.network
        and route.network not in case.prefixes
    )


def by_default_router(case: Case, route: HostRoute) -> bool:
    router = case.inventory.default_router
    ways = {(known.gateway, known.interface) for known in case.inventory.routes if known.is_default and known.gateway}
    if router is not None:
        ways.add((router.address, router.interface))
    return (route.gateway, route.interface) in ways


def scanned(measurement: Measurement) -> tuple[IPv6Address, ...]:
    return tuple(dict.fromkeys(target.address for target in measurement.targets))


def answered_elsewhere(case: Case) -> tuple[int, int]:
    """(TCP probes answered in the host's name without arrival, all that were probed); (0, 0) where one arrived or none
    was accepted.
    """
    targets = [target for target in case.measurement.targets if target.protocol == "tcp"]
    groups = [(target, facts, ports) for target in targets for facts, ports in target.groups]
    answered = [row for row in groups if spoken_for(row[0], row[1])]
    accepted = any(facts.observation.kind is Kind.ACCEPT for _, facts, _ in answered if facts.observation)
    if not accepted or any(facts.arrival for _, facts, _ in groups):
        return 0, 0
    return sum(len(ports) for _, _, ports in answered), sum(len(ports) for _, _, ports in groups)


def spoken_for(target: TargetFacts, facts: PortFacts) -> bool:
    """The target answered, it seems; whether the probe arrived is not asked here."""
    seen = facts.observation
    return bool(seen and facts.watched and not facts.doubt and seen.responder == target.address)
