"""Is there anything to scan, and a way out?"""

from collections.abc import Callable

from scanner.discovery import netlink
from scanner.discovery.addresses import read_addresses
from scanner.discovery.checks.check import Check, Status
from scanner.discovery.listeners import interface_name
from scanner.discovery.router import Neighbour, Route, best_route, mac_of
from scanner.model.address import Address
from scanner.model.errors import EnvironmentFault


def check_addresses(read: Callable[[], tuple[Address, ...]] = read_addresses) -> Check:
    """At least one address that the Internet can reach."""
    try:
        found = read()
    except EnvironmentFault as fault:
        return Check("addresses", Status.FAIL, fault.message, fault.remedy)
    scanned = [str(address.ip) for address in found if address.scannable]
    if not scanned:
        remedy = "ask the provider for IPv6 and see what the router announces; `v6expose addresses` lists what is there"
        return Check("addresses", Status.FAIL, f"no global IPv6 address among {len(found)}", remedy)
    more = f" and {len(scanned) - 1} more" if len(scanned) > 1 else ""
    return Check("addresses", Status.OK, f"{scanned[0]}{more} would be scanned")


def check_default_router(
    routes: Callable[[], tuple[Route, ...]] = netlink.read_default_routes,
    neighbours: Callable[[], tuple[Neighbour, ...]] = netlink.read_neighbours,
) -> Check:
    """A route to ::/0, and the MAC of the router, by which the witness knows whose packets it sees."""
    name = "default router"
    try:
        route, known = best_route(routes()), neighbours()
    except EnvironmentFault as fault:
        return Check(name, Status.FAIL, fault.message, fault.remedy)
    if route is None:
        remedy = "see `ip -6 route show default`; a router announces it, or `ip -6 route add default via ...`"
        return Check(name, Status.FAIL, "there is no IPv6 default route", remedy)
    interface = interface_name(route.interface_index)
    if route.gateway is None:
        return Check(name, Status.OK, f"through {interface}, a link without router addresses")
    mac = mac_of(route.gateway, route.interface_index, known)
    if mac is None:
        remedy = f"`ping -c 1 -I {interface} {route.gateway}`, then look again"
        return Check(name, Status.WARN, f"{route.gateway} on {interface}, its MAC is not known now", remedy)
    return Check(name, Status.OK, f"{route.gateway} on {interface}, MAC {mac}")
