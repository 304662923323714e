"""When a finding was first and last seen. What older databases hold is read from the findings of their runs."""

import json
import zlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_FINDINGS = sa.text(
    "SELECT run.number, run.id, run.host, run.started_at, part.content FROM run"
    " JOIN run_part ON run_part.run = run.number JOIN part ON part.number = run_part.part"
    " WHERE run_part.path = 'findings' ORDER BY run.started_at, run.number"
).columns(sa.column("number"), sa.column("id"), sa.column("host"), sa.column("started_at", sa.DateTime))


def upgrade() -> None:
    sighting = op.create_table(
        "sighting",
        sa.Column("number", sa.Integer, autoincrement=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(20), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("first_seen", sa.DateTime, nullable=False),
        sa.Column("first_run", sa.String(120), nullable=False),
        sa.Column("last_seen", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_sighting"),
        sa.UniqueConstraint("host", "fingerprint", name="uq_sighting_host"),
    )
    run_sighting = op.create_table(
        "run_sighting",
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("sighting", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run", "sighting", name="pk_run_sighting"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_run_sighting_run", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sighting"], ["sighting.number"], name="fk_run_sighting_sighting"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_sighting_sighting", "run_sighting", ["sighting"])
    _backfill(op.get_bind(), sighting, run_sighting)


def _backfill(connection: sa.Connection, sighting: sa.Table, run_sighting: sa.Table) -> None:
    seen = _seen(connection.execute(_FINDINGS))
    if not seen:
        return
    op.bulk_insert(sighting, [row for row, _ in seen.values()])
    rows = connection.execute(sa.select(sighting.c.number, sighting.c.host, sighting.c.fingerprint))
    numbers = {(host, fingerprint): number for number, host, fingerprint in rows}
    op.bulk_insert(
        run_sighting, [{"run": run, "sighting": numbers[key]} for key, (_, runs) in seen.items() for run in runs]
    )


Seen = dict[tuple[str, str], tuple[dict[str, Any], dict[int, None]]]


def _seen(rows: Any) -> Seen:
    """(host, fingerprint) -> its row and the runs that saw it. Runs come the oldest first; damaged parts add none."""
    seen: Seen = {}
    for run, run_id, host, started_at, content in rows:
        for finding in _findings(content):
            key = (host, finding["fingerprint"][:64])
            first = {
                "host": host,
                "fingerprint": key[1],
                "rule": finding["rule"][:20],
                "title": finding["title"],
                "first_seen": started_at,
                "first_run": run_id,
            }
            row, runs = seen.setdefault(key, (first, {}))
            row["last_seen"] = started_at
            runs[run] = None
    return seen


def _findings(content: bytes) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(zlib.decompress(content))
    except (zlib.error, ValueError):
        return []
    return found
