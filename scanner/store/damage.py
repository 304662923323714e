"""A file that is no sound database is kept aside, never deleted: somebody may get runs out of it."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.store.engine import DamagedStoreError, Database
from scanner.store.place import alone

_COMPANIONS = ("-wal", "-shm")  # https://sqlite.org/tempfiles.html: they belong to the file


def keep_aside(database: Database, fault: DamagedStoreError) -> Path:
    """Rename the file and what belongs to it, and return the new name. Raises ``fault`` again for what is no file, and
    EnvironmentFault where the directory may not be changed.
    """
    path = database.place.path
    if path is None:
        raise fault
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    try:
        with alone(path):
            if not is_damaged(path):  # another process was faster
                return next(iter(sorted(path.parent.glob(f"{path.name}.damaged-*Z"), reverse=True)), aside)
            path.rename(aside)
            for companion in _COMPANIONS:
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(path.name + companion).rename(aside.with_name(aside.name + companion))
    except OSError as error:
        raise EnvironmentFault(
            say("{message}, and cannot be kept aside ({why})", message=fault.message, why=error.strerror),
            say("move {path} away yourself", path=path),
        ) from error
    return aside


def is_damaged(path: Path) -> bool:
    """What SQLite itself finds (https://sqlite.org/pragma.html#pragma_quick_check)."""
    if not path.exists():
        return False
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        with contextlib.closing(connection):
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def rescue(path: Path) -> str:
    """What the owner can try."""
    return f"to get runs out of it, try sqlite3 {path} .recover | sqlite3 rescued.db"
