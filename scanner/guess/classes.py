"""For each shape the number of addresses of a known /64 that have it, and the word for that: one literal table.

Sources: RFC 7707 sections 3.1, 4.1 and 4.2; the figure for all vendors counts the OUIs a search has to go through.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.guess.eui64 import is_local
from scanner.guess.patterns import Subject, shape_of
from scanner.model.guess import Effort, Guessability, Shape
from scanner.model.text import say

DEFAULT_RATE = 1_000_000  # probes a second; a minimal SYN is 98 bytes on the wire, so this is 784 Mbit/s
YEAR = 365.25 * 86_400  # seconds
ALL_VENDORS = 15_712 << 24  # every OUI that is worth a search, 24 bits each
PORTS_TIMES_HOSTS = 10 << 11  # RFC 7707 section 3.1.4: ten ways to place some two thousand ports
DICTIONARY = 1_000_000
LEAST_FOR_KNOWN_ZEROS = 40  # bits that are left where three bytes are zero


@dataclass(frozen=True, slots=True)
class Search:
    """``space`` is how many addresses have the shape, at most."""

    space: int
    effort: Effort
    says: str


SEARCHES: Mapping[Shape, Search] = {
    Shape.LOW_BYTE_STRICT: Search(1 << 8, Effort.TRIVIAL, say("numbered by hand, one of ::1 to ::ff")),
    Shape.LOW_BYTE: Search(1 << 16, Effort.TRIVIAL, say("only the lowest 16 bits are used")),
    Shape.LOW_BYTE_2: Search(1 << 24, Effort.TRIVIAL, say("only the lowest 24 bits are used")),
    Shape.DHCPV6_POOL: Search(1 << 16, Effort.TRIVIAL, say("from a DHCPv6 server that counts upwards")),
    Shape.PORT: Search(PORTS_TIMES_HOSTS, Effort.TRIVIAL, say("named after the service's port")),
    Shape.IPV4_32_LAN: Search(1 << 16, Effort.TRIVIAL, say("holds an IPv4 address of a private or of its own network")),
    Shape.IPV4_32: Search(1 << 32, Effort.EASY, say("holds an IPv4 address")),
    Shape.IPV4_64: Search(1 << 33, Effort.EASY, say("spells an IPv4 address, an octet a group")),
    Shape.EUI64_OWN: Search(
        1 << 24, Effort.EASY, say("made from this interface's MAC address; for whoever knows the maker")
    ),
    Shape.EUI64_LIKELY: Search(1 << 24, Effort.EASY, say("looks made from a MAC address; for whoever knows the maker")),
    Shape.EUI64_LOCAL: Search(1 << 46, Effort.HARD, say("made from a MAC address that no vendor gave out")),
    Shape.VIRTUALBOX: Search(1 << 24, Effort.EASY, say("made from a VirtualBox MAC address")),
    Shape.VMWARE_MANUAL: Search(1 << 22, Effort.EASY, say("made from a VMware MAC address of the manual range")),
    Shape.VMWARE_ESXI: Search(1 << 24, Effort.EASY, say("made from a VMware ESXi MAC address")),
    Shape.VMWARE_ESX: Search(
        1 << 8, Effort.TRIVIAL, say("made from a MAC address that follows the ESX console's IPv4")
    ),
    Shape.KVM: Search(1 << 24, Effort.EASY, say("made from a KVM/QEMU MAC address (52:54:00)")),
    Shape.DOCKER: Search(
        1 << 16, Effort.TRIVIAL, say("made from a Docker MAC address, that is from the container's IPv4")
    ),
    Shape.ISATAP: Search(1 << 33, Effort.EASY, say("an ISATAP identifier: holds an IPv4 address (RFC 5214)")),
    Shape.TEREDO: Search(1 << 49, Effort.HARD, say("a Teredo address: holds the relay, the IPv4 address and the port")),
    Shape.WORDY: Search(DICTIONARY, Effort.TRIVIAL, say("spells words: a dictionary finds it")),
    Shape.PATTERN: Search(1 << LEAST_FOR_KNOWN_ZEROS, Effort.MEDIUM, say("repeats itself or is mostly zeros")),
    Shape.STABLE_PRIVACY: Search(1 << 64, Effort.NONE, say("opaque and stable (RFC 7217)")),
    Shape.TEMPORARY: Search(1 << 64, Effort.NONE, say("random, and replaced before long (RFC 8981)")),
    Shape.OPAQUE_DHCPV6: Search(1 << 64, Effort.NONE, say("opaque, from a DHCPv6 server")),
    Shape.OPAQUE: Search(1 << 64, Effort.NONE, say("opaque; nothing tells how it was made")),
}
# Shapes that an opaque identifier may have by chance, one in 65,536 or less often.
MAYBE_CHANCE = frozenset({Shape.EUI64_LIKELY, Shape.EUI64_LOCAL, Shape.PATTERN, Shape.IPV4_64, Shape.WORDY})


def guess(subject: Subject, rate: int = DEFAULT_RATE) -> Guessability:
    """``rate`` in probes a second, at least 1."""
    shape = shape_of(subject)
    # of a MAC that no vendor assigned, no maker's number narrows the search
    unassigned = shape is Shape.EUI64_OWN and is_local(subject.own_mac)
    search = SEARCHES[Shape.EUI64_LOCAL if unassigned else shape]
    space = space_of(subject, search) if shape is Shape.PATTERN else search.space
    from_mac = shape not in MAYBE_CHANCE and not subject.own_mac and bool(subject.mac)
    return Guessability(
        shape=shape,
        effort=search.effort,
        search_bits=round(math.log2(space), 2),
        rate=rate,
        years=years_to_search(space, rate),
        certain=not (shape in MAYBE_CHANCE or from_mac),
        says=search.says,
    )


def years_to_search(space: int, rate: int) -> float:
    """Trying all of it; a hit comes after half of that in the mean."""
    return space / rate / YEAR


def space_of(subject: Subject, search: Search) -> int:
    """Of a pattern: what the bytes that are not zero, or the unit that is repeated, can be."""
    octets = subject.octets
    unit = next((size for size in (1, 2, 4) if octets == octets[:size] * (8 // size)), 8 - octets.count(0))
    return min(1 << 8 * max(unit, 1), search.space)
