"""Control flows: the inside opens them, the outside says how they look there. Sits between vantage/ and witness/."""

import base64
import select
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any

from scanner.probes.controls import ControlFlow
from scanner.probes.pipe import Pinhole
from scanner.vantage.session import Session
from scanner.witness.pinhole import HELLO, UdpPinhole

TRIES, WAIT = 6, 0.5  # how often a flow is tried, and how many seconds each
UDP, PAYLOAD_AT = 17, 48

Shown = tuple[IPv6Address, int]  # an address and port as they show outside


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
