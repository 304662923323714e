"""V6X003: the filter knows only some of the host's addresses, typically the stable one and not the temporary ones."""

from collections.abc import Iterator

from scanner.findings.facts import LET_IN, Place, Sighting, View
from scanner.findings.fingerprint import fingerprint, roles_of
from scanner.findings.router import FEW
from scanner.findings.weight import lowered
from scanner.findings.words import listed, ports_at_places
from scanner.model.address import Kind
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.text import say, sentences
from scanner.model.verdict import STOPPED, Verdict

RULE = "V6X003"


def judge_partial(view: View) -> Iterator[Finding]:
    """One finding a protocol: ports let in at some addresses that are stopped at others, from the same vantage."""
    for protocol in PROTOCOLS:
        gaps = [(place, _gap(view, place, protocol)) for place in view.places_probed(protocol)]
        found = [(place, ports) for place, ports in gaps if ports]
        if found:
            yield _finding(view, protocol, found)


def _gap(view: View, place: Place, protocol: str) -> frozenset[int]:
    """What is let in at ``place`` and stopped elsewhere, unless it is a pinhole.

    A few ports opened for one stable address are what a careful owner does (RFC 6092 section 3.4). Nobody opens ports
    for a temporary address, which is gone tomorrow (RFC 8981): there every port counts.
    """
    gap: frozenset[int] = frozenset()
    closed_off: frozenset[int] = frozenset()
    let_in: frozenset[int] = frozenset()
    for seen in view.at(place, protocol):
        let_in |= seen.of(LET_IN)
        closed_off |= seen.of(STOPPED)
        gap |= seen.of(LET_IN) & _stopped_elsewhere(view, seen)
    gap -= view.allowed(place, protocol)
    pinholes = place.kind is not Kind.TEMPORARY and len(gap) < FEW and len(closed_off - let_in) > len(let_in)
    return frozenset() if pinholes else gap


def _stopped_elsewhere(view: View, seen: Sighting) -> frozenset[int]:
    others = (
        other.of(STOPPED)
        for other in view.sightings
        if (other.vantage, other.protocol) == (seen.vantage, seen.protocol) and other.place != seen.place
    )
    return frozenset().union(*others)


def _finding(view: View, protocol: str, found: list[tuple[Place, frozenset[int]]]) -> Finding:
    leaking = [place for place, _ in found]
    closed = _closed_places(view, protocol, found)
    return Finding(
        rule=RULE,
        severity=_severity(view, protocol, found),
        title=say("Only some addresses are filtered ({protocol})", protocol=protocol.upper())
        if view.facts.witness
        else say("Only some addresses are probably filtered ({protocol})", protocol=protocol.upper()),
        address=None,
        protocol=protocol,
        port=None,
        why=say(
            "What is stopped on {closed} gets in on {leaking}: the same host, by another of its addresses.",
            closed=listed([str(place) for place in closed]),
            leaking=listed([str(place) for place in leaking]),
        ),
        evidence=say("let in: {ports}", ports=ports_at_places(found, view, protocol)),
        remedy=_remedy(leaking),
        standard="RFC 6092 sections 3.2 and 3.3; RFC 8981",
        fingerprint=fingerprint(RULE, protocol, None, roles_of(leaking, view)),
    )


def _remedy(leaking: list[Place]) -> str:
    router = say("Router: write the filter for the whole delegated prefix, not for one address.")
    if any(place.kind is Kind.TEMPORARY for place in leaking):
        host = say("Host: a server can do without temporary addresses (sysctl net.ipv6.conf.all.use_tempaddr=0).")
    else:
        host = say("Host: remove the addresses it does not need.")
    return sentences([router, host])


def _closed_places(view: View, protocol: str, found: list[tuple[Place, frozenset[int]]]) -> list[Place]:
    """The places that stop, for the same vantage, something the leaking ones let in."""
    gaps = dict(found)
    leaking = [seen for seen in view.sightings if seen.protocol == protocol and seen.place in gaps]
    closed = {
        other.place
        for seen in leaking
        for other in view.sightings
        if (other.vantage, other.protocol) == (seen.vantage, protocol)
        and other.of(STOPPED) & seen.of(LET_IN) & gaps[seen.place]
    }
    return [place for place in view.places if place in closed]


def _severity(view: View, protocol: str, found: list[tuple[Place, frozenset[int]]]) -> Severity:
    """That of the gravest service that answers through the gap, and at least high. A gap at temporary addresses is no
    lighter (weight.py): each of them dies, the gap does not.
    """
    severities = [Severity.HIGH]
    for place, ports in found:
        for seen in view.at(place, protocol):
            severities += [_of_service(view, protocol, port) for port in ports & seen.of({Verdict.OPEN})]
            severities += [
                lowered(_of_service(view, protocol, port)) for port in ports & seen.of({Verdict.OPEN_FILTERED})
            ]
    return max(severities, key=lambda severity: severity.rank)


def _of_service(view: View, protocol: str, port: int) -> Severity:
    service = view.facts.catalogue.find(protocol, port)
    return service.severity if service else Severity.MEDIUM
