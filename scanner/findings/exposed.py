"""V6X001: a service answers strangers and no policy allows it. One finding for every (address, protocol, port)."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from scanner.findings.facts import Place, View, listener_at, union
from scanner.findings.fingerprint import fingerprint
from scanner.findings.weight import lowered, moved, weight_of
from scanner.findings.words import cleaned, sentence
from scanner.model.catalogue import PROTOCOLS, Service
from scanner.model.finding import Finding, Severity
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, ServiceRecord
from scanner.model.text import clauses, say
from scanner.model.verdict import Verdict

RULE = "V6X001"
ANSWERING = (Verdict.OPEN, Verdict.OPEN_FILTERED)
UNLISTED = Service(
    name="an unknown program",
    protocols=PROTOCOLS,
    ports=PortSet(),
    severity=Severity.MEDIUM,
    why="A program that stands on no list of usual services takes packets from anybody; you should know what it is.",
    hint="Find it with `ss -tulnp`, then bind it to loopback (::1) or to the LAN address only, or stop it.",
)


def judge_exposed(view: View) -> Iterator[Finding]:
    """Open ports at the severity of their service; ``open|filtered`` ones a step lower, for they may answer. An address
    that is easily found, or that dies, moves it a step (weight.py).
    """
    for place in view.places:
        for protocol in PROTOCOLS:
            sightings = view.at(place, protocol)
            allowed = view.allowed(place, protocol)
            certain = union(sightings, {Verdict.OPEN}) - allowed
            possible = union(sightings, {Verdict.OPEN_FILTERED}) - certain - allowed
            yield from (_finding(view, place, protocol, port, certain=True) for port in certain)
            yield from (_finding(view, place, protocol, port, certain=False) for port in possible)


def _finding(view: View, place: Place, protocol: str, port: int, *, certain: bool) -> Finding:
    service = view.facts.catalogue.find(protocol, port) or UNLISTED
    process = _process(view, place, protocol, port)
    name = f"{service.name} ({process})" if service is UNLISTED and process else service.name
    verb = "answers" if certain else "may answer"
    severity, reasons = severity_at(view, place, protocol, port, certain=certain)
    return Finding(
        rule=RULE,
        severity=severity,
        title=sentence(f"{name} {verb} strangers on {protocol}/{port}"),
        address=str(place.ip),
        protocol=protocol,
        port=port,
        why=service.why,
        evidence=clauses([_evidence(view, place, protocol, port), *reasons]),
        remedy=_remedy(service, protocol, port),
        standard=f"CWE-1327; {service.reference}" if service.reference else "CWE-1327",
        fingerprint=fingerprint(RULE, protocol, port, place.role),
    )


def severity_at(
    view: View, place: Place, protocol: str, port: int, *, certain: bool
) -> tuple[Severity, tuple[str, ...]]:
    """The severity of the service at this address, and why it is not the service's own."""
    own = (view.facts.catalogue.find(protocol, port) or UNLISTED).severity
    severity = own if certain else lowered(own)
    if port in view.by_design(protocol):
        reason = say("at most low: the router you expect lets this port in (RFC 6092 REC-24)")
        return min(severity, Severity.LOW, key=lambda one: one.rank), (reason,)
    weight = weight_of(view, place, protocol, port)
    return moved(severity, weight.steps), weight.reasons


def _remedy(service: Service, protocol: str, port: int) -> str:
    router = f"Router: drop unsolicited inbound IPv6 by default, {protocol}/{port} with it."
    allow = f"allow {protocol} {port} in your policy"
    if service.often_intended:
        return f"If you mean it to be reachable, {allow}. Host: {service.hint} {router}"
    return f"Host: {service.hint} {router} If you do mean it, {allow}."


def _evidence(view: View, place: Place, protocol: str, port: int) -> str:
    """A line for every vantage that saw it, then who listens and what nmap made of it."""
    lines = [
        f"from {sighting.vantage}: {verdict}{_seen(sighting.evidence_for(port))}"
        for sighting in view.at(place, protocol)
        for verdict in ANSWERING
        if port in sighting.ports.get(verdict, ())
    ]
    if not view.facts.witness:
        lines.append("nobody watched inside, so it is probably, not provably, this host that answers")
    listener = listener_at(view.facts.inventory, place, protocol, port)
    if listener:
        lines.append(
            f"listening inside: {cleaned(listener.process) or 'a process of unknown name'} on [{listener.bind}]:{port}"
        )
    lines += [_recognised(record) for record in _records(view, place, protocol, port)]
    return "; ".join(dict.fromkeys(line for line in lines if line))


def _seen(evidence: Evidence | None) -> str:
    """The answer as it came back outside and the probe as it arrived inside."""
    if evidence is None:
        return ""
    answer = f", {evidence.answer}"
    if evidence.responder:
        answer += f" from {evidence.responder}"
    if evidence.hop_limit is not None:
        answer += f" with hop limit {evidence.hop_limit}"
    if not evidence.arrived:
        return answer
    return f"{answer}, the probe arrived inside" + (f" from {evidence.neighbour}" if evidence.neighbour else "")


def _recognised(record: ServiceRecord) -> str:
    made = cleaned(" ".join(word for word in (record.name, record.product, record.version) if word))
    return f"recognised from {record.vantage} as {made}" if made else ""


def _process(view: View, place: Place, protocol: str, port: int) -> str:
    listener = listener_at(view.facts.inventory, place, protocol, port)
    names = [listener.process] if listener else []
    names += [record.process for record in _records(view, place, protocol, port)]
    return next((cleaned(name) for name in names if name), "")


def _records(view: View, place: Place, protocol: str, port: int) -> tuple[ServiceRecord, ...]:
    usable = {sighting.vantage for sighting in view.sightings}
    return tuple(
        record
        for record in view.facts.services
        if record.vantage in usable
        and (IPv6Address(record.address), record.protocol, record.port) == (place.ip, protocol, port)
    )
