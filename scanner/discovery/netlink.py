"""INSIDE facts through rtnetlink (pyroute2): addresses, routes to ::/0, neighbours. First choice for all of them.

pyroute2's messages stay in here; what leaves are our own values. Reads only: no packet is sent and nothing is changed.
"""

import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, AF_INET6
from typing import Any, TypeVar

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from scanner.discovery.classify import AddressFlag, KernelAddress, Link, hardware_addresses
from scanner.discovery.router import KernelRoute, Neighbour, Route
from scanner.model.address import Interface
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

MAIN_TABLE = 254  # RT_TABLE_MAIN
UNICAST = 1  # RTN_UNICAST; an "unreachable default" is type 7
STAMP_WRAPS = 1 << 32
STAMP_SLACK = 500  # hundredths of a second
CLONED = 0x200  # RTM_F_CLONED: a cached copy, not a route

T = TypeVar("T")


def read_addresses() -> tuple[KernelAddress, ...]:
    """Every IPv6 address of the calling network namespace. Raises EnvironmentFault when netlink fails."""
    return _ask(_addresses)


def read_links() -> Mapping[int, Link]:
    """Every interface by its number, as addresses need them. Raises EnvironmentFault when netlink fails."""
    return _ask(_links)


def read_default_routes() -> tuple[Route, ...]:
    """The routes to ::/0 of the main table, one for each next hop that a router stands behind.

    A dump, not a lookup: looking a route up can make the kernel probe routers (RFC 4191 section 3.2).
    """
    return _ask(_default_routes)


def read_routes() -> tuple[KernelRoute, ...]:
    """Every unicast route of every table, one for each next hop."""
    return _ask(_all_routes)


def read_interfaces() -> tuple[Interface, ...]:
    """Every interface with the kernel's word for its kind."""
    return _ask(_interfaces)


def read_ipv4_networks() -> tuple[IPv4Network, ...]:
    """The networks of the host's IPv4 addresses, loopback left out: where somebody who embeds one may search."""
    return _ask(_ipv4_networks)


def read_neighbours() -> tuple[Neighbour, ...]:
    """The IPv6 neighbour table as it stands; nothing is resolved."""
    return _ask(_neighbours)


def _ask(question: Callable[[Any], T]) -> T:
    try:
        with IPRoute() as netlink:
            netlink.bind()
            return question(netlink)
    except (NetlinkError, OSError) as error:
        raise EnvironmentFault(
            say("netlink does not answer ({why})", why=error), say("run on Linux, outside of a sandbox that filters it")
        ) from error


def _addresses(netlink: Any) -> tuple[KernelAddress, ...]:
    links = _links(netlink)
    now = time.monotonic()
    return tuple(address_of(message, links, now) for message in netlink.get_addr(family=AF_INET6))


def _links(netlink: Any) -> Mapping[int, Link]:
    return {message["index"]: _link(message) for message in netlink.get_links()}


def _link(message: Any) -> Link:
    attributes = dict(message["attrs"])
    inet6 = _inet6_of(attributes.get("IFLA_AF_SPEC"))
    token = IPv6Address(inet6.get("IFLA_INET6_TOKEN", "::"))
    return Link(
        index=message["index"],
        name=attributes["IFLA_IFNAME"],
        hardware=hardware_addresses(attributes.get("IFLA_ADDRESS"), attributes.get("IFLA_PERM_ADDRESS")),
        token=None if token == IPv6Address(0) else token,
    )


def _inet6_of(specifics: Any) -> Mapping[str, Any]:
    """The IPv6 attributes of a link; none where IPv6 is switched off on it."""
    inet6 = specifics.get_attr("AF_INET6") if specifics is not None else None
    return dict(inet6["attrs"]) if inet6 is not None else {}


def address_of(message: Any, links: Mapping[int, Link], now: float) -> KernelAddress:
    """An RTM_NEWADDR or RTM_DELADDR message as our own value; ``now`` is the monotonic clock in seconds."""
    attributes = dict(message["attrs"])
    lifetimes = attributes["IFA_CACHEINFO"]
    index = message["index"]
    return KernelAddress(
        # On a point-to-point link IFA_ADDRESS is the peer's and IFA_LOCAL ours (linux/if_addr.h).
        ip=IPv6Address(attributes.get("IFA_LOCAL", attributes["IFA_ADDRESS"])),
        prefix_length=message["prefixlen"],
        link=links.get(index, Link(index, str(index))),  # an interface born between the two dumps
        flags=AddressFlag(attributes.get("IFA_FLAGS", message["flags"])),
        protocol=attributes.get("IFA_PROTO", 0),
        preferred=lifetimes["ifa_preferred"],
        valid=lifetimes["ifa_valid"],
        age=age_of(lifetimes["cstamp"], now),
    )


def age_of(stamp: int, now: float) -> float | None:
    """Seconds since ``stamp``: hundredths of a second since boot, sleep left out, in 32 bits (net/ipv6/addrconf.c).

    None where the stamp lies ahead of the clock: in a time namespace the two count from different beginnings.
    """
    ago = (int(now * 100) - stamp) % STAMP_WRAPS
    if ago >= STAMP_WRAPS - STAMP_SLACK:
        return 0.0  # the kernel's tick is a little ahead of the clock
    return ago / 100 if ago <= now * 100 else None


def _default_routes(netlink: Any) -> tuple[Route, ...]:
    # Given a match of ours, pyroute2 0.9 would drop its own, that of the family.
    messages = netlink.get_routes(family=AF_INET6)
    return tuple(route for message in messages if message["dst_len"] == 0 for route in _routes(message))


def _routes(message: Any) -> list[Route]:
    """A message becomes a route for each of its next hops (RTA_MULTIPATH), or none when it leads nowhere."""
    attributes = dict(message["attrs"])
    if attributes.get("RTA_TABLE", message["table"]) != MAIN_TABLE or message["type"] != UNICAST or message["src_len"]:
        return []
    hops = attributes.get("RTA_MULTIPATH")
    ways = [(message["flags"], attributes)] if hops is None else [(hop["flags"], _hop_attributes(hop)) for hop in hops]
    return [
        Route(
            gateway=IPv6Address(way["RTA_GATEWAY"]) if "RTA_GATEWAY" in way else None,
            interface_index=way["RTA_OIF"],
            metric=attributes.get("RTA_PRIORITY", 0),
            preference=attributes.get("RTA_PREF", 0),
            flags=flags,
        )
        for flags, way in ways
    ]


def _all_routes(netlink: Any) -> tuple[KernelRoute, ...]:
    return tuple(route for message in netlink.get_routes(family=AF_INET6) for route in _kernel_routes(message))


def _kernel_routes(message: Any) -> list[KernelRoute]:
    if message["type"] != UNICAST or message["src_len"] or message["flags"] & CLONED:
        return []
    attributes = dict(message["attrs"])
    network = IPv6Network((attributes.get("RTA_DST", "::"), message["dst_len"]), strict=False)
    ways = [_hop_attributes(hop) for hop in attributes.get("RTA_MULTIPATH", ())] or [attributes]
    return [
        KernelRoute(network, IPv6Address(way["RTA_GATEWAY"]) if "RTA_GATEWAY" in way else None, way["RTA_OIF"])
        for way in ways
        if "RTA_OIF" in way
    ]


def _interfaces(netlink: Any) -> tuple[Interface, ...]:
    return tuple(_interface(dict(message["attrs"])) for message in netlink.get_links())


def _interface(attributes: Mapping[str, Any]) -> Interface:
    information = attributes.get("IFLA_LINKINFO")
    kind = information.get_attr("IFLA_INFO_KIND") if information is not None else None
    return Interface(attributes["IFLA_IFNAME"], kind or "")


def _ipv4_networks(netlink: Any) -> tuple[IPv4Network, ...]:
    found = [
        IPv4Network((dict(message["attrs"])["IFA_ADDRESS"], message["prefixlen"]), strict=False)
        for message in netlink.get_addr(family=AF_INET)
        if "IFA_ADDRESS" in dict(message["attrs"])
    ]
    return tuple(dict.fromkeys(network for network in found if not network.is_loopback))


def _hop_attributes(hop: Any) -> dict[str, Any]:
    return {**dict(hop["attrs"]), "RTA_OIF": hop["oif"]}


def _neighbours(netlink: Any) -> tuple[Neighbour, ...]:
    return tuple(_neighbour(message) for message in netlink.get_neighbours(family=AF_INET6))


def _neighbour(message: Any) -> Neighbour:
    attributes = dict(message["attrs"])
    return Neighbour(
        address=IPv6Address(attributes["NDA_DST"]),
        interface_index=message["ifindex"],
        state=message["state"],
        mac=attributes.get("NDA_LLADDR"),
    )
