"""The exchange, between a far end and a witness that are lists: joining, repeating, doubting."""

import base64
import os
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address
from typing import Any

import pytest

from scanner.batteries.exchange import Exchange, Pace, Scene, Shot, covered, lost_pieces, missing
from scanner.model.errors import IncompleteError
from scanner.probes.cases import fragments, segments
from scanner.probes.cases.craft import Base
from scanner.probes.cases.read import Piece, read_packet
from scanner.probes.cases.segments import towards
from scanner.probes.cases.stamp import Stamp
from scanner.probes.controls import ControlFlow
from scanner.probes.pipe import Frame

HOST, VANTAGE = IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:f::2")
KEY = b"0123456789abcdef"
FLOW = ControlFlow(VANTAGE, 40_000, HOST, 50_000, HOST, 50_000)
Filter = Callable[[bytes], bool]
SYN = towards(segments.syn, Base(445))
PIECES = towards(fragments.CASES["X32"], Base(445))


class World:
    """A far end that sends at once, a path that passes what ``passes`` says, and a witness. Both are file objects."""

    def __init__(self, passes: Filter, *, change: Callable[[bytes], bytes] = bytes) -> None:
        self.passes, self.change = passes, change
        self.events: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        self.sent: list[bytes] = []
        self.losing = 0  # packets the capture loses with each batch
        self.lost = 0
        self._end, self._other = os.pipe()
        self._number = 0

    def close(self) -> None:
        os.close(self._end)
        os.close(self._other)

    def fileno(self) -> int:
        return self._end

    def number(self) -> int:
        self._number += 1
        return self._number

    def submit(self, command: dict[str, Any]) -> None:
        packets = [base64.b64decode(text) for text in command.get("packets", ())]
        self.sent += packets
        self.lost += self.losing
        self.frames += [self.frame(self.change(packet)) for packet in packets if self.passes(packet)]
        if command["op"] == "send":
            self.events.append({"e": "sent", "id": command["id"], "n": len(packets), "errors": {}, "dropped": 0})

    def frame(self, packet: bytes) -> Frame:
        return Frame(1.0, outgoing=False, interface=2, mac=b"", packet=packet[:176])

    def receive(self) -> Any:
        raise NotImplementedError

    def dropped(self) -> int:
        return self.lost


class FarEnd:
    def __init__(self, world: World) -> None:
        self.world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def receive(self) -> list[dict[str, Any]]:
        events, self.world.events = self.world.events, []
        return events


class Eyes(FarEnd):
    def receive(self) -> list[Any]:
        frames, self.world.frames = self.world.frames, []
        return frames


def is_control(packet: bytes) -> bool:
    said = read_packet(packet)
    return said is not None and said.port == FLOW.inside_port


def exchange(world: World, flows: tuple[ControlFlow, ...] = (FLOW,), **more: Any) -> Exchange:
    present = more.pop("present", lambda: frozenset({HOST}))
    pace = Pace(rate=10_000.0, settle=0.01)
    window = (21_000, 26_999)
    scene = Scene(FarEnd(world), Eyes(world), (VANTAGE,), KEY, window, 40_000, pace, flows, present=present, **more)
    return Exchange(scene)


def shot(build: Callable[[Stamp], Sequence[bytes]] = SYN, **more: Any) -> Shot:
    return Shot("case", HOST, build, **more)


def test_what_arrives_is_sent_once() -> None:
    (outcome,) = exchange(World(lambda _: True)).fire([shot()])
    assert (len(outcome.trials), outcome.trials[0].whole, outcome.doubt) == (1, True, "")


def test_silence_is_repeated_until_the_loss_is_no_excuse() -> None:
    (outcome,) = exchange(World(is_control)).fire([shot()])
    assert outcome.counted == len(outcome.trials) == 3, "250 controls of which none is lost bound the loss at 1.8 %"
    assert outcome.doubt == ""
    assert len({trial.stamp.source_port for trial in outcome.trials}) == 3, "no tuple twice (PROBES trap D4)"
    assert len({trial.stamp.number for trial in outcome.trials}) == 3


def test_without_controls_silence_is_no_merit() -> None:
    world = World(lambda _: False)
    (outcome,) = exchange(world).fire([shot()])
    assert "too many packets are lost" in outcome.doubt
    (outcome,) = exchange(world, flows=()).fire([shot()])
    assert "no control flow" in outcome.doubt


def test_a_capture_that_loses_packets_proves_no_silence() -> None:
    world = World(is_control)
    world.losing = 1
    (outcome,) = exchange(world).fire([shot(tries=2)])
    assert outcome.counted == 0
    assert 2 <= len(outcome.trials) <= 5, "repeated, and not for ever"
    assert outcome.doubt


def test_arrivals_count_whatever_was_lost() -> None:
    world = World(lambda _: True)
    world.losing = 1
    (outcome,) = exchange(world).fire([shot()])
    assert (outcome.trials[0].whole, outcome.doubt) == (True, "")


def test_a_copy_without_its_flow_label_is_known_by_its_sequence_number() -> None:
    def unlabelled(packet: bytes) -> bytes:
        return packet if is_control(packet) else packet[:1] + b"\0\0\0" + packet[4:]

    (outcome,) = exchange(World(lambda _: True, change=unlabelled)).fire([shot()])
    assert outcome.trials[0].altered
    assert outcome.trials[0].whole


def test_a_stray_packet_is_nobodys() -> None:
    world = World(is_control)
    one = exchange(world)
    world.frames.append(world.frame(SYN(Stamp(1, VANTAGE, HOST, 9, b"another run"))[0]))
    (outcome,) = one.fire([shot()])
    assert not any(trial.arrived for trial in outcome.trials)
    assert [read_packet(one_frame.packet).label for one_frame in one.strays] == [1]


def test_one_of_two_fragments_is_not_the_whole() -> None:
    def first(packet: bytes) -> bool:
        said = read_packet(packet)
        return said is not None and (said.piece is None or said.piece.offset == 0)

    (outcome,) = exchange(World(first)).fire([shot(PIECES)])
    assert not outcome.trials[0].whole
    assert len(outcome.trials[0].arrived) == 1


def test_an_address_that_vanished_is_not_asked() -> None:
    world = World(is_control)
    (outcome,) = exchange(world, present=frozenset).fire([shot()])
    assert outcome.doubt == "the address vanished from the host"
    assert all(is_control(packet) for packet in world.sent)


def test_ctrl_c_keeps_what_was_measured() -> None:
    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    one = exchange(World(lambda _: True), tick=stop)
    (outcome,) = one.fire([shot()])
    assert outcome.trials[0].whole
    assert one.interrupted
    (later,) = one.fire([shot()])
    assert (later.trials, later.doubt) == ((), "interrupted before it was measured")


def test_a_far_end_that_is_gone_ends_the_exchange_only(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(is_control)
    one = exchange(world)

    def gone(_command: dict[str, Any]) -> None:
        raise IncompleteError("the vantage is gone")

    monkeypatch.setattr(world, "submit", gone)
    (outcome,) = one.fire([shot()])
    assert one.ended.startswith("the vantage is gone")
    assert outcome.doubt == one.ended


def test_an_answer_is_joined_by_port_and_an_error_by_what_it_quotes() -> None:
    world = World(is_control)
    one = exchange(world)
    (outcome,) = one.fire([shot(tries=1)])
    sent = outcome.trials[0].packets[0]
    error = b"\x60\0\0\0" + (48 + len(sent) - 40).to_bytes(2, "big") + b"\x3a\x40" + HOST.packed + VANTAGE.packed
    error += b"\4\0\0\0\0\0\0\0" + sent
    world.frames.append(Frame(2.0, outgoing=True, interface=2, mac=b"", packet=error))
    world.events.append({"e": "heard", "p": [(2.0, base64.b64encode(error).decode())]})
    one.watch(0.05)
    assert (len(outcome.trials[0].left), len(outcome.trials[0].heard)) == (1, 1)


# -- fragments


def stamp() -> Stamp:
    return Stamp(7, VANTAGE, HOST, 21_000, KEY)


def test_fragments_cut_anew_are_the_same_bytes() -> None:
    sent = fragments.CASES["X32"](stamp(), Base(445))
    again = fragments.CASES["X30"](stamp(), Base(445))
    assert (lost_pieces(sent, again), missing(sent, again)) == (2, 0)
    assert missing(sent, again[:1]) == 2


def test_a_whole_packet_stands_for_its_fragments() -> None:
    sent = fragments.CASES["X32"](stamp(), Base(445))
    assert missing(sent, segments.syn(stamp(), Base(445))) == 0


def test_covered_bytes_are_merged() -> None:
    pieces = [Piece(6, at, more=True, identification=1, length=8) for at in (8, 0, 32)]
    assert covered(pieces) == ((0, 16), (32, 40))
