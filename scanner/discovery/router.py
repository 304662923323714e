"""Pure: which router is the default one, and what its MAC is, from routes and neighbours as the kernel lists them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntFlag
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import DefaultRouter, HostRoute

# RFC 4191 section 2.1, two bits, as RTA_PREF carries them -> rank, best first. 2 is reserved: treated as medium.
PREFERENCE_RANK = {1: 0, 0: 1, 2: 1, 3: 2}


class NextHopFlag(IntFlag):
    """RTNH_F_* of linux/rtnetlink.h: a next hop that carries nothing now."""

    DEAD = 1
    LINKDOWN = 16


class NeighbourState(IntFlag):
    """NUD_* of linux/neighbour.h."""

    INCOMPLETE = 0x01
    REACHABLE = 0x02
    STALE = 0x04
    DELAY = 0x08
    PROBE = 0x10
    FAILED = 0x20
    NOARP = 0x40
    PERMANENT = 0x80


# Link-local, multicast and loopback: never a way to the vantage.
NOT_ELSEWHERE = (IPv6Network("fe80::/10"), IPv6Network("ff00::/8"), IPv6Network("::1/128"))

# States in which the link-layer address is believed (RFC 4861 section 7.3.2, and the two static ones).
KNOWN_STATES = (
    NeighbourState.REACHABLE
    | NeighbourState.STALE
    | NeighbourState.DELAY
    | NeighbourState.PROBE
    | NeighbourState.NOARP
    | NeighbourState.PERMANENT
)


@dataclass(frozen=True, slots=True)
class Route:
    """One next hop of ::/0. ``gateway`` is None on a link without routers' addresses (PPP, a tunnel)."""

    gateway: IPv6Address | None
    interface_index: int
    metric: int
    preference: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """One next hop of any unicast route; ``gateway`` is None on the link itself."""

    network: IPv6Network
    gateway: IPv6Address | None
    interface_index: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    address: IPv6Address
    interface_index: int
    state: int
    mac: str | None


def default_router(
    routes: Iterable[Route], neighbours: Iterable[Neighbour], interface_name: Callable[[int], str]
) -> DefaultRouter | None:
    """The router that the kernel would take, as far as the tables tell: lowest metric, then RFC 4191 preference.

    None without a route to ::/0, or where the route in use names no router.
    """
    route = best_route(routes)
    if route is None or route.gateway is None:
        return None
    mac = mac_of(route.gateway, route.interface_index, neighbours)
    return DefaultRouter(address=route.gateway, mac=mac, interface=interface_name(route.interface_index))


def host_routes(
    routes: Iterable[KernelRoute], neighbours: Iterable[Neighbour], interface_name: Callable[[int], str]
) -> tuple[HostRoute, ...]:
    """The routes that lead to other machines by unicast addresses of more than link-local scope."""
    known = tuple(neighbours)
    return tuple(
        HostRoute(
            route.network,
            interface_name(route.interface_index),
            route.gateway,
            mac_of(route.gateway, route.interface_index, known) if route.gateway else None,
        )
        for route in dict.fromkeys(routes)
        if not any(route.network.subnet_of(own) for own in NOT_ELSEWHERE)
    )


def best_route(routes: Iterable[Route]) -> Route | None:
    """Of equal ones (several routers, multipath) the first as listed."""
    usable = [route for route in routes if not route.flags & (NextHopFlag.DEAD | NextHopFlag.LINKDOWN)]
    return min(usable, key=lambda route: (route.metric, PREFERENCE_RANK.get(route.preference, 1)), default=None)


def mac_of(address: IPv6Address, interface_index: int, neighbours: Iterable[Neighbour]) -> str | None:
    """The MAC in the neighbour table, or None where it is not known now (no entry, failed, being resolved)."""
    for neighbour in neighbours:
        if (neighbour.address, neighbour.interface_index) == (
            address,
            interface_index,
        ) and neighbour.state & KNOWN_STATES:
            return neighbour.mac
    return None
