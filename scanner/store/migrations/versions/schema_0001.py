"""Runs as rows that can be listed, their documents as parts that are shared."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column("number", sa.Integer, autoincrement=True),
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime, nullable=False),
        sa.Column("profile", sa.String(20), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("grade", sa.String(2)),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("vantages", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_started_at", "run", ["started_at", "number"])
    op.create_index("ix_run_host", "run", ["host", "started_at"])
    op.create_table(
        "part",
        sa.Column("number", sa.Integer, autoincrement=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_part"),
        sa.UniqueConstraint("digest", name="uq_part_digest"),
    )
    op.create_table(
        "run_part",
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("path", sa.String(120), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("run", "path", name="pk_run_part"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_run_part_run", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["part"], ["part.number"], name="fk_run_part_part"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_part_part", "run_part", ["part"])
    op.create_table(
        "run_address",
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("address", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("scanned", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run", "address", name="pk_run_address"),
        sa.ForeignKeyConstraint(["run"], ["run.number"], name="fk_run_address_run", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_address_address", "run_address", ["address"])
