"""V6X019: the host's addresses are translated on the way out, so strangers see others than the host has."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.words import counted, listed
from scanner.model.finding import Finding, Severity
from scanner.model.run import Translation
from scanner.model.text import say

RULE = "V6X019"
IDENTIFIER = (1 << 64) - 1
WORD = 0xFFFF
ONE = say(
    "Every connection you open looks as if it came from another address, and what strangers reach at that address was "
    "not scanned. Address translation is no filter: it hides which device speaks, not what listens."
)


def judge_translation(view: View) -> Iterator[Finding]:
    """One finding for each kind of translation, seen from any vantage, the refuted ones included."""
    rows = [row for vantage in view.facts.vantages for row in vantage.translated]
    for by_prefix in (False, True):
        found = tuple(dict.fromkeys(row for row in rows if is_prefix_translation(row) is by_prefix))
        if found:
            yield _finding(found, by_prefix=by_prefix)


def is_prefix_translation(row: Translation) -> bool:
    """Either the interface identifier stays, or the checksum does: RFC 6296 section 2.6, checksum-neutral mapping."""
    inside, outside = (int(IPv6Address(text)) for text in (row.inside, row.outside))
    # The one's complement sum of all 16-bit words is the number modulo 2**16 - 1.
    return inside & IDENTIFIER == outside & IDENTIFIER or inside % WORD == outside % WORD


def _finding(found: tuple[Translation, ...], *, by_prefix: bool) -> Finding:
    word = say("NPTv6, prefix for prefix") if by_prefix else "NAT66"
    shown = listed([say("{inside} shows as {outside}", inside=row.inside, outside=row.outside) for row in found])
    return Finding(
        rule=RULE,
        severity=Severity.INFO if by_prefix else Severity.MEDIUM,
        title=say("Your addresses are translated on the way ({how})", how=word),
        address=None,
        protocol=None,
        port=None,
        why=ONE,
        evidence=say(
            "{addresses} called home: {shown}",
            addresses=counted(len({row.inside for row in found}), "address"),
            shown=shown,
        ),
        remedy=say(
            "Router: switch IPv6 address translation off and filter with a stateful firewall instead; behind a VPN "
            "on the host, scan with the VPN off."
        ),
        standard="RFC 6296" if by_prefix else "RFC 5902 and RFC 4864",
        fingerprint=fingerprint(RULE, None, None, "prefix" if by_prefix else "address"),
    )
