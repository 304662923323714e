"""The order in which things are said, with a stage where nothing is real."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

import pytest

from scanner.batteries.simple_security.play import play
from scanner.batteries.simple_security.script import Act, Shot, Side, Step
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.timing import STANDARD
from scanner.model.errors import IncompleteError

HOST = IPv6Address("2001:db8::10")
FAST = replace(STANDARD, rate=10_000.0)
PATIENCE = 0.05


@dataclass
class Hall:
    """A stage that notes who says what; ``hears`` says of a shot whether it gets through. ``slow`` are shots that the
    vantage sends so many seconds late.
    """

    hears: Callable[[str], bool] = lambda _name: True
    slow: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    fails: BaseException | None = None
    seen: Seen | None = None

    def send(self, _host: IPv6Address, seen: Seen, shot: Shot) -> None:
        self.seen = seen
        self.said.append(shot.name)
        self.at.append(time.monotonic())
        if shot.name in self.slow:
            seen.unsent[shot.name] += 1
        elif self.hears(shot.name):
            seen.arrived[shot.name] = 61

    def take_in(self, _timeout: float) -> None:
        if self.fails is not None and len(self.said) > 1:
            raise self.fails
        for name, late in list(self.slow.items()):
            if name in self.said and self.seen is not None and time.monotonic() > self.at[0] + late:
                del self.slow[name]
                self.seen.unsent[name] -= 1
                self.seen.arrived[name] = 61


def shots(*names: str, tries: int = 3) -> Step:
    return Step(tuple(Shot(name, Side.OUTSIDE, b"", tries) for name in names))


def perform(hall: Hall, *acts: Act) -> str:
    return play(hall, [(HOST, Seen(), acts)], FAST, PATIENCE, lambda _done, _all: None)  # type: ignore[arg-type]


def act(*steps: Step) -> Act:
    return Act("", steps)


def test_a_step_waits_for_the_one_before() -> None:
    hall = Hall()
    assert perform(hall, act(shots("a", "b"), shots("c"))) == ""
    assert hall.said == ["a", "b", "c"]


def test_what_is_not_seen_is_said_again_and_then_let_be() -> None:
    hall = Hall(hears=lambda name: name != "a")
    perform(hall, act(shots("a", "b"), shots("c")))
    assert hall.said == ["a", "b", "a", "a", "c"]


def test_what_is_said_once_is_not_said_again() -> None:
    hall = Hall(hears=lambda _name: False)
    perform(hall, act(shots("a", tries=1)))
    assert hall.said == ["a"]


def test_a_busy_vantage_is_waited_for() -> None:
    """Else the answer to a question could be sent after what must come later."""
    hall = Hall(slow={"a": 4 * PATIENCE})
    perform(hall, act(shots("a"), shots("b")))
    assert hall.said == ["a", "b"]


def test_acts_go_on_side_by_side() -> None:
    hall = Hall(hears=lambda name: name != "a1")
    perform(hall, act(shots("a1"), shots("a2")), act(shots("b1"), shots("b2")))
    assert hall.said.index("b2") < hall.said.index("a2")


def test_what_waits_longest_goes_first() -> None:
    hall = Hall()
    play(  # nothing is sent until all is queued
        hall,  # type: ignore[arg-type]
        [(HOST, Seen(), [act(shots("first"))]), (HOST, Seen(), [act(shots("also first")), act(shots("later"))])],
        FAST,
        PATIENCE,
        lambda _done, _all: None,
    )
    assert hall.said == ["first", "also first", "later"]


def test_a_wait_is_a_wait() -> None:
    hall = Hall()
    perform(hall, act(shots("a"), replace(shots("b"), after=0.2)))
    assert hall.at[1] - hall.at[0] >= 0.2


def test_a_step_may_be_decided_late() -> None:
    hall = Hall()
    late = Step(when=lambda: () if "a" in hall.said else shots("never").shots)
    perform(hall, act(shots("a"), late, shots("b")))
    assert hall.said == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "word"), [(KeyboardInterrupt(), "interrupted"), (IncompleteError("the far end is gone", "look"), "gone")]
)
def test_what_ends_the_play_is_told(error: BaseException, word: str) -> None:
    hall = Hall(fails=error)
    told = perform(hall, act(shots("a", "b"), shots("c")))
    assert word in told
    assert hall.said == ["a", "b"], "what was said is kept"


def test_the_pace_is_kept() -> None:
    hall = Hall()
    slow = replace(FAST, rate=50.0)
    play(hall, [(HOST, Seen(), [act(shots(*"abcdefghijk"))])], slow, PATIENCE, lambda _done, _all: None)  # type: ignore[arg-type]
    assert hall.at[-1] - hall.at[0] > 0.17  # eleven at fifty a second
