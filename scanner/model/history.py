"""Memory: what is known of earlier runs. Values only; scanner/store keeps them, scanner/changes makes them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict

_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_KEEP = re.compile(r"\s*(\d{1,5})\s*(day|week|month|year)s?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Keep:
    """For how long runs are kept. A month is 30 days, a year 365. ``str()`` gives what ``parse`` takes."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """``90 days``, ``12 weeks``, ``6 months``, ``2 years``. Raises InputError."""
        found = _KEEP.fullmatch(text)
        if found is None or int(found[1]) == 0:
            raise InputError(f"{text!r} is no span of time", 'write it like "90 days", "12 weeks" or "2 years"')
        return cls(int(found[1]), found[2].lower())

    @property
    def span(self) -> timedelta:
        return timedelta(days=self.count * _DAYS[self.unit])

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("" if self.count == 1 else "s")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A row of the history. ``number`` stays with the run for ever and is given to no other."""

    number: int
    id: str
    started_at: datetime
    finished_at: datetime
    host: str
    profile: Profile
    complete: bool
    interrupted: bool
    grade: str | None
    headline: str
    title: str
    counts: dict[Severity, int]
    vantages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """``runs`` runs in a row that said the same of a door; ``verdict`` None: they did not ask."""

    verdict: Verdict | None
    runs: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DoorHistory:
    """A port of the addresses of one role over the last runs, the oldest first.

    ``role`` is the address's kind, interface and origin: it survives rotation (RFC 8981) and renumbering.
    """

    role: str
    protocol: str
    port: int
    stretches: tuple[Stretch, ...]
