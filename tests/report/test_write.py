import errno
import os
import stat
from pathlib import Path

import pytest

from scanner.model.errors import IncompleteError, InputError
from scanner.report import write
from scanner.report.write import check_writable, write_output


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def entries(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("document", ["text ü\n", b"bytes\x00"])
def test_writes_the_whole_document_for_the_owner_only(tmp_path: Path, document: str | bytes) -> None:
    path = tmp_path / "run.json"
    assert write_output(str(path), document) == path
    assert path.read_bytes() == (document.encode() if isinstance(document, str) else document)
    assert mode(path) == 0o600
    assert entries(tmp_path) == ["run.json"]


def test_replaces_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old and longer")
    path.chmod(0o644)
    write_output(str(path), "new")
    assert path.read_text() == "new"
    assert mode(path) == 0o600


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    assert write_output(str(link), "new") == target
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_standard_output_is_the_callers(tmp_path: Path) -> None:
    check_writable("-")
    assert write_output("-", "document") is None


def test_a_pipe_or_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """A pipe of our own, never a device of the machine: a writer that fails this test destroys what it is given."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_writable(str(pipe))
        assert write_output(str(pipe), "document") == pipe
        assert os.read(reader, 100) == b"document"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert entries(tmp_path) == ["pipe"]


def test_checking_leaves_everything_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    check_writable(str(path))
    check_writable(str(tmp_path / "other.json"))
    assert entries(tmp_path) == ["run.json"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["", "missing/run.json", "file/run.json"])
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        check_writable(str(tmp_path / name))
    assert str(tmp_path) in str(caught.value)
    assert caught.value.remedy


def test_a_directory_that_takes_no_file_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        check_writable("/proc/run.json")  # even root makes no file there


def test_a_failing_disk_sends_the_document_to_the_state_directory(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    went = write_output("/proc/run.json", "document", environ)
    assert went is not None
    assert went.parent == tmp_path / "state/v6expose"
    assert went.name.endswith("-run.json")
    assert went.read_text() == "document"
    assert mode(went) == 0o600
    assert mode(went.parent) == 0o700


def test_a_directory_that_vanished_during_the_scan(tmp_path: Path) -> None:
    went = write_output(str(tmp_path / "gone/run.json"), "document", {"XDG_STATE_HOME": str(tmp_path)})
    assert went is not None
    assert went.read_text() == "document"


def test_without_a_state_directory_it_goes_to_a_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environ = {"XDG_STATE_HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    went = write_output("/proc/run.json", "document", environ)
    assert went is not None
    assert went.parent == tmp_path
    assert went.read_text() == "document"


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    real = os.fsync
    full = tmp_path.stat().st_dev
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1 and os.fstat(descriptor).st_dev == full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    went = write_output(str(path), "new", {"XDG_STATE_HOME": str(tmp_path / "state")})
    assert path.read_text() == "old"
    assert entries(tmp_path) == ["run.json", "state"]
    assert went is not None
    assert went.read_text() == "new"


def test_when_every_place_fails_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "_LAST_RESORTS", ("/proc",))
    environ = {"XDG_STATE_HOME": "/proc/none", "TMPDIR": "/proc"}
    with pytest.raises(IncompleteError, match="nor any other place"):
        write_output("/proc/run.json", "document", environ)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_under_sudo_the_file_belongs_to_the_directorys_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    went = write_output(str(tmp_path / "run.json"), "document")
    assert went is not None
    assert (went.stat().st_uid, went.stat().st_gid) == (12345, 12345)
