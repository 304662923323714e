"""Is there anything to scan, and a way out?"""

from collections.abc import Callable

from scanner.discovery import netlink
from scanner.discovery.addresses import read_addresses
from scanner.discovery.checks.check import Check, Status
from scanner.discovery.listeners import interface_name
from scanner.discovery.router import Neighbour, Route, best_route, mac_of
from scanner.model.address import Address
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say


def check_addresses(read: Callable[[], tuple[Address, ...]] = read_addresses) -> Check:
    """At least one address that the Internet can reach."""
    try:
        found = read()
    except EnvironmentFault as fault:
        return Check("addresses", Status.FAIL, fault.message, fault.remedy)
    scanned = [str(address.ip) for address in found if address.scannable]
    if not scanned:
        remedy = say(
            "ask the provider for IPv6 and see what the router announces; `v6expose addresses` lists what is there"
        )
        return Check("addresses", Status.FAIL, say("no global IPv6 address among {found}", found=len(found)), remedy)
    more = say(" and {scanned} more", scanned=len(scanned) - 1) if len(scanned) > 1 else ""
    return Check("addresses", Status.OK, say("{scanned}{more} would be scanned", scanned=scanned[0], more=more))


def check_default_router(
    routes: Callable[[], tuple[Route, ...]] = netlink.read_default_routes,
    neighbours: Callable[[], tuple[Neighbour, ...]] = netlink.read_neighbours,
) -> Check:
    """A route to ::/0, and the MAC of the router, by which the witness knows whose packets it sees."""
    name = say("default router")
    try:
        route, known = best_route(routes()), neighbours()
    except EnvironmentFault as fault:
        return Check(name, Status.FAIL, fault.message, fault.remedy)
    if route is None:
        remedy = say("see `ip -6 route show default`; a router announces it, or `ip -6 route add default via ...`")
        return Check(name, Status.FAIL, say("there is no IPv6 default route"), remedy)
    interface = interface_name(route.interface_index)
    if route.gateway is None:
        return Check(name, Status.OK, say("through {interface}, a link without router addresses", interface=interface))
    mac = mac_of(route.gateway, route.interface_index, known)
    if mac is None:
        remedy = say(
            "`ping -c 1 -I {interface} {gateway}`, then look again", interface=interface, gateway=route.gateway
        )
        return Check(
            name,
            Status.WARN,
            say("{gateway} on {interface}, its MAC is not known now", gateway=route.gateway, interface=interface),
            remedy,
        )
    return Check(
        name, Status.OK, say("{gateway} on {interface}, MAC {mac}", gateway=route.gateway, interface=interface, mac=mac)
    )
