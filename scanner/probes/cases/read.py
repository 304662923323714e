"""What a packet says, whatever extension headers come first. Reads captures that may be cut, and never raises."""

from __future__ import annotations

import struct
from typing import NamedTuple

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
TCP, UDP, ICMPV6, NOTHING = 6, 17, 58, 59
WALKED = frozenset({HOP_BY_HOP, ROUTING, DESTINATION})  # RFC 8200 section 4: length in 8 octets, first not counted
INFORMATIONAL = 128  # RFC 4443 section 2.1: ICMPv6 types below are errors and quote what they are about
HEADER = struct.Struct("!IHBB16s16s")
MOST_HEADERS = 64


class Piece(NamedTuple):
    """A fragment header. ``offset`` and ``length`` in bytes; ``length`` is what the whole packet carries of it."""

    next_header: int
    offset: int
    more: bool
    identification: int
    length: int


class Said(NamedTuple):
    """A packet. Ports are -1 where there are none to be read. ``chain`` are the next header values from the IPv6
    header's on; the last of them is the first that is no extension header (or lies in another fragment).

    ``kind`` and ``code`` are ICMPv6's (-1 otherwise), ``word`` the four bytes after its checksum. ``quoted`` is what an
    ICMPv6 error is about. ``payload`` follows the transport header; ``length`` is the whole packet's by its header.
    """

    source: bytes
    target: bytes
    label: int
    hop_limit: int
    length: int
    chain: tuple[int, ...]
    piece: Piece | None = None
    source_port: int = -1
    port: int = -1
    sequence: int = -1
    acknowledged: int = -1
    flags: int = -1
    kind: int = -1
    code: int = -1
    word: int = -1
    payload: bytes = b""
    quoted: Said | None = None

    @property
    def protocol(self) -> int:
        return self.chain[-1]


def read_packet(packet: bytes, depth: int = 0) -> Said | None:
    """None for what is no IPv6 packet. ``depth`` counts packets quoted in packets."""
    if len(packet) < HEADER.size or packet[0] >> 4 != 6:  # noqa: PLR2004
        return None
    first, payload_length, next_header, hop_limit, source, target = HEADER.unpack_from(packet)
    chain, piece, at = walk_headers(packet, next_header, 40 + payload_length)
    said = Said(source, target, first & 0xFFFFF, hop_limit, 40 + payload_length, chain, piece)
    if piece is not None and piece.offset:
        return said._replace(payload=packet[at:])
    return read_transport(said, packet[at:], depth)


def walk_headers(packet: bytes, next_header: int, end: int) -> tuple[tuple[int, ...], Piece | None, int]:
    """(next header values, the first fragment header, where what follows begins)."""
    chain, at, piece = [next_header], 40, None
    while len(packet) >= at + 8 and len(chain) < MOST_HEADERS:
        kind = chain[-1]
        if kind == FRAGMENT:
            # RFC 8200 section 4.5: next header, reserved, offset (13 bits), 2 reserved bits, M, identification
            following, _, place, identification = struct.unpack_from("!BBHI", packet, at)
            at += 8
            chain.append(following)
            length = max(0, end - at)
            piece = piece or Piece(following, place & 0xFFF8, bool(place & 1), identification, length)
            if place & 0xFFF8:
                break
        elif kind in WALKED:
            chain.append(packet[at])
            at += 8 * (packet[at + 1] + 1)
        elif kind == AUTHENTICATION:  # RFC 4302 section 2.2: length in 4 octets, minus 2
            chain.append(packet[at])
            at += 4 * (packet[at + 1] + 2)
        else:
            break
    return tuple(chain), piece, at


def read_transport(said: Said, body: bytes, depth: int) -> Said:
    """``said`` with what its transport header tells, as far as it is there."""
    protocol = said.protocol
    if protocol == ICMPV6 and len(body) >= 4:  # noqa: PLR2004
        word = int.from_bytes(body[4:8], "big") if len(body) >= 8 else -1  # noqa: PLR2004
        quoted = read_packet(body[8:], depth + 1) if body[0] < INFORMATIONAL and not depth else None
        return said._replace(kind=body[0], code=body[1], word=word, payload=body[8:], quoted=quoted)
    if protocol not in (TCP, UDP) or len(body) < 4:  # noqa: PLR2004
        return said._replace(payload=body)
    source_port, port = struct.unpack_from("!HH", body)
    said = said._replace(source_port=source_port, port=port)
    if protocol == UDP:
        return said._replace(payload=body[8:])
    if len(body) < 14:  # noqa: PLR2004
        return said
    sequence, acknowledged, offset, flags = struct.unpack_from("!IIBB", body, 4)
    flags |= (offset & 1) << 8  # RFC 3540's NS, now AE
    return said._replace(sequence=sequence, acknowledged=acknowledged, flags=flags, payload=body[4 * (offset >> 4) :])
