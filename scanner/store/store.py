"""Store: runs by number, id or ``latest``, and what is known of a run from those before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, insert, select

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.history import Keep, RunSummary
from scanner.model.text import say
from scanner.store import damage, retention, sightings
from scanner.store.cut import DamagedPartError, Part, cut, join, unpack
from scanner.store.engine import ADD_LATER, DamagedStoreError, Database
from scanner.store.place import Place
from scanner.store.rows import address_rows, plain, row_of, summary_of
from scanner.store.schema import ensure, exists
from scanner.store.tables import PART, RUN, RUN_ADDRESS, RUN_PART

if TYPE_CHECKING:  # a list of runs need not wait for their whole model
    from scanner.changes.doors import Look
    from scanner.model.run import Run

LATEST = "latest"
_LARGEST_NUMBER = 2**31 - 1
_LIST_THEM = say("v6expose history lists what is stored")
_AT_ONCE = 400  # values in one IN: old SQLite takes 999


def unheard(line: str) -> None:
    """Nobody is told."""


class Store:
    """``tell`` is given a line where a damaged database had to be kept aside."""

    def __init__(self, place: Place, tell: Callable[[str], None] = unheard) -> None:
        self.place = place
        self._tell = tell
        self._database = Database(place)

    def save(self, run: Run) -> int:
        """Keep the run, durably, and return its number; a run that is there already keeps the number it has.

        Raises EnvironmentFault where it cannot be stored; then nothing of it is.
        """
        from scanner.codec import run_to_dict  # noqa: PLC0415  (a list of runs need not wait for pydantic)

        parts = tuple(cut(run_to_dict(run)))
        try:
            return self._save(run, parts)
        except DamagedStoreError as fault:
            kept = damage.keep_aside(self._database, fault)
            self._tell(f"{fault.message}; it is kept as {kept}, and a new store is begun: {damage.rescue(kept)}")
            return self._save(run, parts)
        except OSError as error:
            raise EnvironmentFault(
                say("the store {place} cannot be written ({why})", place=self.place, why=error.strerror), ADD_LATER
            ) from error

    def load(self, reference: str, host: str | None = None) -> Run:
        """The run as it was saved. ``reference``: a number, an id or the beginning of one, or ``latest``.

        Raises InputError where there is no such run or more than one, EnvironmentFault where it cannot be read.
        """
        from scanner.codec import run_from_json  # noqa: PLC0415

        found = self.find(reference, host)
        contents = (
            select(RUN_PART.c.path, PART.c.content, PART.c.digest).join(PART).where(RUN_PART.c.run == found.number)
        )
        with self._database.reading() as connection:
            rows = connection.execute(contents).all()
        try:
            document = join({path: unpack(content, bytes(digest)) for path, content, digest in rows})
            return run_from_json(json.dumps(document))
        except (DamagedPartError, InputError, KeyError, IndexError, TypeError) as error:
            raise EnvironmentFault(
                say(
                    "run {number} ({id}) in the store {place} is damaged",
                    number=found.number,
                    id=found.id,
                    place=self.place,
                ),
                say("other runs are not concerned; restore the file from a backup if you need this one"),
            ) from error

    def find(self, reference: str, host: str | None = None) -> RunSummary:
        """As ``load``, without the document."""
        for query in _queries(reference):
            found = self._summaries(_of_host(query, host).limit(3))
            if len(found) > 1 and reference != LATEST:
                ids = ", ".join(one.id for one in found[:2])
                raise InputError(
                    say("more than one run begins with {reference!r} ({ids}, ...)", reference=reference, ids=ids),
                    say("give more of the id"),
                )
            if found:
                return found[0]
        where = f" of {host}" if host else ""
        raise InputError(
            say(
                "there is no run {reference!r}{where} in the store {place}",
                reference=reference,
                where=where,
                place=self.place,
            ),
            _LIST_THEM,
        )

    def runs(
        self, host: str | None = None, limit: int | None = None, address: str | None = None
    ) -> tuple[RunSummary, ...]:
        """The newest first. ``address``: only runs of a host that had it."""
        query = _of_host(select(RUN), host).order_by(*_NEWEST_FIRST)
        if address is not None:
            had = select(RUN_ADDRESS.c.run).where(RUN_ADDRESS.c.address == IPv6Address(address))
            query = query.where(RUN.c.number.in_(had))
        return self._summaries(query.limit(limit) if limit else query)

    def count(self, host: str | None = None) -> int:
        """How many runs are stored."""
        if not self._ready():
            return 0
        with self._database.reading() as connection:
            return int(connection.execute(_of_host(select(func.count(RUN.c.number)), host)).scalar_one())

    def before(self, run: Run) -> RunSummary | None:
        """The last complete run of the same host and vantages before ``run``, of its profile if there is one."""
        row = row_of(run)
        query = (
            select(RUN)
            .where(RUN.c.host == row["host"], RUN.c.vantages == row["vantages"], RUN.c.complete)
            .where(RUN.c.started_at < run.run.started_at, RUN.c.id != run.run.id)
            .order_by(*_NEWEST_FIRST)
        )
        alike = self._summaries(query.where(RUN.c.profile == row["profile"]).limit(1))
        return next(iter(alike or self._summaries(query.limit(1))), None)

    def with_sightings(self, run: Run) -> Run:
        """The run whose findings know when they were first and last seen before it."""
        if not self._ready():
            return run
        with self._database.reading() as connection:
            seen = sightings.read(connection, run)
        return replace(run, findings=tuple(sightings.dated(finding, seen) for finding in run.findings))

    def looks(self, run: Run, limit: int) -> tuple[Look, ...]:
        """What the last ``limit`` runs of this host up to ``run`` itself say of its doors, the oldest first. Parts that
        repeat are read once; what is damaged is left out.
        """
        from scanner.store import past  # noqa: PLC0415

        query = select(RUN).where(RUN.c.host == plain(run.host.name), RUN.c.started_at <= run.run.started_at)
        found = self._summaries(query.order_by(*_NEWEST_FIRST).limit(limit))
        with self._database.reading() as connection:
            pieces = past.pieces(connection, [one.number for one in found])
        return tuple(past.look_of(one.started_at, pieces[one.number]) for one in reversed(found))

    def prune(self, keep: Keep, now: Any, *, really: bool = True) -> tuple[RunSummary, ...]:
        """Forget the runs that began longer ago than ``keep``, the newest first; the last complete run of every
        host and all first sightings stay. With ``really`` False nothing is forgotten, only told.
        """
        if not self._ready():
            return ()
        with self._database.reading() as connection:
            numbers = retention.forgettable(connection, now - keep.span)
        old = tuple(one for one in self.runs() if one.number in numbers)
        if really and old:
            with self._database.writing() as connection:
                retention.forget(connection, [one.number for one in old])
            self._give_back()
        return old

    def _give_back(self) -> None:
        """Freed pages, to the disk."""
        if self.place.path is not None:
            with closing(self._database.engine.raw_connection()) as connection:
                script: Any = connection.cursor()
                script.executescript("PRAGMA incremental_vacuum;")  # execute() would free one page and stop

    def _ready(self) -> bool:
        if not exists(self._database):
            return False
        ensure(self._database)
        return True

    def _summaries(self, query: Select[Any]) -> tuple[RunSummary, ...]:
        if not self._ready():
            return ()
        with self._database.reading() as connection:
            return tuple(summary_of(row) for row in connection.execute(query).mappings())

    def _save(self, run: Run, parts: tuple[Part, ...]) -> int:
        ensure(self._database)
        with self._database.writing() as connection:
            there = connection.execute(select(RUN.c.number).where(RUN.c.id == run.run.id)).scalar()
            if there is not None:
                return int(there)
            number = int(connection.execute(insert(RUN).returning(RUN.c.number), row_of(run)).scalar_one())
            numbers = _store_parts(connection, parts)
            connection.execute(
                insert(RUN_PART), [{"run": number, "path": part.path, "part": numbers[part.digest]} for part in parts]
            )
            if addresses := address_rows(run, number):
                connection.execute(insert(RUN_ADDRESS), addresses)
            sightings.record(connection, run, number)
            return number


_NEWEST_FIRST = (RUN.c.started_at.desc(), RUN.c.number.desc())


def _of_host(query: Select[Any], host: str | None) -> Select[Any]:
    return query if host is None else query.where(RUN.c.host == plain(host))


def _queries(reference: str) -> Iterable[Select[Any]]:
    """What a reference may mean, the first that finds something counts."""
    everything = select(RUN)
    if reference == LATEST:
        yield everything.order_by(*_NEWEST_FIRST)
        return
    if reference.isascii() and reference.isdigit() and int(reference[:12]) <= _LARGEST_NUMBER:
        yield everything.where(RUN.c.number == int(reference[:12]))
    if reference:
        yield everything.where(RUN.c.id == reference)
        yield everything.where(RUN.c.id.startswith(reference, autoescape=True))


def _store_parts(connection: Connection, parts: tuple[Part, ...]) -> dict[bytes, int]:
    """Digest -> number; a part that is there already is not stored again."""
    by_digest = {part.digest: part for part in parts}
    numbers = _numbers(connection, list(by_digest))
    missing = [part for digest, part in by_digest.items() if digest not in numbers]
    if missing:
        connection.execute(insert(PART), [{"digest": part.digest, "content": part.content} for part in missing])
        numbers |= _numbers(connection, [part.digest for part in missing])
    return numbers


def _numbers(connection: Connection, digests: list[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        rows = connection.execute(select(PART.c.digest, PART.c.number).where(PART.c.digest.in_(some)))
        found |= {bytes(digest): number for digest, number in rows}
    return found
