"""The doors of many runs, read without their whole documents: addresses, vantages and verdicts only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from scanner.changes.doors import Look
from scanner.changes.roles import role_of
from scanner.model.verdict import Verdict
from scanner.store.cut import DamagedPartError, unpack
from scanner.store.tables import PART, RUN_PART

_WHOLE = ("addresses", "vantages", "ports")
_VERDICTS = "ports/%/verdicts"
_AT_ONCE = 400  # values in one IN: old SQLite takes 999


def pieces(connection: Connection, runs: Collection[int]) -> dict[int, dict[str, Any]]:
    """Run -> path -> value, of a few dozen runs."""
    wanted = RUN_PART.c.path.in_(_WHOLE) | RUN_PART.c.path.like(_VERDICTS)
    placed = connection.execute(select(RUN_PART).where(RUN_PART.c.run.in_(runs), wanted)).all()
    contents = _contents(connection, {part for _, _, part in placed})
    found: dict[int, dict[str, Any]] = {run: {} for run in runs}
    for run, path, part in placed:
        found[run][path] = contents.get(part)
    return found


def look_of(at: datetime, values: Mapping[str, Any]) -> Look:
    """Vantages that stood inside count for nothing."""
    roles = {
        one["address"]: role_of(one["kind"], one["interface"], one["origin"]) for one in values.get("addresses") or ()
    }
    inside = {one["name"] for one in values.get("vantages") or () if one["outside"]["verdict"] == "refuted"}
    tables = []
    for number, table in enumerate(values.get("ports") or ()):
        verdicts = values.get(f"ports/{number}/verdicts") or {}
        if table["vantage"] not in inside:
            role = roles.get(table["address"], f"elsewhere {table['address']}")
            said = {Verdict(verdict): text for verdict, text in verdicts.items() if text}
            tables.append((role, table["protocol"], said))
    return Look(at, tuple(tables))


def _contents(connection: Connection, wanted: Collection[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    numbers = sorted(wanted)
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        for number, content in connection.execute(select(PART.c.number, PART.c.content).where(PART.c.number.in_(some))):
            try:
                found[number] = unpack(content)
            except DamagedPartError:
                continue
    return found
