"""Which address a new connection leaves from, by destination (RFC 6724 section 5); the kernel is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import Address, Scope
from scanner.model.text import say
from scanner.outgoing import NOBODY, source_for

INTERNET = "the Internet"
SIX_TO_FOUR = IPv6Address("2002:c000:201::1")  # RFC 6724 section 2.1 gives 2002::/16 a label of its own
UNIQUE_LOCAL = IPv6Address("fdff:ffff:ffff:ffff::1")


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that stands for many."""

    name: str
    address: IPv6Address


@dataclass(frozen=True, slots=True)
class Outbound:
    """``source`` None: no route, so nothing leaves."""

    destination: Destination
    source: IPv6Address | None


def destinations_of(addresses: Iterable[Address]) -> tuple[Destination, ...]:
    """The Internet, each prefix of the host's own, unique local space, and 6to4."""
    found = tuple(addresses)
    held = {address.ip for address in found}
    networks = dict.fromkeys(
        IPv6Network((address.ip, 64), strict=False)
        for address in found
        if address.scope in (Scope.GLOBAL, Scope.UNIQUE_LOCAL)
    )
    own = tuple(
        Destination(say("the own network {network}", network=network), _neighbour(network, held))
        for network in networks
    )
    return (
        Destination(INTERNET, NOBODY),
        *own,
        Destination(say("other unique local networks (fc00::/7)"), UNIQUE_LOCAL),
        Destination("6to4 (2002::/16)", SIX_TO_FOUR),
    )


def read_outbound(destinations: Iterable[Destination]) -> tuple[Outbound, ...]:
    return tuple(Outbound(destination, source_for(destination.address)) for destination in destinations)


def _neighbour(network: IPv6Network, held: set[IPv6Address]) -> IPv6Address:
    """An address of the network that is not the host's own, for that one would be its own source (rule 1)."""
    candidates = (network[(1 << 63) + number] for number in range(len(held) + 1))
    return next(ip for ip in candidates if ip not in held)
