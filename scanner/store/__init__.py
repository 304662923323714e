"""Runs in a database: save, load, list."""
