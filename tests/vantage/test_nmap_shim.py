"""An nmap that runs somewhere else and looks as if it did not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.vantage.nmap_shim import TEE, write_shim
from scanner.vantage.spec import ExecSpec

from .local import eventually, lives


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    directory = tmp_path / "a dir with 'quotes'"
    directory.mkdir()
    return write_shim(directory, ExecSpec(("env",)), None)


def run(shim: Path, *words: str, tee: Path | None = None, **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **({TEE: str(tee)} if tee else {})}
    return subprocess.run([shim, *words], capture_output=True, check=False, timeout=30, env=environment, **options)


def test_it_looks_like_nmap_to_whoever_runs_it(shim: Path, fake_nmap: Path, tmp_path: Path) -> None:
    """Odd words arrive as they are; 200 kB come back whole, on the right stream, with a copy."""
    words = ["-6", "-p", "1,2", "two words", "$(reboot)", "'", '"', "--", "ünïcode", "a\nb", ""]
    done = run(shim, *words, tee=tmp_path / "tee", cwd="/")
    assert done.stdout == "".join(f"[{word}]" for word in words).encode() + b"x" * 200_000
    assert (done.stderr, done.returncode) == (b"", 0)
    assert (tmp_path / "tee").read_bytes() == done.stdout


def test_asking_for_the_version_is_no_measurement(shim: Path, fake_nmap: Path, tmp_path: Path) -> None:
    done = run(shim, "-V", tee=tmp_path / "tee")
    assert done.stdout.startswith(b"Nmap version 7.93")
    assert not (tmp_path / "tee").exists()


@pytest.mark.parametrize(("word", "status", "said"), [("--fail", 3, b"on error\n"), ("--kill", 128 + 9, b"")])
def test_exit_status_and_standard_error_come_through(
    shim: Path, fake_nmap: Path, word: str, status: int, said: bytes
) -> None:
    done = run(shim, word)
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", said)


WITHOUT_NMAP = """import shutil, sys
shutil.which = lambda *_, **__: None
exec(sys.argv[3])  # python3 -Iuc LOADER
"""


def test_without_nmap_over_there_it_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "far.py").write_text(WITHOUT_NMAP)
    done = run(write_shim(tmp_path, ExecSpec((sys.executable, str(tmp_path / "far.py"))), None), "-sS")
    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr == b"nmap: nmap is not installed there\n"


def test_a_vantage_that_cannot_be_reached_is_not_found_either(tmp_path: Path) -> None:
    done = run(write_shim(tmp_path, ExecSpec(("false",)), None), "-V")
    assert (done.returncode, done.stdout) == (127, b"")
    assert b"did not start" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_ending_the_shim_ends_the_far_nmap(shim: Path, fake_nmap: Path, tmp_path: Path, number: int) -> None:
    record, tee = tmp_path / "pids", tmp_path / "tee"
    with subprocess.Popen(
        [shim, "--sleep", record], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, TEE: str(tee)}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        pids = [int(word) for word in record.read_text().split()]
        assert len(pids) == 2
        assert all(map(lives, pids))
        process.send_signal(number)
        status = process.wait(timeout=5)
    assert eventually(lambda: not any(map(lives, pids)))
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    assert tee.read_bytes() == b"begun\n", "what was said before is kept"


def test_a_reader_that_goes_away_ends_it(shim: Path, fake_nmap: Path) -> None:
    with subprocess.Popen([shim, "many"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=5) == 128 + signal.SIGPIPE


def test_the_end_of_its_own_standard_input_means_nothing(shim: Path, fake_nmap: Path) -> None:
    assert run(shim, "-V", stdin=subprocess.DEVNULL).returncode == 0
