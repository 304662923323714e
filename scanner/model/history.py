"""Memory: what is known of earlier runs. Values only; scanner/store keeps them, scanner/changes makes them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.settings import Profile
from scanner.model.text import say
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
            raise InputError(
                say("{text!r} is no span of time", text=text), say('write it like "90 days", "12 weeks" or "2 years"')
            )
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


class Turn(StrEnum):
    """What became of a finding between two runs, the one to look at first on top."""

    NEW = "new"
    CHANGED = "changed"
    UNKNOWN = "unknown"  # it was there, and the later run did not measure whether it still is
    GONE = "gone"


class CauseKind(StrEnum):
    LISTENER_APPEARED = "listener-appeared"
    LISTENER_GONE = "listener-gone"
    LISTENER_MOVED = "listener-moved"
    PROCESS_CHANGED = "process-changed"
    SOFTWARE_CHANGED = "software-changed"
    ROUTER_DEFAULT = "router-default-changed"
    ROUTER_RULE = "router-rule-changed"
    ROUTER_REPLACED = "router-replaced"
    UPSTREAM = "upstream-changed"
    HOST_FIREWALL = "host-firewall-changed"
    ADDRESS_APPEARED = "address-appeared"
    ADDRESS_GONE = "address-gone"
    ADDRESS_ROTATED = "address-rotated"
    PREFIX_RENUMBERED = "prefix-renumbered"
    VANTAGE_CHANGED = "vantage-changed"
    SEVERITY_CHANGED = "severity-changed"
    ANSWER_CHANGED = "answer-changed"
    NOT_ASKED = "not-asked"
    SETTINGS_CHANGED = "settings-changed"
    PROGRAM_CHANGED = "program-changed"
    POLICY_CHANGED = "policy-changed"


@dataclass(frozen=True, slots=True)
class Cause:
    """``text`` is a whole sentence."""

    kind: CauseKind
    text: str


@dataclass(frozen=True, slots=True)
class FindingChange:
    """``severity`` and ``title`` as the later run has them, or as the earlier one had what is gone.

    ``severity_before`` is null for what is new. ``causes`` is empty where none is known.
    """

    turn: Turn
    rule: str
    severity: Severity
    severity_before: Severity | None
    title: str
    address: str | None
    protocol: str | None
    port: int | None
    fingerprint: str
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class RunName:
    """Which run is meant. ``number`` is null for one that is not stored."""

    id: str
    number: int | None
    started_at: datetime
    host: str
    grade: str | None
    complete: bool
    title: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the findings from the run ``before`` to the run ``after``. ``notes``: what changed around them;
    that an address rotated is no news by itself.
    """

    before: RunName
    after: RunName
    findings: tuple[FindingChange, ...]
    unchanged: int
    notes: tuple[Cause, ...] = ()

    def of(self, turn: Turn) -> tuple[FindingChange, ...]:
        return tuple(change for change in self.findings if change.turn is turn)
