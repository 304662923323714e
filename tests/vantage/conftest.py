"""Sessions that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.vantage.session import Session, open_session
from scanner.vantage.spec import ExecSpec

Open = Callable[..., Session]

FAKE_NMAP = """#!/bin/sh
case "$1" in
  -V) echo "Nmap version 7.93 ( https://nmap.org )";;
  --sleep) echo $$ > "$2"; sleep 60 & echo $! >> "$2"; echo begun; wait;;
  --fail) echo "on error" >&2; exit 3;;
  --kill) kill -KILL $$;;
  *) for word in "$@"; do printf '[%s]' "$word"; done; head -c 200000 /dev/zero | tr '\\0' x;;
esac
"""


@pytest.fixture
def far() -> Iterator[Open]:
    """Opens a session with a real stub on this machine, behind any prefix."""
    sessions: list[Session] = []

    def start(*prefix: str, **options: float) -> Session:
        sessions.append(open_session(ExecSpec(prefix or ("env",)), **options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.fixture
def fake_nmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named nmap, first on the PATH, that says what it was given or waits. Gives its directory."""
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "nmap").write_text(FAKE_NMAP)
    (directory / "nmap").chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")
    return directory
