"""What goes wrong with disks and processes: nothing committed is lost, and one line says what to do."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanner.model.errors import EnvironmentFault
from scanner.store import Store, open_store
from scanner.store.engine import DamagedStoreError

from .history import run_on
from .mounts import with_own_mounts

ROOT = Path(__file__).resolve().parents[2]
SAVER = [sys.executable, "-m", "tests.store.saver"]
KILLS = 6
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and change owners")


def saver(path: Path, name: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen([*SAVER, str(path), name, str(count), "20"], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def sound(path: Path) -> bool:
    with sqlite3.connect(path) as connection:
        return (
            bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
            and not connection.execute("PRAGMA foreign_key_check").fetchall()
        )


def test_killed_at_any_moment_it_keeps_what_was_committed(path: Path) -> None:
    """Killed again and again while it writes, at moments nobody chooses; one kill is while the database is made."""
    dice = random.Random(time.time_ns())
    said: list[str] = []
    for attempt in range(KILLS):
        process = saver(path, f"host{attempt}", 10_000)
        assert process.stdout is not None
        if attempt:  # the first is killed while it makes the database, the others while they write
            process.stdout.readline()
            said.append(process.stdout.readline().strip())
        time.sleep(dice.uniform(0.01, 0.3))
        process.kill()
        said += [line.strip() for line in process.stdout if line.strip().isdigit()]
        process.wait()
        process.stdout.close()
    store = open_store(str(path))
    kept = {row.number for row in store.runs()}
    assert len(said) >= KILLS - 1
    assert {int(number) for number in said} <= kept
    assert len(kept) <= len(said) + KILLS  # at most the one that was committed and not said
    assert sound(path)
    for number in sorted(kept)[:: max(len(kept) // 10, 1)]:
        assert store.load(str(number)).run.id == store.find(str(number)).id
    assert store.save(run_on(0, host="after")) not in kept


def test_two_scans_at_once_both_keep_everything(path: Path) -> None:
    processes = [saver(path, name, 15) for name in ("atom", "boron")]
    numbers = [[int(line) for line in process.communicate()[0].split()[1:]] for process in processes]
    assert [len(found) for found in numbers] == [15, 15]
    assert sorted(numbers[0] + numbers[1]) == list(range(1, 31))
    assert sound(path)
    store = open_store(str(path))
    assert (store.count("atom"), store.count("boron")) == (15, 15)
    assert {one.first_seen for one in store.with_sightings(store.load("latest", "atom")).findings} == {
        run_on(0).run.started_at
    }


def fill_and_see(path: Path) -> tuple[str, int]:
    """Save until it cannot be done: what is said, and how many were committed."""
    done = subprocess.run(
        [*SAVER, str(path), "full", "500", "9000"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    return lines[-1], sum(line.isdigit() for line in lines)


@needs_root
def test_on_a_full_disk_what_was_committed_stays(tmp_path: Path) -> None:
    """A real file system of two megabytes, full, in a mount namespace of its own."""
    small = tmp_path / "small"
    small.mkdir()

    def fill() -> tuple[str, int, int, bool, str]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(small)], check=True)
        path = small / "state" / "runs.db"
        line, committed = fill_and_see(path)
        kept = open_store(str(path)).count()
        again = fill_and_see(path)[0]
        return line, committed, kept, sound(path), again

    line, committed, kept, whole, again = with_own_mounts(fill)
    assert "has no space left on its disk: free some space" in line
    assert committed == kept > 5
    assert whole
    assert "has no space left on its disk" in again


def test_a_disk_that_refuses_is_told_and_what_was_committed_stays(path: Path) -> None:
    """A limit on the file's size makes the kernel refuse writes in the middle of a transaction (EFBIG)."""
    store = open_store(str(path))
    store.save(run_on(0))
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, resource.RLIM_INFINITY))
        status = 1
        try:
            for day in range(1, 99):
                open_store(str(path)).save(run_on(day, host=f"host{day}"))
        except EnvironmentFault as fault:
            status = 42 if "cannot be" in str(fault) or "no space" in str(fault) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
    assert sound(path)
    assert store.load("1") == run_on(0)


@needs_root
def test_in_a_read_only_directory_it_is_read_and_not_written(store: Store, path: Path) -> None:
    store.save(run_on(0))

    def look() -> tuple[int, str]:
        subprocess.run(["mount", "--bind", str(path.parent), str(path.parent)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path.parent)], check=True)
        try:
            store.save(run_on(1))
        except EnvironmentFault as fault:
            return len(store.runs()), str(fault)
        return len(store.runs()), ""

    count, fault = with_own_mounts(look)
    assert count == 1
    assert f"the store {path} may not be written: give --store a file of yours" in fault
    assert fault.count("\n") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_may_be_made_it_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EnvironmentFault, match="cannot be made"):
        open_store(str(tmp_path / "state" / "runs.db")).save(run_on(0))


@pytest.mark.parametrize("what", ["a file", "a directory"])
def test_where_no_file_can_be_it_says_so(tmp_path: Path, what: str) -> None:
    blocked = tmp_path / "blocked"
    if what == "a file":
        blocked.write_text("no directory")
        store = open_store(str(blocked / "runs.db"))
    else:
        blocked.mkdir()
        store = open_store(str(blocked))
    with pytest.raises(EnvironmentFault) as caught:
        store.save(run_on(0))
    assert str(blocked) in str(caught.value)
    assert "\n" not in str(caught.value)


def foreign(path: Path) -> None:
    path.write_bytes(b"this is no database, but it may be somebody's\n" * 100)


def torn(path: Path) -> None:
    """The middle of a real database, overwritten."""
    open_store(str(path)).save(run_on(0))
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [foreign, torn])
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(path: Path, damage: object) -> None:
    path.parent.mkdir(parents=True)
    damage(path)  # type: ignore[operator]
    was, told = path.read_bytes(), list[str]()
    with pytest.raises(DamagedStoreError, match=r"is damaged .*: move it away"):
        open_store(str(path)).runs()
    assert path.read_bytes() == was  # reading moves nothing
    store = open_store(str(path), tell=told.append)
    assert store.save(run_on(1)) == 1
    aside = list(path.parent.glob("runs.db.damaged-*Z"))
    assert [file.read_bytes() for file in aside] == [was]
    assert len(told) == 1
    assert f"it is kept as {aside[0]}" in told[0]
    assert "sqlite3" in told[0]
    assert store.load("1") == run_on(1)
    assert sound(path)


def test_several_that_find_the_damage_at_once_keep_one_file_aside(path: Path) -> None:
    path.parent.mkdir(parents=True)
    foreign(path)
    processes = [saver(path, name, 3) for name in ("atom", "boron", "carbon")]
    for process in processes:
        process.communicate()
    assert len(list(path.parent.glob("runs.db.damaged-*Z"))) == 1
    assert open_store(str(path)).count() == 9


def test_an_empty_file_is_a_new_store(store: Store, path: Path) -> None:
    """What a kill between making the file and writing it leaves."""
    path.parent.mkdir(parents=True)
    path.touch()
    assert store.runs() == ()
    assert store.save(run_on(0)) == 1


def test_nobody_else_may_read_it(store: Store, path: Path) -> None:
    store.save(run_on(0))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@needs_root
def test_what_root_makes_belongs_to_the_owner_of_the_place(tmp_path: Path) -> None:
    """Under sudo: the caller, who runs ``v6expose history`` without it, can read and write what was stored."""
    home = tmp_path / "home"
    home.mkdir()
    try:
        os.chown(home, 4321, 4321)
    except OSError:
        pytest.skip("this user namespace has one user only")
    path = home / ".local" / "state" / "v6expose" / "runs.db"
    open_store(str(path)).save(run_on(0))
    made = [*home.rglob("*")]
    assert {(one.stat().st_uid, one.stat().st_gid) for one in made} == {(4321, 4321)}
