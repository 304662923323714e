"""Which pattern an identifier has: an ordered list of tests over its bytes and words, the first that fits decides.

Known mistakes of other classifiers that this one avoids: no universal bit is asked for EUI-64 (KVM's 52:54:00, Docker's
02:42 and every randomised MAC have it clear); hex letters are no decimal IPv4; a word is no IPv4 address; Teredo is
known by its prefix.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from scanner.guess.eui64 import is_local, mac_in
from scanner.guess.words import spells
from scanner.model.address import Kind, Origin
from scanner.model.guess import Shape
from scanner.model.ports import PortSet

TEREDO = IPv6Network("2001::/32")  # RFC 4380 section 2.6
PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))  # RFC 1918
LOWEST = 0x10  # a word that counts hosts beside a word that names a port
HIGHEST_OCTET = 0xFF
LEAST_ZEROS = 3  # of eight bytes; fewer occur by chance
# What servers are numbered after; IANA's assignments.
SERVICE_PORTS = frozenset(
    PortSet.parse(
        "20-23,25,49,53,69,80,88,110,119,123,137-139,143,161,179,194,220,389,443,445,465,500,514-515,546-547,554,587,"
        "631,636,853,873,989-990,993,995,1080,1194,1433,1521,1701,1723,1812,1883,2049,2222,3128,3268,3306,3389,4500,"
        "5060-5061,5222,5269,5353,5432,5900,5984,6379,6443,6446,6667,6881,8000,8008,8080,8443,8883,8888,9000,9090,"
        "9100,9200,9418"
    )
)
# The first three octets of a MAC, as virtual machines are given them.
MAKERS: dict[bytes, Shape] = {
    b"\x08\x00\x27": Shape.VIRTUALBOX,
    b"\x00\x0c\x29": Shape.VMWARE_ESXI,
    b"\x00\x05\x69": Shape.VMWARE_ESX,
    b"\x52\x54\x00": Shape.KVM,
}
VMWARE_MANUAL = b"\x00\x50\x56"  # with the fourth octet 00 to 3f: 22 bits
HIGHEST_MANUAL = 0x3F
DOCKER = b"\x02\x42"  # and the container's IPv4 address


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of an address. ``own_mac`` is the interface's link-layer address that the identifier is made of,
    "" where it is not; ``networks`` are the host's own IPv4 networks.
    """

    ip: IPv6Address
    kind: Kind = Kind.STABLE
    origin: Origin = Origin.UNKNOWN
    own_mac: str = ""
    networks: tuple[IPv4Network, ...] = ()

    @property
    def octets(self) -> bytes:
        return self.ip.packed[8:]

    @property
    def words(self) -> tuple[int, int, int, int]:
        octets = self.octets
        first, second, third, fourth = (int.from_bytes(octets[at : at + 2]) for at in (0, 2, 4, 6))
        return first, second, third, fourth

    @property
    def mac(self) -> str:
        """The MAC that shows, certain or likely, or ""."""
        return self.own_mac or mac_in(self.ip) or ""


def shape_of(subject: Subject) -> Shape:
    return next(shape for test in TESTS if (shape := test(subject)) is not None)


def _teredo(subject: Subject) -> Shape | None:
    return Shape.TEREDO if subject.ip in TEREDO else None


def _eui64_own(subject: Subject) -> Shape | None:
    return maker(subject) or Shape.EUI64_OWN if subject.own_mac else None


def _eui64_likely(subject: Subject) -> Shape | None:
    mac = mac_in(subject.ip)
    if mac is None:
        return None
    return maker(subject) or (Shape.EUI64_LOCAL if is_local(mac) else Shape.EUI64_LIKELY)


def maker(subject: Subject) -> Shape | None:
    """The virtual machine that gives out such a MAC, or None."""
    octets = bytes.fromhex(subject.mac.replace(":", ""))
    if octets[:3] == VMWARE_MANUAL and octets[3] <= HIGHEST_MANUAL:
        return Shape.VMWARE_MANUAL
    if octets[:2] == DOCKER:
        return Shape.DOCKER
    return MAKERS.get(octets[:3])


def _isatap(subject: Subject) -> Shape | None:
    """RFC 5214 section 6.1: the universal bit says whether the IPv4 address is global."""
    first, second, _, _ = subject.words
    return Shape.ISATAP if first in (0x0000, 0x0200) and second == 0x5EFE else None  # noqa: PLR2004


def _port(subject: Subject) -> Shape | None:
    first, second, third, fourth = subject.words
    if first or second:
        return None
    named = (third <= LOWEST and is_port(fourth)) or (fourth <= LOWEST and is_port(third))
    return Shape.PORT if named else None


def is_port(word: int) -> bool:
    return service_port(word) is not None


def service_port(word: int) -> int | None:
    """The port that a word writes as if in decimal (0x443) or holds (0x1bb)."""
    decimal = f"{word:x}"
    if decimal.isdecimal() and int(decimal) in SERVICE_PORTS:
        return int(decimal)
    return word if word in SERVICE_PORTS else None


def _low_byte(subject: Subject) -> Shape | None:
    first, second, third, fourth = subject.words
    if first or second or third > HIGHEST_OCTET:
        return None
    if third:
        return Shape.LOW_BYTE_2
    if subject.origin is Origin.DHCPV6:
        return Shape.DHCPV6_POOL
    return Shape.LOW_BYTE_STRICT if fourth <= HIGHEST_OCTET else Shape.LOW_BYTE


def _wordy(subject: Subject) -> Shape | None:
    """Every word in use counts: ::bad:cafe and dead:beef:cafe:babe, but not the half of an identifier."""
    used = [f"{word:x}" for word in subject.words if word]
    return Shape.WORDY if spells("".join(used)) and all(spells(digits) for digits in used) else None


def _ipv4_32(subject: Subject) -> Shape | None:
    first, second, _, _ = subject.words
    if first or second:
        return None
    inside = any(embedded_ipv4(subject) in network for network in (*subject.networks, *PRIVATE))
    return Shape.IPV4_32_LAN if inside else Shape.IPV4_32


def _ipv4_64(subject: Subject) -> Shape | None:
    texts = [f"{word:x}" for word in subject.words]
    return Shape.IPV4_64 if all(text.isdecimal() and int(text) <= HIGHEST_OCTET for text in texts) else None


def embedded_ipv4(subject: Subject) -> IPv4Address:
    """The low 32 bits as an IPv4 address."""
    return IPv4Address(subject.octets[4:])


def _pattern(subject: Subject) -> Shape | None:
    octets = subject.octets
    repeated = any(octets == octets[:size] * (8 // size) for size in (1, 2, 4))
    return Shape.PATTERN if repeated or octets.count(0) >= LEAST_ZEROS else None


def _opaque(subject: Subject) -> Shape:
    """Nothing shows; what the kernel knows of it is the only difference."""
    if subject.kind is Kind.TEMPORARY:
        return Shape.TEMPORARY
    return {Origin.STABLE_PRIVACY: Shape.STABLE_PRIVACY, Origin.DHCPV6: Shape.OPAQUE_DHCPV6}.get(
        subject.origin, Shape.OPAQUE
    )


# The order matters: RFC 7707 section 3.1's patterns overlap.
TESTS: tuple[Callable[[Subject], Shape | None], ...] = (
    _teredo,
    _eui64_own,
    _eui64_likely,
    _isatap,
    _port,
    _low_byte,
    _wordy,
    _ipv4_32,
    _ipv4_64,
    _pattern,
    _opaque,
)


def networks_of(texts: Iterable[str]) -> tuple[IPv4Network, ...]:
    """Networks from ``192.0.2.7/24``; host bits are ignored."""
    return tuple(IPv4Network(text, strict=False) for text in texts)
