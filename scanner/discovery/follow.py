"""The host's addresses from now on: who was born, who went, and who was there all the time. For the length of a scan.

    with follow() as story:
        ...
        story.lasting()     the addresses that were there without a break
        story.events        what happened, with the time of day

A thread of its own listens to the kernel, so that the times are right while a scan waits for something else. Where
changes cannot be watched (another system, a sandbox), the story tells only what the addresses are, by asking.
"""

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address
from types import TracebackType
from typing import Self

from scanner.discovery.events import AddressEvent, AddressWatch, Change
from scanner.discovery.present import present_addresses
from scanner.model.address import Address
from scanner.model.errors import EnvironmentFault


@dataclass(frozen=True, slots=True)
class Event:
    """``at`` is UTC; ``address`` is as it was after the change, or last seen."""

    change: Change
    address: Address
    at: datetime


class Unwatched:
    """The same questions where nobody can be told of changes."""

    events: tuple[Event, ...] = ()

    def __init__(self, why: str) -> None:
        self.why = why

    def lasting(self) -> frozenset[IPv6Address]:
        return present_addresses()


class Story:
    """What the kernel told since the beginning. Only its thread touches the watch; whoever asks reads whole tuples."""

    def __init__(self, watch: AddressWatch, clock: Callable[[], datetime]) -> None:
        self.why = ""  # nothing hinders the watch
        self._watch, self._clock = watch, clock
        self._lock = threading.Lock()
        self._events: tuple[Event, ...] = ()
        self._removed: frozenset[IPv6Address] = frozenset()
        self._wake, self._end = os.pipe()
        self._thread = threading.Thread(target=self._listen, name="addresses", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._end)
        self._thread.join()
        os.close(self._wake)
        self._watch.close()

    @property
    def events(self) -> tuple[Event, ...]:
        """In order, until this moment."""
        self._take()
        return self._events

    def lasting(self) -> frozenset[IPv6Address]:
        """Addresses that are there and were never gone: one that went and came back may be another host's meanwhile."""
        self._take()
        return present_addresses() - self._removed

    def _listen(self) -> None:
        well = True
        while well:
            ready, _, _ = select.select([self._watch.fileno(), self._wake], [], [])
            if self._wake in ready:
                return
            well = self._take()

    def _take(self) -> bool:
        """Take in what was announced; False where the kernel does not tell any more."""
        with self._lock:
            try:
                new = self._watch.events()
            except EnvironmentFault as fault:
                self.why = fault.message
                return False
            self._events += tuple(self._dated(event) for event in new)
            self._removed |= {event.address.ip for event in new if event.change is Change.REMOVED}
            return True

    def _dated(self, event: AddressEvent) -> Event:
        return Event(event.change, event.address, self._clock())


Watched = Story | Unwatched


@contextmanager
def follow(clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Watched]:
    """Never raises for want of a watch: the story then has no events, and ``why`` says so."""
    try:
        watch = AddressWatch()
    except EnvironmentFault as fault:
        yield Unwatched(fault.message)
        return
    with Story(watch, clock) as story:
        yield story
