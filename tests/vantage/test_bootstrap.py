"""The loader: one line that every login shell leaves alone, and what it says when it cannot go on."""

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from scanner.vantage.bootstrap import LOADER, SUDO_FIRST, TOO_OLD, compressed_stub, one_line, stub_argv
from scanner.vantage.diagnose import opening_failed
from scanner.vantage.session import parse_event
from scanner.vantage.spec import parse_spec
from scanner.vantage.transport import transport_argv

SHELLS = [
    shell
    for shell in ("sh", "dash", "bash", "zsh", "ksh", "mksh", "busybox", "fish", "csh", "tcsh")
    if shutil.which(shell)
]
# As if the login were not root: SUDO_FIRST, then what it found out.
NOT_ROOT = "import os\nos.geteuid = lambda: 1000\nexec({code!r})\n"


@pytest.mark.parametrize("sudo", [True, False])
def test_the_words_are_harmless_in_any_shell(*, sudo: bool) -> None:
    for word in stub_argv(try_sudo=sudo):
        assert word.isprintable()
        assert not set(word) & set("'!\n")
        assert "\\\\" not in word


@pytest.mark.parametrize("shell", SHELLS)
def test_login_shells_hand_the_loader_on(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What sshd does: the login shell with -c and our words in one string."""
    (tmp_path / "sudo").write_text("#!/bin/sh\nexit 1\n")  # the real one is none of a test's business
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    command = transport_argv(parse_spec("ssh:vps"), stub_argv(try_sudo=True))[-1]
    words = [shell, *(["sh"] if shell == "busybox" else []), "-c", command]
    done = subprocess.run(words, input=compressed_stub(), capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [parse_event(line)["e"] for line in done.stdout.splitlines() if line] == ["hello"]


def test_what_is_sent_is_the_stub() -> None:
    source = Path(__file__).parents[2] / "scanner" / "vantage" / "stub.py"
    assert zlib.decompress(compressed_stub()) == source.read_bytes()
    assert len(compressed_stub()) < 16_384, "one packet train, not a download"


def test_an_old_python_is_named(tmp_path: Path) -> None:
    loader = one_line(LOADER % ((99, 0), TOO_OLD, 10))
    done = subprocess.run([sys.executable, "-Iuc", loader], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    fault = opening_failed(parse_spec("ssh:vps"), 1, done.stderr)
    assert fault.message == f"vantage ssh:vps: its python 3.{sys.version_info[1]} {TOO_OLD}"
    assert "3.8" in fault.remedy


def test_modules_lying_about_are_not_imported(tmp_path: Path) -> None:
    """A file of the far home directory must not pose as a part of the standard library, least of all to root."""
    (tmp_path / "zlib.py").write_text("raise SystemExit('imported')")
    (tmp_path / "socket.py").write_text("raise SystemExit('imported')")
    argv = [sys.executable, *stub_argv(try_sudo=True)[1:]]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        argv, input=compressed_stub(), capture_output=True, check=False, cwd=tmp_path, env=environment, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, b"")


def sudo_first(directory: Path, sudo: str | None) -> str:
    """What a login that is not root ends up doing, with a sudo of ours on the PATH or none."""
    if sudo is not None:
        (directory / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
        (directory / "sudo").chmod(0o755)
    code = NOT_ROOT.format(code=SUDO_FIRST)
    argv = [sys.executable, "-Iuc", code, "print(globals().get('said', 'became root'))"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": str(directory)}, timeout=30)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("sudo", "said"),
    [
        (None, "sudo is not installed there"),
        ("echo 'sudo: a password is required' >&2; exit 1", "sudo: a password is required"),
        ("echo 'two\n lines' >&2; exit 1", "two lines"),
        ('test "$1" = -n || exit 9\nshift\nexec "$@"', "became root"),
    ],
)
def test_a_login_that_is_not_root_tries_sudo_once_and_knows_why_not(
    tmp_path: Path, sudo: str | None, said: str
) -> None:
    assert sudo_first(tmp_path, sudo) == said


def test_root_needs_no_sudo(tmp_path: Path) -> None:
    (tmp_path / "sudo").write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    (tmp_path / "sudo").chmod(0o755)
    code = "import os\nos.geteuid = lambda: 0\n" + SUDO_FIRST
    subprocess.run([sys.executable, "-Iuc", code, "pass"], check=True, env={"PATH": str(tmp_path)})
    assert not (tmp_path / "asked").exists()
