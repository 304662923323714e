"""One vantage, both sides at once: connect, plan the ports and flows of this run, watch, probe, locate.

scan.py tells the whole story; this is its middle.
"""

from __future__ import annotations

import base64
import secrets
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from scanner.discovery.present import present_addresses
from scanner.model.address import Inventory
from scanner.model.errors import EnvironmentFault
from scanner.model.evidence import Measurement
from scanner.plan import Plan, listening
from scanner.probes.controls import ControlFlow
from scanner.probes.engine import Engine, Outside, Progress, Surroundings
from scanner.probes.locate import Locator
from scanner.probes.payloads import payload
from scanner.probes.plain import PlainEngine
from scanner.probes.pipe import Pinhole, Witness
from scanner.vantage.session import ControlDirectory, Session, open_session
from scanner.vantage.spec import Spec, SshSpec
from scanner.witness.pinhole import HELLO, UdpPinhole, free_port

ATTEMPT_PORTS = 24  # source ports of attempts and of the locator; one more carries the control flows
FLOW_TRIES, FLOW_WAIT = 6, 0.5  # how often and how long (seconds) a control flow is tried
ERROR_LIMIT = Path("/proc/sys/net/ipv6/icmp/ratelimit")
NAMES = {6: "tcp", 17: "udp"}


@dataclass(frozen=True, slots=True)
class Vantage:
    """A connected vantage. ``address`` is its source address towards the host."""

    spec: Spec
    session: Session
    address: IPv6Address
    round_trip: float
    shared: ControlDirectory | None

    def close(self) -> None:
        self.session.close()
        if self.shared is not None:
            self.shared.remove()


def connect(spec: Spec, target: IPv6Address) -> Vantage:
    """Open the session and learn which address the vantage has towards ``target``. Raises EnvironmentFault."""
    shared = ControlDirectory() if isinstance(spec, SshSpec) else None
    try:
        session = open_session(spec, shared.path if shared else None)
    except BaseException:
        if shared is not None:
            shared.remove()
        raise
    try:
        routed = session.request({"op": "route", "to": str(target)})
        if not routed["source"]:
            raise EnvironmentFault(
                f"vantage {spec} has no IPv6 way to {target} ({routed.get('error')})",
                "choose a vantage with IPv6, or give that one an IPv6 address and default route",
            )
        started = time.monotonic()
        session.request({"op": "ping"})
        round_trip = time.monotonic() - started
    except BaseException:
        Vantage(spec, session, target, 0.0, shared).close()
        raise
    return Vantage(spec, session, IPv6Address(routed["source"]), round_trip, shared)


def measure(
    vantage: Vantage,
    plan: Plan,
    inventory: Inventory,
    witness: Witness | None,
    progress: Callable[[Progress], None],
) -> Measurement:
    """Probe everything in ``plan`` from ``vantage`` while ``witness`` watches. Never loses what was measured."""
    session = vantage.session
    ports = session.request(
        {"op": "reserve", "address": str(vantage.address), "count": ATTEMPT_PORTS + 1}
    )["ports"]
    flow_port = ports.pop()
    inside_ports = {address: free_port(address) for address in plan.addresses}
    around = Surroundings(
        pipe=session,
        witness=witness,
        outside=Outside(vantage.address, tuple(ports), flow_port, vantage.round_trip),
        key=secrets.token_bytes(16),
        open_flows=lambda: open_flows(session, vantage.address, flow_port, inside_ports),
        flow_ports=inside_ports,
        present=present_addresses,
        payload=payload,
        listening={
            (target.address, target.protocol): frozenset(
                listening(inventory.listeners, NAMES[target.protocol], target.address)
            )
            for target in plan.targets
        },
        progress=progress,
        interface_name=interface_name,
        errors_limited=errors_limited(),
        home=tuple({a.network for a in inventory.addresses if a.scannable and a.prefix_length < 128}),  # noqa: PLR2004
    )
    kind = Engine if session.hello.raw else PlainEngine
    return kind(plan, around).run(lambda engine: Locator(engine, plan))


def interface_name(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:  # gone meanwhile
        return str(index)


def errors_limited(setting: Path = ERROR_LIMIT) -> bool:
    """Whether this host limits its ICMPv6 errors (RFC 4443 section 2.4 (f)); assumed where it cannot be read."""
    try:
        return int(setting.read_text()) != 0
    except (OSError, ValueError):
        return True


def open_flows(
    session: Session, vantage: IPv6Address, vantage_port: int, inside_ports: dict[IPv6Address, int]
) -> tuple[tuple[ControlFlow, ...], tuple[Pinhole, ...]]:
    """Let the inside open one UDP flow from each address and learn how it looks outside (seen by packet capture, so
    that a filter on the vantage itself hides nothing). Flows that nothing was heard of are closed again."""
    holes = [UdpPinhole(address, port, vantage, vantage_port) for address, port in inside_ports.items()]
    seen: dict[IPv6Address, tuple[IPv6Address, int]] = {}
    others = []
    for _ in range(FLOW_TRIES):
        for hole in holes:
            if hole.address not in seen:
                hole.refresh()
        end = time.monotonic() + FLOW_WAIT
        while len(seen) < len(holes) and time.monotonic() < end:
            select.select([session.fileno()], [], [], 0.02)
            for event in session.receive():
                if event["e"] == "heard":
                    for _, text in event["p"]:
                        seen.update(opened_flow(base64.b64decode(text), vantage_port))
                elif event["e"] == "datagram":
                    seen.update(said_flow(base64.b64decode(event["d"]), event["from"]))
                others.append(event)
        if len(seen) == len(holes):
            break
    session.put_back(others)
    for hole in holes:
        if hole.address not in seen:
            hole.close()
    kept = [hole for hole in holes if hole.address in seen]
    flows = tuple(ControlFlow(vantage, vantage_port, h.address, h.port, *seen[h.address]) for h in kept)
    return flows, tuple(kept)


def opened_flow(packet: bytes, vantage_port: int) -> dict[IPv6Address, tuple[IPv6Address, int]]:
    """The inside address a control flow says it comes from -> the address and port it shows. Empty for other packets."""
    if len(packet) < 48 or packet[6] != 17:  # noqa: PLR2004
        return {}
    port, to = struct.unpack_from("!HH", packet, 40)
    return said_flow(packet[48:], (str(IPv6Address(packet[8:24])), port)) if to == vantage_port else {}


def said_flow(payload: bytes, sender: tuple[str, int]) -> dict[IPv6Address, tuple[IPv6Address, int]]:
    """The same from the payload and the sender as seen at the vantage."""
    if not payload.startswith(HELLO) or len(payload) != len(HELLO) + 16:
        return {}
    return {IPv6Address(payload[len(HELLO) :]): (IPv6Address(sender[0]), int(sender[1]))}
