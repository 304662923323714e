"""How sure a silence is. Pure."""

import math

from scanner.model.evidence import Controls

WANTED = 1e-4  # largest acceptable probability that a port called blocked was merely lost
CONFIDENCE = 0.99
Z = 2.326  # one-sided, 99 %
FEWEST = 20  # trials below which nothing is bounded
MOST_ATTEMPTS = 8


def loss_upper_bound(sent: int, seen: int) -> float | None:
    """Upper bound of the loss, one-sided 99 %; None below FEWEST trials.

    No loss: exact (1 - 0.01^(1/n)). Some loss: Wilson score, E. B. Wilson 1927.
    """
    if sent < FEWEST:
        return None
    lost = max(0, sent - seen)
    if lost == 0:
        return float(1 - (1 - CONFIDENCE) ** (1 / sent))
    share = lost / sent
    centre = share + Z * Z / (2 * sent)
    spread = Z * math.sqrt(share * (1 - share) / sent + Z * Z / (4 * sent * sent))
    return min(1.0, (centre + spread) / (1 + Z * Z / sent))


def inward_loss_bound(controls: Controls) -> float | None:
    """The bound over all trials. Repeats on ports known to pass are probes of the very kind that is judged: where they
    are lost, they alone decide (a rate limit for new connections spares the control flow).
    """
    pooled = loss_upper_bound(controls.sent + controls.repeats_sent, controls.seen + controls.repeats_seen)
    if controls.repeats_seen < controls.repeats_sent:
        own = loss_upper_bound(controls.repeats_sent, controls.repeats_seen)
        return max(bound for bound in (pooled, own, 0.5 if own is None else 0.0) if bound is not None)
    return pooled


def attempts_needed(bound: float | None) -> int | None:
    """Silent attempts until ``bound ** attempts`` is at most WANTED, at least two; None where that cannot be reached."""
    if bound is None or bound >= 1:
        return None
    needed = max(2, math.ceil(math.log(WANTED) / math.log(bound) - 1e-9))
    return needed if needed <= MOST_ATTEMPTS else None


def false_blocked(bound: float | None, attempts: int) -> float | None:
    """Probability that a port silent in ``attempts`` probes was merely lost each time."""
    return None if bound is None or attempts < 1 else float(bound**attempts)
