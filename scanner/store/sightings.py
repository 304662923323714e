"""When a finding was first and last seen on a host. Sightings outlive the runs that saw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select, update

from scanner.model.finding import Finding
from scanner.store.rows import plain
from scanner.store.tables import RUN, RUN_SIGHTING, SIGHTING

if TYPE_CHECKING:
    from scanner.model.run import Run

_LONGEST_FINGERPRINT, _LONGEST_RULE = 64, 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """``last`` is None where no stored run before this one saw it."""

    first: datetime
    last: datetime | None


def record(connection: Connection, run: Run, number: int) -> None:
    """Note what ``run`` found; a run that is older than what is known moves the first sighting back."""
    at, host = run.run.started_at, plain(run.host.name)
    found = {_key(finding): finding for finding in run.findings}
    known = {
        row.fingerprint: row
        for row in connection.execute(select(SIGHTING).where(SIGHTING.c.host == host))
        if row.fingerprint in found
    }
    new = [
        {
            "host": host,
            "fingerprint": key,
            "rule": plain(finding.rule, _LONGEST_RULE),
            "title": plain(finding.title, 10_000),
            "first_seen": at,
            "first_run": run.run.id,
            "last_seen": at,
        }
        for key, finding in found.items()
        if key not in known
    ]
    if new:
        connection.execute(insert(SIGHTING), new)
    for row in known.values():
        earlier = {"first_seen": at, "first_run": run.run.id} if at < row.first_seen else {}
        later = {"last_seen": at} if at > row.last_seen else {}
        if earlier or later:
            connection.execute(update(SIGHTING).where(SIGHTING.c.number == row.number).values(**earlier, **later))
    numbers = select(SIGHTING.c.number, SIGHTING.c.fingerprint).where(SIGHTING.c.host == host)
    pairs = [{"run": number, "sighting": sighting} for sighting, key in connection.execute(numbers) if key in found]
    if pairs:
        connection.execute(insert(RUN_SIGHTING), pairs)


def read(connection: Connection, run: Run) -> Mapping[str, Sighting]:
    """Fingerprint -> when it was seen, as far as was known when ``run`` began."""
    at, host = run.run.started_at, plain(run.host.name)
    last = (
        select(RUN_SIGHTING.c.sighting, func.max(RUN.c.started_at, type_=RUN.c.started_at.type).label("at"))
        .join(RUN)
        .where(RUN.c.host == host, RUN.c.started_at < at)
        .group_by(RUN_SIGHTING.c.sighting)
        .subquery()
    )
    rows = connection.execute(
        select(SIGHTING.c.fingerprint, SIGHTING.c.first_seen, last.c.at)
        .outerjoin(last, last.c.sighting == SIGHTING.c.number)
        .where(SIGHTING.c.host == host, SIGHTING.c.first_seen <= at)
    )
    return {fingerprint: Sighting(first, seen) for fingerprint, first, seen in rows}


def dated(finding: Finding, seen: Mapping[str, Sighting]) -> Finding:
    sighting = seen.get(_key(finding))
    return finding if sighting is None else replace(finding, first_seen=sighting.first, last_seen=sighting.last)


def _key(finding: Finding) -> str:
    return plain(finding.fingerprint, _LONGEST_FINGERPRINT)
