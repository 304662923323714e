"""What is saved is there, word for word, under a number of its own."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.settings import Profile
from scanner.store import Store, open_store
from tests.report.sample import SAMPLES, STABLE, after_fix, before_fix

from .history import DAY, run_on


def test_every_kind_of_run_comes_back_as_it_was(store: Store) -> None:
    runs = [replace(made(), run=replace(made().run, id=name)) for name, made in SAMPLES.items()]
    numbers = [store.save(run) for run in runs]
    assert numbers == list(range(1, len(runs) + 1))
    assert [store.load(str(number)) for number in numbers] == runs


def test_a_store_that_nobody_has_written_is_empty_and_is_not_made(store: Store, path: Path) -> None:
    assert (store.runs(), store.count()) == ((), 0)
    with pytest.raises(InputError, match=r"there is no run 'latest' in the store .*: v6expose history lists"):
        store.load("latest")
    assert not path.parent.exists()


def test_the_newest_come_first_and_keep_their_numbers(store: Store) -> None:
    for day in (2, 0, 1):
        store.save(run_on(day))
    assert [(row.number, row.started_at.day) for row in store.runs()] == [(1, 25), (3, 24), (2, 23)]
    assert [row.number for row in store.runs(limit=2)] == [1, 3]
    assert store.load("latest") == run_on(2)


def test_a_row_says_what_the_run_says(store: Store) -> None:
    run = after_fix()
    store.save(run)
    row = store.runs()[0]
    assert (row.id, row.host, row.started_at, row.finished_at) == (
        run.run.id,
        "midnight",
        run.run.started_at,
        run.run.finished_at,
    )
    assert (row.grade, row.headline, row.counts) == (run.summary.grade, run.summary.headline, run.summary.counts)
    assert (row.vantages, row.profile, row.complete, row.title) == (("inet",), Profile.STANDARD, True, "after the fix")


@pytest.mark.parametrize("reference", ["2", "20261124T001205Z-midnight", "20261124T0", "latest"])
def test_a_run_is_meant_by_number_id_beginning_or_latest(store: Store, reference: str) -> None:
    for day in (0, 1):
        store.save(run_on(day))
    assert store.load(reference) == run_on(1)


def test_a_number_that_is_none_may_be_the_beginning_of_an_id(store: Store) -> None:
    store.save(run_on(0))
    assert store.find("20261123").number == 1


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("2026", "more than one run begins with '2026'"),
        ("99", "there is no run '99'"),
        ("nope", "there is no run 'nope'"),
        ("", "there is no run ''"),
        ("%", "there is no run '%'"),
        ("_", "there is no run '_'"),
        ("9" * 40, "there is no run"),
        ("²", "there is no run '²'"),
        ("\0", "there is no run"),
    ],
)
def test_what_means_no_run_is_refused(store: Store, reference: str, words: str) -> None:
    for day in (0, 1):
        store.save(run_on(day))
    with pytest.raises(InputError, match=words):
        store.load(reference)


def test_a_run_is_stored_once(store: Store) -> None:
    assert [store.save(run_on(0)), store.save(run_on(1)), store.save(run_on(0))] == [1, 2, 1]
    assert store.count() == 2


def test_hosts_are_kept_apart(store: Store) -> None:
    store.save(run_on(0))
    store.save(run_on(1, host="atom"))
    assert [row.host for row in store.runs("midnight")] == ["midnight"]
    assert store.load("latest", "midnight") == run_on(0)
    with pytest.raises(InputError, match="there is no run 'latest' of elsewhere"):
        store.load("latest", "elsewhere")


def test_runs_of_an_address(store: Store) -> None:
    store.save(run_on(0))
    other = run_on(1)
    store.save(replace(other, addresses=other.addresses[1:]))
    assert [row.number for row in store.runs(address=STABLE.upper())] == [1]


def test_the_run_before_is_complete_and_of_the_same_host_vantages_and_profile(store: Store) -> None:
    now = run_on(9)
    assert store.before(now) is None
    store.save(run_on(0))
    store.save(run_on(2, host="atom"))
    store.save(run_on(3, complete=False))
    store.save(replace(run_on(4), vantages=(replace(run_on(4).vantages[0], name="other"),)))
    store.save(now)
    store.save(run_on(10))
    assert store.before(now).number == 1  # type: ignore[union-attr]
    quick = replace(run_on(5), run=replace(run_on(5).run, profile=Profile.QUICK))
    store.save(quick)
    assert store.before(now).number == 1  # type: ignore[union-attr]
    assert store.before(replace(now, run=replace(now.run, profile=Profile.QUICK))).id == quick.run.id  # type: ignore[union-attr]
    full = replace(now, run=replace(now.run, profile=Profile.FULL))
    assert store.before(full).id == quick.run.id  # type: ignore[union-attr]  # none of its profile: the last of any


def test_findings_know_when_they_were_first_and_last_seen(store: Store) -> None:
    for day, fixed in ((0, False), (1, False), (2, True), (3, False)):
        store.save(run_on(day, fixed=fixed))
    first = run_on(0).run.started_at
    seen = {one.fingerprint: one for one in store.with_sightings(run_on(3)).findings}
    assert {one.first_seen for one in seen.values()} == {first}
    assert seen["V6X001/stable/tcp/445"].last_seen == first + DAY
    assert seen["V6X014/stable"].last_seen == first + 2 * DAY
    of_the_first = store.with_sightings(run_on(0)).findings
    assert {(one.first_seen, one.last_seen) for one in of_the_first} == {(first, None)}


def test_an_older_run_that_is_added_later_moves_the_first_sighting_back(store: Store) -> None:
    store.save(run_on(5))
    store.save(run_on(1))
    assert {one.first_seen for one in store.with_sightings(run_on(5)).findings} == {run_on(1).run.started_at}


def test_another_hosts_findings_are_no_sightings(store: Store) -> None:
    store.save(run_on(0, host="atom"))
    store.save(run_on(1))
    assert {one.first_seen for one in store.with_sightings(run_on(1)).findings} == {run_on(1).run.started_at}


def test_doors_are_looked_at_from_the_oldest_to_the_run_itself(store: Store) -> None:
    for day in range(5):
        store.save(run_on(day))
    store.save(run_on(2, host="atom"))
    looks = store.looks(run_on(3), limit=3)
    assert [look.at for look in looks] == [run_on(day).run.started_at for day in (1, 2, 3)]
    assert {(role, protocol) for role, protocol, _ in looks[0].tables} == {
        (role, protocol)
        for role in ("stable enp3s0 eui64", "temporary enp3s0 temporary")
        for protocol in ("tcp", "udp")
    }


def test_hostile_words_are_stored(store: Store) -> None:
    run = before_fix()
    odd = replace(
        run,
        host=replace(run.host, name="a\0b\x1b[31m'; DROP TABLE run; --"),
        summary=replace(run.summary, headline="\0" * 9 + "x" * 20_000),
    )
    store.save(odd)
    assert store.load("1") == odd
    assert store.runs(odd.host.name)[0].number == 1


@pytest.mark.parametrize("name", ["", "x" * 121, "a\0b"])
def test_a_run_that_names_itself_with_a_novel_is_refused(store: Store, name: str) -> None:
    run = before_fix()
    with pytest.raises(InputError, match="is no id"):
        store.save(replace(run, run=replace(run.run, id=name)))
    assert store.count() == 0


def test_ten_runs_alike_take_little_more_than_one(store: Store, path: Path) -> None:
    store.save(run_on(0))
    one = path.stat().st_size
    for day in range(1, 11):
        store.save(run_on(day))
    assert path.stat().st_size - one < 10 * 4096


def test_a_damaged_part_is_told_and_concerns_no_other_run(store: Store, path: Path) -> None:
    import sqlite3

    store.save(run_on(0))
    store.save(run_on(1, fixed=True))
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE part SET content = zeroblob(9) WHERE number = "
            "(SELECT part FROM run_part WHERE run = 1 AND path = 'ports/0/verdicts')"
        )
    with pytest.raises(EnvironmentFault, match=r"run 1 .* is damaged: other runs are not concerned"):
        store.load("1")
    assert store.load("2") == run_on(1, fixed=True)
    assert [len(look.tables[0][2]) for look in store.looks(run_on(1), 9)] == [0, 2]


def test_the_configuration_says_which_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("V6EXPOSE_STORE", str(tmp_path / "elsewhere.db"))
    assert str(open_store().place) == str(tmp_path / "elsewhere.db")
    monkeypatch.setenv("V6EXPOSE_STORE", "none")
    with pytest.raises(InputError, match="the store is switched off"):
        open_store()
    monkeypatch.delenv("V6EXPOSE_STORE")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert str(open_store().place) == str(tmp_path / "state" / "v6expose" / "runs.db")


def test_a_time_without_zone_is_refused(store: Store) -> None:
    run = before_fix()
    naive = replace(run, run=replace(run.run, started_at=run.run.started_at.replace(tzinfo=None)))
    with pytest.raises(InputError, match="names times without a zone"):
        store.save(naive)
    assert store.count() == 0


def test_a_time_of_another_zone_is_the_same_moment(store: Store) -> None:
    from datetime import timezone

    run = before_fix()
    there = run.run.started_at.astimezone(timezone(timedelta(hours=9)))
    store.save(replace(run, run=replace(run.run, started_at=there)))
    assert store.runs()[0].started_at == run.run.started_at
