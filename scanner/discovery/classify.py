"""Pure: what the kernel says of an address -> kind, state and origin, by one literal table.

What the kernel can and cannot tell (linux/if_addr.h, net/ipv6/addrconf.c; each line is pinned by a test):

- TEMPORARY and STABLE_PRIVACY are set by the kernel alone; a program cannot set them on an address it adds. So the
  flags are proof where they stand, and their absence on an address added by NetworkManager, systemd-networkd or dhcpcd
  proves nothing: such an identifier is called unknown unless it shows a MAC address.
- Kernel autoconfiguration without STABLE_PRIVACY is EUI-64, or the interface's token, or copied from the link-local
  address (PPP, tunnels). The interface's present addr_gen_mode does not tell which: a token wins over mode 2 and 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum
from ipaddress import IPv6Address

from scanner.guess.eui64 import identifier_of, mac_in, octets_of
from scanner.model.address import Address, Kind, Origin, State

FOREVER = 0xFFFFFFFF  # RFC 4861 section 4.6.2: all one bits represent infinity
IDENTIFIER = (1 << 64) - 1  # RFC 4291 section 2.5.1: the low 64 bits
SINGLE_ADDRESS = 128


class AddressFlag(IntFlag):
    """IFA_F_* of linux/if_addr.h, all 32 bits (attribute IFA_FLAGS; the old field has room for eight)."""

    TEMPORARY = 0x001
    NODAD = 0x002
    OPTIMISTIC = 0x004
    DADFAILED = 0x008
    HOMEADDRESS = 0x010
    DEPRECATED = 0x020
    TENTATIVE = 0x040
    PERMANENT = 0x080
    MANAGETEMPADDR = 0x100
    NOPREFIXROUTE = 0x200
    MCAUTOJOIN = 0x400
    STABLE_PRIVACY = 0x800


class AddressProtocol(IntEnum):
    """IFA_PROTO: who made the address. The kernel says so since Linux 5.18; programs mostly leave it out."""

    UNSPECIFIED = 0
    KERNEL_LOOPBACK = 1
    KERNEL_ROUTER_ADVERTISEMENT = 2
    KERNEL_LINK_LOCAL = 3


KERNEL_PROTOCOLS = frozenset(AddressProtocol) - {AddressProtocol.UNSPECIFIED}


@dataclass(frozen=True, slots=True)
class Link:
    """An interface's facts that tell where an identifier came from. ``hardware`` is its current and its permanent
    link-layer address (a randomising one differs) as aa:bb:..; ``token`` is None where none is set.
    """

    index: int
    name: str
    hardware: tuple[str, ...] = ()
    token: IPv6Address | None = None


@dataclass(frozen=True, slots=True)
class KernelAddress:
    """An address as the kernel tells it. Lifetimes in seconds, FOREVER included; ``age`` None where it is not told."""

    ip: IPv6Address
    prefix_length: int
    link: Link
    flags: AddressFlag
    protocol: int
    preferred: int
    valid: int
    age: float | None = None


class Trait(StrEnum):
    """What the table of origins looks at."""

    LOOPBACK = "the loopback address"
    TEMPORARY = "flag TEMPORARY"
    STABLE_PRIVACY = "flag STABLE_PRIVACY"
    OWN_MAC = "identifier is made from the interface's current or permanent link-layer address"
    MAC_PATTERN = "identifier has ff:fe in the middle"
    TOKENISED = "identifier is the interface's token"
    KERNEL_MADE = "IFA_PROTO names the kernel"
    MANAGES_TEMPORARY = "flag MANAGETEMPADDR"
    PERMANENT = "flag PERMANENT"
    SINGLE = "prefix length 128"


# The first row whose traits all hold decides.
ORIGINS: tuple[tuple[frozenset[Trait], Origin], ...] = (
    # RFC 4291 section 2.5.3: assigned by the standard, derived from nothing
    (frozenset({Trait.LOOPBACK}), Origin.MANUAL),
    (frozenset({Trait.TEMPORARY}), Origin.TEMPORARY),
    (frozenset({Trait.STABLE_PRIVACY}), Origin.STABLE_PRIVACY),
    # Before "manual": whoever typed an address made from a MAC, the MAC shows.
    (frozenset({Trait.OWN_MAC}), Origin.EUI64),
    # The MAC of yesterday, of another interface or of a randomising one. The universal bit is not asked: virtual and
    # randomised MACs have it clear.
    (frozenset({Trait.MAC_PATTERN}), Origin.EUI64),
    # `ip token`: somebody chose the identifier, a router the prefix
    (frozenset({Trait.TOKENISED}), Origin.MANUAL),
    # A link-local address of a tunnel or of PPP, from an IPv4 address or negotiated (RFC 5072)
    (frozenset({Trait.KERNEL_MADE}), Origin.UNKNOWN),
    # NetworkManager, systemd-networkd: autoconfiguration in user space, RFC 7217 or not
    (frozenset({Trait.MANAGES_TEMPORARY}), Origin.UNKNOWN),
    (frozenset({Trait.PERMANENT}), Origin.MANUAL),
    # RFC 8415 section 18.2.10.1: a DHCPv6 address brings no prefix, so clients add it alone, with lifetimes.
    (frozenset({Trait.SINGLE}), Origin.DHCPV6),
    # Finite lifetime, whole prefix: user-space autoconfiguration or an old DHCPv6 client
    (frozenset(), Origin.UNKNOWN),
)

# The first flag that is set decides. RFC 4862 section 5.4: tentative until duplicate address detection is through.
STATES: tuple[tuple[AddressFlag, State], ...] = (
    (AddressFlag.DADFAILED, State.DADFAILED),
    (AddressFlag.TENTATIVE, State.TENTATIVE),
    (AddressFlag.DEPRECATED, State.DEPRECATED),
)


def classify(raw: KernelAddress) -> Address:
    """The address in our own terms."""
    return Address(
        ip=raw.ip,
        prefix_length=raw.prefix_length,
        interface=raw.link.name,
        kind=Kind.TEMPORARY if AddressFlag.TEMPORARY in raw.flags else Kind.STABLE,
        state=state_of(raw.flags, raw.preferred),
        origin=origin_of(traits_of(raw)),
        preferred_lifetime=_lifetime(raw.preferred),
        valid_lifetime=_lifetime(raw.valid),
        age=raw.age,
        own_mac=own_mac_of(raw),
    )


def classify_all(raws: tuple[KernelAddress, ...]) -> tuple[Address, ...]:
    """Every address that is still valid (RFC 4862: an invalid one is no address), by interface, then by number."""
    alive = [raw for raw in raws if raw.valid > 0]
    return tuple(classify(raw) for raw in sorted(alive, key=lambda raw: (raw.link.index, raw.ip)))


def origin_of(traits: frozenset[Trait]) -> Origin:
    return next(origin for needed, origin in ORIGINS if needed <= traits)


def state_of(flags: AddressFlag, preferred: int) -> State:
    """The kernel sets DEPRECATED up to a few seconds after the preferred lifetime has run out; zero says it too."""
    flagged = next((state for flag, state in STATES if flag in flags), None)
    if flagged is not None:
        return flagged
    return State.DEPRECATED if preferred == 0 else State.PREFERRED


def traits_of(raw: KernelAddress) -> frozenset[Trait]:
    token = raw.link.token
    held: Mapping[Trait, bool] = {
        Trait.LOOPBACK: raw.ip.is_loopback,
        Trait.TEMPORARY: AddressFlag.TEMPORARY in raw.flags,
        Trait.STABLE_PRIVACY: AddressFlag.STABLE_PRIVACY in raw.flags,
        Trait.OWN_MAC: own_mac_of(raw) != "",
        Trait.MAC_PATTERN: mac_in(raw.ip) is not None,
        Trait.TOKENISED: token is not None and _identifier(raw.ip) == _identifier(token),
        Trait.KERNEL_MADE: raw.protocol in KERNEL_PROTOCOLS,
        Trait.MANAGES_TEMPORARY: AddressFlag.MANAGETEMPADDR in raw.flags,
        Trait.PERMANENT: AddressFlag.PERMANENT in raw.flags,
        Trait.SINGLE: raw.prefix_length == SINGLE_ADDRESS,
    }
    return frozenset(trait for trait, holds in held.items() if holds)


def own_mac_of(raw: KernelAddress) -> str:
    """The interface's current or permanent link-layer address that the identifier is made of, or ""."""
    wanted = _identifier(raw.ip)
    return next((hardware for hardware in raw.link.hardware if identifier_of(hardware) == wanted), "")


def hardware_addresses(*candidates: object) -> tuple[str, ...]:
    """Those of ``candidates`` that are a link-layer address and not all zero, in small letters, doubles removed."""
    texts = (candidate.lower() for candidate in candidates if isinstance(candidate, str))
    return tuple(dict.fromkeys(text for text in texts if any(octets_of(text))))


def _identifier(ip: IPv6Address) -> int:
    return int(ip) & IDENTIFIER


def _lifetime(seconds: int) -> int | None:
    return None if seconds == FOREVER else seconds
