"""Is the clock right? Reports carry its time, and runs are compared by it."""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import scanner
from scanner.discovery.checks.check import Check, Status
from scanner.model.text import say

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised to a reliable server
TIMEX_BYTES = 512  # struct timex has 208; modes 0 only reads
DAY = 86_400.0
REMEDY = say("switch time synchronisation on: `timedatectl set-ntp true`, or chrony")


def check_clock(
    now: Callable[[], float] = time.time,
    installed_at: Callable[[], float] | None = None,
    synchronised: Callable[[], bool | None] | None = None,
) -> Check:
    """A clock that stands before this installation is wrong for certain."""
    moment = now()
    shown = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if moment < (installed_at or _installed_at)() - DAY:
        return Check("clock", Status.WARN, say("{shown} is before v6expose was installed", shown=shown), REMEDY)
    state = (synchronised or kernel_synchronised)()
    if state is None:
        return Check("clock", Status.OK, say("{shown}; whether it is synchronised is not known", shown=shown))
    if not state:
        return Check("clock", Status.WARN, say("{shown}, not synchronised", shown=shown), REMEDY)
    return Check("clock", Status.OK, f"{shown}, synchronised")


def kernel_synchronised() -> bool | None:
    """What NTP daemons tell the kernel; None where it cannot be asked. Works without systemd."""
    try:
        answer: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR


def _installed_at() -> float:
    return Path(scanner.__file__).stat().st_mtime
