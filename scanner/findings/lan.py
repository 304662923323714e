"""V6X018: what the router does with every other device of the LAN, by its questions for addresses nobody uses."""

from collections.abc import Iterator

from scanner.findings.facts import LET_IN, View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.words import listed
from scanner.model.evidence import Default
from scanner.model.finding import Finding, Severity
from scanner.model.run import LanRecord
from scanner.model.settings import Expectation
from scanner.model.text import Text, clauses, say
from scanner.model.verdict import STOPPED

LAN_OPEN = "V6X018"
STANDARD = "RFC 6092 REC-11, REC-17 and REC-33; RFC 9099 section 5"
REMEDY = say(
    "Router: drop unsolicited inbound IPv6 for the whole delegated prefix, and name the one address in every exception "
    "(the host's stable address), not only the port."
)
# Ports that are never an exception made on purpose for a web server or for SSH.
INTENDED = frozenset({22, 80, 443})


def judge_lan(view: View) -> Iterator[Finding]:
    """One finding for each prefix of which something passes."""
    usable = {vantage.name for vantage in view.vantages}
    rows = [row for row in view.facts.lan if row.vantage in usable]
    for prefix in dict.fromkeys(row.prefix for row in rows):
        mine = [row for row in rows if row.prefix == prefix]
        passed = [row for row in mine if row.verdict is Default.PASSED]
        if passed:
            yield _finding(view, prefix, mine, passed)


def _finding(view: View, prefix: str, rows: list[LanRecord], passed: list[LanRecord]) -> Finding:
    doors = listed([f"{row.protocol}/{row.port}" for row in passed], most=len(passed))
    evidence = clauses(
        say("{protocol}/{port}: {verdict} ({evidence})", **_values(row), evidence=row.evidence) for row in rows
    )
    return Finding(
        rule=LAN_OPEN,
        severity=_severity(view, passed),
        title=_title(view, passed, whole=len(passed) == len(rows)),
        address=None,
        protocol=None,
        port=None,
        why=say(
            "Everything else in {prefix} is let in on {doors}. A printer, a camera or a television on the same network "
            "cannot defend itself as this host can, and every one of them has addresses of its own on the Internet.",
            prefix=prefix,
            doors=doors,
        ),
        evidence=evidence,
        remedy=REMEDY,
        standard=STANDARD,
        fingerprint=fingerprint(LAN_OPEN, None, None, "network"),
    )


def _values(row: LanRecord) -> dict[str, object]:
    return {"protocol": row.protocol, "port": row.port, "verdict": row.verdict}


def _severity(view: View, passed: list[LanRecord]) -> Severity:
    if view.facts.expect is Expectation.TRANSPARENT:
        return Severity.INFO
    return Severity.LOW if all(row.port in INTENDED for row in passed) else Severity.HIGH


def _title(view: View, passed: list[LanRecord], *, whole: bool) -> Text:
    """Whether the host itself is better off than its neighbours."""
    if any(_stopped_here(view, row) for row in passed):
        return say("Your server is filtered, your printer is not")
    if whole:
        return say("The router passes everything to every device on your network")
    return say("The exceptions for this host hold for every device on your network")


def _stopped_here(view: View, row: LanRecord) -> bool:
    """Stopped at every scanned address of this host where it was probed, let in at none."""
    mine = [seen for seen in view.sightings if seen.protocol == row.protocol]
    let_in = any(row.port in seen.of(LET_IN) for seen in mine)
    return not let_in and any(row.port in seen.of(STOPPED) for seen in mine)
