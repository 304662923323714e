"""Ctrl-C and SIGTERM: both unwind a ``with Lab()``, neither stops a teardown half way."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def terminate_unwinds() -> Iterator[None]:
    """While this lasts, SIGTERM raises SystemExit, as Ctrl-C raises KeyboardInterrupt."""
    with _handlers({signal.SIGTERM: _exit}):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """While this lasts, Ctrl-C and SIGTERM are ignored, by us and by the short commands we start."""
    with _handlers({signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_IGN}):
        yield


@contextmanager
def _handlers(wanted: dict[int, Handler]) -> Iterator[None]:
    """Signals belong to the main thread: elsewhere this changes nothing."""
    earlier: dict[int, Handler] = {}
    try:
        for number, handler in wanted.items():
            earlier[number] = signal.signal(number, handler)
    except ValueError:
        earlier = {}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    raise SystemExit(128 + number)
