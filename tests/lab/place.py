"""A place of one's own for a piece of a test: another network namespace, other users, other files; nothing of it shows
outside, and nothing is left of it.

The files are bind-mounted over the system's own in a mount namespace that ends with the process, so that a test can
have users, keys and sudo rights without touching the machine.
"""

import ctypes
import os
import pickle
import pty
import select
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEW_MOUNTS, NEW_NETWORK, PRIVATE, BIND = 0x00020000, 0x40000000, 0x40000 | 0x4000, 0x1000


@dataclass(frozen=True)
class Place:
    """``files`` maps what is seen to what it really is; ``environment`` replaces the environment."""

    namespace: str
    files: Mapping[Path, Path]
    environment: Mapping[str, str]
    answers: Mapping[bytes, bytes] = field(default_factory=dict)  # prompts on the terminal, if there is to be one

    def run(self, action: Callable[[], Any], timeout: float = 60.0) -> Any:
        """What ``action`` returns or raises there. Without ``answers`` it has no terminal at all."""
        reading, writing = os.pipe()
        pid, terminal = self._fork()
        if not pid:
            self._child(action, writing)
        os.close(writing)
        try:
            result = self._await(reading, terminal, timeout)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # it leads a session of its own
            os.waitpid(pid, 0)
            os.close(reading)
            if terminal is not None:
                os.close(terminal)
        value, error, told = pickle.loads(result)  # noqa: S301  (our own child's)
        if error is not None:
            error.add_note(told)
            raise error
        return value

    def _fork(self) -> tuple[int, int | None]:
        if self.answers:
            return pty.fork()
        pid = os.fork()
        if not pid:
            os.setsid()
        return pid, None

    def _child(self, action: Callable[[], Any], writing: int) -> None:
        try:
            try:
                self._enter()
                answer = (action(), None, "")
            except BaseException as error:  # noqa: BLE001  (the parent raises it)
                answer = (None, error, traceback.format_exc())
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        _check(libc.unshare(NEW_MOUNTS))
        _check(libc.mount(b"none", b"/", None, PRIVATE, None))
        for seen, real in self.files.items():
            _check(libc.mount(os.fsencode(real), os.fsencode(seen), None, BIND, None))
        with (Path("/run/netns") / self.namespace).open("rb") as handle:
            _check(libc.setns(handle.fileno(), NEW_NETWORK))
        os.environ.clear()
        os.environ.update(self.environment)

    def _await(self, reading: int, terminal: int | None, timeout: float) -> bytes:
        """Read the result; answer what is asked on the terminal meanwhile."""
        result, said = b"", b""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            ready, _, _ = select.select([reading, *([terminal] if terminal is not None else [])], [], [], 0.2)
            if terminal in ready:
                with suppress(OSError):
                    said += os.read(terminal, 4096)
                for prompt, answer in self.answers.items():
                    if prompt in said:
                        os.write(terminal, answer)
                        said = b""
            if reading in ready:
                piece = os.read(reading, 65536)
                if not piece:
                    return result
                result += piece
        raise TimeoutError(f"nothing within {timeout} s; the terminal shows {said!r}")


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
