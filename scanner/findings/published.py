"""What a published address is to this host, by the inventory: the comparison behind ``v6expose names``."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import Address, Inventory, Kind, Scope, State, scope_of
from scanner.model.names import Answer, NameRecord, Outcome, Role, Standing

INTERFACE_IDENTIFIER = 64  # bits of every address in 2000::/3: RFC 4291 section 2.5.1
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1

# In this order: a duplicate is no address at all, and a temporary one stays temporary while it is deprecated.
_OWN: tuple[tuple[Callable[[Address], bool], Standing], ...] = (
    (lambda address: address.state in (State.TENTATIVE, State.DADFAILED), Standing.UNUSABLE),
    (lambda address: address.scope is Scope.LINK_LOCAL, Standing.LINK_LOCAL),
    (lambda address: address.scope is Scope.UNIQUE_LOCAL, Standing.UNIQUE_LOCAL),
    (lambda address: address.scope is Scope.HOST, Standing.NOT_GLOBAL),
    (lambda address: address.kind is Kind.TEMPORARY, Standing.TEMPORARY),
    (lambda address: address.state is State.DEPRECATED, Standing.DEPRECATED),
)


@dataclass(frozen=True, slots=True)
class Published:
    """An address that a name has. ``own`` is the host's address, None where it has no such one. ``ttl`` is the largest
    in seconds that anybody gave, None where nobody did. ``everywhere``: every server that was heard has it.
    """

    ip: IPv6Address
    standing: Standing
    own: Address | None
    ttl: int | None
    servers: tuple[str, ...]
    everywhere: bool

    @property
    def outlives(self) -> bool:
        """Caches may hand the address out after it has ceased to be preferred."""
        lifetime = self.own.preferred_lifetime if self.own else None
        return lifetime is not None and self.ttl is not None and self.ttl > lifetime


def compare(record: NameRecord, inventory: Inventory) -> tuple[Published, ...]:
    """Every address that the name has anywhere, in the order of the addresses.

    Once an authoritative server has settled the question, what only the resolver still has is an old copy and is left
    out.
    """
    settled = [answer for answer in record.of(Role.AUTHORITATIVE) if answer.settled]
    heard = settled or [answer for answer in record.of(Role.RESOLVER) if answer.settled]
    found = {ip for answer in heard for ip in answer.addresses if isinstance(ip, IPv6Address)}
    return tuple(_published(ip, heard, inventory) for ip in sorted(found))


def _published(ip: IPv6Address, heard: list[Answer], inventory: Inventory) -> Published:
    having = [answer for answer in heard if ip in answer.addresses]
    return Published(
        ip=ip,
        standing=standing_of(ip, inventory),
        own=own_address(ip, inventory),
        ttl=max((answer.ttl for answer in having if answer.ttl is not None), default=None),
        servers=tuple(str(answer.server) for answer in having),
        everywhere=len(having) == len(heard),
    )


def standing_of(ip: IPv6Address, inventory: Inventory) -> Standing:
    own = own_address(ip, inventory)
    if own is not None:
        return next((standing for fits, standing in _OWN if fits(own)), Standing.STABLE)
    if ip in NAT64:
        return Standing.SYNTHESISED
    if ip.is_multicast or ip.is_unspecified or ip.is_loopback or ip.ipv4_mapped:
        return Standing.NOT_GLOBAL
    outside = {Scope.LINK_LOCAL: Standing.LINK_LOCAL, Scope.UNIQUE_LOCAL: Standing.UNIQUE_LOCAL}.get(scope_of(ip))
    if outside is not None:
        return outside
    return Standing.GONE if any(ip in network for network in prefixes(inventory)) else Standing.FOREIGN


def own_address(ip: IPv6Address, inventory: Inventory) -> Address | None:
    return next((address for address in inventory.addresses if address.ip == ip), None)


def prefixes(inventory: Inventory) -> frozenset[IPv6Network]:
    """The links of the host's global addresses. DHCPv6 and some managers note /128, though the link is a /64."""
    return frozenset(
        IPv6Network((address.ip, min(address.prefix_length, INTERFACE_IDENTIFIER)), strict=False)
        for address in inventory.addresses
        if address.scope is Scope.GLOBAL
    )


def best_address(inventory: Inventory, near: str = "") -> Address | None:
    """The address that belongs into the DNS: stable, global, preferred; on the interface ``near`` if it has one, and
    the one that lasts longest.
    """
    fitting = [address for address in inventory.addresses if standing_of(address.ip, inventory) is Standing.STABLE]
    return max(
        fitting, key=lambda address: (address.interface == near, _lasting(address.preferred_lifetime)), default=None
    )


def _lasting(seconds: int | None) -> float:
    return float("inf") if seconds is None else seconds


def disagreeing(record: NameRecord) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(what is said, by which servers) where authoritative servers that answered differ; empty where they agree."""
    said: dict[str, list[str]] = {}
    for answer in record.of(Role.AUTHORITATIVE):
        if answer.settled:
            said.setdefault(said_by(answer), []).append(str(answer.server))
    return tuple((what, tuple(servers)) for what, servers in said.items()) if len(said) > 1 else ()


def said_by(answer: Answer) -> str:
    """``2001:db8::1, 2001:db8::2`` or the outcome."""
    return ", ".join(map(str, answer.addresses)) or answer.outcome


def absent(record: NameRecord) -> bool:
    """The question is settled, and nobody has an address for the name."""
    settled = [answer for answer in record.answers if answer.settled]
    return bool(settled) and not any(answer.outcome is Outcome.ANSWERED for answer in settled)
