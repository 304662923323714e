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
from scanner.model.text import Text, clauses, commas, say, sentences
from scanner.model.verdict import Verdict

RULE = "V6X001"
ANSWERING = (Verdict.OPEN, Verdict.OPEN_FILTERED)
UNLISTED = Service(
    name=say("an unknown program"),
    protocols=PROTOCOLS,
    ports=PortSet(),
    severity=Severity.MEDIUM,
    why=say(
        "A program that stands on no list of usual services takes packets from anybody; you should know what it is."
    ),
    hint=say("Find it with `ss -tulnp`, then bind it to loopback (::1) or to the LAN address only, or stop it."),
)


def _answers(service: str, protocol: str, port: int) -> Text:
    return say("{service} answers strangers on {protocol}/{port}", service=service, protocol=protocol, port=port)


def _may_answer(service: str, protocol: str, port: int) -> Text:
    return say("{service} may answer strangers on {protocol}/{port}", service=service, protocol=protocol, port=port)


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
    name = service.name
    if service is UNLISTED and process:
        name = say("{service} ({process})", service=service.name, process=process)
    title = _answers if certain else _may_answer
    severity, reasons = severity_at(view, place, protocol, port, certain=certain)
    return Finding(
        rule=RULE,
        severity=severity,
        title=title(sentence(name), protocol, port),
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
    where = {"protocol": protocol, "port": port}
    host = say("Host: {hint}", hint=service.hint)
    router = say("Router: drop unsolicited inbound IPv6 by default, {protocol}/{port} with it.", **where)
    if service.often_intended:
        asked = say("If you mean it to be reachable, allow {protocol} {port} in your policy.", **where)
        return sentences([asked, host, router])
    return sentences([host, router, say("If you do mean it, allow {protocol} {port} in your policy.", **where)])


def _evidence(view: View, place: Place, protocol: str, port: int) -> str:
    """A line for every vantage that saw it, then who listens and what nmap made of it."""
    lines: list[str] = [
        say(
            "from {vantage}: {seen}",
            vantage=sighting.vantage,
            seen=commas([str(verdict.value), *_seen(sighting.evidence_for(port))]),
        )
        for sighting in view.at(place, protocol)
        for verdict in ANSWERING
        if port in sighting.ports.get(verdict, ())
    ]
    if not view.facts.witness:
        lines.append(say("nobody watched inside, so it is probably, not provably, this host that answers"))
    listener = listener_at(view.facts.inventory, place, protocol, port)
    if listener:
        lines.append(
            say(
                "listening inside: {process} on [{bind}]:{port}",
                process=cleaned(listener.process) or say("a process of unknown name"),
                bind=listener.bind,
                port=port,
            )
        )
    lines += [_recognised(record) for record in _records(view, place, protocol, port)]
    return clauses(dict.fromkeys(line for line in lines if line))


def _seen(evidence: Evidence | None) -> tuple[str, ...]:
    """The answer as it came back outside and the probe as it arrived inside."""
    if evidence is None:
        return ()
    answer = evidence.answer
    if evidence.responder:
        answer = say("{answer} from {responder}", answer=answer, responder=evidence.responder)
    if evidence.hop_limit is not None:
        answer = say("{answer} with hop limit {hop_limit}", answer=answer, hop_limit=evidence.hop_limit)
    if not evidence.arrived:
        return (answer,)
    if evidence.neighbour:
        return answer, say("the probe arrived inside from {neighbour}", neighbour=evidence.neighbour)
    return answer, say("the probe arrived inside")


def _recognised(record: ServiceRecord) -> str:
    made = cleaned(" ".join(word for word in (record.name, record.product, record.version) if word))
    return say("recognised from {vantage} as {service}", vantage=record.vantage, service=made) if made else ""


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
