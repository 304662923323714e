"""The name under which the same thing is found again in the next run."""

import hashlib
from collections.abc import Iterable

from scanner.findings.facts import Place, View

HEX_DIGITS = 16


def fingerprint(rule: str, protocol: str | None, port: int | None, subject: str) -> str:
    """Sixteen hex digits of SHA-256. ``subject`` is the role of the address, or what else the finding is about.

    No address goes in: temporary addresses rotate (RFC 8981) and providers renumber prefixes, and neither is news.
    """
    parts = (rule, protocol or "", "" if port is None else str(port), subject)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:HEX_DIGITS]


def roles_of(places: Iterable[Place], view: View) -> str:
    """``host`` when it is every scanned address, otherwise the roles concerned."""
    concerned = set(places)
    if concerned >= set(view.places):
        return "host"
    return ",".join(sorted({place.role for place in concerned}))
