"""Is the vantage outside? A certificate with its evidence: proven, refuted or unproven. Pure.

docs/certificate.md tells what each check looks at. One contradiction refutes; only where nothing contradicts and
nothing is missing it is proven.
"""

from collections.abc import Callable, Iterator
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import Inventory, Scope, scope_of
from scanner.model.evidence import Measurement
from scanner.model.run import Outside
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
        yield f"the vantage's address {case.vantage} is one of this host's own"


def no_internet_address(case: Case) -> Iterator[str]:
    if scope_of(case.vantage) is not Scope.GLOBAL:
        yield f"the vantage's address {case.vantage} is no address of the Internet"


def own_link(case: Case) -> Iterator[str]:
    """Also where a prefix is not announced as on-link: a /64 is one link (RFC 4291 section 2.5.4)."""
    for address in case.inventory.addresses:
        if address.scope not in (Scope.GLOBAL, Scope.UNIQUE_LOCAL):
            continue
        if 0 < address.prefix_length < 128 and case.vantage in address.network:  # noqa: PLR2004
            where = f"{address.network}, the host's own link ({case.named(address.interface)})"
        elif case.vantage in IPv6Network((address.ip, LINK), strict=False):
            where = f"the same /64 as the host's {address.ip}"
        else:
            continue
        yield f"the vantage's address {case.vantage} is in {where}"


def same_site(case: Case) -> Iterator[str]:
    routers = case.measurement.path.routers
    site = shared_site(case)
    if site is not None and routers is not None and routers < FEWEST_ROUTERS:
        yield f"vantage and host share {site} and one router lies between: another network of the same site"


def own_route(case: Case) -> Iterator[str]:
    """The host has a route of its own to the vantage: a tunnel, a container network, another router of the site."""
    for route in routes_to(case):
        if not by_default_router(case, route):
            through = case.named(route.interface)
            yield f"the host has a route of its own to the vantage: {route.network} through {through}"
        elif any(prefix.overlaps(route.network) for prefix in case.prefixes):
            yield f"the vantage is in {route.network}, which the host is told is its own site"


def another_way_in(case: Case) -> Iterator[str]:
    """Arrivals must come from the default router's MAC on its interface."""
    router = case.inventory.default_router
    macs = case.router_macs
    for mac, interface in case.measurement.neighbours:
        if interface == "lo":
            yield "probes arrived on the loopback interface: they never left this host"
        elif router is not None and interface not in case.way_out:
            way = f"the way to the default router ({router.interface})"
            yield f"probes arrived on {case.named(interface)}, which is not {way}"
        elif router is None and is_tunnel(case, interface) and interface not in case.routerless:
            yield f"probes arrived on {case.named(interface)}"
        elif mac and macs and (mac, interface) not in macs and interface not in case.unresolved:
            theirs = " or ".join(sorted({known for known, _ in macs}))
            yield f"probes were handed over by {mac} on {interface}, the default router is {theirs}"


def no_router_between(case: Case) -> Iterator[str]:
    if case.measurement.path.routers == 0 and case.measurement.neighbours:
        yield "probes arrived with an untouched hop limit: no router lies between"


def turned_back(case: Case) -> Iterator[str]:
    """A way that meets the home router twice began on this side of it."""
    path = case.measurement.path
    last = next((hop.address for hop in path.hops if hop.distance == path.routers), None)
    for hop in path.hops:
        if last is not None and hop.address == last and hop.distance != path.routers:
            yield f"the home router ({last}) is hop {hop.distance} and hop {path.routers}: the way began on your side"


def translated(case: Case) -> Iterator[str]:
    for inside, seen in case.measurement.translated:
        yield f"addresses are translated on the way: the call home from {inside} shows as {seen} outside"


def proxied(case: Case) -> Iterator[str]:
    """Most TCP probes were answered in the host's name and none ever arrived."""
    answered, probed = answered_elsewhere(case)
    if answered and answered > probed * MOSTLY:
        yield (
            f"{answered:,} of {probed:,} TCP probes were answered in the host's name and none arrived: "
            "a transparent proxy on the way, so nothing is known of what lies behind it"
        )


def replayed(case: Case) -> Iterator[str]:
    if case.measurement.unexplained >= MANY:
        yield (
            f"answers for {case.measurement.unexplained:,} ports do not know what was asked (wrong acknowledgement "
            "number or quote): somebody on the way replays or forges them"
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
        yield "no packet of the vantage was seen to arrive"
        return
    for mac, interface in case.measurement.neighbours:
        if is_tunnel(case, interface):
            yield f"the host's own way to the Internet is {case.named(interface)}, not a home router"
        elif (mac, interface) not in case.router_macs:
            yield "the default router's MAC is not known"


def short_way(case: Case) -> Iterator[str]:
    path = case.measurement.path
    if path.routers is None:
        yield "the length of the path is not known"
    elif path.routers < FEWEST_ROUTERS:
        yield "only one router lies between: the vantage may be another network of the same site"
    elif not any(hop.address for hop in path.hops if hop.distance < path.routers):
        yield "no router before yours said that it is there: the hop limit alone may have been set on the way"


def near_relation(case: Case) -> Iterator[str]:
    site = shared_site(case)
    if site is not None:
        yield f"vantage and host share {site}: it may be another network of the same site"
    for hop in case.measurement.path.hops:
        at_home = hop.address is not None and any(hop.address in prefix for prefix in case.measurement.path.home)
        if at_home and hop.distance != case.measurement.path.routers:
            yield f"hop {hop.distance} ({hop.address}) answers from the host's own link before the last one"
    for route in routes_to(case):
        yield f"the host has a route to {route.network}, which holds the vantage"


def no_call_home(case: Case) -> Iterator[str]:
    heard = case.measurement.called_home
    silent = [] if heard is None else [ip for ip in scanned(case.measurement) if ip not in heard]
    for ip in silent:
        yield f"the call home from {ip} was not heard at the vantage"


def middlebox(case: Case) -> Iterator[str]:
    altered, unexplained = case.measurement.altered, case.measurement.unexplained
    if altered:
        yield f"the probes of {altered:,} ports did not arrive as they were sent: something on the way makes them anew"
    if unexplained:
        yield f"answers for {unexplained:,} ports do not know what was asked"
    answered, _ = answered_elsewhere(case)
    if answered:
        yield f"{answered:,} TCP probes were answered in the host's name and no TCP probe arrived"


GAPS: tuple[Check, ...] = (nothing_arrived, short_way, near_relation, no_call_home, middlebox)

# -- what proves, once nothing is missing


def foreign_address(case: Case) -> Iterator[str]:
    yield f"the vantage's address {case.vantage} is in no prefix of the host's links and routes"


def handed_over(case: Case) -> Iterator[str]:
    macs = sorted({mac for mac, _ in case.router_macs})
    router = case.inventory.default_router
    if case.measurement.neighbours and macs and router is not None:
        yield f"every packet was handed over by the default router ({' or '.join(macs)} on {router.interface})"


def long_way(case: Case) -> Iterator[str]:
    path = case.measurement.path
    if path.routers is not None and path.routers >= FEWEST_ROUTERS:
        said = sum(hop.address is not None for hop in path.hops)
        yield f"the hop limit fell by {path.routers} on the way in: {path.routers} routers lie between, {said} said so"


def unchanged(case: Case) -> Iterator[str]:
    heard = case.measurement.called_home
    number = "" if heard is None else f" ({len(heard)} called home)"
    yield f"the host's addresses show unchanged at the vantage{number}"


PROOFS: tuple[Check, ...] = (foreign_address, handed_over, long_way, unchanged)
