"""The two-sided probe: sends through the pipe, watches through the witness, keeps pace, repeats what was silent.

One thread, one loop. The stub sends chunks; controls inside each chunk tell whether silence in it means anything.
"""

import base64
import contextlib
import select
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Protocol

from scanner.model.errors import IncompleteError
from scanner.model.evidence import Controls, DoorFact, Kind, Measurement, Path
from scanner.model.text import say
from scanner.plan import TCP, UDP, Plan, TargetPlan, order
from scanner.probes.answers import Answer, Probe, read_answer, read_probe
from scanner.probes.bpf import ICMPV6, answers_filter
from scanner.probes.controls import AnyFlow, ControlBook, acknowledgement_in, control_in, control_index, flow_for
from scanner.probes.craft import Flow, Template, stamp, syn_template, udp_packet, udp_template
from scanner.probes.ledger import Book
from scanner.probes.pace import Pace
from scanner.probes.pipe import Frame, Pinhole, Pipe, Witness
from scanner.probes.tokens import flow_label, salt_of, sequence_number, token_of
from scanner.verdict.confidence import MOST_ATTEMPTS, attempts_needed, inward_loss_bound

BEFORE = 250  # controls before and after the sweep
PER_CHUNK, ONE_IN = 10, 100  # controls in a chunk: at least, and one in so many probes
IN_FLIGHT = 2  # chunks the stub holds: one sending, one waiting
LATE = 2.0  # seconds after which an answer counts as late
LONGEST_LATE = 12.0
REPEATS = 300  # ports known to pass that are asked again in each later pass
MOST_PASSES = 14  # a path with a limit is measured anew once the limit is known
FEWEST_TRIALS, LIMITED = 8, 0.2  # ports known to pass that must be lost, and their share, to speak of a limit
BELOW_LIMIT, SLOWEST = 0.6, 10.0
SLOW_SECONDS = 60.0  # how long a scan may go on at such a rate
QUIET = 3  # attempts after which a host that takes probes and says nothing is believed
NEIGHBOUR_TYPES, NEIGHBOUR_LENGTH = (135, 136), 64  # solicitation and advertisement, RFC 4861 sections 4.3 and 4.4
REFRESH_EVERY = 8.0  # shorter than any UDP state timer seen (PROBES section 1: 30 s)
PULSE = 1.0
PATIENCE_WITH_OTHERS = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Outside:
    """What the vantage gave this run: its address, source ports for attempts, the port of control flows, round trip in
    seconds.
    """

    address: IPv6Address
    ports: tuple[int, ...]
    flow_port: int
    round_trip: float


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` probes of this stage; ``rate`` in packets a second; ``vantage`` "" where there is one."""

    stage: str
    done: int
    total: int
    rate: float
    vantage: str = ""


@dataclass(slots=True)
class Chunk:
    """Probes that go out together."""

    book: Book
    attempt: int
    ports: list[int]
    controls: range
    rate: float
    dropped: int
    flow: AnyFlow | None = None
    failed: frozenset[int] = frozenset()
    sent: int = 0
    begun: float = 0.0
    ended: float = 0.0
    done_at: float | None = None


@dataclass(slots=True)
class Surroundings:
    """What the engine is given; nothing is fetched."""

    pipe: Pipe
    witness: Witness | None
    outside: Outside
    key: bytes
    open_flows: Callable[[], tuple[tuple[AnyFlow, ...], tuple[Pinhole, ...]]]
    flow_ports: Mapping[IPv6Address, int]
    present: Callable[[], frozenset[IPv6Address]]
    payload: Callable[[int, bytes], bytes | None]
    listening: dict[tuple[IPv6Address, int], frozenset[int]]  # ports somebody listens on, by address and protocol
    progress: Callable[[Progress], None]
    interface_name: Callable[[int], str] = str
    errors_limited: bool = False  # this host limits its ICMPv6 errors (net.ipv6.icmp.ratelimit)
    home: tuple[IPv6Network, ...] = ()
    stop: Callable[[], bool] = field(default=lambda: False)
    foreign_flow_ports: Mapping[IPv6Address, frozenset[int]] = field(default_factory=dict)  # of other vantages
    arrive: Callable[[], bool] = field(default=lambda: True)  # all flow ports are asked; False: others went on before
    others_ready: Callable[[], bool] = field(default=lambda: True)  # so have all other vantages
    go_on: Callable[[], None] = field(default=lambda: None)  # flows will be opened now


@dataclass(slots=True)
class Ears:
    """Who else wants to hear what concerns no probe of the sweep."""

    neighbour: Callable[[int, bytes, bool], None] = lambda _kind, _target, _outgoing: None  # ICMPv6 135 and 136, inside
    greeting: Callable[[bytes], None] = lambda _packet: None  # UDP to the control flows' port, outside
    stray: Callable[[Answer], None] = lambda _answer: None  # an answer about no address of the plan


@dataclass(slots=True)
class Outward:
    """Acknowledgements on TCP control flows: how many the witness saw leave, how many were heard outside."""

    left: int = 0
    heard: int = 0

    def leave(self, packet: bytes, flows: Mapping[tuple[bytes, int, int], AnyFlow]) -> None:
        said = acknowledgement_in(packet)
        flow = flows.get((said[0], TCP, said[1])) if said else None
        self.left += flow is not None and said is not None and said[2] == flow.vantage_port

    def hear(self, packet: bytes, shown: frozenset[tuple[bytes, int, int]]) -> None:
        self.heard += acknowledgement_in(packet) in shown


class Finder(Protocol):
    """Finds the path and the place where silent probes end (locate.py)."""

    def trace(self) -> None: ...

    def between(self) -> None: ...

    def locate(self) -> None: ...


class Engine:
    """One vantage's measurement. ``run`` never raises for what happens on the way: it returns what was measured."""

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

    # -- the story

    def run(self, finder: Callable[["Engine"], Finder]) -> Measurement:
        """Trace the path, sweep everything, find where silence ends, freeze."""
        started = time.monotonic()
        self.finder = finder(self)
        try:
            self._listen()
            self._ask_flow_ports_first()
            self._wait_for_others()
            self._open_flows()
            self.send_controls(BEFORE)
            self.pace = replace(self.pace, baseline=self._loss_now())
            self.finder.trace()
            self._sweep()
            self.send_controls(BEFORE)
            self._linger()
            self.finder.locate()
        except KeyboardInterrupt:
            self.interrupted = True
            self.problems.append("interrupted: what was measured until then is kept")
            with contextlib.suppress(IncompleteError):
                self.around.pipe.submit({"op": "cancel"})
        except IncompleteError as error:
            self.lost = True
            self.problems.append(str(error))
        self._take_rest()
        return self._freeze(time.monotonic() - started)

    def _listen(self) -> None:
        outside = self.around.outside
        low, high = min(*outside.ports, outside.flow_port), max(*outside.ports, outside.flow_port)
        program = answers_filter(self.around.outside.address, (low, high))
        self._command({"op": "listen", "filter": program, "caplen": 256})

    def _ask_flow_ports_first(self) -> None:
        """A control flow may open its own inside port to everybody (RFC 6092 REC-17): ask that port before."""
        for book in self.books.values():
            ports = sorted(port for port in self._flow_ports(book) if port in book.ports)
            for attempt in range(QUIET if ports else 0):
                self._ask_alone(Chunk(book, attempt, ports, range(0), self.plan.start_rate, self._dropped()))

    def _wait_for_others(self) -> None:
        """No flow is opened before every vantage has asked the flows' ports; whoever comes late doubts what it saw."""
        self.late = not self.around.arrive()
        if not self.around.others_ready():
            self.report("waiting for the other vantages")
        self.wait_until(self.around.others_ready, PATIENCE_WITH_OTHERS)
        self.around.go_on()

    def _ask_alone(self, chunk: Chunk) -> None:
        """A chunk without controls, before there are any."""
        self._launch(chunk)
        self.wait_until(lambda: chunk.done_at is not None, LONGEST_LATE)
        if chunk.done_at is not None:
            self.wait(self._settle)
            self._account(chunk)

    def _open_flows(self) -> None:
        if self.around.witness is None:
            return
        self.flows, self.pinholes = self.around.open_flows()
        self.called_home = tuple(dict.fromkeys(flow.inside for flow in self.flows))
        changed = ((flow.inside, flow.seen) for flow in self.flows if flow.inside != flow.seen)
        self.translated = tuple(dict.fromkeys(changed))
        self._flow_of = {(flow.inside.packed, flow.protocol, flow.inside_port): flow for flow in self.flows}
        streams = (flow for flow in self.flows if flow.protocol == TCP)
        self._shown = frozenset((flow.seen.packed, flow.seen_port, flow.vantage_port) for flow in streams)
        if not self.flows:
            self.problems.append(
                "no control flow could be opened (the host's own packets did not reach the vantage): "
                "check that this host has IPv6 access outwards and that the vantage takes UDP or TCP"
            )

    def send_controls(self, number: int) -> None:
        """Controls alone, at the start rate; waits for the last."""
        for flow in {flow.protocol: flow for flow in reversed(self.flows)}.values():  # the first of each protocol
            indexes = self.controls.take(number, flow)
            packets = [flow.packet(self.around.key, index) for index in indexes]
            self._send_packets(packets, interval=1 / self.plan.start_rate)
            longest = number / self.plan.start_rate + self._settle
            self.wait_until(lambda i=indexes: self.controls.seen_of(i) == number, longest)  # type: ignore[misc]
            if not self.controls.seen_of(indexes):
                self._give_up(flow)

    def _give_up(self, flow: AnyFlow) -> None:
        """Nothing comes through on this flow while others work: it is broken, and says nothing of the path."""
        if any(other.protocol != flow.protocol for other in self.flows):
            self.flows = tuple(other for other in self.flows if other != flow)
            self.controls.forget_flow(flow)

    def _sweep(self) -> None:
        queue = {id(self._book(t)): order(t, int.from_bytes(self.around.key[:4], "big")) for t in self.plan.targets}
        for attempt in range(MOST_PASSES):
            work = [(self._book(t), queue[id(self._book(t))]) for t in self.plan.targets]
            if not any(ports for _, ports in work):
                break
            began = time.monotonic()
            self._pass(attempt, work)
            self.wait(min(1.5, self._settle))
            self._respect_limit(attempt, time.monotonic() - began)
            self.finder.between()
            bound = self.loss_bound()
            # Where too much is lost, more tries may show that it is less; without any control they show nothing.
            needed = attempts_needed(bound, self._passing()) or (QUIET if bound is None else MOST_ATTEMPTS)
            queue = {id(book): self._again(book, attempt + 1, needed) for book in self.books.values()}
            if self.limit is not None:
                queue = self._affordable(queue, self.limit)

    def _respect_limit(self, attempt: int, seconds: float) -> None:
        """Slow down for a router that lets only so many new flows a second in: it shows in ports known to pass, which
        are asked again in every pass and lost where the controls are not. What was silent at that rate proves nothing.
        """
        trials = [book.trials(attempt) for book in self.books.values()]
        asked, seen = sum(sent for sent, _ in trials), sum(seen for _, seen in trials)
        if asked < FEWEST_TRIALS or 1 - seen / asked < max(LIMITED, 3 * self._loss_now()):
            return
        rate = sum(book.arrivals_in(attempt) for book in self.books.values()) / max(seconds, 0.1)
        self.slow_until = self.slow_until or time.monotonic() + SLOW_SECONDS
        self.limit = max(SLOWEST, BELOW_LIMIT * min(rate, self.limit or rate))
        self.pace = replace(self.pace, rate=self.limit, ceiling=self.limit)
        for book in self.books.values():
            book.forget_silence()
        self.problems.append(
            say(
                "new flows pass at most about {rate:.0f} times a second on this path: slowed down to {limit:.0f}",
                rate=rate,
                limit=self.limit,
            )
        )

    def _affordable(self, queue: dict[int, list[int]], rate: float) -> dict[int, list[int]]:
        """What can be asked twice at ``rate`` in the time that is left for it: the telling ports first."""
        room = int(max(0.0, rate * (self.slow_until - time.monotonic())) / 2)
        first = {id(self._book(target)): frozenset(target.first) for target in self.plan.targets}
        chosen: dict[int, list[int]] = {}
        for book, ports in queue.items():
            chosen[book] = [port for port in ports if port in first[book]][:room]
            room -= len(chosen[book])
        for book, ports in queue.items():
            rest = [port for port in ports if port not in first[book]][:room]
            chosen[book] += rest
            room -= len(rest)
        return chosen

    def _again(self, book: Book, made: int, needed: int) -> list[int]:
        """The ports to ask once more: silence that has not been repeated enough, answers without arrival, and some
        ports known to pass, which show the loss of this very kind of probe.
        """
        if book.address in self.vanished:
            return []
        rejected = {Kind.REFUSE, Kind.PROHIBIT, Kind.UNREACHABLE, Kind.OTHER}
        spoken = {
            port
            for port, (kind, _, responder, _) in book.answers.items()
            if kind in rejected and responder != book.address.packed
        }
        spoken |= self._flow_ports(book)
        silent = [port for port in book.unseen() if port not in spoken and book.counted[port] < needed]
        # The host answered and the answer did not come: lost by chance, or stopped? Only many tries tell.
        unanswered = [
            port for port in book.unanswered() if book.counted[port] < (MOST_ATTEMPTS if port in book.left else QUIET)
        ]
        ports = silent + unanswered
        if ports and made < MOST_ATTEMPTS:
            known = [port for port in book.arrived if port in book.answers]
            step = max(1, len(known) // REPEATS)
            ports = _mixed(ports, known[::step][:REPEATS])
        return ports

    def _linger(self) -> None:
        """Wait for late answers (RFC 6092 REC-34: 6 s and more) only where this path has shown one, or where the
        earliest probes are too young to have shown it.
        """
        if self._first_probe is None:
            return
        learn = self._first_probe + self.plan.linger_until
        silent = any(port not in book.answers for book in self.books.values() for port in book.unseen())
        if silent and not self.late_rejects:
            self._report("waiting for late answers", 0, 1)
            self.wait_until(lambda: self.late_rejects, learn - time.monotonic())
        if self.late_rejects:
            self.wait(self._last_probe + min(LONGEST_LATE, self.latest + 2.0) - time.monotonic())

    @property
    def late_rejects(self) -> bool:
        return self.latest > 0

    # -- one pass

    def _pass(self, attempt: int, work: Sequence[tuple[Book, list[int]]]) -> None:
        total = sum(len(ports) for _, ports in work)
        done = 0
        chunks = self._chunks(attempt, work)
        flying: dict[int, Chunk] = {}
        settling: list[Chunk] = []
        exhausted = False
        while not exhausted or flying or settling:
            while not exhausted and len(flying) < IN_FLIGHT:
                chunk = next(chunks, None)
                exhausted = chunk is None
                if chunk is not None:
                    flying[self._launch(chunk)] = chunk
            self.pump(0.02)
            settling += [flying.pop(n) for n, chunk in list(flying.items()) if chunk.done_at is not None]
            for chunk in [chunk for chunk in settling if self._settled(chunk)]:
                settling.remove(chunk)
                self._account(chunk)
                done += len(chunk.ports)
                self._report("sweep" if attempt == 0 else f"repeat {attempt}", done, total)

    def _chunks(self, attempt: int, work: Sequence[tuple[Book, list[int]]]) -> Iterator[Chunk]:
        for book, ports in work:
            asked = self._flow_ports(book)
            rest = [port for port in ports if port not in asked]
            at = 0
            while at < len(rest) and book.address not in self.vanished:
                size = self._chunk_size()
                some = rest[at : at + size]
                at += size
                flow = flow_for(self.flows, book.address, book.protocol)
                controls = self.controls.take(max(PER_CHUNK, len(some) // ONE_IN), flow) if flow else range(0)
                yield Chunk(book, attempt, some, controls, self.pace.rate, self._dropped(), flow)

    def _launch(self, chunk: Chunk) -> int:
        book, attempt = chunk.book, chunk.attempt
        extra = [chunk.flow.packet(self.around.key, index) for index in chunk.controls] if chunk.flow else []
        plain = chunk.ports
        if book.protocol == UDP:
            queries = {port: self._payload(book, port, attempt) for port in plain}
            plain = [port for port in plain if queries[port] is None]
            extra += [self._udp(book, port, attempt) for port in chunk.ports if queries[port] is not None]
        route = Flow(self.around.outside.address, book.address, self.source_port(book, attempt))
        template = udp_template(route) if book.protocol == UDP else syn_template(route)
        if self._first_probe is None:
            self._first_probe = time.monotonic()
        return self._command(
            sweep_command(self.around, template, plain, self._salt(book, attempt), extra, chunk.rate), chunk
        )

    def _chunk_size(self) -> int:
        return self.pace.chunk

    def _settled(self, chunk: Chunk) -> bool:
        """All its controls are in, or it is too late for them."""
        assert chunk.done_at is not None  # noqa: S101  (only finished chunks settle)
        age = time.monotonic() - chunk.done_at
        return (len(chunk.controls) > 0 and self.controls.seen_of(chunk.controls) == len(chunk.controls)) or (
            age > self._settle
        )

    def _account(self, chunk: Chunk) -> None:
        """Let the chunk's silence count, unless controls were lost in bulk or the capture lost packets."""
        sent, seen = len(chunk.controls), self.controls.seen_of(chunk.controls)
        dropped = self._dropped() - chunk.dropped
        if sent and not seen:
            self._look_who_is_gone()
            if chunk.flow is not None and chunk.flow in self.flows:
                self._give_up(chunk.flow)
        if chunk.flow is not None and chunk.flow.inside in self.vanished:
            return  # its controls could not come through
        self.pace = self.pace.after(chunk.rate, sent, seen, dropped)
        self._last_probe = max(self._last_probe, chunk.done_at or 0.0)
        if dropped or (sent and seen < sent / 2):
            return
        for port in chunk.ports:
            if port not in chunk.failed:
                chunk.book.count_attempt(port, chunk.attempt)

    # -- events

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

    # -- small parts

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

    def _payload(self, book: Book, port: int, attempt: int) -> bytes | None:
        return self.around.payload(port, token_of(self.around.key, self._salt(book, attempt), port))

    def _udp(self, book: Book, port: int, attempt: int) -> bytes:
        route = Flow(self.around.outside.address, book.address, self.source_port(book, attempt))
        query = self._payload(book, port, attempt)
        if query is None:
            return stamp(udp_template(route), port, token_of(self.around.key, self._salt(book, attempt), port))
        return udp_packet(route, port, query)

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

    # -- the end

    def _freeze(self, seconds: float) -> Measurement:
        self._look_who_is_gone()
        muted = {id(book): book.muted(errors_limited=self.around.errors_limited) for book in self.books.values()}
        self._used_up = {number for number, reason in muted.items() if not reason and any(muted.values())}
        controls = self._controls()
        bound = inward_loss_bound(controls)
        needed = attempts_needed(bound, self._passing())
        targets = tuple(
            book.freeze(
                lambda port, book=book: self._doubt(book, port, bound, needed),  # type: ignore[misc]
                self.around.listening[book.address, book.protocol],
                watched=self.around.witness is not None,
                errors_limited=self.around.errors_limited,
            )
            for book in self.books.values()
        )
        for pinhole in self.pinholes:
            pinhole.close()
        return Measurement(
            targets=targets,
            controls=controls,
            loss_bound=bound,
            outward_left=self.outward.left,
            outward_heard=min(self.outward.left, self.outward.heard),
            path=self.path,
            late_rejects=self.late_rejects,
            probes_sent=self.probes,
            seconds=seconds,
            capture_dropped=self._dropped(),
            neighbours=tuple(
                (mac if mac.strip("0:") else "", self.around.interface_name(index)) for mac, index in self.neighbours
            ),
            translated=self.translated,
            called_home=self.called_home,
            altered=len(self.altered),
            unexplained=len(self.unexplained),
            lan=self.lan,
            problems=tuple(self.problems),
            interrupted=self.interrupted,
            lost=self.lost,
        )

    def _doubt(self, book: Book, port: int, bound: float | None, needed: int | None) -> str:
        """Why this port's silence proves nothing, "" where it does."""
        counted = book.counted[port]
        if unfit := self._unfit(book, port):
            return unfit
        if port in book.arrived:
            return self._doubt_inside(book, port, needed)
        if self.around.witness is None:
            return ""
        if port in book.left:
            return say("the host was seen to answer a probe that was not seen to arrive")
        if counted == 0 and self.limit is not None:
            return say(
                "only about {limit:.0f} new flows a second pass here: narrow --tcp and --udp to measure it",
                limit=self.limit,
            )
        if counted == 0:
            return (
                say("the scan ended before its probe counted")
                if self.lost or self.interrupted
                else say("no probe of it counted")
            )
        if bound is None:
            return say("no control came through, so a lost probe cannot be told from a blocked one")
        if needed is None:
            return say(
                "up to {share:.0%} of the probes are lost on the way, too many to call silence a block", share=bound
            )
        if counted < needed:
            return say(
                "only {counted} of the {needed} attempts that the loss asks for counted", counted=counted, needed=needed
            )
        return ""

    def _unfit(self, book: Book, port: int) -> str:
        """Why nothing that was seen of this port proves anything, "" where it does."""
        if book.address in self.vanished:
            return say("the address vanished in mid-scan")
        if self.late and port in self._flow_ports(book):
            return say("another vantage's control flow may have opened it")
        return ""

    def _doubt_inside(self, book: Book, port: int, needed: int | None) -> str:
        """Why an unanswered probe that arrived proves nothing of what the host does, "" where it does."""
        if port in book.answers:
            return ""
        answers = book.departures(port)
        if not answers and id(book) in self._used_up:
            # The limit is the host's, not the protocol's: errors about other ports may have used it up.
            return say("the host limits its ICMPv6 errors and gave none here: refused or dropped")
        if not answers:
            return "" if book.counted[port] else say("the probe was not answered while packets were being lost")
        if needed is not None and answers >= needed:
            return ""
        return say(
            "the host answered {count} times and no answer came out: lost or stopped, too few to tell", count=answers
        )


def sweep_command(
    around: Surroundings, template: Template, ports: Sequence[int], salt: bytes, among: Sequence[bytes], rate: float
) -> dict[str, Any]:
    """The stub's ``sweep``: one packet a port, made over there, with ready-made ones spread evenly ``among`` them."""
    return {
        "op": "sweep",
        "source": str(around.outside.address),
        "template": base64.b64encode(template.packet).decode(),
        "port_at": template.port_at,
        "token_at": template.token_at,
        "token_len": template.token_length,
        "checksum_at": template.checksum_at,
        "key": around.key.hex(),
        "salt": salt.hex(),
        "ports": base64.b64encode(struct.pack(f"!{len(ports)}H", *ports)).decode(),
        "rate": rate,
        "interleave": [base64.b64encode(packet).decode() for packet in among],
    }


def _mixed(ports: list[int], known: list[int]) -> list[int]:
    """``known`` spread evenly among ``ports``."""
    if not known:
        return ports
    step = max(1, len(ports) // len(known))
    mixed: list[int] = []
    rest = iter(known)
    for index, port in enumerate(ports):
        if index % step == 0:
            mixed.extend(port for port in [next(rest, None)] if port is not None)
        mixed.append(port)
    return mixed
