"""Where the database is, and whom it belongs to.

Under sudo it is the caller's: what ``sudo v6expose scan`` stores, ``v6expose history`` must be able to read.
"""

import contextlib
import fcntl
import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

FILE_NAME = "runs.db"
NONE = "none"  # the value that switches the store off
_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}
_SQLITE = "sqlite:///"
_SAMPLES = say("give a file, sqlite:////path/runs.db or postgresql://user@host/database")


@dataclass(frozen=True, slots=True)
class Place:
    """A file (SQLite) or, with ``path`` None, the URL of a PostgreSQL database. ``url`` holds no password."""

    url: str
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path else self.url


def place_of(text: str | None, environ: Mapping[str, str] = os.environ) -> Place:
    """Parse what the owner wrote; None stands for the state directory. Raises InputError."""
    if text is None:
        return _file(state_directory(environ) / FILE_NAME)
    if text.startswith(_SQLITE) and len(text) > len(_SQLITE):
        return _file(Path(text.removeprefix(_SQLITE)))
    if "://" not in text and not text.startswith("sqlite:"):
        return _file(_expanded(text))
    scheme, _, rest = text.partition("://")
    if scheme not in _POSTGRES:
        raise InputError(say("the store {text!r} is of an unknown kind", text=text), _SAMPLES)
    return Place(f"postgresql+psycopg://{_without_password(text, rest)}", None)


def state_directory(environ: Mapping[str, str]) -> Path:
    """XDG Base Directory Specification: unset, empty and relative all mean the default."""
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        state = _home(environ) / ".local" / "state"
    return state / "v6expose"


def make_ready(path: Path) -> None:
    """The directory and an empty file, mode 0600, that belong to whom the place belongs. Raises EnvironmentFault."""
    try:
        _make_directory(path.parent)
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600)
            _give(descriptor, path.parent)
            os.close(descriptor)
    except OSError as error:
        raise EnvironmentFault(
            say("the store {path} cannot be made ({why})", path=path, why=error.strerror),
            say("give --store a file in a directory of yours, or --no-store"),
        ) from error


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else makes, changes or moves the database meanwhile."""
    lock = path.with_name(path.name + ".lock")
    descriptor = os.open(lock, os.O_CREAT | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _give(descriptor, path.parent)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _file(path: Path) -> Place:
    absolute = path.absolute()
    return Place(f"sqlite:///{absolute}", absolute)


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~nobody
        raise InputError(say("the store {text!r} names no home directory", text=text), _SAMPLES) from error


def _without_password(text: str, rest: str) -> str:
    """A password in a URL would show in process lists, shell histories and messages."""
    try:
        parts = urlsplit(f"postgresql://{rest}")
        secret = parts.password is not None or "password=" in parts.query
    except ValueError as error:
        raise InputError(say("the URL of the store cannot be read"), _SAMPLES) from error
    if secret:
        raise InputError(
            say("the URL of the store holds a password"), say("put it into ~/.pgpass (or PGPASSFILE) instead")
        )
    if not parts.path.strip("/"):
        raise InputError(say("the store {text!r} names no database", text=text), _SAMPLES)
    return rest


def _home(environ: Mapping[str, str]) -> Path:
    """The home directory of who called sudo, else our own."""
    caller = environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and caller.isascii() and caller.isdigit():
        with contextlib.suppress(KeyError, OverflowError):
            return Path(pwd.getpwuid(int(caller)).pw_dir)
    return Path(environ["HOME"]) if environ.get("HOME") else Path("~").expanduser()


def _make_directory(directory: Path) -> None:
    if directory.is_dir():
        return
    _make_directory(directory.parent)
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _give(descriptor, directory.parent)
        finally:
            os.close(descriptor)


def _give(descriptor: int, directory: Path) -> None:
    """What root makes belongs to the owner of the directory it is made in."""
    if os.geteuid() == 0:
        owner = directory.stat()
        with contextlib.suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
