"""How fast: starts slowly, doubles while controls come through, halves at loss. Pure."""

import math
from dataclasses import dataclass, replace

LOWEST = 50
CHUNK_SECONDS = 0.25
RECOVERY = 1.05  # a moment of loss must not slow the rest of the scan: five clean chunks give a fifth back
SMALLEST_CHUNK, LARGEST_CHUNK = 50, 8000


@dataclass(frozen=True, slots=True)
class Pace:
    """``rate`` and ``ceiling`` in packets a second; ``baseline`` is the loss at the start rate, which is the path's own
    and no reason to slow down.
    """

    rate: float
    ceiling: float
    baseline: float = 0.0
    best: float = math.inf  # a rate that lost packets is not tried again at once, only approached

    @property
    def chunk(self) -> int:
        """Probes in one chunk."""
        return max(SMALLEST_CHUNK, min(LARGEST_CHUNK, int(self.rate * CHUNK_SECONDS)))

    def is_loss(self, sent: int, seen: int) -> bool:
        """More lost than the baseline and chance explain (three standard deviations)."""
        expected = max(self.baseline, 0.005) * sent
        return sent - seen > expected + 3 * math.sqrt(expected) + 1

    def after(self, chunk_rate: float, sent: int, seen: int, dropped: int) -> "Pace":
        """The pace once a chunk sent at ``chunk_rate`` has settled: its controls, and packets the capture lost."""
        if dropped or self.is_loss(sent, seen):
            slower = max(LOWEST, min(self.rate, chunk_rate / 2))
            return replace(self, rate=min(self.ceiling, slower), best=max(LOWEST, min(self.best, chunk_rate * 0.8)))
        if not sent:
            return self  # no control, no growth
        return replace(
            self, rate=min(self.ceiling, self.best, max(self.rate, chunk_rate * 2)), best=self.best * RECOVERY
        )
