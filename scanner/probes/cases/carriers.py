"""Other protocols that can smuggle a packet in, or that a filter does not know: AH, ESP, tunnels, rare transports."""

import struct
from collections.abc import Mapping
from types import MappingProxyType

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from scanner.probes.cases.craft import Base, content, ip, one, tcp
from scanner.probes.cases.segments import Build
from scanner.probes.cases.stamp import Stamp

AH, ESP, NOTHING, IPV4, IPV6, GRE, SCTP_NUMBER, DCCP = 51, 50, 59, 4, 41, 47, 132, 33
DOCUMENTATION = ("192.0.2.1", "192.0.2.2")  # RFC 5737
GRE_IPV6 = b"\0\0\x86\xdd"  # RFC 2784: no checksum, then the ethertype


def carrying(protocol: int, data: bytes, stamp: Stamp) -> list[bytes]:
    packet = ip(stamp)
    packet.nh = protocol
    return [bytes(packet / Raw(data))]


def authenticated_syn(stamp: Stamp, base: Base) -> list[bytes]:
    """RFC 4302 section 2: an AH nobody can verify, before a SYN."""
    next_header, data = content(stamp, tcp(stamp, base.port))
    header = struct.pack("!BBHII12s", next_header, 4, 0, stamp.sequence | 1, 1, stamp.nonce)
    return carrying(AH, header + data, stamp)


def encrypted(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001  (every builder takes a base)
    """RFC 4303 section 2: what an ESP packet shows to those who have no key."""
    return carrying(ESP, struct.pack("!II", stamp.sequence | 0x100, 1) + stamp.nonce * 4, stamp)


def bare(protocol: int) -> Build:
    """This protocol, and a TCP header as its content."""
    return lambda stamp, base: carrying(protocol, content(stamp, tcp(stamp, base.port))[1], stamp)


def ipv6_in_ipv6(stamp: Stamp, base: Base) -> list[bytes]:
    return carrying(IPV6, inner(stamp, base), stamp)


def ipv4_in_ipv6(stamp: Stamp, base: Base) -> list[bytes]:
    """RFC 6333: what a DS-Lite tunnel carries."""
    source, target = DOCUMENTATION
    packet = IP(src=source, dst=target, id=stamp.number & 0xFFFF, ttl=64) / tcp(stamp, base.port)
    return carrying(IPV4, bytes(packet), stamp)


def generic_routing(stamp: Stamp, base: Base) -> list[bytes]:
    return carrying(GRE, GRE_IPV6 + inner(stamp, base), stamp)


def inner(stamp: Stamp, base: Base) -> bytes:
    packet = IPv6(src=str(stamp.source), dst=str(stamp.target), fl=0, hlim=64)
    return bytes(packet / tcp(stamp, base.port))


def stream_control(stamp: Stamp, base: Base) -> list[bytes]:
    init = SCTPChunkInit(init_tag=stamp.sequence | 1, a_rwnd=65535, n_out_streams=1, n_in_streams=1, init_tsn=1)
    return one(stamp, SCTP(sport=stamp.source_port, dport=base.port, tag=0), init)


def datagram_congestion(stamp: Stamp, base: Base) -> list[bytes]:
    """RFC 4340 section 5.3: a Request with extended sequence numbers; without the IPv6 checksum nobody accepts it."""
    header = struct.pack("!HHBBHBBHIII", stamp.source_port, base.port, 5, 0, 0, 1, 0, 0, stamp.sequence, 0, 0)
    return carrying(DCCP, header[:20], stamp)


CASES: Mapping[str, Build] = MappingProxyType(
    {
        "X19": authenticated_syn,
        "X20": encrypted,
        "X21": bare(NOTHING),
        "X22-135": bare(135),
        "X22-139": bare(139),
        "X22-253": bare(253),
        "X22-254": bare(254),
        "X23": ipv6_in_ipv6,
        "X24": ipv4_in_ipv6,
        "X25": generic_routing,
        "X27": stream_control,
        "X28": datagram_congestion,
    }
)
