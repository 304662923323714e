"""Records on disk, and ending exactly the processes in them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.lab import state
from scanner.lab.state import Process, Record


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "RUNTIME", tmp_path / "records")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def record() -> Record:
    processes = (Process(7, 8, "advertise"),)
    return Record("x", ("x-inet", "x-cpe"), Process(1, 2, "owner"), processes, "stateful", state.boot_id())


def test_a_record_is_read_as_it_was_written() -> None:
    state.save(record())
    assert state.load("x") == record()
    state.save(replace(record(), owner=None))
    assert state.load("x") == replace(record(), owner=None)
    state.forget("x")
    state.forget("x")
    assert state.load("x") is None


def test_a_record_of_before_the_boot_is_none() -> None:
    state.save(replace(record(), boot="another"))
    assert state.load("x") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(), st.sampled_from((b"[]", b"{}", b"null", b'{"name": 1}', b'"x"'))))
def test_a_broken_record_is_none(content: bytes) -> None:
    state.RUNTIME.mkdir(exist_ok=True)
    state.path_of("x").write_bytes(content)
    assert state.load("x") is None


def test_only_the_very_process_is_ended(sleeper: subprocess.Popen[bytes]) -> None:
    one = state.process(sleeper.pid)
    assert one is not None
    state.end((replace(one, started=one.started + 1),))
    assert sleeper.poll() is None, "its number was another process's once"
    state.end((one,))
    assert not state.alive(one)


def test_who_ignores_the_polite_signal_is_killed() -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        one = state.process(process.pid)
        assert one is not None
        state.end((one,))
        assert state.start_of(process.pid) is None


def test_a_command_name_with_brackets_is_no_riddle(tmp_path: Path) -> None:
    odd = tmp_path / "a) S 1 (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([str(odd), "60"]) as process:
        started = (state.start_of(process.pid) or 0) / os.sysconf("SC_CLK_TCK")
        process.kill()
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert uptime - 10 < started <= uptime


def test_a_zombie_is_gone() -> None:
    process = subprocess.Popen(["true"])
    while state.start_of(process.pid) is not None:
        pass
    assert Path(f"/proc/{process.pid}").exists()
    process.wait()
