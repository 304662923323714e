"""The state file, as it is and as it must not be."""

import contextlib
import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault
from scanner.model.finding import Severity
from scanner.model.text import say
from scanner.notify import memory
from scanner.notify.memory import DamagedError, parse_state, read_only, read_state, state_json, write_state
from scanner.notify.values import Found, HostState, Known, News, NewsKind, Pulse, Said, State

AT = datetime(2026, 11, 23, 12, 0, 1, 5, tzinfo=UTC)
TITLE = Said.of(say("{service} answers", service=say("SSH")), {})
FOUND = Found("f", Severity.HIGH, TITLE, ("2001:db8::1",), "tcp", 22, ("r",), ("vps",), {"tcp of r": 9})
HOST = HostState(
    {"f": Known(FOUND, AT, Severity.HIGH, Pulse((AT,), muted=True), told=False, missed=1)},
    started=True,
    unmeasured=AT,
    untold={"file:/n, line 1": (News(NewsKind.NEW, AT, TITLE, Severity.HIGH, ("2001:db8::1",)),)},
)
STATE = State(hosts={"web1": HOST, "web2": HostState()})
SOUND = state_json(STATE)


def silent(line: str) -> None:
    raise AssertionError(line)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "state" / "notices.json"
    with memory.alone(path):
        assert read_state(path, silent) == State()
        write_state(path, STATE)
    assert read_state(path, silent) == STATE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in path.parent.iterdir()) == ["notices.json", "notices.json.lock"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}]",
        b"[]",
        SOUND[: len(SOUND) // 2],
        SOUND.replace(b"notices/1", b"notices/2"),
        SOUND.replace(b'Z"', b'"'),
        b"\xff",
    ],
)
def test_a_damaged_one_is_set_aside_and_told(tmp_path: Path, content: bytes) -> None:
    path, lines = tmp_path / "notices.json", []
    path.write_bytes(content)
    problem = read_only(path)
    assert isinstance(problem, EnvironmentFault)
    assert path.read_bytes() == content
    assert read_state(path, lines.append) == State()
    (aside,) = tmp_path.glob("notices.json.damaged-*Z")
    assert aside.read_bytes() == content
    assert str(aside) in lines[0]
    assert not path.exists()


@given(st.binary(max_size=200), st.integers(0, len(SOUND)), st.integers(0, 40))
def test_any_bytes_are_a_state_or_damaged(noise: bytes, at: int, cut: int) -> None:
    for content in (noise, SOUND[:at] + noise + SOUND[at + cut :]):
        with contextlib.suppress(DamagedError):
            assert parse_state(state_json(parse_state(content))) == parse_state(content)


def test_a_full_disk_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notices.json"
    write_state(path, STATE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory.os, "fsync", full)
    with pytest.raises(EnvironmentFault, match="No space left on device"):
        write_state(path, State())
    monkeypatch.undo()
    assert read_state(path, silent) == STATE
    assert [one.name for one in tmp_path.iterdir()] == ["notices.json"]


def test_a_place_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "notices.json"
    with pytest.raises(EnvironmentFault, match="cannot be read or written") as refused, memory.alone(path):
        pass
    assert "--store" not in str(refused.value)


def _count(path: Path, times: int) -> None:
    for _ in range(times):
        with memory.alone(path):
            state = read_state(path, silent)
            number = len(state.hosts)
            write_state(path, State(hosts={**state.hosts, f"h{number}": HostState()}))


def test_two_scans_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notices.json"
    workers = [multiprocessing.get_context("fork").Process(target=_count, args=(path, 5)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(read_state(path, silent).hosts) == 15


def test_the_file_stands_beside_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    here = tmp_path / "v6expose" / "notices.json"
    assert [memory.state_file(store) for store in (None, "none", "postgresql://db.example.org/v6expose")] == [here] * 3
    assert memory.state_file("/srv/runs.db") == Path("/srv/notices.json")
