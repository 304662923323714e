"""What the owner should act on."""

from dataclasses import dataclass
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
    role, not by value).
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
