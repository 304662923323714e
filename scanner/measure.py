"""One vantage, both sides at once: connect, plan the ports and flows of this run, watch, probe, locate.

scan.py tells the whole story; this is its middle.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

from scanner.call_home import call_home
from scanner.discovery.present import present_addresses
from scanner.flows import open_all_flows
from scanner.lane import Lane
from scanner.model.address import Address, Inventory
from scanner.model.evidence import CalledHome, Measurement
from scanner.plan import Plan, listening
from scanner.probes.answers import Answer
from scanner.probes.controls import AnyFlow
from scanner.probes.engine import Engine
from scanner.probes.lan import Neighbourhood
from scanner.probes.locate import Locator
from scanner.probes.payloads import payload
from scanner.probes.pipe import Pinhole, Witness
from scanner.probes.plain import PlainEngine
from scanner.probes.surroundings import MOST_PASSES, Ears, Outside, Progress, Surroundings
from scanner.vantage.check import source_towards, timing
from scanner.vantage.session import ControlDirectory, Session, open_session
from scanner.vantage.spec import Spec, SshSpec
from scanner.witness.pinhole import free_port
from scanner.witness.solicit import Solicitor

OTHER_PORTS = 3  # source ports beside those of the attempts: the question about the LAN, the locator, the control flows
ERROR_LIMIT = Path("/proc/sys/net/ipv6/icmp/ratelimit")
LONGEST_LINK_PREFIX = 64
NAMES = {6: "tcp", 17: "udp"}
ALONE = Lane()


@dataclass(frozen=True, slots=True)
class Vantage:
    """A connected vantage. ``address`` is its source address towards the host."""

    spec: Spec
    session: Session
    address: IPv6Address
    round_trip: float
    shared: ControlDirectory | None
    called: str = ""

    @property
    def name(self) -> str:
        """Under which its results stand: ``called``, where another vantage has the SPEC's own name."""
        return self.called or self.spec.name

    def close(self) -> None:
        self.session.close()
        if self.shared is not None:
            self.shared.remove()


def connect(spec: Spec, target: IPv6Address, called: str = "") -> Vantage:
    """Open the session and learn which address the vantage has towards ``target``. Raises EnvironmentFault."""
    shared = ControlDirectory() if isinstance(spec, SshSpec) else None
    try:
        session = open_session(spec, shared.path if shared else None)
    except BaseException:
        if shared is not None:
            shared.remove()
        raise
    try:
        return Vantage(spec, session, source_towards(session, target), timing(session)[0], shared, called)
    except BaseException:
        Vantage(spec, session, target, 0.0, shared).close()
        raise


def measure(
    vantage: Vantage,
    plan: Plan,
    inventory: Inventory,
    witness: Witness | None,
    progress: Callable[[Progress], None],
    lane: Lane = ALONE,
    present: Callable[[], frozenset[IPv6Address]] = present_addresses,
) -> Measurement:
    """Probe everything in ``plan`` from ``vantage`` while ``witness`` watches. Never loses what was measured.

    ``present`` tells which addresses the host holds, and held all the time.
    """
    session = vantage.session
    lane = Lane() if lane is ALONE else lane  # a gate of its own each time: one opens only once
    number = MOST_PASSES * len(plan.addresses) + OTHER_PORTS
    ports = session.request({"op": "reserve", "address": str(vantage.address), "count": number})["ports"]
    flow_port = ports.pop()
    inside_ports = control_ports(plan.addresses) if lane.inside_ports is None else lane.inside_ports
    calls: list[CalledHome] = []

    def open_both() -> tuple[tuple[AnyFlow, ...], tuple[Pinhole, ...]]:
        calls.append(call_home(session, vantage.address, flow_port, inside_ports))
        return open_all_flows(session, vantage.address, flow_port, inside_ports)

    around = Surroundings(
        pipe=session,
        witness=witness,
        outside=Outside(vantage.address, tuple(ports), flow_port, vantage.round_trip),
        key=secrets.token_bytes(16),
        open_flows=open_both,
        flow_ports=inside_ports,
        present=present,
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
        stop=lane.stop,
        foreign_flow_ports=lane.others,
        arrive=lambda: lane.gate.arrive(lane.name),
        others_ready=lane.gate.is_open,
        go_on=lane.gate.close,
    )
    kind = Engine if session.hello.raw else PlainEngine
    with ExitStack() as stack:
        measurement = kind(plan, around).run(lambda engine: Finders(engine, plan, inventory, stack))
    return replace(measurement, home_call=calls[0] if calls else None)


class Finders:
    """What is looked for beside the ports: the path, where silence ends, and the rest of the LAN."""

    def __init__(self, engine: Engine, plan: Plan, inventory: Inventory, stack: ExitStack) -> None:
        self.engine = engine
        self.locator = Locator(engine, plan)
        self.neighbourhoods: list[Neighbourhood] = []
        if plan.lan and engine.raw and engine.around.witness is not None:
            for address in links(inventory, plan):
                solicitor = Solicitor(address.interface)
                stack.callback(solicitor.close)
                taken = (own.ip for own in inventory.addresses)
                self.neighbourhoods.append(Neighbourhood(engine, solicitor, address.network, taken))

        self.engine.ears = Ears(self._neighbour, self._greeting, self._stray)

    def trace(self) -> None:
        """Before the sweep: the path, and who is on the link."""
        self.locator.trace()
        for neighbourhood in self.neighbourhoods:
            neighbourhood.prepare()

    def between(self) -> None:
        """After a pass of the sweep."""
        for neighbourhood in self.neighbourhoods:
            neighbourhood.ask()

    def locate(self) -> None:
        """After the sweep: where silence ends, and what the router did with the rest of the LAN."""
        self.locator.locate()
        for neighbourhood in self.neighbourhoods:
            self.engine.lan += neighbourhood.judge()

    def _neighbour(self, kind: int, target: bytes, outgoing: bool) -> None:  # noqa: FBT001
        for neighbourhood in self.neighbourhoods:
            neighbourhood.hear_neighbour(kind, target, outgoing)

    def _greeting(self, packet: bytes) -> None:
        for neighbourhood in self.neighbourhoods:
            neighbourhood.hear_greeting(packet)

    def _stray(self, answer: Answer) -> None:
        for neighbourhood in self.neighbourhoods:
            neighbourhood.hear_stray(answer)


def links(inventory: Inventory, plan: Plan) -> list[Address]:
    """One scanned address for each prefix of the host's links that has room for others."""
    scanned = [a for a in inventory.addresses if a.ip in plan.addresses and a.prefix_length <= LONGEST_LINK_PREFIX]
    return list({address.network: address for address in scanned}.values())


def control_ports(addresses: Iterable[IPv6Address]) -> dict[IPv6Address, int]:
    """A free inside port for each address's control flow; an address that is gone by now has none."""
    ports = {}
    for address in addresses:
        with suppress(OSError):
            ports[address] = free_port(address)
    return ports


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
