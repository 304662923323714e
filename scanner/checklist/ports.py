"""Ports: what the policy allows, what it wants to answer, and what answers though the policy does not allow it."""

from collections.abc import Iterable, Iterator, Sequence

from scanner.checklist.scene import Scene, again, coverage_gaps, standing_gaps
from scanner.checklist.values import Item, Judged, Status, fail_or_gap
from scanner.findings.facts import Place, Sighting, listener_at
from scanner.findings.words import cleaned, counted, listed, port_list, ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.ports import PortSet
from scanner.model.text import clauses, say, sentences
from scanner.model.verdict import Verdict
from scanner.policy import AddressRole, Allow
from scanner.policy.values import UNLISTED

ANSWERING = (Verdict.OPEN, Verdict.OPEN_FILTERED)
# Nothing of this host answers a stranger there, by proof.
NO_ANSWER = frozenset(
    {
        Verdict.CLOSED,
        Verdict.HOST_DROPPED,
        Verdict.HOST_REJECTED,
        Verdict.NO_NEIGHBOUR,
        Verdict.ROUTER_REJECTED,
        Verdict.UPSTREAM_REJECTED,
        Verdict.ROUTER_DROPPED,
        Verdict.UPSTREAM_DROPPED,
        Verdict.BLOCKED,
    }
)
# A stranger gets no answer of the program's, whoever is to blame.
USELESS = NO_ANSWER | {Verdict.REPLY_LOST, Verdict.INTERCEPTED, Verdict.FORGED}
MOST_ITEMS = 40  # ports of one protocol that get an item each; the others share one
STANDARD = "CWE-1327; RFC 6092 REC-49"

Hits = dict[int, list[Sighting]]


def judge_ports(scene: Scene) -> Iterator[Item]:
    yield from (_allow_item(scene, entry) for entry in scene.policy.allow)
    for protocol in PROTOCOLS:
        hits = unlisted_answers(scene, protocol)
        own = dict(list(hits.items())[:MOST_ITEMS])
        yield from (_port_item(scene, protocol, port, seen) for port, seen in own.items())
        yield _rest_item(scene, protocol, {port: seen for port, seen in hits.items() if port not in own}, own)


def unlisted_answers(scene: Scene, protocol: str) -> Hits:
    """Port -> who saw it answer, by port; of any vantage that is not refuted."""
    hits: Hits = {}
    for seen in scene.view.sightings:
        if seen.protocol == protocol:
            for port in seen.of(ANSWERING) - scene.allowed(seen):
                hits.setdefault(port, []).append(seen)
    return dict(sorted(hits.items()))


def name_of(scene: Scene, protocol: str, port: int, places: Iterable[Place]) -> str:
    """The service by the catalogue, else the process that listens, else nothing."""
    service = scene.catalogue.find(protocol, port)
    if service is not None:
        return service.name
    return next(iter(process_names(scene, protocol, port, places)), "")


def process_names(scene: Scene, protocol: str, port: int, places: Iterable[Place]) -> tuple[str, ...]:
    found = (listener_at(scene.inventory, place, protocol, port) for place in places)
    return tuple(dict.fromkeys(cleaned(one.process) for one in found if one is not None and one.process))


def _port_item(scene: Scene, protocol: str, port: int, seen: Sequence[Sighting]) -> Item:
    places = tuple(dict.fromkeys(one.place for one in seen))
    name = name_of(scene, protocol, port, places)
    door = f"{protocol}/{port}"
    certain = any(port in one.of({Verdict.OPEN}) for one in seen)
    title = say("{door} answers strangers and is not allowed: {name}", door=door, name=name)
    if not certain:
        title = say("{door} may answer strangers and is not allowed: {name}", door=door, name=name)
    if not name:
        title = say("{door} answers strangers and is not allowed", door=door)
    entries = [entry for entry in scene.policy.allow if entry.protocol == protocol and port in entry.ports]
    lines = [
        say(
            "{verdict} on {place} from {vantage}", verdict=_answer(one, port), place=str(one.place), vantage=one.vantage
        )
        for one in seen
    ]
    lines += [
        say("line {line} allows it on {role} addresses from {vantages} only", line=entry.line, **_scope(entry))
        for entry in entries
    ]
    service = scene.catalogue.find(protocol, port)
    return Item(
        id=door,
        title=title,
        status=Status.FAIL,
        evidence=clauses(lines),
        remedy=say(
            "{hint} If strangers are meant to reach it: v6expose policy allow {door} --reason TEXT",
            hint=service.hint if service else say("Stop the program or close the port on the router."),
            door=f"{port}/{protocol}",
        ),
        line=entries[0].line if entries else _line(scene),
        standard=STANDARD,
    )


def _rest_item(scene: Scene, protocol: str, hits: Hits, own: Hits) -> Item:
    """Everything that has no item of its own: whether anything else answers."""
    gaps = _gaps(scene, protocol)
    title = say("No {protocol} port answers but those allowed", protocol=protocol.upper())
    if own:
        title = say("No other {protocol} port answers but those allowed", protocol=protocol.upper())
    more = [
        say("{count} more: {ports}", count=counted(len(hits), f"{protocol.upper()} port"), ports=port_list(hits))
    ] if hits else []  # fmt: skip
    return Item(
        id=UNLISTED[protocol],
        title=title,
        status=fail_or_gap(more, gaps),
        evidence=clauses([*more, *gaps]) or _measured(scene, protocol),
        remedy=again(scene) if gaps else "",
        line=_line(scene),
        standard=STANDARD,
    )


def _gaps(scene: Scene, protocol: str) -> list[str]:
    gaps = coverage_gaps(scene, protocol)
    for vantage, view in scene.view.by_vantage():
        sightings = view.sightings if vantage in scene.proven else ()
        found = [
            (seen.place, seen.of(set(Verdict) - NO_ANSWER - set(ANSWERING)) - scene.allowed(seen))
            for seen in sightings
            if seen.protocol == protocol
        ]
        found = [(place, ports) for place, ports in found if ports]
        if found:
            told = ports_at_places(found, view, protocol)
            gaps.append(say("nobody knows of these, seen from {vantage}: {ports}", vantage=vantage, ports=told))
    return gaps


def _measured(scene: Scene, protocol: str) -> str:
    """How much was looked at."""
    seen = scene.proven_sightings(protocol)
    ports = frozenset().union(*(one.of(Verdict) for one in seen))
    return say(
        "{ports} of {addresses} probed from {vantages}",
        ports=counted(len(ports), f"{protocol.upper()} port"),
        addresses=counted(len({one.place for one in seen}), "address"),
        vantages=listed(list(dict.fromkeys(one.vantage for one in seen))),
    )


# -- what the policy allows


def _allow_item(scene: Scene, entry: Allow) -> Item:
    judged = _must(scene, entry) if entry.must_answer else _may(scene, entry)
    doors = f"{entry.protocol}/{entry.ports}"
    scope = "" if entry.role is AddressRole.ANY else f" {entry.role.value}"
    scope += f" from {','.join(entry.vantages)}" if entry.vantages else ""
    title = say("{doors} may answer ({role} address, from {vantages})", doors=doors, **_scope(entry))
    if entry.must_answer:
        title = say("{doors} answers ({role} address, from {vantages})", doors=doors, **_scope(entry))
    return Item(
        id=f"allow {doors}{scope}",
        title=title,
        status=judged.status,
        evidence=judged.evidence,
        remedy=judged.remedy,
        line=entry.line or _line(scene),
    )


def _may(scene: Scene, entry: Allow) -> Judged:
    """A permission cannot fail, but it says nothing of ports that nobody looked at."""
    gaps = _unseen(scene, entry)
    if gaps:
        remedy = sentences([again(scene), say("The scan that v6expose checklist itself does takes in these ports.")])
        return Judged(Status.NOT_MEASURED, clauses(gaps), remedy)
    seen = _fitting(scene, entry)
    answering = frozenset(entry.ports) & frozenset().union(*(one.of(ANSWERING) for one in seen))
    silent = frozenset(entry.ports) - answering
    lines = [say("answering: {ports}", ports=port_list(answering))] if answering else []
    lines += [say("not answering: {ports}", ports=port_list(silent))] if silent else []
    lines += [say("reason: {reason}", reason=entry.reason)] if entry.reason else []
    return Judged(Status.PASS, clauses(lines))


def _must(scene: Scene, entry: Allow) -> Judged:
    gaps, failed = _unseen(scene, entry), []
    for seen in _fitting(scene, entry):
        useless = frozenset(entry.ports) & seen.of(USELESS)
        unsure = frozenset(entry.ports) & seen.of({Verdict.OPEN_FILTERED})
        failed += [_silent(seen, port) for port in sorted(useless)]
        if unsure:
            gaps.append(say("{ports} may answer at {place}", ports=port_list(unsure), place=str(seen.place)))
    remedy = say("Start the service, and let the host's firewall and the router pass it.") if failed else again(scene)
    status = fail_or_gap(failed, gaps)
    if status is Status.PASS:
        return Judged(status, say("every one of them is open, {seen}", seen=_measured(scene, entry.protocol)))
    return Judged(status, listed([*failed, *gaps]), remedy)


def _silent(seen: Sighting, port: int) -> str:
    verdict = next(verdict for verdict in USELESS if port in seen.ports.get(verdict, ()))
    return say(
        "{port} is {verdict} on {place} from {vantage}",
        port=str(port),
        verdict=verdict.value,
        place=str(seen.place),
        vantage=seen.vantage,
    )


def _fitting(scene: Scene, entry: Allow) -> tuple[Sighting, ...]:
    return tuple(seen for seen in scene.proven_sightings(entry.protocol) if entry.covers(seen.place.kind, seen.vantage))


def _unseen(scene: Scene, entry: Allow) -> list[str]:
    """What of an entry nobody can say: vantages that took no part, ports that were not probed or not decided."""
    gaps = [gap for gap in standing_gaps(scene) if scene.run.run.witness or not scene.proven]
    if gaps:
        return gaps
    gaps += [
        say("vantage {name} took no part, or is not proven to be outside", name=name)
        for name in entry.vantages
        if name not in scene.proven
    ]
    seen = _fitting(scene, entry)
    if not seen:
        gaps.append(say("no address of this kind was probed: {role}", role=entry.role.value))
    for one in seen:
        known = one.of(set(Verdict) - {Verdict.INDETERMINATE})
        missing = PortSet.of(frozenset(entry.ports) - known)
        if missing:
            gaps.append(say("nobody knows of {ports} at {place}", ports=str(missing), place=str(one.place)))
    return gaps


def _answer(seen: Sighting, port: int) -> str:
    return next(verdict.value for verdict in ANSWERING if port in seen.ports.get(verdict, ()))


def _scope(entry: Allow) -> dict[str, str]:
    anywhere = say("anywhere")
    return {"role": entry.role.value, "vantages": listed(entry.vantages) if entry.vantages else anywhere}


def _line(scene: Scene) -> int:
    """Of the list of what is allowed: there the owner would add what is meant."""
    return next((entry.line for entry in scene.policy.allow if entry.line), 1)
