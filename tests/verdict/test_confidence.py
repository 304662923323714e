"""How sure a silence is: bounds that cover, beside the binomial distribution added up by brute force."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.evidence import Controls
from scanner.verdict.confidence import (
    CONFIDENCE,
    FEW_LOST,
    MOST_ATTEMPTS,
    WANTED,
    at_most,
    attempts_needed,
    both_ways,
    false_blocked,
    inward_loss_bound,
    loss_upper_bound,
)


def brute_at_most(lost: int, sent: int, share: float) -> float:
    p = Fraction(share)
    return float(sum(comb(sent, k) * p**k * (1 - p) ** (sent - k) for k in range(lost + 1)))


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.001, 0.999))
def test_the_distribution_is_the_binomial_one(numbers: tuple[int, int], share: float) -> None:
    lost, sent = numbers
    assert at_most(lost, sent, share) == pytest.approx(brute_at_most(lost, sent, share), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("sent", [20, 50, 150])
def test_the_bound_is_where_so_few_losses_become_unlikely(sent: int) -> None:
    for lost in range(0, sent, 7):
        bound = loss_upper_bound(sent, sent - lost)
        assert bound is not None
        assert bound > lost / sent
        assert brute_at_most(lost, sent, bound) == pytest.approx(1 - CONFIDENCE, rel=1e-4)


@pytest.mark.parametrize("sent", [20, 40, 100])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9])
def test_the_bound_covers(sent: int, share: float) -> None:
    """Whatever the true loss is, at most one measurement in a hundred ends with a bound below it."""
    missed = 0.0
    for lost in range(sent + 1):
        bound = loss_upper_bound(sent, sent - lost)
        assert bound is not None
        if bound < share:
            missed += comb(sent, lost) * share**lost * (1 - share) ** (sent - lost)
    assert missed <= 1 - CONFIDENCE + 1e-9


def test_without_loss_it_is_the_textbooks() -> None:
    assert loss_upper_bound(500, 500) == pytest.approx(1 - 0.01 ** (1 / 500))


def test_few_trials_bound_nothing() -> None:
    assert loss_upper_bound(19, 19) is None
    assert loss_upper_bound(20, 20) is not None


def test_all_lost_is_all_lost() -> None:
    assert loss_upper_bound(30, 0) == 1.0
    assert loss_upper_bound(30, 35) == loss_upper_bound(30, 30), "seen twice is not more than seen"


@given(st.integers(20, 3000), st.integers(0, 50))
def test_more_loss_means_a_higher_bound_more_trials_a_lower_one(sent: int, lost: int) -> None:
    lost = min(lost, sent - 1)
    bound, worse, longer = (
        loss_upper_bound(*pair) for pair in ((sent, sent - lost), (sent, sent - lost - 1), (2 * sent, 2 * sent - lost))
    )
    assert bound is not None
    assert worse is not None
    assert longer is not None
    assert 0 < longer < bound < worse <= 1


def test_a_large_sweep_is_bounded_quickly() -> None:
    bound = loss_upper_bound(1_000_000, 900_000)
    assert bound == pytest.approx(0.1007, abs=1e-4)


@given(st.floats(1e-9, 0.999))
def test_so_many_attempts_make_a_false_block_unlikely_enough(bound: float) -> None:
    needed = attempts_needed(bound)
    if needed is None:
        assert bound**MOST_ATTEMPTS > WANTED
        return
    assert 2 <= needed <= MOST_ATTEMPTS
    assert bound**needed <= WANTED * 1.0001
    assert needed == 2 or bound ** (needed - 1) > WANTED


@pytest.mark.parametrize(
    ("bound", "needed"),
    [(None, None), (1.0, None), (0.5, None), (0.32, None), (0.3, 8), (0.1, 4), (0.01, 2), (0.0092, 2), (1e-6, 2)],
)
def test_attempts_by_loss(bound: float | None, needed: int | None) -> None:
    assert attempts_needed(bound) == needed


@pytest.mark.parametrize(
    ("bound", "passing", "needed"),
    [(0.1, 100, 4), (0.1, 101, 5), (0.1, 131_070, 8), (0.13, 131_070, None), (0.01, 131_070, 4), (0.001, 131_070, 3)],
)
def test_where_many_ports_pass_none_of_them_may_be_called_blocked(
    bound: float, passing: int, needed: int | None
) -> None:
    """Of 100,000 ports one in 10,000 is ten: each of them would be a wrong "blocked"."""
    assert attempts_needed(bound, passing) == needed
    if needed is not None:
        assert passing * bound**needed <= 0.01001


def test_once_is_never_enough() -> None:
    assert attempts_needed(1e-12) == 2


@pytest.mark.parametrize(
    ("bound", "attempts", "probability"), [(0.1, 4, 1e-4), (0.5, 1, 0.5), (None, 4, None), (0.1, 0, None)]
)
def test_the_probability_that_a_blocked_port_was_merely_lost(
    bound: float | None, attempts: int, probability: float | None
) -> None:
    assert false_blocked(bound, attempts) == (None if probability is None else pytest.approx(probability))


def test_there_and_back() -> None:
    assert both_ways(None) is None
    assert both_ways(0.1) == pytest.approx(0.19)


LOSSLESS = loss_upper_bound(500, 500)


@pytest.mark.parametrize(
    ("controls", "bound"),
    [
        (Controls(), None),
        (Controls(500, 500), LOSSLESS),
        (Controls(10, 10), None),
        # probes of the judged kind that come through are trials like any other
        (Controls(10, 10, 10, 10), loss_upper_bound(20, 20)),
        (Controls(500, 500, 300, 300), loss_upper_bound(800, 800)),
        # a rate limit for new connections spares the control flow: then their own loss decides
        (Controls(500, 500, 300, 100), loss_upper_bound(300, 100)),
        (Controls(500, 500, 0, 0, 400, 200), loss_upper_bound(400, 200)),
        (Controls(500, 500, 300, 290, 400, 200), loss_upper_bound(400, 200)),
        # ... and where they are too few to bound it, half is assumed
        (Controls(500, 500, 3, 2), FEW_LOST),
        (Controls(500, 500, 0, 0, 8, 7), FEW_LOST),
        (Controls(0, 0, 3, 2), FEW_LOST),
        # ports that all were seen in the first pass prove nothing by that: being seen is how they became known
        (Controls(0, 0, 0, 0, 400, 400), None),
        (Controls(500, 450, 300, 270), loss_upper_bound(300, 270)),
        (Controls(500, 250, 300, 299), loss_upper_bound(800, 549)),
    ],
)
def test_which_trials_decide(controls: Controls, bound: float | None) -> None:
    assert inward_loss_bound(controls) == bound
