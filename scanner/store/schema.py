"""Which schema a database has, and bringing it up to date by alembic. alembic is imported only when there is work."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.store.engine import Database
from scanner.store.place import alone, make_ready

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = ("0001", "0002")  # every released schema, the oldest first; tests compare this with migrations/
NEWEST = REVISIONS[-1]
_VERSIONS = "alembic_version"


def revision_of(connection: Connection) -> str | None:
    """None: the database is empty."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608  (a constant)
    return str(found) if found is not None else None


def ensure(database: Database) -> None:
    """Make the database, or bring it to the schema of today; quick where that is so. Raises EnvironmentFault."""
    with_file = database.place.path
    if with_file is None:
        _ensure_tables(database)
        return
    if not with_file.exists() or with_file.stat().st_size == 0:
        make_ready(with_file)
        with alone(with_file):
            _prepare(with_file)
    _ensure_tables(database)


def exists(database: Database) -> bool:
    """Whether there is anything to read."""
    path = database.place.path
    return path is None or (path.exists() and path.stat().st_size > 0)


def _ensure_tables(database: Database) -> None:
    with database.reading() as connection:
        if _is_current(database, connection):
            return
    with database.writing() as connection:
        if not _is_current(database, connection):  # another process may have been first
            upgrade(connection)


def _is_current(database: Database, connection: Connection) -> bool:
    found = revision_of(connection)
    if found is not None and found not in REVISIONS:
        raise EnvironmentFault(
            say(
                "the store {place} was written by a newer v6expose (schema {found}, this one knows {newest})",
                place=database.place,
                found=found,
                newest=NEWEST,
            ),
            say("update v6expose, or give --store another place"),
        )
    return found == NEWEST


def upgrade(connection: Connection, revision: str = "head") -> None:
    """All of it or nothing: the migration runs inside the caller's transaction."""
    from alembic import command  # noqa: PLC0415  (0.3 s)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _prepare(path: Path) -> None:
    """What must be said before the first table: freed pages can be given back, readers do not wait for writers."""
    try:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise EnvironmentFault(
            say("the store {path} cannot be made ({why})", path=path, why=error), say("give --store another file")
        ) from error
