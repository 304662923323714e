"""Both sides at once: commands go out through the pipe, what the vantage hears and the witness sees comes in.

The lowest layer of the engine: it judges nothing and decides nothing.
"""

import base64
import contextlib
import select
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address
from typing import Any

from scanner.model.errors import IncompleteError
from scanner.model.evidence import Controls, DoorFact, Kind, Path
from scanner.model.text import say
from scanner.plan import UDP, Plan, TargetPlan
from scanner.probes.answers import Answer, Probe, read_answer, read_probe
from scanner.probes.bpf import ICMPV6
from scanner.probes.controls import AnyFlow, ControlBook, control_in, control_index
from scanner.probes.craft import Flow, Template, stamp, udp_packet, udp_template
from scanner.probes.ledger import Book
from scanner.probes.pace import Pace
from scanner.probes.pipe import Frame, Pinhole
from scanner.probes.surroundings import MOST_PASSES, Chunk, Ears, Finder, Outward, Progress, Surroundings, sweep_command
from scanner.probes.tokens import flow_label, salt_of, sequence_number, token_of
from scanner.verdict.confidence import inward_loss_bound

LATE = 2.0  # seconds after which an answer counts as late
NEIGHBOUR_TYPES, NEIGHBOUR_LENGTH = (135, 136), 64  # solicitation and advertisement, RFC 4861 sections 4.3 and 4.4
REFRESH_EVERY = 8.0  # shorter than any UDP state timer seen (PROBES section 1: 30 s)
PULSE = 1.0


class BothSides:
    """What is known so far, and how both sides add to it."""

    raw = True

    def __init__(self, plan: Plan, around: Surroundings) -> None:
        self.plan = plan
        self.around = around
        self.books = {(t.address.packed, t.protocol): Book(t.address, t.protocol, t.ports) for t in plan.targets}
        self.controls = ControlBook()
        self.flows: tuple[AnyFlow, ...] = ()
        self.outward = Outward()
        self.pinholes: tuple[Pinhole, ...] = ()
        self.pace = Pace(plan.start_rate, plan.rate)
        self.path = Path(home=around.home)
        self.neighbours: dict[tuple[str, int], None] = {}
        self.problems: list[str] = []
        self.vanished: set[IPv6Address] = set()
        self.altered: set[tuple[int, int]] = set()  # (book, port) whose probe arrived without its token
        self.unexplained: set[tuple[int, int]] = set()  # (book, port) answered by somebody who does not know it
        self.called_home: tuple[IPv6Address, ...] | None = None
        self.translated: tuple[tuple[IPv6Address, IPv6Address], ...] = ()
        self.ends: dict[int, Chunk] = {}  # command id -> chunk
        self.latest = 0.0  # longest delay of a late answer, seconds
        self.expired: Callable[[Answer], None] = lambda _: None  # the locator listens here
        self.ears = Ears()
        self.finder: Finder
        self.slow_until = 0.0
        self.limit: float | None = None  # new flows a second that this path lets through, with a margin
        self.lan: tuple[DoorFact, ...] = ()
        self.control_hop_limit = 0
        self.interrupted = self.lost = self.late = False
        self.probes = 0
        self._number = 1_000_000
        self._finished: set[int] = set()
        self._used_up: set[int] = set()  # books of which the host's limit on errors may have left nothing to see
        self._vantage = around.outside.address.packed
        # Every address has source ports of its own: what one lets out opens no way to another (PROBES trap D4), and a
        # UDP answer from another address than was asked is known by the port it comes to.
        self._owners = {
            port: (plan.addresses[index // MOST_PASSES].packed, index % MOST_PASSES)
            for index, port in enumerate(around.outside.ports[: MOST_PASSES * len(plan.addresses)])
        }
        self._source_ports = {owner: port for port, owner in self._owners.items()}
        self._flow_of: dict[tuple[bytes, int, int], AnyFlow] = {}  # by inside address, protocol and inside port
        self._shown: frozenset[tuple[bytes, int, int]] = frozenset()  # how the TCP ones show outside
        self._refreshed = self._pulsed = 0.0
        self._capture_dropped = self._far_dropped = 0
        self._last_probe = 0.0
        self._first_probe: float | None = None

    # -- what comes in

    def pump(self, timeout: float) -> None:
        """Take in whatever both sides report; at most ``timeout`` seconds of waiting."""
        fds = [self.around.pipe.fileno()]
        if self.around.witness is not None:
            fds.append(self.around.witness.fileno())
        select.select(fds, [], [], max(0.0, timeout))
        for event in self.around.pipe.receive():
            self._on_event(event)
        if self.around.witness is not None:
            for frame in self.around.witness.receive():
                self._on_frame(frame)
        self._pulse()

    def _take_rest(self) -> None:
        """What was said and seen until the end, however it came."""
        with contextlib.suppress(IncompleteError):
            for event in self.around.pipe.receive():
                self._on_event(event)
        for frame in self.around.witness.receive() if self.around.witness is not None else ():
            self._on_frame(frame)

    def wait(self, seconds: float) -> None:
        self.wait_until(lambda: False, seconds)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not ready() and time.monotonic() < end:
            self.pump(min(0.05, end - time.monotonic()))

    def _pulse(self) -> None:
        now = time.monotonic()
        if self.around.stop():
            raise KeyboardInterrupt
        if now - self._refreshed > REFRESH_EVERY:
            self._refreshed = now
            for pinhole in self.pinholes:
                pinhole.refresh()
        if now - self._pulsed > PULSE:
            self._pulsed = now
            self._look_who_is_gone()

    def _look_who_is_gone(self) -> None:
        """Of an address that the host has no more nothing is asked, and its control flow says nothing any more."""
        for address in {t.address for t in self.plan.targets} - self.around.present() - self.vanished:
            self.vanished.add(address)
            self.controls.forget(address)
            self.flows = tuple(flow for flow in self.flows if flow.inside != address)
            self.problems.append(
                say("{address} vanished from the host in mid-scan: scan again with the new addresses", address=address)
            )

    def _on_event(self, event: dict[str, Any]) -> None:
        kind = event["e"]
        if kind == "heard":
            for at, text in event["p"]:
                packet = base64.b64decode(text)
                self.outward.hear(packet, self._shown)
                answer = read_answer(packet)
                if answer is not None:
                    self._on_answer(answer, at)
                    if answer.source_port == self.around.outside.flow_port:
                        self.ears.greeting(packet)
        elif kind in ("swept", "sent"):
            self._far_dropped = max(self._far_dropped, event.get("dropped", 0))
            self._on_sent(event)
        elif kind == "error":
            raise IncompleteError(
                say("the vantage could not {operation} ({why})", operation=event.get("op"), why=event.get("error")),
                say("see v6expose doctor"),
            )

    def _on_sent(self, event: dict[str, Any]) -> None:
        if "errors" not in event:
            return
        self.probes += event["n"] - sum(event["errors"].values())
        for name, number in event["errors"].items():
            text = say(
                "the vantage could not send some packets ({error}): they do not count; is a local filter there?",
                error=name,
            )
            if number and text not in self.problems:
                self.problems.append(text)
        self._finished.add(event["id"])
        chunk = self.ends.pop(event["id"], None)
        if chunk is not None:
            chunk.failed = frozenset(event["failed"])
            chunk.begun, chunk.ended = event["t0"], event["t1"]
            chunk.done_at = time.monotonic()
            chunk.book.note_sent(chunk.attempt, chunk.ports, chunk.ended)

    def _on_answer(self, answer: Answer, at: float) -> None:
        if answer.kind is Kind.EXPIRED:
            self.expired(answer)
            return
        book = self.books.get((answer.target, answer.protocol))
        attempt = self._attempt_of(answer.source_port, answer.target)
        if book is None or attempt is None or answer.port not in book.ports:
            if book is None:
                self.ears.stray(answer)
            return
        if not self._knows_token(answer, book, attempt):
            self.unexplained.add((id(book), answer.port))
            return
        book.note_answer(answer)
        sent_at = book.sent_at(attempt, answer.port)
        if answer.kind is Kind.ACCEPT:
            return  # late or not: a SYN-ACK is sent again and again until it is answered
        if sent_at is not None and at - sent_at > LATE + self.around.outside.round_trip:
            self.latest = max(self.latest, at - sent_at)

    def _on_frame(self, frame: Frame) -> None:
        packet = frame.packet
        if len(packet) >= NEIGHBOUR_LENGTH and packet[6] == ICMPV6 and packet[40] in NEIGHBOUR_TYPES:
            self.ears.neighbour(packet[40], packet[48:64], frame.outgoing)
            return
        if frame.outgoing:
            self.outward.leave(packet, self._flow_of)
            answer = read_answer(packet) if packet[24:40] == self._vantage else None
            book = self.books.get((answer.target, answer.protocol)) if answer else None
            attempt = self._attempt_of(answer.source_port, answer.target) if answer else None
            if answer and book is not None and attempt is not None:
                book.note_left(answer.port, attempt, answer.reason)
            return
        if packet[8:24] != self._vantage or self._on_control(frame):
            return
        probe = read_probe(packet)
        if probe is None:
            return
        book = self.books.get((probe.target, probe.protocol))
        attempt = self._attempt_of(probe.source_port, probe.target)
        if book is not None and attempt is not None:
            book.note_arrival(probe.port, attempt, frame.mac, probe.hop_limit, frame.interface)
            if self._carries_token(probe, book, attempt):
                self.neighbours[frame.mac.hex(":"), frame.interface] = None
            else:
                self.altered.add((id(book), probe.port))

    def _on_control(self, frame: Frame) -> bool:
        """Note a control that came in; False for anything else."""
        said = control_in(frame.packet)
        flow = self._flow_of.get(said[:3]) if said else None
        index = control_index(flow, self.around.key, said[3]) if said and flow else None
        if index is None:
            return False
        self.controls.note(index)
        self.control_hop_limit = max(self.control_hop_limit, frame.packet[7])
        self.neighbours[frame.mac.hex(":"), frame.interface] = None
        return True

    # -- tokens

    def _said(self, book: Book, port: int, attempt: int) -> bytes:
        """What the probe of this attempt carries: its token, or the whole query of its service."""
        token = token_of(self.around.key, self._salt(book, attempt), port)
        return (self.around.payload(port, token) or token) if book.protocol == UDP else token

    def _knows_token(self, answer: Answer, book: Book, attempt: int) -> bool:
        """Whether whoever answered has seen the probe. UDP services say nothing that could prove it."""
        if answer.token < 0:
            return True
        if attempt >= MOST_PASSES:  # the locator's port: its probes end on the way, the host answers none of them
            return answer.responder != answer.target
        return answer.token == int.from_bytes(self._said(book, answer.port, attempt)[:4], "big")

    def _carries_token(self, probe: Probe, book: Book, attempt: int) -> bool:
        """Whether what arrived is what was sent, not a copy that somebody on the way made anew."""
        if attempt >= MOST_PASSES:  # of the locator, whose tokens differ: it arrived where another way is shorter
            return True
        said = self._said(book, probe.port, attempt)
        if book.protocol == UDP:
            length = min(len(said), len(probe.payload))
            return length > 0 and probe.payload[:length] == said[:length]
        # One of the two may have been rewritten: sequence numbers by firewalls, flow labels by providers.
        return sequence_number(said) == probe.token or flow_label(said) == probe.label

    # -- what goes out

    def _command(self, command: dict[str, Any], chunk: Chunk | None = None) -> int:
        self._number += 1
        if chunk is not None:
            self.ends[self._number] = chunk
        self.around.pipe.submit({**command, "id": self._number})
        return self._number

    def _send_packets(self, packets: Sequence[bytes], interval: float = 0.001) -> None:
        self._command(
            {
                "op": "send",
                "source": str(self.around.outside.address),
                "packets": [base64.b64encode(packet).decode() for packet in packets],
                "interval": interval,
            }
        )

    def send_packets(self, packets: Sequence[bytes], rate: float) -> None:
        """Ready-made packets, paced at ``rate`` a second."""
        self._send_packets(packets, 1 / rate)

    def send_template(
        self, template: Template, ports: Sequence[int], salt: bytes, among: Sequence[bytes], rate: float
    ) -> int:
        """One packet a port, flow label as in the template, ``among`` spread evenly; the id that ``finished`` tells."""
        return self._command(sweep_command(self.around, template, ports, salt, among, rate) | {"steady": True})

    def finished(self, number: int) -> bool:
        """Whether the far end has sent all of that command."""
        return number in self._finished

    def _payload(self, book: Book, port: int, attempt: int) -> bytes | None:
        return self.around.payload(port, token_of(self.around.key, self._salt(book, attempt), port))

    def _udp(self, book: Book, port: int, attempt: int) -> bytes:
        route = Flow(self.around.outside.address, book.address, self.source_port(book, attempt))
        query = self._payload(book, port, attempt)
        if query is None:
            return stamp(udp_template(route), port, token_of(self.around.key, self._salt(book, attempt), port))
        return udp_packet(route, port, query)

    # -- what is known by now

    @property
    def late_rejects(self) -> bool:
        return self.latest > 0

    @property
    def _settle(self) -> float:
        return max(0.3, 2 * self.around.outside.round_trip + 0.15)

    def _flow_ports(self, book: Book) -> frozenset[int]:
        """The inside ports of the address's control flows, of all vantages: asked before any flow was opened."""
        if book.address not in self.around.flow_ports:
            return frozenset()
        return self.around.foreign_flow_ports.get(book.address, frozenset()) | {self.around.flow_ports[book.address]}

    def _book(self, target: TargetPlan) -> Book:
        return self.books[target.address.packed, target.protocol]

    def _salt(self, book: Book, attempt: int) -> bytes:
        return salt_of(book.address, book.protocol, self.source_port(book, attempt))

    def source_port(self, book: Book, attempt: int) -> int:
        """The outside's port for this attempt on this address."""
        return self._source_ports[book.address.packed, attempt]

    def _attempt_of(self, source_port: int, target: bytes) -> int | None:
        """The attempt that probed ``target`` from this port: MOST_PASSES for the locator, None where none did."""
        owner, attempt = self._owners.get(source_port, (b"", 0))
        if owner == target:
            return attempt
        return MOST_PASSES if source_port == self.around.outside.ports[-1] else None

    def _dropped(self) -> int:
        if self.around.witness is not None:
            self._capture_dropped = self.around.witness.dropped()
        return self._capture_dropped + self._far_dropped

    def _loss_now(self) -> float:
        return 1 - self.controls.seen / self.controls.sent if self.controls.sent else 0.0

    def _controls(self) -> Controls:
        repeats = [book.repeats() for book in self.books.values()]
        firsts = [book.firsts() for book in self.books.values()]
        return Controls(
            sent=self.controls.sent,
            seen=self.controls.seen,
            repeats_sent=sum(sent for sent, _ in repeats),
            repeats_seen=sum(seen for _, seen in repeats),
            first_sent=sum(sent for sent, _ in firsts),
            first_seen=sum(seen for _, seen in firsts),
        )

    def _passing(self) -> int:
        """Ports that are known to pass, and so could have been lost."""
        return sum(len(book.arrived) for book in self.books.values())

    def loss_bound(self) -> float | None:
        """Upper bound of the loss inwards, as far as it is known by now."""
        return inward_loss_bound(self._controls())

    def report(self, stage: str) -> None:
        """Tell what is being done where nothing can be counted."""
        self._report(stage, 0, 0)

    def _report(self, stage: str, done: int, total: int) -> None:
        self.around.progress(Progress(stage, done, total, self.pace.rate))
