"""Several vantages: their names, Ctrl-C, and who speaks in the progress."""

import threading
import time
from dataclasses import replace

import pytest

from scanner.lane import Lane
from scanner.probes.surroundings import Progress
from scanner.together import await_all, named, names_of
from scanner.vantage.spec import parse_spec


@pytest.mark.parametrize(
    ("specs", "names"),
    [
        (("ssh:vps-a", "ssh:vps-b"), ["vps-a", "vps-b"]),
        (("ssh:a@vps", "ssh:b@vps"), ["ssh:a@vps", "ssh:b@vps"]),
        (("ssh:vps:22", "netns:lab", "ssh:vps:2222"), ["ssh:vps:22", "lab", "ssh:vps:2222"]),
    ],
)
def test_no_two_vantages_have_one_name(specs: tuple[str, ...], names: list[str]) -> None:
    assert names_of([parse_spec(text) for text in specs]) == names


def test_the_progress_says_whose_it_is() -> None:
    steps: list[Progress] = []
    named(steps.append, Lane("vps-a"))(Progress("sweep", 1, 2, 3.0))
    assert steps == [Progress("sweep", 1, 2, 3.0, "vps-a")]


def test_whoever_is_to_stop_learns_it_by_reporting() -> None:
    steps: list[Progress] = []
    lane = replace(Lane("vps-a"), stop=lambda: True)
    with pytest.raises(KeyboardInterrupt):
        named(steps.append, lane)(Progress("nmap", 1, 2, 3.0))
    assert steps == []


class Pressed:
    """A thread that is waited for while Ctrl-C is pressed once."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.joined = 0

    def is_alive(self) -> bool:
        return not self.stop.is_set()

    def join(self, _seconds: float) -> None:
        self.joined += 1
        if self.joined == 1:
            raise KeyboardInterrupt


def test_ctrl_c_asks_all_to_end_and_waits_for_them() -> None:
    stop = threading.Event()
    ended: list[float] = []

    def work() -> None:
        stop.wait(5)
        time.sleep(0.05)
        ended.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    await_all([Pressed(stop), thread], stop)  # type: ignore[list-item]
    assert stop.is_set()
    assert len(ended) == 1, "it was waited for"
