"""Forgetting: what is old goes, each host's last complete run and the first sightings stay."""

from datetime import timedelta
from pathlib import Path

import pytest

from scanner.model.errors import InputError
from scanner.model.history import Keep
from scanner.store import Store

from .history import run_on

NOW = run_on(100).run.started_at


@pytest.mark.parametrize(
    ("text", "days"), [("90 days", 90), ("1 day", 1), ("12 weeks", 84), ("6 Months", 180), (" 2years ", 730)]
)
def test_a_span_of_time(text: str, days: int) -> None:
    keep = Keep.parse(text)
    assert keep.span == timedelta(days=days)
    assert Keep.parse(str(keep)) == keep


@pytest.mark.parametrize(
    "text", ["", "90", "days", "0 days", "-1 day", "1 dog", "90 days or so", "999999 days", "٣ days"]
)
def test_what_is_no_span_is_refused(text: str) -> None:
    if text == "٣ days":
        assert Keep.parse(text).count == 3  # a digit is a digit
        return
    with pytest.raises(InputError, match='is no span of time: write it like "90 days"'):
        Keep.parse(text)


def test_old_runs_go_and_the_last_complete_one_of_each_host_stays(store: Store) -> None:
    store.save(run_on(0))
    store.save(run_on(1))
    store.save(run_on(2, complete=False))
    store.save(run_on(3, host="atom"))
    store.save(run_on(4, host="boron", complete=False))
    assert [row.number for row in store.prune(Keep(90, "day"), NOW, really=False)] == [5, 3, 1]
    assert store.count() == 5
    assert [row.number for row in store.prune(Keep(90, "day"), NOW)] == [5, 3, 1]
    assert [row.number for row in store.runs()] == [4, 2]
    assert store.load("2") == run_on(1)
    assert store.prune(Keep(90, "day"), NOW) == ()


def test_what_is_young_stays(store: Store) -> None:
    for day in (9, 10, 11):
        store.save(run_on(day))
    assert [row.number for row in store.prune(Keep(90, "day"), NOW)] == [1]


def test_first_sightings_stay(store: Store) -> None:
    for day in (0, 50, 99):
        store.save(run_on(day))
    store.prune(Keep(90, "day"), NOW)
    finding = store.with_sightings(run_on(99)).findings[0]
    assert (finding.first_seen, finding.last_seen) == (run_on(0).run.started_at, run_on(50).run.started_at)


def test_a_number_is_given_once(store: Store) -> None:
    for day in (0, 1):
        store.save(run_on(day, complete=False))
    store.prune(Keep(1, "day"), NOW)
    assert store.count() == 0
    assert store.save(run_on(99)) == 3


def test_the_disk_gets_the_space_back(store: Store, path: Path) -> None:
    for day in range(40):
        store.save(run_on(day, host=f"host{day}", complete=False))
    before = path.stat().st_size
    store.prune(Keep(1, "day"), NOW)
    assert path.stat().st_size < before * 0.8
