"""Documents onto disk: checked before a scan, written whole or not at all, and never lost.

A scan takes minutes and its document cannot be had again, so a full disk or a vanished directory sends it elsewhere
instead of nowhere.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from scanner.model.errors import IncompleteError, InputError
from scanner.model.text import say

STANDARD_OUTPUT = "-"
_MODE = 0o600  # the document names addresses, services and holes
_LAST_RESORTS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - files there get names nobody can foresee


def check_writable(path: str) -> None:
    """Raises InputError where ``write_output`` could not write ``path`` now. What stands there stays as it is."""
    if path == STANDARD_OUTPUT:
        return
    target = _resolved(path)
    if target.is_dir():
        raise InputError(say("{path} is a directory", path=path), say("name a file in it"))
    if not target.parent.is_dir():
        raise InputError(
            say("{path} cannot be written: there is no directory {parent}", path=path, parent=target.parent),
            say("make it first"),
        )
    try:
        _try(target)
    except OSError as error:
        raise InputError(
            say("{path} cannot be written: {why}", path=path, why=error.strerror),
            say("name a file in a directory of yours"),
        ) from error


def write_output(path: str, document: str | bytes, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Write the whole document, mode 0600, and return where it went; None for ``-``, which is the caller's to write.

    Where ``path`` fails the document goes to the state directory or, failing that, a temporary one under a new name.
    Raises IncompleteError where every one of them fails.
    """
    if path == STANDARD_OUTPUT:
        return None
    content = document.encode("utf-8", "backslashreplace") if isinstance(document, str) else document
    target = _resolved(path)
    try:
        return _write(target, content)
    except OSError as error:
        saved = _save_elsewhere(target.name, content, environ)
        if saved is None:
            remedy = say("free some space, then render the stored run again")
            raise IncompleteError(
                say("{path} could not be written: {why}; nor any other place", path=path, why=error.strerror), remedy
            ) from error
        return saved


def _resolved(path: str) -> Path:
    """Through symbolic links: the file they name is replaced, not the link."""
    return Path(os.path.realpath(Path(path).expanduser()))


def _is_special(target: Path) -> bool:
    """A device or a pipe (/dev/stderr, /dev/null, a FIFO) is written to; renaming over it would destroy it."""
    return target.exists() and not stat.S_ISREG(target.stat().st_mode)


def _try(target: Path) -> None:
    if _is_special(target):
        if not os.access(target, os.W_OK):
            raise PermissionError(None, "Permission denied")
        return
    with tempfile.TemporaryFile(dir=target.parent):  # os.access() is wrong on read-only mounts and for root
        pass


def _write(target: Path, content: bytes) -> Path:
    if _is_special(target):
        with target.open("wb") as stream:
            stream.write(content)
        return target
    temporary = _write_new(target.parent, target.name, content)
    try:
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return target


def _write_new(directory: Path, name: str, content: bytes) -> Path:
    """``content`` in a file of a new name in ``directory``, on disk when this returns; nothing where it fails."""
    descriptor, made = tempfile.mkstemp(dir=directory, prefix=f".{name[:80]}.")  # mode 0600
    temporary = Path(made)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), _MODE)
            _give(stream.fileno(), directory)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _give(descriptor: int, directory: Path) -> None:
    """Under sudo the file belongs to whom the directory belongs, who could not read it otherwise."""
    if os.geteuid() == 0:
        owner = directory.stat()
        with contextlib.suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _save_elsewhere(name: str, content: bytes, environ: Mapping[str, str]) -> Path | None:
    for directory in _other_directories(environ):
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = _write_new(directory, name, content)
        except OSError:
            continue
        visible = temporary.with_name(f"v6expose-{temporary.name.rpartition('.')[2]}-{name[:80]}")
        try:
            return temporary.rename(visible)
        except OSError:
            return temporary
    return None


def _other_directories(environ: Mapping[str, str]) -> Iterable[Path]:
    state = Path(environ.get("XDG_STATE_HOME", ""))
    # XDG Base Directory Specification: unset, empty and relative all mean the default
    yield (state if state.is_absolute() else Path("~/.local/state").expanduser()) / "v6expose"
    yield from map(Path, dict.fromkeys((environ.get("TMPDIR") or _LAST_RESORTS[0], *_LAST_RESORTS)))
