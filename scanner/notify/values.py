"""What is remembered of a host between runs, and what is told. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from scanner.model.finding import Severity
from scanner.model.text import Text, TextRecord


@dataclass(frozen=True, slots=True)
class Said:
    """A text that can still be said in another language after it was kept as JSON."""

    text: str
    record: TextRecord | None = None

    @classmethod
    def of(cls, text: str, texts: Mapping[str, TextRecord]) -> Self:
        """``texts`` are the run's."""
        return cls(text[:], text.record if isinstance(text, Text) else texts.get(text))


class Absence(StrEnum):
    """What a complete run proves about a finding that it does not have."""

    SHUT = "shut"  # the port was asked and does not answer
    GONE = "gone"  # measured as widely as before, and not found


class NewsKind(StrEnum):
    """What is told, the one to look at first on top."""

    NEW = "new"
    BACK = "back"  # it had been told as closed
    GRAVER = "graver"
    FLAPPING = "flapping"  # muted from now on
    STEADY = "steady"  # it flapped, and is there to stay
    SHUT = "shut"
    GONE = "gone"
    UNMEASURED = "unmeasured"
    UNSTEADY = "unsteady"  # measured and not measured in turn: muted from now on
    MEASURED = "measured"  # again


@dataclass(frozen=True, slots=True)
class News:
    """``title`` is a finding's, or why nothing could be measured. ``severity`` is None for what is no finding."""

    kind: NewsKind
    at: datetime
    title: Said
    severity: Severity | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """One message. ``grade`` and ``counts`` are of the run; None and empty where there was none. ``first``: nobody was
    told anything about this host before. ``note``: what else must be said.
    """

    host: str
    at: datetime
    news: tuple[News, ...]
    grade: str | None = None
    counts: Mapping[Severity, int] = field(default_factory=dict)
    headline: Said | None = None
    first: bool = False
    note: Said | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """When something came or went in the last 24 hours; ``muted``: it did so too often."""

    changes: tuple[datetime, ...] = ()
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as one run has it, all its addresses together. ``roles`` of the addresses; ``vantages`` that looked;
    ``breadth``: how widely that run measured, by what was measured.
    """

    fingerprint: str
    severity: Severity
    title: Said
    addresses: tuple[str, ...]
    protocol: str | None
    port: int | None
    roles: tuple[str, ...]
    vantages: tuple[str, ...]
    breadth: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as it is remembered. ``missed``: complete runs in a row that proved it away; ``told``: the owner
    believes it is there; ``gravest``: the severity that was told. ``seen``: when a run last had it.
    """

    found: Found
    seen: datetime
    gravest: Severity
    pulse: Pulse
    told: bool = True
    missed: int = 0


@dataclass(frozen=True, slots=True)
class HostState:
    """``unmeasured``: since when no run could be measured. ``untold``: news that a service did not take, by label."""

    known: Mapping[str, Known] = field(default_factory=dict)
    started: bool = False  # a first digest was made
    unmeasured: datetime | None = None
    measuring: Pulse = field(default_factory=Pulse)
    untold: Mapping[str, tuple[News, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Of every host whose runs end here, by its name."""

    schema: str = "v6expose/notices/1"
    hosts: Mapping[str, HostState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What one run says. ``absent``: of what was known, what it proves away. ``measured``: False where it could not be,
    None where the owner ended it. ``why`` it could not.
    """

    found: tuple[Found, ...] = ()
    absent: Mapping[str, Absence] = field(default_factory=dict)
    measured: bool | None = True
    why: Said = field(default_factory=lambda: Said(""))
