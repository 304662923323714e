"""V6X021 to V6X023: what the batteries found. One finding for cases of a kind, not one a case."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.model.cases import Case
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.finding import Finding, Severity
from scanner.model.settings import Expectation
from scanner.model.text import Text, clauses, commas, say, say_many

WAYS, UNWANTED, ERRORS_LOST = "V6X021", "V6X022", "V6X023"
PACKET_TOO_BIG = "2-0-flow"
MOST_CASES = 12
# RFC 6092 REC-21 (AH), REC-22 (ESP) and REC-26 (HIP): a gateway in its default mode lets them in.
BY_DESIGN = frozenset({"X19", "X20", "X22-139"})
# The host's stack took the packet for what it pretends to be.
TAKEN = frozenset({"syn-ack", "udp", "echo-reply", "reset", "port-unreachable"})


@dataclass(frozen=True, slots=True)
class Kind:
    title: Text
    why: Text
    remedy: Text


STATEFUL = say(
    'Router: filter by connection state (stateful, in iptables words conntrack), with "drop" as the last '
    "rule, instead of rules about single packets."
)
KINDS: Mapping[str, Kind] = {
    "stateless": Kind(
        say("Packets of connections that do not exist get in"),
        say(
            "The filter takes any packet with ACK or RST for an answer. Nobody can connect this way, but "
            "strangers can find your devices and tell which ports are in use."
        ),
        STATEFUL,
    ),
    "flags": Kind(
        say("Packets with impossible flags get in"),
        say(
            "The filter stops only what looks like the beginning of a connection. Nobody can connect this way, "
            "but strangers can find your devices and tell which ports are in use."
        ),
        STATEFUL,
    ),
    "unusual-syn": Kind(
        say("Unusual first packets slip past the filter"),
        say(
            "The filter knows a new connection only by its plainest form. With a flag, an option or data more, "
            "the same connection to the same blocked port gets in."
        ),
        STATEFUL,
    ),
    "allowed": Kind(
        say("At open ports the filter does not look at connections"),
        say(
            "Packets that belong to no connection reach your open ports. That opens nothing that is not open "
            "anyway, but shows that the filter keeps no account of connections there."
        ),
        STATEFUL,
    ),
    "source-port": Kind(
        say("Whoever chooses the right source port gets in"),
        say(
            "The filter takes packets for answers because of the port they come from. Anybody can choose that "
            "port, and then reaches every port of your devices."
        ),
        say(
            "Router: delete the rules that let packets in by their source port; a stateful filter knows answers "
            "by itself."
        ),
    ),
    "headers": Kind(
        say("Packets behind extension headers slip past the filter"),
        say(
            "The filter looks only at the first header. Behind an extension header the same connection to the "
            "same blocked port gets in."
        ),
        say(
            "Router: update its firmware, or use a filter that walks the whole header chain (RFC 7045); until "
            "then, drop packets with extension headers from outside."
        ),
    ),
    "fragments": Kind(
        say("Packets in fragments slip past the filter"),
        say(
            "The filter does not put fragments together before it decides. What it cannot see in the first "
            "fragment gets in."
        ),
        say(
            "Router: use a stateful filter that reassembles fragments, or drop first fragments without the whole "
            "header chain (RFC 7112)."
        ),
    ),
    "carriers": Kind(
        say("Protocols that the filter does not know get in"),
        say(
            "The filter stops TCP and UDP and lets through what it does not know. Tunnels and other transports "
            "reach your devices; whether one of them answers depends on its software."
        ),
        say('Router: make "drop" the last rule for every protocol, not only for TCP and UDP.'),
    ),
}


def judge_ways(view: View) -> Iterator[Finding]:
    """V6X021: ways through the filter; what the owner means the router to let in is none."""
    if view.facts.expect is Expectation.TRANSPARENT:
        return
    cases = {case.id: case for case in view.facts.cases}
    rows = [row for row in rows_of(view, Standard.EVASION) if row.result in (Result.THROUGH, Result.PARTIAL)]
    if view.facts.expect is Expectation.RFC6092:
        rows = [row for row in rows if row.id not in BY_DESIGN]
    for group, kind in KINDS.items():
        mine = [row for row in rows if row.id in cases and cases[row.id].group == group]
        if mine:
            yield _ways(group, kind, mine, cases)


def _ways(group: str, kind: Kind, rows: list[ConformanceRow], cases: Mapping[str, Case]) -> Finding:
    whole = [row for row in rows if row.result is Result.THROUGH]
    gravest = max(rows, key=lambda row: severity_of(row, cases[row.id]).rank)
    title = kind.title if whole else say("Parts of packets get past the filter")
    example = say(
        "for example {case} ({title}): {evidence}", case=gravest.id, title=gravest.title, evidence=gravest.evidence
    )
    return _finding(
        WAYS,
        severity_of(gravest, cases[gravest.id]),
        title,
        kind.why,
        clauses([case_list(rows), at_addresses(rows), example]),
        kind.remedy,
        cases[gravest.id].standard,
        group,
    )


def severity_of(row: ConformanceRow, case: Case) -> Severity:
    """By what the host did with it; a part of a packet is worth a note."""
    if row.result is Result.PARTIAL:
        return Severity.INFO
    return case.taken if row.reaction in TAKEN else case.severity


def judge_unwanted(view: View) -> Iterator[Finding]:
    """V6X022: ICMPv6 from outside that nobody outside has any business with."""
    if view.facts.expect is Expectation.TRANSPARENT:
        return
    cases = {case.id: case for case in view.facts.cases}
    rows = [row for row in violated(view) if row.id in cases and cases[row.id].group == "must-drop"]
    if not rows:
        return
    yield _finding(
        UNWANTED,
        max((cases[row.id].severity for row in rows), key=lambda severity: severity.rank),
        say("ICMPv6 messages that belong on a link get in from outside"),
        say("A good host ignores them; a weak one may be told of false routers or be asked about itself."),
        clauses([case_list(rows), at_addresses(rows)]),
        say(
            "Router: let in only echo requests and the errors about your own connections, and drop all other "
            "ICMPv6 from outside."
        ),
        "RFC 4890",
        "must-drop",
    )


def judge_errors_lost(view: View) -> Iterator[Finding]:
    """V6X023: errors about the host's own connections that do not reach it, path MTU discovery above all."""
    cases = {case.id: case for case in view.facts.cases}
    rows = [row for row in violated(view) if row.id in cases and cases[row.id].group == "must-pass"]
    if not rows:
        return
    broken = any(row.id == PACKET_TOO_BIG for row in rows)
    yield _finding(
        ERRORS_LOST,
        max((cases[row.id].severity for row in rows), key=lambda severity: severity.rank),
        say("The router breaks path MTU discovery") if broken else say("Errors about your own connections are lost"),
        say(
            "Where a link on the way carries less than yours, connections open and then hang: the message that "
            "says so does not reach you."
        )
        if broken
        else say("Connections that fail do so slowly, or for no visible reason."),
        clauses([case_list(rows), at_addresses(rows), rows[0].evidence]),
        say('Router: let ICMPv6 errors in that belong to connections from inside (types 1 to 4, "related").'),
        "RFC 4890 section 4.3.1",
        "must-pass",
    )


def rows_of(view: View, standard: Standard) -> list[ConformanceRow]:
    """Of usable vantages: one that stands inside proves nothing."""
    usable = {vantage.name for vantage in view.vantages}
    return [row for row in view.facts.conformance if row.standard is standard and row.vantage in usable]


def violated(view: View) -> list[ConformanceRow]:
    return [row for row in rows_of(view, Standard.RFC4890) if row.result is Result.VIOLATES]


def case_list(rows: Iterable[ConformanceRow]) -> str:
    ids = list(dict.fromkeys(row.id for row in rows))
    shown = commas(ids[:MOST_CASES])
    if len(ids) > MOST_CASES:
        shown = say("{shown} and {count:,} more", shown=shown, count=len(ids) - MOST_CASES)
    return say_many("{count} case: {shown}", "{count} cases: {shown}", len(ids), shown=shown)


def at_addresses(rows: Iterable[ConformanceRow]) -> str:
    addresses = list(dict.fromkeys(row.address for row in rows))
    return say("at {addresses}", addresses=commas(addresses))


def _finding(
    rule: str, severity: Severity, title: str, why: str, evidence: str, remedy: str, standard: str, subject: str
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        title=title,
        address=None,
        protocol=None,
        port=None,
        why=why,
        evidence=evidence,
        remedy=remedy,
        standard=standard,
        fingerprint=fingerprint(rule, None, None, subject),
    )
