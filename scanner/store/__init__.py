"""Runs in a database: save, load, list, and what is known of a run from those before it.

place       where the database is: configuration, state directory, whom it belongs to
types       columns for UTC times and IPv6 addresses
tables      the schema of today
engine      connections and transactions; foreign errors become ours
schema      which schema a database has, and bringing it up to date (migrations/)
cut         a run document as parts, so that what repeats is stored once
sightings   when a finding was first and last seen
store       Store: what the program uses of all this
damage      a file that is no sound database is kept aside
retention   what may be forgotten

SQLAlchemy and alembic are imported here and nowhere else.
"""

from scanner.store.open import open_store
from scanner.store.store import Store

__all__ = ["Store", "open_store"]
