"""What the owner should act on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to fix. ``address``, ``protocol`` and ``port`` are None where the finding is about the whole host.

    ``rule`` is V6X and three digits; ``fingerprint`` is stable between runs for the same thing (temporary addresses by
    role, not by value). ``first_seen`` and ``last_seen`` come from the store: when a run first found it, and when a run
    last did before this one; null where no earlier run is known.
    """

    rule: str
    severity: Severity
    title: str
    address: str | None
    protocol: str | None
    port: int | None
    why: str
    evidence: str
    remedy: str
    standard: str
    fingerprint: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None
