"""What the router does with everything else on the LAN, found out without touching anybody's device.

A packet to an address nobody uses, if the router passes it, makes the router ask the link for that address (RFC 4861
section 7.2.2), and the witness sees the question. Each probe has an unused address of its own, so that a question names
its probe. A control tells whether such questions can be seen here at all: the inside speaks once from another unused
address, and the vantage answers on that flow, which a router with state must pass.
"""

import secrets
import time
from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network

from scanner.model.evidence import Default, DoorFact
from scanner.model.text import say
from scanner.probes.answers import Answer
from scanner.probes.craft import Flow, stamp, syn_template, udp_packet
from scanner.probes.engine import Engine
from scanner.probes.pipe import Neighbours

TCP, UDP = 6, 17
# What strangers look for on printers, cameras, televisions and other people's computers.
DOORS = ((TCP, 22), (TCP, 80), (TCP, 443), (TCP, 445), (TCP, 3389), (UDP, 5353), (TCP, 51_234))
TRIES = 3  # probes a door, each to an address of its own
CONTROLS = 3
SPARE = 4
SILENCE = 1.0  # seconds in which a holder would have answered; RFC 4861's RetransTimer is 1 s
QUESTION = 1.2  # seconds: a router that passes a packet asks the link at once
UNREACHABLE = 4.0  # seconds: and says "address unreachable" after three questions, 3 s (RFC 4861 section 10)
CONTROL_PORT = 40_001
RATE = 200  # packets a second: a router keeps few unfinished neighbours
SOLICITATION = 135
SPEECH = b"v6expose: is the rest of this network filtered?"


class Neighbourhood:
    """Asks about one prefix in three steps, so that the waiting passes beside the sweep: prepare, ask, judge."""

    def __init__(
        self, engine: Engine, neighbours: Neighbours, prefix: IPv6Network, taken: Iterable[IPv6Address]
    ) -> None:
        self.engine = engine
        self.neighbours = neighbours
        self.prefix = prefix
        self.taken = set(taken)
        self.candidates = [self._random() for _ in range(len(DOORS) * TRIES + CONTROLS + SPARE)]
        self.asked: set[bytes] = set()  # addresses the router asked the link for
        self.held: set[bytes] = set()  # addresses somebody answered for
        self.unreachable: set[bytes] = set()
        self.spoken: dict[bytes, int] = {}  # control addresses heard at the vantage -> port they showed
        self.probes: dict[IPv6Address, tuple[int, int]] = {}  # unused address -> door
        self.full = False  # too few addresses are free
        self.prepared = self.asked_at = 0.0

    def prepare(self) -> None:
        """Ask the link for the addresses to be used, as duplicate address detection does; twice, for loss."""
        self.neighbours.join(self.candidates)
        for _ in range(2):
            for address in self.candidates:
                self.neighbours.solicit(address)
            self.engine.wait(0.1)
        self.prepared = time.monotonic()

    def ask(self) -> None:
        """Once, SILENCE after ``prepare``: the control speaks, the probes go out; waits for the control only."""
        if self.probes or self.full:
            return
        self.engine.wait(self.prepared + SILENCE - time.monotonic())
        unused = [address for address in self.candidates if address.packed not in self.held]
        self.full = len(unused) < len(DOORS) * TRIES + CONTROLS
        if self.full:
            return
        self._speak(unused[:CONTROLS])
        self.probes = dict(zip(unused[CONTROLS:], [door for door in DOORS for _ in range(TRIES)], strict=False))
        self._send(self.probes)
        self.asked_at = time.monotonic()

    def judge(self) -> tuple[DoorFact, ...]:
        """What the router does with each of DOORS; waits for what is not in yet."""
        self.ask()
        if self.full:
            return tuple(self._fact(door, Default.UNKNOWN, "too many addresses are in use") for door in DOORS)
        since = QUESTION + self.engine.around.outside.round_trip
        self.engine.wait_until(self._all_asked, self.asked_at + since - time.monotonic())
        visible = any(packed in self.asked for packed in self.spoken)
        if not visible:  # the questions are hidden here, but the router's "address unreachable" would still come
            self.engine.wait(self.asked_at + UNREACHABLE - time.monotonic())
        return tuple(
            self._judge(door, [a for a, d in self.probes.items() if d == door], visible=visible) for door in DOORS
        )

    # -- the steps

    def _speak(self, addresses: list[IPv6Address]) -> None:
        """The control: unused addresses speak to the vantage, which answers each on its flow."""
        outside = self.engine.around.outside
        for address in addresses:
            self.neighbours.speak_as(address, CONTROL_PORT, outside.address, outside.flow_port, SPEECH)
        self.engine.wait_until(lambda: len(self.spoken) == len(addresses), 0.5 + outside.round_trip)
        for packed, port in self.spoken.items():
            flow = Flow(outside.address, IPv6Address(packed), outside.flow_port)
            self.engine.send_packets([udp_packet(flow, port, SPEECH)], RATE)

    def _send(self, probes: dict[IPv6Address, tuple[int, int]]) -> None:
        outside = self.engine.around.outside
        packets = []
        for address, (protocol, port) in probes.items():
            flow = Flow(outside.address, address, outside.ports[-2])
            if protocol == TCP:
                packets.append(stamp(syn_template(flow), port, secrets.token_bytes(8)))
            else:
                packets.append(udp_packet(flow, port, SPEECH))
        self.engine.send_packets(packets, RATE)

    def _all_asked(self) -> bool:
        return all(address.packed in self.asked for address in self.probes)

    def _judge(self, door: tuple[int, int], addresses: list[IPv6Address], *, visible: bool) -> DoorFact:
        asked = sum(address.packed in self.asked for address in addresses)
        refused = sum(address.packed in self.unreachable for address in addresses)
        if asked or refused:
            how = say(
                "the router asked the link for {asked} of {count} unused addresses that were probed",
                asked=asked,
                count=len(addresses),
            )
            return self._fact(door, Default.PASSED, how)
        if not visible:
            how = say("the router's questions to the link cannot be seen here, so their absence proves nothing")
            return self._fact(door, Default.UNKNOWN, how)
        how = say(
            "the router asked for none of {count} unused addresses that were probed, but for the control's",
            count=len(addresses),
        )
        return self._fact(door, Default.BLOCKED, how)

    def _fact(self, door: tuple[int, int], verdict: Default, how: str) -> DoorFact:
        protocol, port = door
        return DoorFact(self.prefix, "tcp" if protocol == TCP else "udp", port, verdict, how)

    # -- what is heard

    def hear_neighbour(self, kind: int, target: bytes, outgoing: bool) -> None:  # noqa: FBT001
        if not outgoing:
            (self.asked if kind == SOLICITATION else self.held).add(target)

    def hear_stray(self, answer: Answer) -> None:
        if answer.reason == "host-unreach":  # RFC 4443 section 3.1 code 3: the router had passed it
            self.unreachable.add(answer.target)

    def hear_greeting(self, packet: bytes) -> None:
        if packet[48 : 48 + len(SPEECH)] == SPEECH and packet[6] == UDP:
            self.spoken[packet[8:24]] = int.from_bytes(packet[40:42], "big")

    def _random(self) -> IPv6Address:
        """A random interface identifier of the prefix: nobody's, by all odds, and asked for before it is used."""
        while True:
            host = secrets.randbits(128 - self.prefix.prefixlen)
            address = IPv6Address(int(self.prefix.network_address) | host)
            if address not in self.taken and host:
                self.taken.add(address)
                return address
