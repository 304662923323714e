"""What may be forgotten: runs past their time, never a host's last complete run nor when a thing was first seen."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from scanner.store.tables import PART, RUN, RUN_PART

_AT_ONCE = 400


def forgettable(connection: Connection, limit: datetime) -> frozenset[int]:
    """The numbers of the runs that began before ``limit`` and are not the last complete one of their host."""
    newest = func.row_number().over(partition_by=RUN.c.host, order_by=(RUN.c.started_at.desc(), RUN.c.number.desc()))
    ranked = select(RUN.c.number, newest.label("place")).where(RUN.c.complete).subquery()
    last = select(ranked.c.number).where(ranked.c.place == 1)
    old = select(RUN.c.number).where(RUN.c.started_at < limit, RUN.c.number.not_in(last))
    return frozenset(connection.execute(old).scalars())


def forget(connection: Connection, numbers: Sequence[int]) -> None:
    """The runs, and the parts that no other run shares."""
    for start in range(0, len(numbers), _AT_ONCE):
        connection.execute(delete(RUN).where(RUN.c.number.in_(numbers[start : start + _AT_ONCE])))
    connection.execute(delete(PART).where(~select(RUN_PART.c.part).where(RUN_PART.c.part == PART.c.number).exists()))
