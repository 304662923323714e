"""The packets with which a home router's filter is asked about its state, from either side: one function a shape.

Each takes a ``Way`` and gives a whole IPv6 packet with checksums. Every field that scapy would fill with a telling
default (source port 20, sequence 0) is set here (trap D11).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    HAO,
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrRouting,
    MIP6MH_HoT,
    MIP6MH_HoTI,
    in6_chksum,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.sctp import (
    SCTP,
    SCTPChunkCookieAck,
    SCTPChunkCookieEcho,
    SCTPChunkData,
    SCTPChunkInit,
    SCTPChunkInitAck,
    SCTPChunkParamStateCookie,
)
from scapy.packet import Packet, Raw

HOP_LIMIT = 64
WINDOW = 4096  # bytes, without a scale
MSS = 1220
TCP_NUMBER, UDP_NUMBER, SHIM6_NUMBER = 6, 17, 140
DCCP, SCTP_NUMBER, UDP_LITE, HIP = 33, 132, 136, 139
IKE = 500  # UDP port
LONGEST_QUOTE = 1280 - 40 - 8  # RFC 4443 section 3.1: an error fits the minimum MTU
USUAL_MTU = 1500  # told in packet too big: no less than is usual, so that no host takes it to heart
DCCP_REQUEST, DCCP_RESPONSE, DCCP_DATA, DCCP_ACK, DCCP_DATA_ACK = 0, 1, 2, 3, 4  # RFC 4340 section 5.1
ERRORS: dict[int, Callable[[int, int], Packet]] = {
    1: lambda code, _word: ICMPv6DestUnreach(code=code),
    2: lambda code, word: ICMPv6PacketTooBig(code=code, mtu=word),
    3: lambda code, _word: ICMPv6TimeExceeded(code=code),
    4: lambda code, word: ICMPv6ParamProblem(code=code, ptr=word),
}


@dataclass(frozen=True, slots=True)
class Way:
    """Where a packet comes from and goes to. ``label`` (20 bits) is its identity; ``number`` is what sequence numbers
    and tags begin with, the same in all packets of one side of one flow.
    """

    source: IPv6Address
    target: IPv6Address
    source_port: int
    port: int
    label: int
    number: int = 1
    hop_limit: int = HOP_LIMIT

    @property
    def nonce(self) -> bytes:
        """Eight bytes that only this packet carries."""
        told = self.label.to_bytes(3, "big") + self.number.to_bytes(4, "big") + self.source.packed + self.target.packed
        return hashlib.blake2s(told, digest_size=8).digest()


def header(way: Way, next_header: int | None = None) -> IPv6:
    more = {} if next_header is None else {"nh": next_header}
    return IPv6(src=str(way.source), dst=str(way.target), fl=way.label, hlim=way.hop_limit, **more)


def _udp(way: Way, data: bytes | None) -> Packet:
    return UDP(sport=way.source_port, dport=way.port) / Raw(way.nonce if data is None else data)


def udp(way: Way, data: bytes | None = None) -> bytes:
    return bytes(header(way) / _udp(way, data))


def ike(way: Way) -> bytes:
    """An IKE_SA_INIT header without payloads (RFC 7296 section 3.1): both SPIs, version 2, exchange 34, initiator."""
    return udp(way, way.nonce + bytes(8) + bytes([0, 0x20, 34, 0x08]) + bytes(4) + (28).to_bytes(4, "big"))


def udp_lite(way: Way) -> bytes:
    """RFC 3828: the length field is the checksum's coverage, 0 for all."""
    datagram = struct.pack("!HHHH", way.source_port, way.port, 0, 0) + way.nonce
    return _summed(way, UDP_LITE, datagram, 6)


def tcp(way: Way, flags: str, acknowledged: int = 0, offset: int = 0, size: int = 0) -> bytes:
    """A segment ``offset`` bytes after the side's first sequence number, with ``size`` bytes of data."""
    segment = TCP(
        sport=way.source_port,
        dport=way.port,
        seq=(way.number + offset) & 0xFFFFFFFF,
        ack=acknowledged & 0xFFFFFFFF,
        flags=flags,
        window=WINDOW,
        options=[("MSS", MSS)] if "S" in flags else [],
    )
    return bytes(header(way) / segment / Raw((way.nonce * (size // 8 + 1))[:size]))


def sctp(way: Way, chunk: str, tag: int) -> bytes:
    """``chunk`` is init, init-ack, cookie-echo, cookie-ack or data; ``tag`` the receiver's verification tag."""
    begin = {"init_tag": way.number, "a_rwnd": 65536, "n_out_streams": 1, "n_in_streams": 1, "init_tsn": way.number}
    chunks = {
        "init": SCTPChunkInit(**begin),
        "init-ack": SCTPChunkInitAck(**begin, params=[SCTPChunkParamStateCookie(cookie=way.nonce)]),
        "cookie-echo": SCTPChunkCookieEcho(cookie=way.nonce),
        "cookie-ack": SCTPChunkCookieAck(),
        "data": SCTPChunkData(
            tsn=way.number, stream_id=0, stream_seq=0, proto_id=0, data=way.nonce, beginning=1, ending=1
        ),
    }
    return bytes(header(way) / SCTP(sport=way.source_port, dport=way.port, tag=tag) / chunks[chunk])


def dccp(way: Way, kind: int, offset: int = 0, acknowledged: int = 0) -> bytes:
    """RFC 4340 section 5: generic header with 48-bit sequence numbers, then what ``kind`` asks for."""
    more = {
        DCCP_REQUEST: way.nonce[:4],
        DCCP_RESPONSE: acknowledged.to_bytes(8, "big") + way.nonce[:4],
        DCCP_DATA: way.nonce,
        DCCP_ACK: acknowledged.to_bytes(8, "big"),
        DCCP_DATA_ACK: acknowledged.to_bytes(8, "big") + way.nonce,
    }[kind]
    length = (16 + len(more) - (8 if kind in (DCCP_DATA, DCCP_DATA_ACK) else 0)) // 4
    first = struct.pack("!HHBBHBB", way.source_port, way.port, length, 0, 0, kind << 1 | 1, 0)
    return _summed(way, DCCP, first + ((way.number + offset) & 0xFFFFFFFFFFFF).to_bytes(6, "big") + more, 6)


def opaque(way: Way, protocol: int) -> bytes:
    """Eight bytes of an upper-layer protocol that nobody knows (253 and 254 are RFC 3692's for experiments)."""
    return bytes(header(way, protocol) / Raw(way.nonce))


def authenticated(way: Way) -> bytes:
    """An authentication header of 24 bytes (RFC 4302: its length is 4), then a SYN."""
    syn = Raw(tcp(way, "S")[40:])
    return bytes(header(way) / AH(nh=TCP_NUMBER, payloadlen=4, spi=way.number, seq=1, icv=bytes(12)) / syn)


def esp(way: Way, spi: int) -> bytes:
    return bytes(header(way) / ESP(spi=spi, seq=1, data=way.nonce * 5))


def hip(way: Way) -> bytes:
    """An I1, the first packet of RFC 7401, from and to an invented host identity."""
    tags = way.nonce * 4
    packet = struct.pack("!BBBBHH", 59, 4, 1, 0x21, 0, 0) + tags
    return _summed(way, HIP, packet, 4)


def mobility(way: Way, *, test: bool = False) -> bytes:
    """A Home Test Init, or the Home Test that answers it (RFC 6275 section 6.1)."""
    message = MIP6MH_HoT(cookie=way.nonce, token=way.nonce) if test else MIP6MH_HoTI(cookie=way.nonce)
    return bytes(header(way) / message)


def routing_zero(way: Way, left: int = 0) -> bytes:
    """UDP behind the deprecated routing header of type 0 (RFC 5095); ``left`` segments still to be visited."""
    route = IPv6ExtHdrRouting(type=0, addresses=[str(way.target)], segleft=left)
    return bytes(header(way) / route / _udp(way, None))


def routing_home(way: Way, home: IPv6Address) -> bytes:
    """UDP to a mobile node at its care-of address (RFC 6275 section 6.4)."""
    return bytes(header(way) / IPv6ExtHdrRouting(type=2, addresses=[str(home)], segleft=1) / _udp(way, None))


def from_home(way: Way, home: IPv6Address) -> bytes:
    """UDP from a mobile node that is away: the option names its home address (RFC 6275 section 6.3)."""
    return bytes(header(way) / IPv6ExtHdrDestOpt(options=[HAO(hoa=str(home))]) / _udp(way, None))


def shim6(way: Way) -> bytes:
    """UDP behind a Shim6 payload extension header (RFC 5533 section 5.2)."""
    datagram = bytes(IPv6(src=str(way.source), dst=str(way.target)) / _udp(way, None))[40:]
    shim = struct.pack("!BB", UDP_NUMBER, 0) + bytes([0x80 | way.nonce[0]]) + way.nonce[1:6]
    return bytes(header(way, SHIM6_NUMBER) / Raw(shim + datagram))


def echo(way: Way) -> bytes:
    return bytes(header(way) / ICMPv6EchoRequest(id=way.label & 0xFFFF, seq=1, data=way.nonce))


def error(way: Way, kind: int, code: int, about: bytes) -> bytes:
    """An ICMPv6 error that quotes ``about``."""
    word = USUAL_MTU if kind == 2 else 40 if kind == 4 else 0  # noqa: PLR2004  (ICMPv6 types)
    return bytes(header(way) / ERRORS[kind](code, word) / Raw(about[:LONGEST_QUOTE]))


def quoted(packet: bytes) -> bytes | None:
    """The packet that an ICMPv6 error quotes, None for what is no error."""
    if len(packet) < 88 or packet[6] != 58 or packet[40] >= 128:  # noqa: PLR2004  (48 and a whole header)
        return None
    return packet[48:]


def identity(packet: bytes) -> tuple[Sequence[object], ...]:
    """By what a packet is known on the other side, whichever of these the way leaves alone: flow label; for TCP
    addresses, ports and sequence number (a router may change the MSS), else addresses and all that follows the header.
    """
    length = 48 if packet[6] == TCP_NUMBER else 96
    ends = packet[8:40]
    return (
        ("label", ends, int.from_bytes(packet[1:4], "big") & 0xFFFFF),
        ("bytes", ends, packet[6], packet[40:length], packet[53:54] if packet[6] == TCP_NUMBER else b""),
    )


def _summed(way: Way, protocol: int, segment: bytes, at: int) -> bytes:
    """The packet with the Internet checksum of pseudo header and segment at byte ``at`` of the segment."""
    cleared = segment[:at] + b"\0\0" + segment[at + 2 :]
    base = header(way, protocol)
    total = in6_chksum(protocol, base, cleared)
    return bytes(base / Raw(segment[:at] + struct.pack("!H", total) + segment[at + 2 :]))
