"""The core of every battery: send ready-made packets from outside, watch both sides, join what belongs together.

    with open_exchange(vantage, addresses, Pace(...)) as exchange:
        outcomes = exchange.fire([Shot("tcp-null", target, build), ...])

A ``Shot`` is a case at a target; ``build`` turns a ``Stamp`` (who this copy is) into its packets. ``fire`` sends each
until it has arrived or has been silent often enough, and gives one ``Outcome`` a shot, in the same order: every copy
(``Trial``) with the frames that came in at the host, those the host sent back, and what the vantage heard of it.

Silence counts only while controls (packets on a flow that the inside opened) come through and neither capture loses
anything; a copy sent in a lossy moment is sent again, and where that does not help, ``Outcome.doubt`` says why nothing
is known. Arrivals always count. Whoever needs the packets of nobody's shot finds them in ``Exchange.strays``.
"""

from __future__ import annotations

import base64
import random
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Any, NamedTuple

from scanner.discovery.present import present_addresses
from scanner.flows import open_flows
from scanner.measure import Vantage, control_ports
from scanner.model.errors import IncompleteError
from scanner.model.text import say
from scanner.probes.bpf import exchange_filter, witness_filter
from scanner.probes.cases.read import TCP, UDP, Piece, Said, read_packet
from scanner.probes.cases.stamp import HOP_LIMIT, LABELS, Stamp
from scanner.probes.controls import ControlBook, ControlFlow, control_index, flow_for
from scanner.probes.pipe import Frame, Pinhole, Witness
from scanner.vantage.session import Session
from scanner.verdict.confidence import attempts_needed, loss_upper_bound
from scanner.witness.ring import Ring

RATE = 50.0  # packets a second (PROBES 0.4)
BATCH_SECONDS = 3.0  # so much is sent, then looked at
SMALLEST_BATCH = 8  # shots
CONTROLS_KNOWN, CONTROLS_A_BATCH = 250, 4  # controls that must have been sent before silence is counted
MOST_STRAYS = 10_000
CAPTURED = 176  # bytes of a packet that the witness keeps
MOST_COPIES = 11  # of a shot, whatever happens
LOSSY_ROUNDS = 3  # how often a shot is sent again because the moment it was sent in proves nothing
REFRESH_EVERY = 8.0  # seconds; control flows must outlive any router's UDP timer
WINDOW = 6000  # source ports below those that kernels choose by themselves
LOWEST_PORT, HIGHEST_START = 20_000, 26_000


class Heard(NamedTuple):
    """One packet that the vantage heard: epoch seconds by its clock, the packet from its IPv6 header on, maybe cut."""

    at: float
    packet: bytes


@dataclass(frozen=True, slots=True)
class Shot:
    """A case at a target. ``tries`` is how many silent copies are enough, None for as many as the loss asks for;
    ``source_port`` None gives each copy one of its own. ``source`` None is the vantage's first address. ``settled``
    says of a copy that no more are needed.
    """

    case: str
    target: IPv6Address
    build: Callable[[Stamp], Sequence[bytes]]
    tries: int | None = None
    source_port: int | None = None
    hop_limit: int = HOP_LIMIT
    source: IPv6Address | None = None
    settled: Callable[[Trial], bool] = field(default=lambda trial: trial.whole)


@dataclass(slots=True)
class Trial:
    """One copy of a shot and all that both sides saw of it. ``counts`` is False where its silence proves nothing;
    ``altered`` is set where something arrived without the flow label it was sent with; ``failed`` where the vantage
    could not send it.
    """

    stamp: Stamp
    packets: tuple[bytes, ...]
    arrived: list[Frame] = field(default_factory=list)
    left: list[Frame] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    counts: bool = False
    altered: bool = False
    failed: bool = False

    @property
    def whole(self) -> bool:
        """Everything that was sent arrived: each packet, or the same bytes in fragments of another size."""
        return bool(self.arrived) and missing(self.packets, [frame.packet for frame in self.arrived]) == 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shot. ``doubt`` says why its silence proves nothing, "" where it does."""

    shot: Shot
    trials: tuple[Trial, ...]
    doubt: str = ""

    @property
    def best(self) -> Trial | None:
        """The copy of which most arrived, or was heard."""
        return max(self.trials, key=lambda t: (t.whole, len(t.arrived), len(t.left), len(t.heard)), default=None)

    @property
    def counted(self) -> int:
        """Copies that were sent while controls came through."""
        return sum(trial.counts for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Pace:
    """``rate`` in packets a second; ``settle`` in seconds: how long after the last packet of a batch one waits."""

    rate: float = RATE
    settle: float = 0.4


@dataclass(slots=True)
class Scene:
    """What an exchange is given. ``addresses`` are the vantage's own, the first is the usual one; ``window`` are source
    ports that nobody else uses there (low, high), ``flow_port`` is the one to which the inside opens flows. ``present``
    tells which addresses the host has now; ``tick`` is called after every batch, with (shots done, shots in all) of the
    present ``fire``, and may raise KeyboardInterrupt. ``prior`` are controls (sent, seen) of an earlier measurement of
    the same path sent.
    """

    session: Session
    witness: Witness
    addresses: tuple[IPv6Address, ...]
    key: bytes
    window: tuple[int, int]
    flow_port: int
    pace: Pace
    flows: tuple[ControlFlow, ...] = ()
    pinholes: tuple[Pinhole, ...] = ()
    prior: tuple[int, int] = (0, 0)
    present: Callable[[], frozenset[IPv6Address]] = present_addresses
    tick: Callable[[int, int], None] = field(default=lambda _done, _all: None)


class Exchange:
    """One conversation of a battery with both sides; identities stay known until it ends."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.strays: deque[Frame | Heard] = deque(maxlen=MOST_STRAYS)  # of nobody's shot, the latest
        self.controls = ControlBook()
        self.sent = 0
        self._rate = scene.pace.rate
        self.interrupted = False
        self.ended = ""  # why nothing more can be measured, "" while it can
        self._numbers = random.Random(scene.key).randrange(LABELS)
        self._ports = iter(range(scene.window[0], scene.window[1] + 1))
        self._by_label: dict[int, Trial] = {}
        self._by_port: dict[tuple[bytes, int, int], Trial] = {}  # (target, protocol, the vantage's port)
        self._flow_of = {(flow.inside.packed, flow.inside_port): flow for flow in scene.flows}
        self._ours = frozenset(address.packed for address in scene.addresses)
        self._done: dict[int, dict[str, Any]] = {}
        self._far_dropped = 0
        self._refreshed = 0.0

    # -- the story

    def fire(self, shots: Iterable[Shot], rate: float | None = None) -> tuple[Outcome, ...]:
        """Send every shot as often as it needs; the outcomes, in the order of the shots. Ctrl-C and a far end that is
        gone end the exchange, not the program: ``ended`` then says why, and what was measured is kept. ``rate`` is for
        packets whose answers somebody limits.
        """
        asked = [(shot, list[Trial]()) for shot in shots]
        self._rate = min(rate or self.scene.pace.rate, self.scene.pace.rate)
        try:
            if not self.ended:
                self._fire_all(asked)
        except KeyboardInterrupt:
            self.interrupted, self.ended = True, say("interrupted before it was measured")
            with suppress(IncompleteError):
                self.scene.session.submit({"op": "cancel"})
        except IncompleteError as error:
            self.ended = str(error)
        return tuple(Outcome(shot, tuple(trials), self._doubt(shot, trials)) for shot, trials in asked)

    def _fire_all(self, asked: Sequence[tuple[Shot, list[Trial]]]) -> None:
        short = CONTROLS_KNOWN - self.controls.sent - self.scene.prior[0]
        if self.scene.flows and short > 0:
            self._controls_alone(short)
        waiting = [pair for pair in asked if self._needs_more(*pair)]
        while waiting:
            for batch in self._batches(waiting):
                self._fire_batch(batch)
                self.scene.tick(sum(not self._needs_more(*pair) for pair in asked), len(asked))
            waiting = [pair for pair in waiting if self._needs_more(*pair)]

    def watch(self, seconds: float) -> None:
        """Take in what both sides report, for so long."""
        self._until(lambda: False, seconds)

    def stamp(self, shot: Shot) -> Stamp:
        """A fresh identity for a copy of ``shot``."""
        self._numbers = (self._numbers + 1) % LABELS or 1
        port = next(self._ports) if shot.source_port is None else shot.source_port
        return Stamp(
            self._numbers, shot.source or self.scene.addresses[0], shot.target, port, self.scene.key, shot.hop_limit
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong on the way, in words."""
        if self.interrupted:
            return (say("interrupted while a battery was played: what was measured until then is kept"),)
        return (self.ended,) if self.ended else ()

    @property
    def flow_port(self) -> int:
        return self.scene.flow_port

    @property
    def needed(self) -> int | None:
        """Silent copies until silence is believed; None where controls do not come through."""
        sent, seen = self.scene.prior
        return attempts_needed(loss_upper_bound(sent + self.controls.sent, seen + self.controls.seen))

    # -- a batch

    def _batches(self, waiting: Sequence[tuple[Shot, list[Trial]]]) -> Iterator[list[tuple[Shot, list[Trial]]]]:
        """What goes out together. A shot that could not be sent goes alone: it must not spoil the others again."""
        size = max(SMALLEST_BATCH, int(self._rate * BATCH_SECONDS))
        alone = [pair for pair in waiting if pair[1] and pair[1][-1].failed]
        others = [pair for pair in waiting if not (pair[1] and pair[1][-1].failed)]
        yield from (others[at : at + size] for at in range(0, len(others), size))
        yield from ([pair] for pair in alone)

    def _fire_batch(self, batch: Sequence[tuple[Shot, list[Trial]]]) -> None:
        """One copy of each; the batch counts if enough controls came through and nothing was lost."""
        dropped = self._dropped()
        fresh = []
        for shot, trials in batch:
            trials.append(self._prepare(shot))
            fresh.append((shot, trials[-1]))
        packets = [packet for _, trial in fresh for packet in trial.packets]
        indexes, controls = self._take_controls(batch)
        number = self.send([*controls[::2], *packets, *controls[1::2]])
        seconds = (len(packets) + len(controls)) / self._rate
        self._until(lambda: number in self._done, seconds + 10)
        self._until(
            lambda: self.controls.seen_of(indexes) == len(indexes) > 0 and all(s.settled(t) for s, t in fresh),
            self.scene.pace.settle,
        )
        event = self._done.get(number)
        failed = event is None or bool(event["errors"])
        fine = self.controls.seen_of(indexes) > len(indexes) / 2 and self._dropped() == dropped
        for _, trial in fresh:
            trial.failed = failed
            trial.counts = fine and not failed

    def _prepare(self, shot: Shot) -> Trial:
        stamp = self.stamp(shot)
        trial = Trial(stamp, tuple(shot.build(stamp)))
        self._by_label[stamp.number] = trial
        said = [read_packet(packet) for packet in trial.packets]
        spoken = {one.protocol for one in said if one and one.source_port == stamp.source_port} or {TCP, UDP}
        for protocol in spoken:
            self._by_port[stamp.target.packed, protocol, stamp.source_port] = trial
        return trial

    def _needs_more(self, shot: Shot, trials: Sequence[Trial]) -> bool:
        if any(shot.settled(trial) for trial in trials) or shot.target not in self.scene.present():
            return False
        counted = sum(trial.counts for trial in trials)
        enough = shot.tries if shot.tries is not None else self.needed or 2
        return counted < enough and len(trials) < min(MOST_COPIES, counted + LOSSY_ROUNDS)

    def _doubt(self, shot: Shot, trials: Sequence[Trial]) -> str:
        if any(shot.settled(trial) for trial in trials):
            return ""
        if self.ended:
            return self.ended
        if shot.target not in self.scene.present():
            return say("the address vanished from the host")
        if trials and all(trial.failed for trial in trials):
            return say("the vantage could not send it")
        if not self.scene.flows:
            return say("no control flow could be opened, so a lost packet cannot be told from a stopped one")
        enough = shot.tries if shot.tries is not None else self.needed
        if enough is None or sum(trial.counts for trial in trials) < enough:
            return say("too many packets are lost on the way")
        return ""

    # -- controls

    def _controls_alone(self, number: int) -> None:
        flow = self.scene.flows[0]
        indexes = self.controls.take(number, flow)
        sent = self.send([flow.packet(self.scene.key, index) for index in indexes])
        self._until(lambda: sent in self._done, number / self._rate + 10)
        self._until(lambda: self.controls.seen_of(indexes) == number, self.scene.pace.settle)

    def _take_controls(self, batch: Sequence[tuple[Shot, list[Trial]]]) -> tuple[range, list[bytes]]:
        flow = flow_for(self.scene.flows, batch[0][0].target) if batch else None
        if flow is None:
            return range(0), []
        indexes = self.controls.take(CONTROLS_A_BATCH, flow)
        return indexes, [flow.packet(self.scene.key, index) for index in indexes]

    # -- both sides

    def send(self, packets: Sequence[bytes]) -> int:
        """Hand packets to the vantage, paced; the number under which it reports that they are sent."""
        number = self.scene.session.number()
        self.scene.session.submit(
            {
                "op": "send",
                "id": number,
                "source": str(self.scene.addresses[0]),
                "packets": [base64.b64encode(packet).decode() for packet in packets],
                "interval": 1 / self._rate,
            }
        )
        self.sent += len(packets)
        return number

    def _until(self, ready: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not ready() and time.monotonic() < end:
            self._pump(min(0.02, max(0.0, end - time.monotonic())))

    def _pump(self, timeout: float) -> None:
        select.select([self.scene.session.fileno(), self.scene.witness.fileno()], [], [], timeout)
        for frame in self.scene.witness.receive():
            self._on_frame(frame)
        for event in self.scene.session.receive():
            self._on_event(event)
        if time.monotonic() - self._refreshed > REFRESH_EVERY:
            self._refreshed = time.monotonic()
            for pinhole in self.scene.pinholes:
                pinhole.refresh()

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["e"] == "heard":
            for at, text in event["p"]:
                heard = Heard(at, base64.b64decode(text))
                trial = self._answered(read_packet(heard.packet))
                if trial is None:
                    self.strays.append(heard)
                else:
                    trial.heard.append(heard)
        elif event["e"] == "sent":
            self._far_dropped = max(self._far_dropped, event.get("dropped", 0))
            self._done[event["id"]] = event
        elif event["e"] == "error":
            raise IncompleteError(
                say("the vantage could not {op} ({why})", op=event.get("op"), why=event.get("error")),
                say("see v6expose doctor"),
            )

    def _on_frame(self, frame: Frame) -> None:
        said = read_packet(frame.packet)
        if said is None:
            return
        if frame.outgoing:
            trial = self._answered(said) if said.target in self._ours else None
            if trial is None:
                self.strays.append(frame)
            else:
                trial.left.append(frame)
        elif said.source in self._ours:
            self._on_arrival(frame, said)
        else:
            self.strays.append(frame)

    def _on_arrival(self, frame: Frame, said: Said) -> None:
        flow = self._flow_of.get((said.target, said.port)) if said.chain == (UDP,) else None
        index = control_index(flow, self.scene.key, said.payload) if flow else None
        if index is not None:
            self.controls.note(index)
            return
        trial = self._by_label.get(said.label)
        if trial is None or said.target != trial.stamp.target.packed:
            trial = self._altered(said)
        if trial is None:
            self.strays.append(frame)
        else:
            trial.arrived.append(frame)

    def _altered(self, said: Said) -> Trial | None:
        """Whose copy this is though its flow label is another: it still carries what only that copy can."""
        trial = self._by_label.get(said.piece.identification & (LABELS - 1)) if said.piece else None
        if trial is not None and said.piece is not None and said.piece.identification == trial.stamp.fragment:
            trial.altered = True
            return trial
        trial = self._by_port.get((said.target, said.protocol, said.source_port))
        if trial is None:
            return None
        if said.sequence == trial.stamp.sequence or trial.stamp.nonce in said.payload:
            trial.altered = True
            return trial
        return None

    def _answered(self, said: Said | None) -> Trial | None:
        """Whose copy this packet answers: an error that quotes it, or a packet back to its port or with its nonce."""
        if said is None:
            return None
        if said.quoted is not None:
            quoted = said.quoted
            trial = self._by_label.get(quoted.label)
            if trial is not None and quoted.target == trial.stamp.target.packed:
                return trial
            return self._altered(quoted)
        trial = self._by_port.get((said.source, said.protocol, said.port))
        if trial is None and said.kind >= 0 and len(said.payload) >= 8:  # noqa: PLR2004  (an echo reply)
            trial = next((t for t in self._by_label.values() if t.stamp.nonce in said.payload), None)
        return trial if trial is not None and said.source == trial.stamp.target.packed else None

    def _dropped(self) -> int:
        return self.scene.witness.dropped() + self._far_dropped


def missing(sent: Sequence[bytes], arrived: Sequence[bytes]) -> int:
    """How many of the sent packets did not arrive: 0 also where a router has put fragments together anew."""
    lost = lost_pieces(sent, arrived)
    return 0 if lost and same_bytes(sent, arrived) else lost


def lost_pieces(sent: Sequence[bytes], arrived: Sequence[bytes]) -> int:
    """How many of the sent packets did not arrive as they were sent."""
    left = [piece_of(read_packet(packet)) for packet in arrived]
    lost = 0
    for packet in sent:
        mark = piece_of(read_packet(packet[:CAPTURED]))
        if mark in left:
            left.remove(mark)
        else:
            lost += 1
    return lost


def piece_of(said: Said | None) -> tuple[object, ...] | None:
    """By what one packet of a copy differs from its others, which no router changes."""
    if said is None:
        return None
    return (said.length, said.chain, said.piece, said.payload[:8])


def same_bytes(sent: Sequence[bytes], arrived: Sequence[bytes]) -> bool:
    """The fragments cover the same bytes, or there is one packet where several fragments were sent."""
    wanted, got = [read_packet(p) for p in sent], [read_packet(p) for p in arrived]
    pieces = [said.piece for said in wanted if said and said.piece]
    if len(pieces) < len(sent) or not got:
        return False
    whole = [said for said in got if said and said.piece is None]
    return bool(whole) or covered(pieces) == covered([said.piece for said in got if said and said.piece])


def covered(pieces: Iterable[Piece]) -> tuple[tuple[int, int], ...]:
    """The bytes that fragments cover, as merged intervals."""
    merged: list[tuple[int, int]] = []
    for piece in sorted(pieces, key=lambda one: one.offset):
        begin, end = piece.offset, piece.offset + piece.length
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)


@contextmanager
def open_exchange(
    vantage: Vantage,
    targets: Sequence[IPv6Address],
    key: bytes,
    *,
    pace: Pace | None = None,
    theirs: Iterable[int] = (),
    ours: Iterable[int] = (),
    sources: Sequence[IPv6Address] = (),
    prior: tuple[int, int] = (0, 0),
    present: Callable[[], frozenset[IPv6Address]] | None = None,
    tick: Callable[[int, int], None] = lambda _done, _all: None,
) -> Iterator[Exchange]:
    """An exchange of its own with both sides of ``vantage``. ``theirs`` are the host's ports whose answers are to be
    heard outside even at fixed source ports, ``ours`` further ports of the vantage; ``sources`` its other addresses;
    ``prior``, ``present`` and ``tick`` as in Scene.

    Raises IncompleteError where the far end is gone, OSError where nobody may capture here.
    """
    session, addresses = vantage.session, (vantage.address, *sources)
    with suppress(IncompleteError):
        session.receive()  # what an earlier measurement did not wait for
    flow_port = session.request({"op": "reserve", "address": str(vantage.address), "count": 1})["ports"][0]
    low = random.Random(key).randrange(LOWEST_PORT, HIGHEST_START)
    window = (low, low + WINDOW - 1)
    program = exchange_filter(addresses, window, (flow_port, *ours), theirs)
    session.request({"op": "listen", "filter": program, "caplen": 256})
    witness = Ring(witness_filter(addresses))
    pinholes: tuple[Pinhole, ...] = ()
    try:
        flows, pinholes = open_flows(session, vantage.address, flow_port, control_ports(targets))
        usual = pace or Pace()
        settle = max(usual.settle, 2 * vantage.round_trip + 0.2)
        scene = Scene(
            session,
            witness,
            addresses,
            key,
            window,
            flow_port,
            replace(usual, settle=settle),
            flows,
            pinholes,
            prior,
            present or present_addresses,
            tick,
        )
        yield Exchange(scene)
    finally:
        for pinhole in pinholes:
            pinhole.close()
        witness.close()
