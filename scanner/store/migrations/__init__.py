"""One file a schema; a released one is never changed. alembic runs them through env.py."""
