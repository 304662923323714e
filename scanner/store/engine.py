"""Connections and transactions. What the driver says when something is wrong becomes one line with a remedy."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.store.place import Place

BUSY_SECONDS = 30.0
_WRITES = "v6expose_writes"
_ADVISORY_LOCK = 0x7636_6578  # "v6ex"; one writer at a time in PostgreSQL, too
_PRIMARY = 0xFF  # https://sqlite.org/rescode.html: the low byte of an extended result code
ADD_LATER = say("the documents hold the run: v6expose history add FILE stores it later")

# primary result code of SQLite -> what happened, what to do
_FAULTS = {
    sqlite3.SQLITE_FULL: (
        say("has no space left on its disk"),
        say("free some space; {add_later}", add_later=ADD_LATER),
    ),
    sqlite3.SQLITE_IOERR: (
        say("cannot be read or written (input/output error)"),
        say("look at its disk; {add_later}", add_later=ADD_LATER),
    ),
    sqlite3.SQLITE_READONLY: (
        say("may not be written"),
        say("give --store a file of yours; {add_later}", add_later=ADD_LATER),
    ),
    sqlite3.SQLITE_PERM: (say("may not be opened"), say("run as its owner, or give --store another file")),
    sqlite3.SQLITE_CANTOPEN: (say("cannot be opened"), say("run as its owner, or give --store another file")),
    sqlite3.SQLITE_BUSY: (
        say("was in use by others for {seconds:.0f} s", seconds=BUSY_SECONDS),
        say("try again; {add_later}", add_later=ADD_LATER),
    ),
    sqlite3.SQLITE_LOCKED: (say("is locked"), say("try again; {add_later}", add_later=ADD_LATER)),
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedStoreError(EnvironmentFault):
    """The file is no sound SQLite database."""


class Database:
    """A place, opened when it is used. Every connection is closed after its transaction."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.engine = _sqlite(place.path) if place.path else _postgres(place)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state. Raises EnvironmentFault."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that waits for other writers and is durable when it ends. Raises EnvironmentFault."""
        with self._transaction(writes=True) as connection:
            if self.place.path is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            yield connection

    @contextlib.contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self.engine.connect().execution_options(**{_WRITES: writes}) as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            raise fault_of(self.place, error) from error
        except sqlite3.Error as error:  # raised while connecting
            raise _sqlite_fault(self.place, error) from error


def fault_of(place: Place, error: DBAPIError) -> EnvironmentFault:
    """The driver's error in our words."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite_fault(place, cause)
    first = next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)
    if isinstance(error, OperationalError):
        return EnvironmentFault(
            say("the store {place} cannot be used ({first})", place=place, first=first),
            say("see that the server runs; {add_later}", add_later=ADD_LATER),
        )
    return EnvironmentFault(
        say("the store {place} refuses ({first})", place=place, first=first),
        say("look at its rights; {add_later}", add_later=ADD_LATER),
    )


def _sqlite_fault(place: Place, error: sqlite3.Error) -> EnvironmentFault:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    if code in _DAMAGED:
        return DamagedStoreError(
            say("the store {place} is damaged ({why})", place=place, why=error),
            say(
                "move it away (the next scan does), and try: sqlite3 {place} .recover | sqlite3 rescued.db", place=place
            ),
        )
    what, remedy = _FAULTS.get(code, (say("cannot be used ({why})", why=error), ADD_LATER))
    return EnvironmentFault(say("the store {place} {what}", place=place, what=what), remedy)


def _sqlite(path: Path) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    event.listen(engine, "begin", _begin)
    return engine


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that leaves BEGIN to us. A file that we may only read is opened so."""
    mode = "rw"
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        # https://sqlite.org/wal.html#read_only_databases: without a -wal file and the right to make one, the file is
        # whole and nobody may write it meanwhile
        mode = "ro" if path.with_name(path.name + "-wal").exists() else "ro&immutable=1"
    uri = f"file:{quote(str(path))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(
        "PRAGMA synchronous = FULL"
    )  # https://sqlite.org/pragma.html: in WAL mode, durable at each commit
    return connection


def _begin(connection: Connection) -> None:
    writes: Any = connection.get_execution_options().get(_WRITES)
    # a transaction that reads first could not become a writer after another one has written
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(place: Place) -> Engine:
    try:
        import psycopg  # noqa: F401, PLC0415  (an extra)
    except ImportError as error:
        raise EnvironmentFault(
            say("PostgreSQL needs psycopg, which is not there"), say("pip install 'v6expose[postgres]'")
        ) from error
    return create_engine(place.url, poolclass=NullPool, connect_args={"connect_timeout": 10})
