"""How sure a silence is. Pure."""

import math

from scanner.model.evidence import Controls

WANTED = 1e-4  # largest acceptable probability that a port called blocked was merely lost
OF_ALL = 1e-2  # largest acceptable expected number of such ports in a whole scan
CONFIDENCE = 0.99
FEWEST = 20  # trials below which nothing is bounded
FEW_LOST = 0.5  # what is assumed where some of fewer trials were lost
MOST_ATTEMPTS = 8


def loss_upper_bound(sent: int, seen: int) -> float | None:
    """Upper bound of the loss, one-sided 99 %, exact (Clopper and Pearson 1934); None below FEWEST trials."""
    if sent < FEWEST:
        return None
    lost = max(0, sent - seen)
    if lost >= sent:
        return 1.0
    low, high = lost / sent, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if at_most(lost, sent, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def at_most(lost: int, sent: int, share: float) -> float:
    """Probability that of ``sent`` probes at most ``lost`` are lost where each is with probability ``share``."""
    ways = math.lgamma(sent + 1) - math.lgamma(lost + 1) - math.lgamma(sent - lost + 1)
    term = total = math.exp(ways + lost * math.log(share) + (sent - lost) * math.log1p(-share))
    for fewer in range(lost, 0, -1):  # from the largest term downwards, until nothing is added any more
        term *= fewer * (1 - share) / ((sent - fewer + 1) * share)
        total += term
        if term < total * 1e-12:
            break
    return total


def inward_loss_bound(controls: Controls) -> float | None:
    """The bound over all trials. Probes of ports known to pass are of the very kind that is judged: where they are
    lost, they decide too (a rate limit for new connections spares the control flow), in the repeats and in the first
    pass, which may have been faster.
    """
    sent, seen = controls.sent + controls.repeats_sent, controls.seen + controls.repeats_seen
    own = ((controls.repeats_sent, controls.repeats_seen), (controls.first_sent, controls.first_seen))
    bounds = [loss_upper_bound(sent, seen)]
    for tried, arrived in own:
        if arrived < tried:
            bounds.append(FEW_LOST if tried < FEWEST else loss_upper_bound(tried, arrived))
    return max((bound for bound in bounds if bound is not None), default=None)


def both_ways(bound: float | None) -> float | None:
    """Bound of the loss there and back, where the way back loses no more than the way in."""
    return None if bound is None else 1 - (1 - bound) ** 2


def attempts_needed(bound: float | None, passing: int = 0) -> int | None:
    """Silent attempts until ``bound ** attempts`` is at most WANTED, at least two; None where that is out of reach.

    Of ``passing`` ports that pass some are unlucky each time: what so many attempts leave of them is at most OF_ALL.
    """
    if bound is None or bound >= 1:
        return None
    wanted = min(WANTED, OF_ALL / max(1, passing))
    needed = max(2, math.ceil(math.log(wanted) / math.log(bound) - 1e-9))
    return needed if needed <= MOST_ATTEMPTS else None


def false_blocked(bound: float | None, attempts: int) -> float | None:
    """Probability that a port silent in ``attempts`` probes was merely lost each time."""
    return None if bound is None or attempts < 1 else float(bound**attempts)
