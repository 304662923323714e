"""TCP segments and UDP datagrams without any header before them: flags, data, options, telling source ports."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from scapy.packet import Raw

from scanner.probes.cases.craft import Base, one, tcp, udp
from scanner.probes.cases.stamp import Stamp

Build = Callable[[Stamp, Base], list[bytes]]
SOURCE_PORTS = (20, 22, 53, 67, 80, 88, 123, 443, 500, 547, 5353)
LONG = 1000  # bytes in a SYN

# id -> flags in scapy's letters (N is the AE bit, once NS)
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "tcp-ack": "A",
        "tcp-push-ack": "PA",
        "tcp-maimon": "FA",
        "tcp-syn-ack": "SA",
        "tcp-rst": "R",
        "tcp-rst-ack": "RA",
        "tcp-syn-rst": "SR",
        "tcp-fin": "F",
        "tcp-null": "",
        "tcp-xmas": "FPU",
        "tcp-push": "P",
        "tcp-urgent": "U",
        "tcp-reserved": "N",
        "tcp-syn-fin": "SF",
        "tcp-syn-xmas": "SFPU",
        "tcp-syn-push": "SP",
        "tcp-syn-urgent": "SU",
        "tcp-syn-push-urgent": "SPU",
        "tcp-syn-ecn": "SEC",
        "tcp-syn-ece": "SE",
        "tcp-syn-cwr": "SC",
        "tcp-syn-reserved": "SN",
    }
)
# The same at a port that is let in: only the first packet of a connection may be.
AT_ALLOWED = ("tcp-ack", "tcp-fin", "tcp-null", "tcp-xmas", "tcp-maimon", "tcp-syn-fin", "tcp-syn-ack")


def towards(build: Build, base: Base) -> Callable[[Stamp], list[bytes]]:
    """``build`` with its base filled in."""
    return lambda stamp: build(stamp, base)


def flagged(flags: str) -> Build:
    return lambda stamp, base: one(stamp, tcp(stamp, base.port, flags))


def syn_with_data(stamp: Stamp, base: Base) -> list[bytes]:
    return one(stamp, tcp(stamp, base.port), Raw(bytes(LONG)))


def syn_carrying_echo(stamp: Stamp, base: Base) -> list[bytes]:
    return one(stamp, tcp(stamp, base.port), Raw(b"\x80\0\0\0" + stamp.nonce))


def syn_fast_open(stamp: Stamp, base: Base) -> list[bytes]:
    """RFC 7413: the cookie request with five bytes of data."""
    return one(stamp, tcp(stamp, base.port, options=[("TFO", (stamp.sequence, 0))]), Raw(b"v6exp"))


def syn_bad_checksum(stamp: Stamp, base: Base) -> list[bytes]:
    packet = bytearray(one(stamp, tcp(stamp, base.port))[0])
    packet[56] ^= 0xFF
    return [bytes(packet)]


def syn(stamp: Stamp, base: Base) -> list[bytes]:
    return one(stamp, tcp(stamp, base.port))


def datagram(stamp: Stamp, base: Base) -> list[bytes]:
    return one(stamp, udp(stamp, base.port))


CASES: Mapping[str, Build] = MappingProxyType(
    {name: flagged(flags) for name, flags in FLAGS.items()}
    | {f"{name}-allowed": flagged(FLAGS[name]) for name in AT_ALLOWED}
    | {
        "tcp-syn-data": syn_with_data,
        "tcp-syn-data-allowed": syn_with_data,
        "tcp-syn-fast-open": syn_fast_open,
        "tcp-syn-port-0": syn,
        "fw6-38": syn_carrying_echo,
        "X46": syn_bad_checksum,
    }
    | {f"sport-{port}-tcp": syn for port in SOURCE_PORTS}
    | {f"sport-{port}-udp": datagram for port in SOURCE_PORTS}
)
