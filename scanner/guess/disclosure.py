"""What an address tells whoever sees it: a server it connects to, a log, a name server. Pure."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from scanner.guess.eui64 import is_local
from scanner.guess.patterns import Subject, embedded_ipv4, service_port, shape_of
from scanner.model.address import Kind, Origin
from scanner.model.guess import Shape
from scanner.model.text import say

# Who assigned a MAC address; "" where it is not known.
Vendor = Callable[[str], str]

ALL_ONES_16, ALL_ONES_32 = 0xFFFF, 0xFFFFFFFF


def gives_away(subject: Subject, vendor: Vendor = lambda _: "") -> tuple[str, ...]:
    """One clause a fact, the gravest first; never empty."""
    if subject.kind is Kind.TEMPORARY:
        return (say("nothing that outlasts it"),)
    if subject.mac and subject.origin is not Origin.STABLE_PRIVACY:
        return _mac(subject, vendor)
    shape = shape_of(subject)
    if shape in _BY_SHAPE:
        return _BY_SHAPE[shape](subject)
    if subject.origin is Origin.STABLE_PRIVACY:
        return (say("that it is the same host as before, in this network only"),)
    return (say("that it is the same host as before"),)


def _mac(subject: Subject, vendor: Vendor) -> tuple[str, ...]:
    mac = say("the MAC address {mac}", mac=subject.mac)
    if not subject.own_mac:
        mac = say(
            "the MAC address {mac} (likely: one opaque address in 65,536 looks the same)",
            mac=subject.mac,
        )
    name = vendor(subject.mac)
    maker = say("vendor {vendor}", vendor=name) if name else say("vendor not known here")
    if is_local(subject.mac):
        maker = say("no vendor assigned it: a virtual machine, a container or a random one")
    return mac, maker, say("the same host in every network that it visits")


def _low(_: Subject) -> tuple[str, ...]:
    return (say("that somebody numbered it, so its neighbours in the row are worth a try"),)


def _port(subject: Subject) -> tuple[str, ...]:
    _, _, third, fourth = subject.words
    port = next(found for word in (fourth, third) if (found := service_port(word)) is not None)
    return (say("what it serves: port {port}", port=port),)


def _ipv4(subject: Subject) -> tuple[str, ...]:
    return (say("its IPv4 address {address}", address=embedded_ipv4(subject)),)


def _ipv4_spelt(subject: Subject) -> tuple[str, ...]:
    spelt = IPv4Address(".".join(f"{word:x}" for word in subject.words))
    return (say("its IPv4 address {address}", address=spelt),)


def _teredo(subject: Subject) -> tuple[str, ...]:
    """RFC 4380 section 4: relay, flags, and the outer port and IPv4 address with every bit inverted."""
    server = IPv4Address(subject.ip.packed[4:8])
    port = subject.words[1] ^ ALL_ONES_16
    client = IPv4Address(int(embedded_ipv4(subject)) ^ ALL_ONES_32)
    return (
        say("its router's IPv4 address {address} and port {port}", address=client, port=port),
        say("its Teredo server {address}", address=server),
    )


_BY_SHAPE: Mapping[Shape, Callable[[Subject], tuple[str, ...]]] = {
    Shape.LOW_BYTE_STRICT: _low,
    Shape.LOW_BYTE: _low,
    Shape.LOW_BYTE_2: _low,
    Shape.DHCPV6_POOL: _low,
    Shape.PORT: _port,
    Shape.IPV4_32: _ipv4,
    Shape.IPV4_32_LAN: _ipv4,
    Shape.IPV4_64: _ipv4_spelt,
    Shape.ISATAP: _ipv4,
    Shape.TEREDO: _teredo,
}
