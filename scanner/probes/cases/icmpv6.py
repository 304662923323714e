"""ICMPv6 messages of every class of RFC 4890: errors about a flow that the inside opened, and what nobody asked for."""

from collections.abc import Mapping
from types import MappingProxyType

from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6MLDone,
    ICMPv6MLQuery,
    ICMPv6MLReport,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    ICMPv6Unknown,
)
from scapy.packet import Packet, Raw

from scanner.probes.cases.craft import Base, content, echo, one, piece
from scanner.probes.cases.segments import Build
from scanner.probes.cases.stamp import Stamp

ICMPV6, ECHO_REQUEST = 58, 128
SMALLEST_MTU = 1280  # RFC 8200 section 5
BEGIN = 8  # bytes of an echo request in its first fragment: type, code, checksum, identifier, sequence number


def about(error: Packet) -> Build:
    """An error that quotes what the inside has sent on a flow of its own (``Base.quoted``)."""
    return lambda stamp, base: one(stamp, error.copy(), Raw(base.quoted))


def message(kind: int, code: int = 0, body: bytes = b"") -> Build:
    """Any type; the nonce follows the four bytes after the checksum."""
    return lambda stamp, _: one(stamp, ICMPv6Unknown(type=kind, code=code, msgbody=bytes(4) + body + stamp.nonce))


def echo_request(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001  (every builder takes a base)
    return one(stamp, echo(stamp))


def echo_reply(stamp: Stamp, base: Base) -> list[bytes]:
    """To a ping of the host, whose identifier and sequence number are ``base.quoted``."""
    identifier, sequence = int.from_bytes(base.quoted[:2]), int.from_bytes(base.quoted[2:4])
    return one(stamp, ICMPv6EchoReply(id=identifier, seq=sequence, data=stamp.nonce))


def echo_fragmented(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001
    """RFC 7112 is kept: the first fragment has all of the ICMPv6 header, and nothing else."""
    next_header, data = content(stamp, echo(stamp))
    return [
        piece(stamp, next_header, 0, data[:BEGIN], more=True),
        piece(stamp, next_header, BEGIN, data[BEGIN:], more=False),
    ]


def router_advertisement(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001
    """It announces nothing: lifetime 0, no prefix. A host that breaks RFC 4861 and takes it learns nothing from it."""
    return one(stamp, ICMPv6ND_RA(routerlifetime=0))


def neighbour_solicitation(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001
    return one(stamp, ICMPv6ND_NS(tgt=str(stamp.target)))


def neighbour_advertisement(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001
    return one(stamp, ICMPv6ND_NA(tgt=str(stamp.source), R=0, S=0, O=0))


def redirect(stamp: Stamp, base: Base) -> list[bytes]:  # noqa: ARG001
    """From where it is already: even taken, it would change nothing."""
    return one(stamp, ICMPv6ND_Redirect(tgt=str(stamp.source), dst=str(stamp.source)))


CASES: Mapping[str, Build] = MappingProxyType(
    {f"1-{code}-flow": about(ICMPv6DestUnreach(code=code)) for code in range(7)}
    | {
        "2-0-flow": about(ICMPv6PacketTooBig(mtu=SMALLEST_MTU)),
        "3-0-flow": about(ICMPv6TimeExceeded(code=0)),
        "3-1-flow": about(ICMPv6TimeExceeded(code=1)),
        "4-0-flow": about(ICMPv6ParamProblem(code=0, ptr=4)),
        "4-1-flow": about(ICMPv6ParamProblem(code=1, ptr=6)),
        "4-2-flow": about(ICMPv6ParamProblem(code=2, ptr=40)),
        "128": echo_request,
        "129-flow": echo_reply,
        "128-fragmented": echo_fragmented,
        "130": lambda s, _: one(s, ICMPv6MLQuery()),
        "131": lambda s, _: one(s, ICMPv6MLReport()),
        "132": lambda s, _: one(s, ICMPv6MLDone()),
        "133": lambda s, _: one(s, ICMPv6ND_RS()),
        "134": router_advertisement,
        "135": neighbour_solicitation,
        "136": neighbour_advertisement,
        "137": redirect,
    }
    | {
        str(kind): message(kind)
        for kind in (5, 100, 101, 127, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153)
    }
    | {str(kind): message(kind) for kind in (155, 160, 199, 200, 201, 255)}
)
