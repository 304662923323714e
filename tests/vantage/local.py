"""What several tests of this room need."""

import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanner.vantage.session import Session

# A prefix that gives up all privilege, and with it what only root may read: a python3 of root's own.
UNPRIVILEGED: tuple[str, ...] = ("env",)
if os.geteuid() == 0:
    UNPRIVILEGED = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "PATH=/usr/bin:/bin")


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether it comes true within ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def lives(pid: int) -> bool:
    """A process that runs; one that has ended and that nobody has waited for does not."""
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def receive(session: Session, kind: str, seconds: float = 20.0) -> dict[str, Any]:
    """The next event of a kind; those before it are lost."""
    return collect(session, kind, seconds)[-1]


def collect(session: Session, last: str, seconds: float = 20.0) -> list[dict[str, Any]]:
    """Every event up to the first of kind ``last``, which is included; those after it stay."""
    end = time.monotonic() + seconds
    seen: list[dict[str, Any]] = []
    while time.monotonic() < end:
        select.select([session.fileno()], [], [], 0.1)
        events = session.receive()
        for index, event in enumerate(events):
            seen.append(event)
            if event["e"] == last:
                session.put_back(events[index + 1 :])
                return seen
            assert event["e"] != "error", event
    raise AssertionError(f"no {last} within {seconds} s, but {seen[-5:]}")
