"""What is said to find the home router, to prove that each kind of packet gets as far as it, and to the router itself:
only to the address it showed on the measured path. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv6Address

from scanner.batteries.simple_security.acts import Cast
from scanner.batteries.simple_security.script import UNKNOWN, Act, Shot, Side, Step
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.timing import Timing
from scanner.probes.cases import gateway
from scanner.probes.cases.gateway import Way
from scanner.probes.payloads import payload

TCP, UDP = "tcp", "udp"
DNS, DHCP = 53, 547
# REC-50: what routers are managed by: SSH, Telnet, web, TR-069, Winbox and its API, UPnP; SNMP, SSDP, PCP
MANAGEMENT = (
    *((TCP, port) for port in (22, 23, 80, 443, 4567, 7547, 8080, 8291, 8443, 8728, 49152)),
    *((UDP, port) for port in (161, 1900, 5351)),
)
SERVICES = ((UDP, DNS), (TCP, DNS), (UDP, DHCP), *MANAGEMENT)
ROWS = 3  # acts that ask for errors side by side
RELAY_FORWARD, RELAY_MESSAGE = 12, 9  # RFC 8415 sections 7.3 and 21.10
# Every kind of packet whose absence inside would speak against the router: kind -> how it is built
KINDS: dict[str, Callable[[Way], bytes]] = {
    "tcp": partial(gateway.tcp, flags="S"),
    "echo": gateway.echo,
    "unknown": partial(gateway.opaque, protocol=UNKNOWN[0][0]),  # the run's own number in its place
    "esp": partial(gateway.esp, spi=0x00D4_0004),
    "ah": gateway.authenticated,
    "ike": lambda way: gateway.ike(replace(way, port=gateway.IKE)),
    "hip": gateway.hip,
    "lite": gateway.udp_lite,
    "mobility": gateway.mobility,
    "shim6": gateway.shim6,
    "sctp": partial(gateway.sctp, chunk="init", tag=0),
    "dccp": partial(gateway.dccp, kind=gateway.DCCP_REQUEST),
    "rh0": gateway.routing_zero,
    "rh2": lambda way: gateway.routing_home(way, way.source),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """The home router: ``distance`` hops from the vantage, ``address`` as its error showed it, None where it said
    nothing.
    """

    distance: int
    address: IPv6Address | None


def search(cast: Cast) -> Act:
    """Open a flow and answer: the hop limit on arrival tells how far the host is."""
    flow = cast.flow()
    return Act(
        "a first answer on a UDP flow that the host opens",
        (Step((flow.out("first.open", gateway.udp),)), Step((flow.back("first.reply", gateway.udp),))),
    )


def ask_router(cast: Cast, distance: int) -> Act:
    """A packet that expires at the home router: its error names the router's address."""
    return Act("a packet that expires at the home router", (Step((reaching(cast, "udp", gateway.udp, distance),)),))


def reaching(cast: Cast, name: str, build: Callable[[Way], bytes], distance: int) -> Shot:
    """A packet to a port nobody uses, whose hop limit ends at the home router."""
    return cast.flow().back(f"reach.{name}", build, hop_limit=distance)


def gate_acts(cast: Cast, gate: Gate, seen: Seen, timing: Timing) -> Iterator[Act]:
    """Proofs that each kind reaches the router, and what the router itself is asked."""
    rows: list[list[Step]] = [[] for _ in range(ROWS)]
    kinds: dict[str, Callable[[Way], bytes]] = {
        **KINDS,
        "unknown": partial(gateway.opaque, protocol=cast.ends.unknown[0]),
    }
    for number, (name, build) in enumerate(kinds.items()):
        shot = reaching(cast, name, build, gate.distance)
        rows[number % ROWS].append(Step((shot,), after=ROWS * timing.error_every))
    for row in rows:
        yield Act("packets of every kind that expire at the home router", tuple(row))
    if gate.address is not None:
        yield services(cast, gate, gate.address, seen, timing)


def services(cast: Cast, gate: Gate, router: IPv6Address, seen: Seen, timing: Timing) -> Act:
    """Queries to the router's own address; where it stays silent, proof that such packets get as far as it."""
    asked = [ask(cast, router, protocol, port) for protocol, port in SERVICES]
    relayed = ask(cast, router, UDP, DHCP, relay_forward(router))
    asked.append(replace(relayed, name="service.udp.547.relayed"))
    proofs = [
        Step(after=timing.error_every, when=partial(proof, cast, gate, seen, protocol, port))
        for protocol, port in SERVICES
    ]
    return Act("DNS, DHCPv6 and management at the router's own outer address", (Step(tuple(asked)), *proofs))


def ask(cast: Cast, router: IPv6Address, protocol: str, port: int, query: bytes | None = None) -> Shot:
    labels, number = cast.labels.take(), cast.draw.randrange(1 << 20, 1 << 30)
    way = Way(cast.ends.vantage, router, cast.ends.other_port, port, labels, number)
    built = gateway.tcp(way, "S") if protocol == TCP else gateway.udp(way, query or payload(port, way.nonce))
    return Shot(f"service.{protocol}.{port}", Side.OUTSIDE, built)


def proof(cast: Cast, gate: Gate, seen: Seen, protocol: str, port: int) -> tuple[Shot, ...]:
    """The same to the host, expiring at the router; nothing where the router has answered."""
    if silent(seen, f"service.{protocol}.{port}"):
        build = KINDS["tcp"] if protocol == TCP else gateway.udp
        shot = cast.flow().back(
            f"reach.{protocol}.{port}", lambda way: build(replace(way, port=port)), hop_limit=gate.distance
        )
        return (shot,)
    return ()


def silent(seen: Seen, name: str) -> bool:
    return name not in seen.replied and name not in seen.told


def relay_forward(router: IPv6Address) -> bytes:
    """A client's question as a relay agent would hand it on: servers and relays take these by unicast."""
    question = payload(DHCP, bytes(8)) or b""
    head = bytes([RELAY_FORWARD, 0]) + router.packed + router.packed
    return head + RELAY_MESSAGE.to_bytes(2, "big") + len(question).to_bytes(2, "big") + question


def hang_ups(cast: Cast, router: IPv6Address, seen: Seen, sent: tuple[Shot, ...]) -> tuple[Shot, ...]:
    """Resets for the connections that the router accepted: nothing is left half open."""
    accepted = [shot for shot in sent if seen.replied.get(shot.name, 0) & 0x12 == 0x12]  # noqa: PLR2004  SYN, ACK
    return tuple(
        Shot(f"{shot.name}.reset", Side.OUTSIDE, _reset(cast, router, shot.packet), tries=1) for shot in accepted
    )


def _reset(cast: Cast, router: IPv6Address, packet: bytes) -> bytes:
    port, sequence = int.from_bytes(packet[42:44], "big"), int.from_bytes(packet[44:48], "big")
    way = Way(cast.ends.vantage, router, cast.ends.other_port, port, cast.labels.take(), sequence)
    return gateway.tcp(way, "R", offset=1)
