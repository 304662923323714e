"""What became of a host between two runs, and of each of its doors over many. Pure.

roles      an address by what it is for, not by its value: rotation (RFC 8981) and renumbering are no news
measured   what a run asked and was told, by role, protocol and port
findings   compare(before, after) -> Changes: new, changed, unknown, gone
causes     why, as far as both runs can tell
around     what changed beside the findings: addresses, prefixes, router, vantages, settings
doors      the last runs' verdicts of a port, as stretches
digest     a run as the run after it remembers it
"""

from scanner.changes.digest import digest_of, name_of
from scanner.changes.doors import Look, doors
from scanner.changes.findings import compare

__all__ = ["Look", "compare", "digest_of", "doors", "name_of"]
