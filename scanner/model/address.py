"""INSIDE facts: the host's IPv6 addresses, its listeners and its default router."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network


class Kind(StrEnum):
    """RFC 8981 temporary addresses rotate; everything else is stable."""

    STABLE = "stable"
    TEMPORARY = "temporary"


class State(StrEnum):
    """RFC 4862 section 2. A deprecated address still receives."""

    TENTATIVE = "tentative"
    PREFERRED = "preferred"
    DEPRECATED = "deprecated"
    DADFAILED = "dadfailed"


class Origin(StrEnum):
    """Where the interface identifier came from."""

    EUI64 = "eui64"  # RFC 4291 appendix A: the MAC address shows
    STABLE_PRIVACY = "stable-privacy"  # RFC 7217
    TEMPORARY = "temporary"  # RFC 8981
    DHCPV6 = "dhcpv6"  # RFC 8415
    MANUAL = "manual"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """``unique-local`` is fc00::/7 (RFC 4193); netlink calls it global, we do not."""

    GLOBAL = "global"
    UNIQUE_LOCAL = "unique-local"
    LINK_LOCAL = "link-local"
    HOST = "host"


UNIQUE_LOCAL = IPv6Network("fc00::/7")


def scope_of(ip: IPv6Address) -> Scope:
    """The scope of a unicast address; documentation space (2001:db8::/32) counts as global: the lab lives there."""
    if ip.is_loopback:
        return Scope.HOST
    if ip.is_link_local:
        return Scope.LINK_LOCAL
    return Scope.UNIQUE_LOCAL if ip in UNIQUE_LOCAL else Scope.GLOBAL


@dataclass(frozen=True, slots=True)
class Address:
    """One IPv6 address of the host. Lifetimes in seconds, None means for ever.

    ``age`` is how many seconds ago it was made, None where nobody knows; a host that slept since then counts only the
    time awake. ``own_mac`` is the interface's link-layer address that the identifier is made of, "" where it is not.
    """

    ip: IPv6Address
    prefix_length: int
    interface: str
    kind: Kind
    state: State
    origin: Origin
    preferred_lifetime: int | None
    valid_lifetime: int | None
    age: float | None = None
    own_mac: str = ""

    @property
    def scope(self) -> Scope:
        return scope_of(self.ip)

    @property
    def network(self) -> IPv6Network:
        return IPv6Network((self.ip, self.prefix_length), strict=False)

    @property
    def scannable(self) -> bool:
        """Reachable from the Internet: global scope and past duplicate address detection."""
        return self.scope is Scope.GLOBAL and self.state in (State.PREFERRED, State.DEPRECATED)


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that takes what comes in. ``bind`` is an address as text, ``::`` for all of them.

    ``v6only`` is None where it does not apply (an IPv4 socket is never listed). ``interface``: the bound device or "".
    ``package``: what the system's package manager calls where the program came from, "" where it does not know it.
    """

    protocol: str  # "tcp" | "udp"
    bind: str
    port: int
    process: str  # "" when it cannot be known (needs privilege)
    v6only: bool | None
    interface: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True)
class DefaultRouter:
    """The next hop of ::/0: its (usually link-local) address, MAC as aa:bb:cc:dd:ee:ff or None, and interface."""

    address: IPv6Address
    mac: str | None
    interface: str


@dataclass(frozen=True, slots=True)
class Interface:
    """``kind`` is the kernel's word for a virtual one (wireguard, tun, sit, bridge, veth, ...), "" for hardware."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class HostRoute:
    """A unicast route of any table, link-local and multicast left out. ``gateway`` None: on the link itself; ``mac`` is
    the gateway's, None where it is not known now.
    """

    network: IPv6Network
    interface: str
    gateway: IPv6Address | None = None
    mac: str | None = None

    @property
    def is_default(self) -> bool:
        return self.network.prefixlen == 0


@dataclass(frozen=True, slots=True)
class Inventory:
    """What discovery found inside, at one instant."""

    host: str
    os: str
    addresses: tuple[Address, ...]
    listeners: tuple[Listener, ...]
    default_router: DefaultRouter | None
    problems: tuple[str, ...] = ()  # what could not be read, each one line with its remedy
    routes: tuple[HostRoute, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    ipv4: tuple[IPv4Network, ...] = ()  # of the host's own IPv4 addresses

    def owns(self, ip: IPv6Address) -> bool:
        return any(address.ip == ip for address in self.addresses)

    def kind_of(self, interface: str) -> str:
        """The kernel's word for a virtual interface, "" for hardware and for what is not known."""
        return next((known.kind for known in self.interfaces if known.name == interface), "")

    def scannable(self) -> tuple[Address, ...]:
        return tuple(address for address in self.addresses if address.scannable)
