"""The schema of today. migrations/ brings older databases here; tests compare both ways of getting there.

A run is a row that can be listed, and a document cut into parts: a part that many runs share is stored once.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from scanner.store.types import Ip, UtcTime

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RUN = Table(
    "run",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(120), nullable=False, unique=True),
    Column("host", String(255), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime, nullable=False),
    Column("profile", String(20), nullable=False),
    Column("complete", Boolean(create_constraint=False), nullable=False),
    Column("interrupted", Boolean(create_constraint=False), nullable=False),
    Column("grade", String(2)),
    Column("headline", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: severity -> findings
    Column("vantages", Text, nullable=False),  # JSON: names, sorted
    Index("ix_run_started_at", "started_at", "number"),
    Index("ix_run_host", "host", "started_at"),
    sqlite_autoincrement=True,  # a number is given to one run only, even after the newest was deleted
)

PART = Table(
    "part",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the JSON
    Column("content", LargeBinary, nullable=False),  # zlib (RFC 1950) of the JSON
)

RUN_PART = Table(
    "run_part",
    METADATA,
    Column("run", ForeignKey("run.number", ondelete="CASCADE"), primary_key=True),
    Column("path", String(120), primary_key=True),  # where it belongs in the document: ports/0/verdicts
    Column("part", ForeignKey("part.number"), nullable=False),
    Index("ix_run_part_part", "part"),
    sqlite_with_rowid=False,
)

RUN_ADDRESS = Table(
    "run_address",
    METADATA,
    Column("run", ForeignKey("run.number", ondelete="CASCADE"), primary_key=True),
    Column("address", Ip, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("scanned", Boolean(create_constraint=False), nullable=False),
    Index("ix_run_address_address", "address"),
    sqlite_with_rowid=False,
)

# Below: since the second schema. A sighting outlives the runs that saw it.
SIGHTING = Table(
    "sighting",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("host", String(255), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("rule", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("first_run", String(120), nullable=False),  # its id
    Column("last_seen", UtcTime, nullable=False),
    UniqueConstraint("host", "fingerprint"),
)

RUN_SIGHTING = Table(
    "run_sighting",
    METADATA,
    Column("run", ForeignKey("run.number", ondelete="CASCADE"), primary_key=True),
    Column("sighting", ForeignKey("sighting.number"), primary_key=True),
    Index("ix_run_sighting_sighting", "sighting"),
    sqlite_with_rowid=False,
)
