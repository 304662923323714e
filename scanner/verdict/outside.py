"""Is the vantage outside? A certificate with its evidence: proven, refuted or unproven. Pure.

docs/certificate.md tells what each check looks at. One contradiction refutes; only where nothing contradicts and
nothing is missing it is proven.
"""

from collections.abc import Callable, Iterator
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import Inventory, Scope, scope_of
from scanner.model.evidence import Measurement
from scanner.model.run import Outside
from scanner.model.text import OR, joined, say
from scanner.verdict.case import Case, answered_elsewhere, by_default_router, is_tunnel, routes_to, scanned, shared_site

FEWEST_ROUTERS = 2  # the home router and at least one that is not the owner's
LINK = 64  # RFC 4291 section 2.5.4: the prefix of one link
MANY = 8  # ports with an answer that knows no token: one or two may be an accident, these are somebody's work
MOSTLY = 0.5

Check = Callable[[Case], Iterator[str]]


def certify(inventory: Inventory, vantage: IPv6Address, measurement: Measurement) -> Outside:
    """Refuted by any one contradiction; proven only where every fact speaks for it."""
    case = Case(inventory, vantage, measurement)
    against = tuple(dict.fromkeys(line for check in CONTRADICTIONS for line in check(case)))
    if against:
        return Outside("refuted", against)
    missing = tuple(dict.fromkeys(line for check in GAPS for line in check(case)))
    evidence = tuple(line for check in PROOFS for line in check(case))
    return Outside("unproven", (*missing, *evidence)) if missing else Outside("proven", evidence)


# -- what refutes


def own_address(case: Case) -> Iterator[str]:
    if case.inventory.owns(case.vantage):
        yield say("the vantage's address {vantage} is one of this host's own", vantage=case.vantage)


def no_internet_address(case: Case) -> Iterator[str]:
    if scope_of(case.vantage) is not Scope.GLOBAL:
        yield say("the vantage's address {vantage} is no address of the Internet", vantage=case.vantage)


def own_link(case: Case) -> Iterator[str]:
    """Also where a prefix is not announced as on-link: a /64 is one link (RFC 4291 section 2.5.4)."""
    for address in case.inventory.addresses:
        if address.scope not in (Scope.GLOBAL, Scope.UNIQUE_LOCAL):
            continue
        if 0 < address.prefix_length < 128 and case.vantage in address.network:  # noqa: PLR2004
            yield say(
                "the vantage's address {vantage} is in {network}, the host's own link ({interface})",
                vantage=case.vantage,
                network=address.network,
                interface=case.named(address.interface),
            )
        elif case.vantage in IPv6Network((address.ip, LINK), strict=False):
            yield say(
                "the vantage's address {vantage} is in the same /64 as the host's {address}",
                vantage=case.vantage,
                address=address.ip,
            )


def same_site(case: Case) -> Iterator[str]:
    routers = case.measurement.path.routers
    site = shared_site(case)
    if site is not None and routers is not None and routers < FEWEST_ROUTERS:
        yield say(
            "vantage and host share {prefix} and one router lies between: another network of the same site", prefix=site
        )


def own_route(case: Case) -> Iterator[str]:
    """The host has a route of its own to the vantage: a tunnel, a container network, another router of the site."""
    for route in routes_to(case):
        if not by_default_router(case, route):
            yield say(
                "the host has a route of its own to the vantage: {network} through {interface}",
                network=route.network,
                interface=case.named(route.interface),
            )
        elif any(prefix.overlaps(route.network) for prefix in case.prefixes):
            yield say("the vantage is in {network}, which the host is told is its own site", network=route.network)


def another_way_in(case: Case) -> Iterator[str]:
    """Arrivals must come from the default router's MAC on its interface."""
    router = case.inventory.default_router
    macs = case.router_macs
    for mac, interface in case.measurement.neighbours:
        if interface == "lo":
            yield say("probes arrived on the loopback interface: they never left this host")
        elif router is not None and interface not in case.way_out:
            yield say(
                "probes arrived on {interface}, which is not the way to the default router ({way})",
                interface=case.named(interface),
                way=router.interface,
            )
        elif router is None and is_tunnel(case, interface) and interface not in case.routerless:
            yield say("probes arrived on {interface}", interface=case.named(interface))
        elif mac and macs and (mac, interface) not in macs and interface not in case.unresolved:
            yield say(
                "probes were handed over by {mac} on {interface}, the default router is {routers}",
                mac=mac,
                interface=interface,
                routers=joined(OR, sorted({known for known, _ in macs})),
            )


def no_router_between(case: Case) -> Iterator[str]:
    if case.measurement.path.routers == 0 and case.measurement.neighbours:
        yield say("probes arrived with an untouched hop limit: no router lies between")


def turned_back(case: Case) -> Iterator[str]:
    """A way that meets the home router twice began on this side of it."""
    path = case.measurement.path
    last = next((hop.address for hop in path.hops if hop.distance == path.routers), None)
    for hop in path.hops:
        if last is not None and hop.address == last and hop.distance != path.routers:
            yield say(
                "the home router ({router}) is hop {first} and hop {last}: the way began on your side",
                router=last,
                first=hop.distance,
                last=path.routers,
            )


def translated(case: Case) -> Iterator[str]:
    for inside, seen in case.measurement.translated:
        yield say(
            "addresses are translated on the way: the call home from {inside} shows as {seen} outside",
            inside=inside,
            seen=seen,
        )


def proxied(case: Case) -> Iterator[str]:
    """Most TCP probes were answered in the host's name and none ever arrived."""
    answered, probed = answered_elsewhere(case)
    if answered and answered > probed * MOSTLY:
        yield say(
            "{answered:,} of {probed:,} TCP probes were answered in the host's name and none arrived: "
            "a transparent proxy on the way, so nothing is known of what lies behind it",
            answered=answered,
            probed=probed,
        )


def replayed(case: Case) -> Iterator[str]:
    if case.measurement.unexplained >= MANY:
        yield say(
            "answers for {count:,} ports do not know what was asked (wrong acknowledgement "
            "number or quote): somebody on the way replays or forges them",
            count=case.measurement.unexplained,
        )


CONTRADICTIONS: tuple[Check, ...] = (
    own_address,
    no_internet_address,
    own_link,
    own_route,
    another_way_in,
    no_router_between,
    same_site,
    turned_back,
    translated,
    proxied,
    replayed,
)

# -- what is missing for a proof


def nothing_arrived(case: Case) -> Iterator[str]:
    if not case.measurement.neighbours:
        yield say("no packet of the vantage was seen to arrive")
        return
    for mac, interface in case.measurement.neighbours:
        if is_tunnel(case, interface):
            yield say(
                "the host's own way to the Internet is {interface}, not a home router", interface=case.named(interface)
            )
        elif (mac, interface) not in case.router_macs:
            yield say("the default router's MAC is not known")


def short_way(case: Case) -> Iterator[str]:
    path = case.measurement.path
    if path.routers is None:
        yield say("the length of the path is not known")
    elif path.routers < FEWEST_ROUTERS:
        yield say("only one router lies between: the vantage may be another network of the same site")
    elif not any(hop.address for hop in path.hops if hop.distance < path.routers):
        yield say("no router before yours said that it is there: the hop limit alone may have been set on the way")


def near_relation(case: Case) -> Iterator[str]:
    site = shared_site(case)
    if site is not None:
        yield say("vantage and host share {prefix}: it may be another network of the same site", prefix=site)
    for hop in case.measurement.path.hops:
        at_home = hop.address is not None and any(hop.address in prefix for prefix in case.measurement.path.home)
        if at_home and hop.distance != case.measurement.path.routers:
            yield say(
                "hop {distance} ({address}) answers from the host's own link before the last one",
                distance=hop.distance,
                address=hop.address,
            )
    for route in routes_to(case):
        yield say("the host has a route to {network}, which holds the vantage", network=route.network)


def no_call_home(case: Case) -> Iterator[str]:
    heard = case.measurement.called_home
    silent = [] if heard is None else [ip for ip in scanned(case.measurement) if ip not in heard]
    for ip in silent:
        yield say("the call home from {address} was not heard at the vantage", address=ip)


def middlebox(case: Case) -> Iterator[str]:
    altered, unexplained = case.measurement.altered, case.measurement.unexplained
    if altered:
        yield say(
            "the probes of {count:,} ports did not arrive as they were sent: something on the way makes them anew",
            count=altered,
        )
    if unexplained:
        yield say("answers for {count:,} ports do not know what was asked", count=unexplained)
    answered, _ = answered_elsewhere(case)
    if answered:
        yield say("{count:,} TCP probes were answered in the host's name and no TCP probe arrived", count=answered)


GAPS: tuple[Check, ...] = (nothing_arrived, short_way, near_relation, no_call_home, middlebox)

# -- what proves, once nothing is missing


def foreign_address(case: Case) -> Iterator[str]:
    yield say("the vantage's address {vantage} is in no prefix of the host's links and routes", vantage=case.vantage)


def handed_over(case: Case) -> Iterator[str]:
    macs = sorted({mac for mac, _ in case.router_macs})
    router = case.inventory.default_router
    if case.measurement.neighbours and macs and router is not None:
        yield say(
            "every packet was handed over by the default router ({macs} on {interface})",
            macs=joined(OR, macs),
            interface=router.interface,
        )


def long_way(case: Case) -> Iterator[str]:
    path = case.measurement.path
    if path.routers is not None and path.routers >= FEWEST_ROUTERS:
        said = sum(hop.address is not None for hop in path.hops)
        yield say(
            "the hop limit fell by {routers} on the way in: {routers} routers lie between, {said} said so",
            routers=path.routers,
            said=said,
        )


def unchanged(case: Case) -> Iterator[str]:
    heard = case.measurement.called_home
    if heard is None:
        yield say("the host's addresses show unchanged at the vantage")
    else:
        yield say("the host's addresses show unchanged at the vantage ({count} called home)", count=len(heard))


PROOFS: tuple[Check, ...] = (foreign_address, handed_over, long_way, unchanged)
