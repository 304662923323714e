"""The INSIDE facts of one instant, gathered in the calling network namespace. Sends no packet, changes nothing."""

import platform
import socket
from ipaddress import IPv4Network

from scanner.discovery import netlink
from scanner.discovery.addresses import LINUX, read_addresses
from scanner.discovery.listeners import interface_name, read_listeners
from scanner.discovery.router import default_router, host_routes
from scanner.model.address import DefaultRouter, HostRoute, Interface, Inventory
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say


def discover() -> Inventory:
    """The inventory; what could not be read stands in its ``problems``. Raises EnvironmentFault when not even the
    addresses can be read.
    """
    addresses = read_addresses()
    if platform.system() != LINUX:
        return Inventory(socket.gethostname(), operating_system(), addresses, (), None, (only_addresses(),))
    listeners, problems = read_listeners()
    try:
        router = read_default_router()
    except EnvironmentFault as fault:
        router, problems = None, (*problems, say("the default router cannot be read: {why}", why=fault))
    routes, interfaces, more = read_ways()
    return Inventory(
        host=socket.gethostname(),
        os=operating_system(),
        addresses=addresses,
        listeners=listeners,
        default_router=router,
        problems=(*problems, *more),
        routes=routes,
        interfaces=interfaces,
        ipv4=read_ipv4(),
    )


def only_addresses() -> str:
    """What is missing where only the addresses have an adapter."""
    return f"listeners, routes and the default router are not read on {platform.system()}: scan from a Linux host"


def read_default_router() -> DefaultRouter | None:
    """The default router, or None where there is no route to ::/0 through one. Raises EnvironmentFault."""
    return default_router(netlink.read_default_routes(), netlink.read_neighbours(), interface_name)


def read_ways() -> tuple[tuple[HostRoute, ...], tuple[Interface, ...], tuple[str, ...]]:
    """Every route and every interface, or none and why they cannot be read."""
    try:
        routes = host_routes(netlink.read_routes(), netlink.read_neighbours(), interface_name)
        return routes, netlink.read_interfaces(), ()
    except EnvironmentFault as fault:
        return (), (), (f"the routes of this host cannot be read: {fault}",)


def read_ipv4() -> tuple[IPv4Network, ...]:
    """The host's IPv4 networks, none where they cannot be read: they only sharpen how an address is guessed."""
    try:
        return netlink.read_ipv4_networks()
    except EnvironmentFault:
        return ()


def operating_system() -> str:
    """os-release's pretty name and the kernel, for example "Debian GNU/Linux 12 (bookworm), Linux 6.18.44"."""
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"
    except (OSError, KeyError):
        return kernel
