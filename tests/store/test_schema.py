"""Every released schema comes up to date with all it holds; a newer one is left alone."""

import sqlite3
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from scanner.model.errors import EnvironmentFault
from scanner.store import Store, open_store
from scanner.store.engine import Database
from scanner.store.place import place_of
from scanner.store.schema import MIGRATIONS, NEWEST, REVISIONS, revision_of, upgrade
from scanner.store.tables import METADATA

from .history import run_on

RELEASED = Path(__file__).parent / "schemas"


def made_from(dump: Path, path: Path) -> Store:
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(dump.read_text())
    return open_store(str(path))


def test_the_revisions_are_those_of_the_migrations() -> None:
    assert (
        tuple(sorted(file.stem.removeprefix("schema_") for file in MIGRATIONS.glob("versions/schema_*.py")))
        == REVISIONS
    )


@pytest.mark.parametrize("dump", sorted(RELEASED.glob("*.sql")), ids=lambda dump: dump.stem)
def test_a_released_schema_comes_up_to_date_with_its_runs(dump: Path, path: Path) -> None:
    store = made_from(dump, path)
    rows = store.runs()
    assert [(row.number, row.grade) for row in rows] == [(3, "A"), (2, "A"), (1, "F")]
    for row in rows:
        assert store.load(str(row.number)).run.id == row.id
    last = store.with_sightings(store.load("3"))
    first, second = rows[2].started_at, rows[1].started_at
    seen = {one.fingerprint: (one.first_seen, one.last_seen) for one in last.findings}
    assert seen["V6X101/stable/tcp/445"] == (first, first)
    assert seen["V6X301/stable"] == (first, second)
    back = replace(run_on(9), findings=store.load("1").findings)
    assert store.save(back) == 4
    assert store.with_sightings(back).findings[0].first_seen == first


@pytest.mark.parametrize("dump", sorted(RELEASED.glob("*.sql")), ids=lambda dump: dump.stem)
def test_migrating_ends_where_the_tables_of_today_are(dump: Path, path: Path) -> None:
    made_from(dump, path).runs()
    database = Database(place_of(str(path)))
    with database.reading() as connection:
        assert revision_of(connection) == NEWEST
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []


def test_what_the_migrations_make_has_the_constraints_of_the_tables(store: Store, path: Path, tmp_path: Path) -> None:
    """Foreign keys that cascade, numbers that are given once: what compare_metadata does not look at."""
    store.save(run_on(0))
    fresh = Database(place_of(str(tmp_path / "fresh.db")))
    (tmp_path / "fresh.db").touch()
    with fresh.writing() as connection:
        METADATA.create_all(connection)
    facts = []
    for name in (path, tmp_path / "fresh.db"):
        with sqlite3.connect(name) as connection:
            tables = [table for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            facts.append(
                {
                    table: (
                        sorted(connection.execute(f"PRAGMA foreign_key_list({table})")),
                        connection.execute(f"PRAGMA table_info({table})").fetchall(),
                    )
                    for table in tables
                    if table != "alembic_version"
                }
            )
    assert facts[0] == facts[1]


def test_a_migration_that_fails_leaves_the_old_schema(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made_from(RELEASED / "0001.sql", path)

    def broken(text: bytes) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("json.loads", broken)
        with pytest.raises(ZeroDivisionError):
            store.runs()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert not connection.execute("SELECT name FROM sqlite_schema WHERE name = 'sighting'").fetchall()
    assert len(store.runs()) == 3


def test_a_newer_schema_is_told_in_one_line_and_left_alone(store: Store, path: Path) -> None:
    store.save(run_on(0))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    for action in (store.runs, lambda: store.load("1"), lambda: store.save(run_on(1))):
        with pytest.raises(EnvironmentFault, match=r"written by a newer v6expose \(schema 9999, .*: update v6expose"):
            action()
    assert path.read_bytes() == before


def _runs(path: str) -> int:
    return len(open_store(path).runs())


def test_several_processes_bring_it_up_to_date_at_once(path: Path) -> None:
    made_from(RELEASED / "0001.sql", path)
    with get_context("spawn").Pool(3) as pool:
        assert pool.map(_runs, [str(path)] * 3) == [3, 3, 3]


def test_a_path_with_a_percent_sign_is_no_trap(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "50%(x)s" / "runs.db"))
    assert store.save(run_on(0)) == 1
    assert store.load("1") == run_on(0)


def test_upgrading_twice_changes_nothing(store: Store, path: Path) -> None:
    store.save(run_on(0))
    database = Database(place_of(str(path)))
    with database.writing() as connection:
        upgrade(connection)
        assert connection.execute(text("SELECT count(*) FROM run")).scalar() == 1
