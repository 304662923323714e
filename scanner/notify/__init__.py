"""Notices about what a run found (apprise, extra notify)."""
