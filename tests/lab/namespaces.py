"""Network namespaces for tests that need a wire of their own. Nothing in them leads anywhere else."""

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

CLONE_NEWNET = 0x40000000
Made = TypeVar("Made")


def inside(namespace: str, make: Callable[[], Made]) -> Made:
    """What ``make`` returns when it runs in a named namespace; a thread that lives no longer enters it."""

    def enter() -> None:
        with (Path("/run/netns") / namespace).open("rb") as handle:
            _check(_libc().setns(handle.fileno(), CLONE_NEWNET))

    return _in_thread(enter, make)


def in_own_namespace(make: Callable[[], Made]) -> Made:
    """The same in a fresh namespace whose loopback is up; it ends with the last socket that was made in it."""

    def leave_the_machine() -> None:
        _check(_libc().unshare(CLONE_NEWNET))
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    return _in_thread(leave_the_machine, make)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _in_thread(prepare: Callable[[], None], make: Callable[[], Made]) -> Made:
    made: list[Made] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            prepare()
            made.append(make())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return made[0]
