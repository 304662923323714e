"""Slowly first, faster while controls come through, slower at loss, never above the ceiling."""

from hypothesis import given
from hypothesis import strategies as st

from scanner.probes.pace import LARGEST_CHUNK, LOWEST, SMALLEST_CHUNK, Pace

RATES = st.floats(1, 200_000)
REPORTS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(0, 3)), max_size=40)


def test_it_doubles_while_controls_come_through() -> None:
    pace = Pace(1000, 10_000)
    seen = []
    for _ in range(5):
        pace = pace.after(pace.rate, 50, 50, 0)
        seen.append(pace.rate)
    assert seen == [2000, 4000, 8000, 10_000, 10_000]


def test_loss_halves_it_and_the_rate_that_lost_is_not_tried_again_at_once() -> None:
    pace = Pace(8000, 10_000).after(8000, 80, 40, 0)
    assert pace.rate == 4000
    pace = pace.after(pace.rate, 80, 80, 0)
    assert pace.rate == 8000 * 0.8
    pace = pace.after(pace.rate, 80, 80, 0)
    assert 6400 < pace.rate < 7000


def test_a_moment_of_total_loss_does_not_slow_the_rest() -> None:
    pace = Pace(8000, 10_000)
    for _ in range(20):
        pace = pace.after(pace.rate, 10, 0, 0)
    assert pace.rate == 50
    for _ in range(150):
        pace = pace.after(pace.rate, 10, 10, 0)
    assert pace.rate == 10_000


def test_packets_the_capture_lost_halve_it_too() -> None:
    assert Pace(8000, 10_000).after(8000, 80, 80, 1).rate == 4000


def test_without_controls_it_never_grows() -> None:
    pace = Pace(1000, 10_000)
    assert pace.after(1000, 0, 0, 0) == pace


def test_a_path_that_always_loses_some_is_no_reason_to_slow_down() -> None:
    lossy = Pace(1000, 10_000, baseline=0.1)
    assert lossy.after(1000, 100, 90, 0).rate == 2000
    assert lossy.after(1000, 100, 70, 0).rate == 500
    assert Pace(1000, 10_000).after(1000, 100, 90, 0).rate == 500


def test_one_lost_control_is_chance() -> None:
    assert Pace(1000, 10_000).after(1000, 10, 9, 0).rate == 2000


def test_a_chunk_that_left_earlier_at_a_lower_rate_slows_down_from_its_own_rate() -> None:
    assert Pace(8000, 10_000).after(2000, 20, 5, 0).rate == 1000


@given(RATES, RATES, st.floats(0, 1), REPORTS)
def test_whatever_is_reported_it_stays_between_floor_and_ceiling(
    start: float, ceiling: float, baseline: float, reports: list[tuple[int, int, int]]
) -> None:
    pace = Pace(min(start, ceiling), ceiling, baseline)
    for sent, seen, dropped in reports:
        pace = pace.after(pace.rate, sent, min(sent, seen), dropped)
        assert min(LOWEST, start, ceiling) <= pace.rate <= ceiling
        assert SMALLEST_CHUNK <= pace.chunk <= LARGEST_CHUNK


@given(st.integers(1, 5000), st.floats(0, 1))
def test_nothing_lost_is_no_loss_and_everything_lost_is(sent: int, baseline: float) -> None:
    pace = Pace(1000, 10_000, min(baseline, 0.3))
    assert not pace.is_loss(sent, sent)
    if sent >= 20:
        assert pace.is_loss(sent, 0)


def test_a_chunk_is_a_quarter_of_a_second() -> None:
    assert Pace(4000, 10_000).chunk == 1000
