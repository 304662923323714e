"""Control flows: the inside opens them, the outside says how they look there. Sits between vantage/ and witness/."""

import base64
import secrets
import select
import struct
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any

from scanner.model.errors import ScanError
from scanner.probes.controls import AnyFlow, ControlFlow, TcpControlFlow
from scanner.probes.craft import Flow, syn_ack
from scanner.probes.pipe import Pinhole
from scanner.vantage.session import Session
from scanner.witness.pinhole import HELLO, TcpPinhole, UdpPinhole

TRIES, WAIT = 6, 0.5  # how often a flow is tried, and how many seconds each
TCP, UDP, PAYLOAD_AT, TCP_HEADER_END = 6, 17, 48, 60
TCP_HEAD, SYN, ACK = struct.Struct("!HHIIBB"), 0x02, 0x10
SYN_WAIT = 1.4  # seconds: the kernel repeats a SYN after one (RFC 6298 section 2)
SYN_ACKS, SYN_ACK_WAIT = 3, 0.3
FIRST_NUMBER = 900_000  # of the commands sent from here

Shown = tuple[IPv6Address, int]  # an address and port as they show outside


@dataclass(frozen=True, slots=True)
class Syn:
    """The first packet of a connection from inside, as captured at the vantage."""

    sender: IPv6Address
    port: int
    sequence: int


def open_all_flows(
    session: Session, vantage: IPv6Address, vantage_port: int, inside_ports: Mapping[IPv6Address, int]
) -> tuple[tuple[AnyFlow, ...], tuple[Pinhole, ...]]:
    """UDP flows, and TCP ones where the vantage can speak TCP by raw packets."""
    flows, holes = open_flows(session, vantage, vantage_port, inside_ports)
    if not session.hello.raw:
        return flows, holes
    streams, stream_holes = open_tcp_flows(session, vantage, vantage_port, inside_ports)
    return (*flows, *streams), (*holes, *stream_holes)


def open_tcp_flows(
    session: Session, vantage: IPv6Address, vantage_port: int, inside_ports: Mapping[IPv6Address, int]
) -> tuple[tuple[TcpControlFlow, ...], tuple[Pinhole, ...]]:
    """Let the inside open one TCP connection from each address, one after the other.

    The vantage's side of it is raw packets and capture: a filter there hides nothing, and its kernel keeps out of it.
    Where the first SYN does not come through, the others are not tried.
    """
    flows: list[TcpControlFlow] = []
    holes: list[Pinhole] = []
    with suppress(ScanError):  # the vantage's kernel will not have it: UDP flows alone, then
        session.request({"op": "mute", "port": vantage_port})
        for number, (address, port) in enumerate(inside_ports.items()):
            known = {(flow.seen, flow.seen_port) for flow in flows}
            way = _Way(session, vantage, vantage_port, FIRST_NUMBER + number)
            flow, hole = _open_tcp_flow(way, (address, port), known)
            if flow is None or hole is None:
                break
            flows.append(flow)
            holes.append(hole)
    return tuple(flows), tuple(holes)


@dataclass(frozen=True, slots=True)
class _Way:
    """To the vantage's end of a connection; ``number`` marks the commands about it."""

    session: Session
    vantage: IPv6Address
    port: int
    number: int


def _open_tcp_flow(
    way: _Way, inside: Shown, known: Collection[Shown]
) -> tuple[TcpControlFlow | None, TcpPinhole | None]:
    try:
        hole = TcpPinhole(*inside, way.vantage, way.port)
    except OSError:  # gone, or its port was taken meanwhile
        return None, None
    syn = _hear_syn(way, known)
    if syn is not None:
        sequence = secrets.randbelow(1 << 32)
        acknowledged = (syn.sequence + 1) % (1 << 32)
        answer = syn_ack(Flow(way.vantage, syn.sender, way.port), syn.port, sequence, acknowledged)
        command = {"op": "send", "source": str(way.vantage), "packets": [base64.b64encode(answer).decode()]}
        for _ in range(SYN_ACKS):
            way.session.submit({**command, "id": way.number})
            if _until(hole.is_open, way.session):
                after = (sequence + 1) % (1 << 32)
                shown = (syn.sender, syn.port)
                return TcpControlFlow(way.vantage, way.port, *inside, *shown, after, acknowledged), hole
    hole.close()
    return None, None


def _until(ready: Callable[[], bool], session: Session) -> bool:
    """Wait SYN_ACK_WAIT at most; whatever comes in meanwhile is kept for whom it concerns."""
    events: list[dict[str, Any]] = []
    end = time.monotonic() + SYN_ACK_WAIT
    while not ready() and time.monotonic() < end:
        select.select([session.fileno()], [], [], 0.01)
        events += session.receive()
    session.put_back(events)
    return ready()


def _hear_syn(way: _Way, known: Collection[Shown]) -> Syn | None:
    """The next SYN that the vantage captures, but for those from ``known`` senders."""
    events: list[dict[str, Any]] = []
    syn = None
    end = time.monotonic() + SYN_WAIT
    while syn is None and time.monotonic() < end:
        select.select([way.session.fileno()], [], [], 0.02)
        for event in way.session.receive():
            events.append(event)
            packets = [base64.b64decode(text) for _, text in event["p"]] if event["e"] == "heard" else []
            heard = [found for packet in packets if (found := read_syn(packet, way.port))]
            syn = next((one for one in heard if (one.sender, one.port) not in known), syn)
    way.session.put_back(events)
    return syn


def read_syn(packet: bytes, vantage_port: int) -> Syn | None:
    """A captured packet that opens a TCP connection to ``vantage_port``, None for any other."""
    if len(packet) < TCP_HEADER_END or packet[6] != TCP:
        return None
    port, to, sequence, _, _, flags = TCP_HEAD.unpack_from(packet, 40)
    if to != vantage_port or flags & (SYN | ACK) != SYN:
        return None
    return Syn(IPv6Address(packet[8:24]), port, sequence)


def open_flows(
    session: Session, vantage: IPv6Address, vantage_port: int, inside_ports: Mapping[IPv6Address, int]
) -> tuple[tuple[ControlFlow, ...], tuple[Pinhole, ...]]:
    """Let the inside open one UDP flow from each address and learn how it looks outside.

    It is seen there by packet capture, so that a filter on the vantage itself hides nothing. Flows that nothing was
    heard of are closed again.
    """
    holes: list[UdpPinhole] = []
    for address, port in inside_ports.items():
        with suppress(OSError):  # gone, or its port was taken meanwhile: one flow less
            holes.append(UdpPinhole(address, port, vantage, vantage_port))
    seen: dict[IPv6Address, Shown] = {}
    others: list[dict[str, Any]] = []
    for _ in range(TRIES):
        for hole in holes:
            if hole.address not in seen:
                hole.refresh()
        others += _hear(session, vantage_port, seen, len(holes))
        if len(seen) == len(holes):
            break
    session.put_back(others)
    for hole in holes:
        if hole.address not in seen:
            hole.close()
    kept = [hole for hole in holes if hole.address in seen]
    flows = tuple(ControlFlow(vantage, vantage_port, h.address, h.port, *seen[h.address]) for h in kept)
    return flows, tuple(kept)


def _hear(session: Session, vantage_port: int, seen: dict[IPv6Address, Shown], wanted: int) -> list[dict[str, Any]]:
    """Note flows in ``seen`` until all are in or WAIT is over; gives the events back, for whom they concern."""
    events: list[dict[str, Any]] = []
    end = time.monotonic() + WAIT
    while len(seen) < wanted and time.monotonic() < end:
        select.select([session.fileno()], [], [], 0.02)
        for event in session.receive():
            events.append(event)
            seen.update(flows_of(event, vantage_port))
    return events


def flows_of(event: dict[str, Any], vantage_port: int) -> dict[IPv6Address, Shown]:
    """The control flows an event of the vantage tells of: inside address -> how it shows."""
    if event["e"] == "datagram":
        return said_flow(base64.b64decode(event["d"]), (event["from"][0], event["from"][1]))
    found: dict[IPv6Address, Shown] = {}
    for _, text in event["p"] if event["e"] == "heard" else ():
        found |= captured_flow(base64.b64decode(text), vantage_port)
    return found


def captured_flow(packet: bytes, vantage_port: int) -> dict[IPv6Address, Shown]:
    """The inside address a captured packet says it comes from -> the address and port it shows; else empty."""
    if len(packet) < PAYLOAD_AT or packet[6] != UDP:
        return {}
    port, to = struct.unpack_from("!HH", packet, 40)
    return said_flow(packet[PAYLOAD_AT:], (str(IPv6Address(packet[8:24])), port)) if to == vantage_port else {}


def said_flow(payload: bytes, sender: tuple[str, int]) -> dict[IPv6Address, Shown]:
    """The same from the payload and the sender as seen at the vantage."""
    if not payload.startswith(HELLO) or len(payload) != len(HELLO) + 16:
        return {}
    return {IPv6Address(payload[len(HELLO) :]): (IPv6Address(sender[0]), int(sender[1]))}
