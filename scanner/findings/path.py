"""V6X004, V6X006 and V6X007: what happens between the vantage and the host, beside the router's filter."""

from collections.abc import Iterator
from typing import NamedTuple

from scanner.findings.facts import UPSTREAM, Place, View, union
from scanner.findings.fingerprint import fingerprint, roles_of
from scanner.findings.words import ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.verdict import Verdict

UPSTREAM_FILTER = "V6X004"
IMPOSTOR = "V6X006"
ANSWER_LOST = "V6X007"


class Wording(NamedTuple):
    """What a rule says whenever a verdict of ``verdicts`` occurs."""

    rule: str
    verdicts: frozenset[Verdict]
    severity: Severity
    title: str
    why: str
    remedy: str
    standard: str


UPSTREAM_WORDING = Wording(
    UPSTREAM_FILTER,
    UPSTREAM,
    Severity.INFO,
    "Filtered before your router",
    "A provider, or the vantage's own network, stops these ports: that is not your router's merit, and a stranger "
    "elsewhere may get through.",
    "Scan from a second vantage in another network (a further --vantage), and let your router stop these ports itself.",
    "RFC 7754",
)
INTERCEPTED_WORDING = Wording(
    IMPOSTOR,
    frozenset({Verdict.INTERCEPTED}),
    Severity.MEDIUM,
    "Something else answers for your host",
    "A probe to your address was accepted though none came to the host: a proxy or another machine stands there.",
    "Find the device on the way that accepts connections: a proxy in the router, at the provider or near the vantage.",
    "RFC 3234 (middleboxes)",
)
FORGED_WORDING = Wording(
    IMPOSTOR,
    frozenset({Verdict.FORGED}),
    Severity.INFO,
    "Something resets connections in your host's name",
    "A refusal came back that claims to be from your host, which never saw the probe: a filter on the way imitates it.",
    "Nothing to close; a filter that answers with ICMPv6 type 1 code 1 under its own address would be honest.",
    "RFC 3360 (BCP 60); RFC 6092 REC-34",
)
LOST_WORDING = Wording(
    ANSWER_LOST,
    frozenset({Verdict.REPLY_LOST}),
    Severity.LOW,
    "Let in, but the answer is lost on the way out",
    "The probe came in and the host answered, yet the answer never reached the vantage: the filter works outwards "
    "only, or the answer left by another way.",
    "Router: drop such packets on their way in, not the answers. Host: see that answers leave by the router that "
    "brought the question (source address routing).",
    "RFC 6092 REC-16 and REC-31",
)


def judge_upstream(view: View) -> Iterator[Finding]:
    """V6X004: one finding for every vantage and protocol, for each vantage has a way of its own."""
    for vantage, only in view.by_vantage():
        for protocol in PROTOCOLS:
            yield from _report(only, UPSTREAM_WORDING, protocol, vantage)


def judge_impostor(view: View) -> Iterator[Finding]:
    """V6X006: accepted by something else, or refused in the host's name; one finding for each, a protocol."""
    for protocol in PROTOCOLS:
        yield from _report(view, INTERCEPTED_WORDING, protocol, "")
        yield from _report(view, FORGED_WORDING, protocol, "")


def judge_answer_lost(view: View) -> Iterator[Finding]:
    """V6X007: one finding a protocol."""
    for protocol in PROTOCOLS:
        yield from _report(view, LOST_WORDING, protocol, "")


def _report(view: View, wording: Wording, protocol: str, vantage: str) -> Iterator[Finding]:
    gathered = [(place, union(view.at(place, protocol), wording.verdicts)) for place in view.places_probed(protocol)]
    found = [(place, ports) for place, ports in gathered if ports]
    if not found:
        return
    seen_from = f", seen from {vantage}" if vantage else ""
    yield Finding(
        rule=wording.rule,
        severity=wording.severity,
        title=f"{wording.title} ({protocol.upper()}{seen_from})",
        address=None,
        protocol=protocol,
        port=None,
        why=wording.why,
        evidence=ports_at_places(found, view, protocol) + _verdicts(view, wording, found, protocol),
        remedy=wording.remedy,
        standard=wording.standard,
        fingerprint=_name(view, wording, protocol, [place for place, _ in found], vantage),
    )


def _verdicts(view: View, wording: Wording, found: list[tuple[Place, frozenset[int]]], protocol: str) -> str:
    """Who answered or where it was dropped, in the words of the evidence."""
    words = []
    for place, ports in found:
        for seen in view.at(place, protocol):
            for covered, record in seen.evidence:
                if record.verdict in wording.verdicts and ports & frozenset(covered):
                    words.append(
                        f"{record.verdict}, {record.answer}" + (f" from {record.responder}" if record.responder else "")
                    )
    return f" [{'; '.join(dict.fromkeys(words))}]" if words else ""


def _name(view: View, wording: Wording, protocol: str, places: list[Place], vantage: str) -> str:
    kind = ",".join(sorted(wording.verdicts))
    return fingerprint(wording.rule, protocol, None, f"{kind} {roles_of(places, view)} {vantage}".rstrip())
