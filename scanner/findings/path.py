"""V6X004, V6X006 and V6X007: what happens between the vantage and the host, beside the router's filter."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from scanner.findings.facts import UPSTREAM, Place, View, union
from scanner.findings.fingerprint import fingerprint, roles_of
from scanner.findings.words import ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.run import Evidence
from scanner.model.text import Text, clauses, say
from scanner.model.verdict import Verdict

UPSTREAM_FILTER = "V6X004"
IMPOSTOR = "V6X006"
ANSWER_LOST = "V6X007"


class Wording(NamedTuple):
    """What a rule says whenever a verdict of ``verdicts`` occurs."""

    rule: str
    verdicts: frozenset[Verdict]
    severity: Severity
    title: Callable[[str], Text]
    why: str
    remedy: str
    standard: str


UPSTREAM_WORDING = Wording(
    UPSTREAM_FILTER,
    UPSTREAM,
    Severity.INFO,
    lambda where: say("Filtered before your router ({where})", where=where),
    say(
        "A provider, or the vantage's own network, stops these ports: that is not your router's merit, and a stranger "
        "elsewhere may get through."
    ),
    say(
        "Scan from a second vantage in another network (a further --vantage), and let your router stop these ports "
        "itself."
    ),
    "RFC 7754",
)
INTERCEPTED_WORDING = Wording(
    IMPOSTOR,
    frozenset({Verdict.INTERCEPTED}),
    Severity.MEDIUM,
    lambda where: say("Something else answers for your host ({where})", where=where),
    say("A probe to your address was accepted though none came to the host: a proxy or another machine stands there."),
    say(
        "Find the device on the way that accepts connections: a proxy in the router, at the provider or near the "
        "vantage."
    ),
    "RFC 3234 (middleboxes)",
)
FORGED_WORDING = Wording(
    IMPOSTOR,
    frozenset({Verdict.FORGED}),
    Severity.INFO,
    lambda where: say("Something resets connections in your host's name ({where})", where=where),
    say(
        "A refusal came back that claims to be from your host, which never saw the probe: a filter on the way imitates "
        "it."
    ),
    say("Nothing to close; a filter that answers with ICMPv6 type 1 code 1 under its own address would be honest."),
    "RFC 3360 (BCP 60); RFC 6092 REC-34",
)
LOST_WORDING = Wording(
    ANSWER_LOST,
    frozenset({Verdict.REPLY_LOST}),
    Severity.LOW,
    lambda where: say("Let in, but the answer is lost on the way out ({where})", where=where),
    say(
        "The probe came in and the host answered, yet the answer never reached the vantage: the filter works outwards "
        "only, or the answer left by another way."
    ),
    say(
        "Router: drop such packets on their way in, not the answers. Host: see that answers leave by the router that "
        "brought the question (source address routing)."
    ),
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
    where = say("{protocol}, seen from {vantage}", protocol=protocol.upper(), vantage=vantage)
    yield Finding(
        rule=wording.rule,
        severity=wording.severity,
        title=wording.title(where if vantage else protocol.upper()),
        address=None,
        protocol=protocol,
        port=None,
        why=wording.why,
        evidence=_evidence(view, wording, found, protocol),
        remedy=wording.remedy,
        standard=wording.standard,
        fingerprint=_name(view, wording, protocol, [place for place, _ in found], vantage),
    )


def _evidence(view: View, wording: Wording, found: list[tuple[Place, frozenset[int]]], protocol: str) -> str:
    """Which ports where, and who answered or where it was dropped, in the words of the evidence."""
    words: list[str] = []
    for place, ports in found:
        for seen in view.at(place, protocol):
            for covered, record in seen.evidence:
                if record.verdict in wording.verdicts and ports & frozenset(covered):
                    words.append(_answered(record))
    told = ports_at_places(found, view, protocol)
    return say("{ports} [{words}]", ports=told, words=clauses(dict.fromkeys(words))) if words else told


def _answered(record: Evidence) -> str:
    values = {"verdict": record.verdict.value, "answer": record.answer}
    if record.responder:
        return say("{verdict}, {answer} from {responder}", **values, responder=record.responder)
    return say("{verdict}, {answer}", **values)


def _name(view: View, wording: Wording, protocol: str, places: list[Place], vantage: str) -> str:
    kind = ",".join(sorted(wording.verdicts))
    return fingerprint(wording.rule, protocol, None, f"{kind} {roles_of(places, view)} {vantage}".rstrip())
