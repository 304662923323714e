"""Backups of what a change touches, and the way back.

One directory a change under /var/lib/v6expose/privacy (of the tree): the files as they were, and manifest.json, which
is written before the first file is touched, so that a change that died half-way can be taken back too.
"""

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say
from scanner.privacy.change import Change, Command
from scanner.privacy.tree import Tree

STATE = "/var/lib/v6expose/privacy"
FORMAT = "v6expose/privacy-change/1"
MANIFEST = "manifest.json"
OWNER_ONLY = 0o700
DIGITS = 4


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file before the change. ``backup`` names its copy, "" where there was none; ``after`` is a digest or ""."""

    path: str
    backup: str
    mode: int
    uid: int
    gid: int
    after: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One change. ``state``: begun, done or undone. ``running`` is the kernel's value before."""

    number: int
    at: str
    interface: str
    value: int
    running: int | None
    files: tuple[SavedFile, ...]
    reload: tuple[Command, ...]
    state: str = "begun"


def begin(tree: Tree, change: Change, running: int | None, at: str) -> Record:
    """Copy what the change will touch and write the manifest."""
    base = _base(tree)
    try:
        base.mkdir(parents=True, exist_ok=True)
        number = max(_numbers(base), default=0) + 1
        directory = base / f"{number:0{DIGITS}}"
        directory.mkdir(mode=OWNER_ONLY)
        files = tuple(_save(tree, edit.path, directory, index) for index, edit in enumerate(change.edits))
        record = Record(number, at, change.interface, change.value, running, files, change.reload)
        write(tree, record)
    except OSError as error:
        raise EnvironmentFault(
            say("no backup can be kept ({why})", why=error), say("make room, or the directory writable")
        ) from error
    return record


def finish(tree: Tree, record: Record) -> Record:
    """Note what the files are now, so that undo can tell whether somebody else has changed them since."""
    files = tuple(replace(one, after=_digest(real_path(tree, one.path))) for one in record.files)
    done = replace(record, files=files, state="done")
    write(tree, done)
    return done


def latest(tree: Tree) -> Record:
    """The newest change that is not undone. Raises InputError where there is none."""
    base = _base(tree)
    for number in sorted(_numbers(base), reverse=True):
        record = _read(base / f"{number:0{DIGITS}}" / MANIFEST)
        if record.state != "undone":
            return record
    raise InputError(say("no change is left to undo"), say("changes are kept in {state}", state=STATE))


def changed_since(tree: Tree, record: Record) -> str:
    """The first file that is no longer as the change left it, "" where all are."""
    known = (one for one in record.files if one.after)
    return next((one.path for one in known if _digest(real_path(tree, one.path)) != one.after), "")


def restore(tree: Tree, record: Record) -> None:
    """Put every file back as it was, in reverse order; a file that did not exist goes, with its empty directory."""
    directory = _base(tree) / f"{record.number:0{DIGITS}}"
    try:
        for one in reversed(record.files):
            real = real_path(tree, one.path)
            if one.backup:
                write_atomically(real, (directory / one.backup).read_bytes(), one.mode, (one.uid, one.gid))
            else:
                real.unlink(missing_ok=True)
                _remove_if_empty(real.parent)
    except OSError as error:
        remedy = say("the saved copies are in {state}/{number}", state=STATE, number=f"{record.number:0{DIGITS}}")
        raise EnvironmentFault(say("a file cannot be put back ({why})", why=error), remedy) from error


def write(tree: Tree, record: Record) -> None:
    path = _base(tree) / f"{record.number:0{DIGITS}}" / MANIFEST
    text = json.dumps({"format": FORMAT, **asdict(record)}, indent=1) + "\n"
    write_atomically(path, text.encode(), stat.S_IRUSR | stat.S_IWUSR)


def write_atomically(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """All or nothing, on the disk when this returns. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".v6expose-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def real_path(tree: Tree, path: str) -> Path:
    """The file itself, behind any links inside the tree."""
    real = tree.real(path)
    if real is None:
        raise EnvironmentFault(say("{path} cannot be reached", path=path), say("its symbolic links form a loop"))
    return real


def _base(tree: Tree) -> Path:
    return real_path(tree, STATE)


def _numbers(base: Path) -> list[int]:
    if not base.is_dir():
        return []
    return [int(entry.name) for entry in base.iterdir() if entry.name.isascii() and entry.name.isdigit()]


def _save(tree: Tree, path: str, directory: Path, index: int) -> SavedFile:
    real = real_path(tree, path)
    try:
        data, status = real.read_bytes(), real.stat()
    except FileNotFoundError:
        return SavedFile(path, "", 0, 0, 0)
    backup = f"file{index}"
    write_atomically(directory / backup, data, stat.S_IRUSR | stat.S_IWUSR)
    return SavedFile(path, backup, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "gone"


def _remove_if_empty(directory: Path) -> None:
    """Only a drop-in directory, which may be ours: NAME.network.d."""
    if directory.name.endswith(".network.d") and directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def _read(path: Path) -> Record:
    """Raises InputError naming the manifest where it is not one of ours."""
    try:
        document = json.loads(path.read_text())
        return _record(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            say("{path} is no record of a change ({why})", path=path, why=error),
            say("move its directory away, or repair it"),
        ) from error


def _record(document: dict[str, Any]) -> Record:
    if document.pop("format") != FORMAT:
        raise ValueError("another format")
    files = tuple(SavedFile(**one) for one in document.pop("files"))
    reload = tuple(tuple(str(word) for word in one) for one in document.pop("reload"))
    record = Record(files=files, reload=reload, **document)
    texts = [record.interface, record.state, *(text for one in files for text in (one.path, one.backup, one.after))]
    numbers = [record.number, record.value, *(number for one in files for number in (one.mode, one.uid, one.gid))]
    well_typed = all(isinstance(one, str) for one in texts) and all(isinstance(one, int) for one in numbers)
    if not well_typed or not isinstance(record.running, int | None):
        raise TypeError("a field has the wrong type")
    if any("/" in one.backup or not one.path.startswith("/") for one in files):
        raise ValueError("a path that is none of ours")
    return record
