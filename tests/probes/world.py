"""A world in one process: a vantage that is a function and a witness that is a list, for the engine to measure.

Packets are really built (by the stub's own code) and really read; what becomes of each is for the test to say.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any
from unittest.mock import patch

from scapy.layers import inet
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6TimeExceeded, IPv6
from scapy.packet import Packet, Raw
from stub_source import STUB, RecordingSocket

from scanner.model.errors import IncompleteError
from scanner.model.evidence import Measurement
from scanner.model.ports import PortSet
from scanner.model.settings import Profile, Settings
from scanner.plan import Plan, TargetPlan
from scanner.probes import both_sides, engine, hops, passes
from scanner.probes.controls import AnyFlow, ControlFlow, TcpControlFlow
from scanner.probes.pipe import Frame
from scanner.probes.surroundings import MOST_PASSES, Outside, Progress, Surroundings

VANTAGE, STABLE, TEMPORARY = IPv6Address("2001:db8:f::2"), IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:a::20")
HOPS = tuple(IPv6Address(f"2001:db8:{n}::1") for n in (1, 2, 3))
MAC = bytes.fromhex("020000000001")
TCP, UDP = 6, 17
FLOW_PORT, INSIDE_PORT = 50_000, 60_000
SEQUENCE, ACKNOWLEDGED = 5, 4_000_000_000  # of the vantage's next octet and the inside's: one about to wrap
KEY = b"sixteen bytes!!!"


@dataclass
class Fate:
    """What becomes of one probe: it comes in, the host answers, the answer comes out."""

    arrives: bool = True
    seen: bool = True  # by the witness
    answered: bool = True
    answer_seen: bool = True
    heard: bool = True


@dataclass
class Sent:
    """A probe as it left, decoded."""

    packet: bytes
    target: IPv6Address
    protocol: int
    source_port: int
    port: int
    control: bool


class Queue:
    """Things to be received, under a number that the clock below knows."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.items: list[Any] = []

    def add(self, item: Any) -> None:
        self.items.append(item)

    def take(self) -> list[Any]:
        taken, self.items = self.items, []
        return taken


class Clock:
    """Stands where the engine's ``time`` and ``select`` are: waiting takes no time, and time passes only by it."""

    def __init__(self, queues: Iterable[Queue]) -> None:
        self.now = 1000.0
        self.queues = {queue.number: queue for queue in queues}

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def select(self, readers: list[int], _writers: object, _others: object, seconds: float) -> tuple[list[int], ...]:
        ready = [number for number in readers if self.queues[number].items]
        self.now += 0.0001 if ready else seconds
        return ready, [], []


@dataclass
class World:
    """Vantage, network and host. ``fate`` decides about every probe; controls come through unless it says otherwise."""

    fate: Callable[[Sent], Fate] = lambda _: Fate()
    listening: frozenset[int] = frozenset()
    failed: Callable[[Sent], bool] = lambda _: False  # the vantage's own kernel refuses it
    addresses: tuple[IPv6Address, ...] = (STABLE, TEMPORARY)
    stop: Callable[[], bool] = lambda: False
    dies: Callable[[], bool] = lambda: False
    capture_dropped: int = 0
    hops: tuple[IPv6Address, ...] = HOPS
    stopped_at: Callable[[Sent], int] = lambda _: 0  # the hop whose filter drops it, 0 for none
    tells: Callable[[Sent, IPv6Address], bool] = lambda _one, _hop: True  # "time exceeded" comes out
    answers_from: IPv6Address | None = None  # another address of the host than was asked
    streams: bool = False  # the inside opens TCP connections too
    datagrams: bool = True  # UDP gets out
    sent: list[Sent] = field(default_factory=list)
    commands: list[Mapping[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events, self.frames = Queue(1), Queue(2)
        self.clock = Clock((self.events, self.frames))

    # -- the pipe

    def fileno(self) -> int:
        return self.events.number

    def receive(self) -> list[dict[str, Any]]:
        return self.events.take()

    def submit(self, command: Mapping[str, Any]) -> None:
        if self.dies():
            raise IncompleteError("the vantage is gone")
        self.commands.append(command)
        if command["op"] == "sweep":
            self._send(command, STUB["sweep_shots"], "swept")
        elif command["op"] == "send":
            self._send(command, ready_shots, "sent")

    def _send(self, command: Mapping[str, Any], shots: Callable[..., Any], event: str) -> None:
        wire = RecordingSocket()
        failed, number = [], 0
        for port, action in shots(command, wire):
            action()
            one = decoded(wire.packets.pop())
            number += 1
            if self.failed(one):
                failed.append(port)
                continue
            self.sent.append(one)
            self.order.append("control" if one.control else "probe")
            self._travel(one)
        now = self.clock.now
        done = {"e": event, "id": command["id"], "n": number, "errors": {"EPERM": len(failed)} if failed else {}}
        self.events.add(done | {"failed": [port for port in failed if port >= 0], "t0": now, "t1": now, "dropped": 0})

    # -- the network and the host

    def _travel(self, one: Sent) -> None:
        """Each hop counts first and filters then; the last is the home router."""
        stopped = self.stopped_at(one)
        for distance, hop in enumerate(self.hops, 1):
            if one.packet[7] == distance:
                self._expire(one, hop)
                return
            if distance == stopped:
                return
        fate = self.fate(one)
        if not fate.arrives or one.target not in self.addresses:
            return
        if fate.seen:
            arrived = one.packet[:7] + bytes([one.packet[7] - len(self.hops)]) + one.packet[8:]
            self.frames.add(Frame(self.clock.now, outgoing=False, interface=2, mac=MAC, packet=arrived))
        if not fate.answered or (one.control and one.protocol == UDP):
            return
        answer = bytes(self._acknowledge(one) if one.control else self._answer(one))
        if fate.answer_seen:
            self.frames.add(Frame(self.clock.now, outgoing=True, interface=2, mac=MAC, packet=answer))
        if fate.heard:
            self.events.add({"e": "heard", "p": [[self.clock.now, base64.b64encode(answer).decode()]]})

    def _expire(self, one: Sent, hop: IPv6Address) -> None:
        if self.tells(one, hop):
            error = IPv6(src=str(hop), dst=str(VANTAGE), hlim=60) / ICMPv6TimeExceeded() / Raw(one.packet)
            self.events.add({"e": "heard", "p": [[self.clock.now, base64.b64encode(bytes(error)).decode()]]})

    def _acknowledge(self, one: Sent) -> Packet:
        """What the kernel says to octets it has had already."""
        segment = inet.TCP(sport=one.port, dport=one.source_port, flags="A", seq=ACKNOWLEDGED, ack=SEQUENCE)
        return IPv6(src=str(one.target), dst=str(VANTAGE), hlim=61) / segment

    def _answer(self, one: Sent) -> Packet:
        header = IPv6(src=str(self.answers_from or one.target), dst=str(VANTAGE), hlim=61)
        probe = IPv6(one.packet)
        if one.protocol == TCP:
            flags = "SA" if one.port in self.listening else "RA"
            return header / inet.TCP(sport=one.port, dport=one.source_port, flags=flags, ack=probe[inet.TCP].seq + 1)
        if one.port in self.listening:
            return header / inet.UDP(sport=one.port, dport=one.source_port) / Raw(b"hello")
        return header / ICMPv6DestUnreach(code=4) / Raw(one.packet)

    def dropped(self) -> int:
        return self.capture_dropped


class Eyes:
    """The witness's side of a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def fileno(self) -> int:
        return self.world.frames.number

    def receive(self) -> list[Frame]:
        return self.world.frames.take()

    def dropped(self) -> int:
        return self.world.capture_dropped


class Hole:
    """A pinhole nobody has to keep open."""

    def refresh(self) -> None: ...

    def close(self) -> None: ...


class NoFinder:
    def trace(self) -> None: ...

    def between(self) -> None: ...

    def locate(self) -> None: ...


def ready_shots(command: Mapping[str, Any], wire: RecordingSocket) -> Any:
    for text in command["packets"]:
        packet = base64.b64decode(text)
        yield -1, lambda packet=packet: wire.sendto(packet, (str(IPv6Address(packet[24:40])), 0))


def decoded(packet: bytes) -> Sent:
    source_port, port = int.from_bytes(packet[40:42], "big"), int.from_bytes(packet[42:44], "big")
    control = source_port == FLOW_PORT
    return Sent(packet, IPv6Address(packet[24:40]), packet[6], source_port, port, control)


def plan_of(
    tcp: str = "", udp: str = "", *, addresses: tuple[IPv6Address, ...] = (STABLE,), rate: int = 10_000
) -> Plan:
    targets = tuple(
        TargetPlan(address, protocol, PortSet.parse(ports), PortSet())
        for address in addresses
        for protocol, ports in ((TCP, tcp), (UDP, udp))
        if ports
    )
    settings = Settings(profile=Profile.QUICK, rate=rate)
    return Plan(targets, settings.rate, min(1000, rate), 0.0, nmap=False, locate_all=False, lan=False, classes=())


def measure(
    world: World,
    plan: Plan,
    *,
    watched: bool = True,
    flows: bool = True,
    limited: bool = False,
    finder: Callable[[engine.Engine], engine.Finder] = lambda _: NoFinder(),
) -> Measurement:
    """One measurement of ``plan`` in ``world``."""
    number = MOST_PASSES * len(plan.addresses) + 2
    inside = {address: INSIDE_PORT + n for n, address in enumerate(plan.addresses)}

    def open_flows() -> tuple[tuple[AnyFlow, ...], tuple[Hole, ...]]:
        world.order.append("flows")
        opened: list[AnyFlow] = []
        if world.datagrams:
            opened += [ControlFlow(VANTAGE, FLOW_PORT, ip, port, ip, port) for ip, port in inside.items()]
        if world.streams:
            ends = (SEQUENCE, ACKNOWLEDGED)
            opened += [TcpControlFlow(VANTAGE, FLOW_PORT, ip, port, ip, port, *ends) for ip, port in inside.items()]
        return (tuple(opened), (Hole(),)) if flows else ((), ())

    around = Surroundings(
        pipe=world,
        witness=Eyes(world) if watched else None,
        outside=Outside(VANTAGE, tuple(range(40_000, 40_000 + number)), FLOW_PORT, 0.0),
        key=KEY,
        open_flows=open_flows,
        flow_ports=inside,
        present=lambda: frozenset(world.addresses),
        payload=lambda port, token: b"query " + token if port == 53 else None,
        listening={(t.address, t.protocol): world.listening for t in plan.targets},
        progress=ignore,
        errors_limited=limited,
        stop=world.stop,
    )
    clocks = ((both_sides, "time"), (both_sides, "select"), (passes, "time"), (engine, "time"), (hops, "time"))
    with ExitStack() as stack:
        for module, name in clocks:
            stack.enter_context(patch.object(module, name, world.clock))
        return engine.Engine(plan, around).run(finder)


def ignore(progress: Progress) -> None:
    """Nobody looks."""


def attempts(world: World) -> Counter[tuple[IPv6Address, int, int]]:
    """How often each (address, protocol, port) was asked."""
    return Counter((one.target, one.protocol, one.port) for one in world.sent if not one.control)
