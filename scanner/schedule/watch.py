"""The host's addresses changed: scan again once they have settled. Pure but for the clock it is given.

A renumbering is many announcements within seconds, and a temporary address is born once a day at least; so nothing is
started before it has been quiet for ``settle`` seconds, nor sooner than ``pause`` seconds after the last scan began.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from scanner.discovery.events import AddressEvent, Change

SETTLE, PAUSE = 20.0, 300.0  # seconds
# What opens a door that no scan has seen; what only closes one can wait for the next scan by the clock.
TELLING = frozenset({Change.BORN, Change.RENUMBERED, Change.PREFERRED})


@dataclass(slots=True)
class Debounce:
    """Collects changes; ``due`` says when it is time."""

    settle: float = SETTLE
    pause: float = PAUSE
    waiting: dict[IPv6Address, Change] = field(default_factory=dict)
    changed_at: float = 0.0
    scanned_at: float | None = None

    def note(self, events: Iterable[AddressEvent]) -> None:
        """Addresses of the Internet only; an address that goes again before its time came is forgotten."""
        for event in events:
            if event.change is Change.REMOVED:
                self.waiting.pop(event.address.ip, None)
            elif event.change in TELLING and event.address.scannable:
                self.waiting[event.address.ip] = event.change
                self.changed_at = event.at

    def due_in(self, now: float) -> float | None:
        """Seconds until a scan is due, 0 where it is; None while nothing changed."""
        if not self.waiting:
            return None
        earliest = self.changed_at + self.settle
        if self.scanned_at is not None:
            earliest = max(earliest, self.scanned_at + self.pause)
        return max(0.0, earliest - now)

    def take(self, now: float) -> tuple[IPv6Address, ...]:
        """The addresses the scan is about; from now on they are old news."""
        taken = tuple(self.waiting)
        self.waiting.clear()
        self.scanned_at = now
        return taken
