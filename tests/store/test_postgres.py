"""The same store on a real PostgreSQL server, which listens on a Unix socket only and ends with the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from scanner.model.errors import EnvironmentFault
from scanner.model.history import Keep
from scanner.store import Store, open_store
from scanner.store.engine import Database
from scanner.store.place import place_of
from scanner.store.tables import METADATA
from tests.report.sample import before_fix

from .history import run_on

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
pytestmark = pytest.mark.skipif(not PROGRAMS, reason="Debian's postgresql is not installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The directory of its socket. The server refuses to run as root, so root runs it as another user."""
    bin_directory = PROGRAMS[-1].parent
    directory = Path(tempfile.mkdtemp(prefix="v6x-pg-", dir="/tmp"))
    root = os.geteuid() == 0
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if root else {}
    if root:
        owner = pwd.getpwnam("postgres")
        try:
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        except OSError:
            pytest.skip("this user namespace has one user only")
    data = str(directory / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories={directory} -c fsync=off"

    def run(*argv: str) -> None:
        subprocess.run(
            argv, check=True, cwd=directory, stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"}, **user
        )  # type: ignore[call-overload]

    run(str(bin_directory / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    try:
        run(
            str(bin_directory / "pg_ctl"),
            "-D",
            data,
            "-w",
            "-t",
            "120",
            "-l",
            f"{directory}/log",
            "-o",
            options,
            "start",
        )
        try:
            yield str(directory)
        finally:
            run(str(bin_directory / "pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A database of its own for each test."""
    import psycopg

    name = f"t{abs(hash(request.node.name)):x}"[:40]
    with psycopg.connect(f"host={server} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


def test_runs_come_back_as_they_were(store: Store) -> None:
    assert store.runs() == ()
    runs = [run_on(0), run_on(1, fixed=True), run_on(2, complete=False, host="atom")]
    assert [store.save(run) for run in (*runs, runs[0])] == [1, 2, 3, 1]
    assert [store.load(str(number)) for number in (1, 2, 3)] == runs
    assert [row.number for row in store.runs()] == [3, 2, 1]
    assert store.runs()[2].started_at == runs[0].run.started_at
    assert store.runs(address=runs[0].addresses[0].address, limit=1)[0].number == 3
    assert store.before(run_on(1, fixed=True)).number == 1  # type: ignore[union-attr]
    seen = store.with_sightings(run_on(1, fixed=True)).findings
    assert {(one.first_seen, one.last_seen) for one in seen} == {(runs[0].run.started_at, runs[0].run.started_at)}
    assert len(store.looks(run_on(1), 30)) == 2


def test_hostile_words_are_stored(store: Store) -> None:
    run = before_fix()
    odd = replace(run, host=replace(run.host, name="a\0b'; DROP TABLE run; --"))
    assert store.load(str(store.save(odd))) == odd


def test_old_runs_are_forgotten(store: Store) -> None:
    for day in range(4):
        store.save(run_on(day))
    now = run_on(3).run.started_at + timedelta(days=2, seconds=1)
    assert [row.number for row in store.prune(Keep(3, "day"), now)] == [3, 2, 1]
    assert [row.number for row in store.runs()] == [4]
    assert store.load("4") == run_on(3)


def test_the_schema_is_that_of_the_tables(store: Store, url: str) -> None:
    store.save(run_on(0))
    with Database(place_of(url)).reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def _save(given: tuple[str, str]) -> list[int]:
    url, host = given
    return [open_store(url).save(run_on(day, host=host)) for day in range(5)]


def test_several_scans_at_once_on_an_empty_database(url: str) -> None:
    with get_context("spawn").Pool(3) as pool:
        numbers = pool.map(_save, [(url, host) for host in ("atom", "boron", "carbon")])
    assert sorted(number for found in numbers for number in found) == list(range(1, 16))
    assert open_store(url).count() == 15


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    store = open_store(f"postgresql://postgres@/runs?host={tmp_path}")
    with pytest.raises(
        EnvironmentFault, match=r"the store postgresql.* cannot be used .*: see that the server runs"
    ) as caught:
        store.save(run_on(0))
    assert "\n" not in str(caught.value)
