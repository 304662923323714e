"""Ports that answer though the policy does not allow them, and whether that is all of them."""

from collections.abc import Iterable, Iterator, Sequence

from scanner.checklist.allowed import ANSWERING, NO_ANSWER, line_of, measured, scope_of
from scanner.checklist.scene import Scene, again, coverage_gaps
from scanner.checklist.values import Item, Status, fail_or_gap
from scanner.findings.facts import Place, Sighting, listener_at
from scanner.findings.words import cleaned, counted, port_list, ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.text import clauses, say
from scanner.model.verdict import Verdict
from scanner.policy.values import UNLISTED

MOST_ITEMS = 40  # ports of one protocol that get an item each; the others share one
STANDARD = "CWE-1327; RFC 6092 REC-49"

Hits = dict[int, list[Sighting]]


def judge_unlisted(scene: Scene) -> Iterator[Item]:
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
        say("line {line} allows it on {role} addresses from {vantages} only", line=entry.line, **scope_of(entry))
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
        line=entries[0].line if entries else line_of(scene),
        standard=STANDARD,
    )


def _rest_item(scene: Scene, protocol: str, hits: Hits, own: Hits) -> Item:
    """Everything that has no item of its own: whether anything else answers."""
    gaps = _gaps(scene, protocol)
    title = say("No {protocol} port answers but those allowed", protocol=protocol.upper())
    if own:
        title = say("No {protocol} port answers but those allowed and those above", protocol=protocol.upper())
    more = [
        say("{count} more: {ports}", count=counted(len(hits), f"{protocol.upper()} port"), ports=port_list(hits))
    ] if hits else []  # fmt: skip
    return Item(
        id=UNLISTED[protocol],
        title=title,
        status=fail_or_gap(more, gaps),
        evidence=clauses([*more, *gaps]) or measured(scene, protocol),
        remedy=again(scene) if gaps else "",
        line=line_of(scene),
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


def _answer(seen: Sighting, port: int) -> str:
    return next(verdict.value for verdict in ANSWERING if port in seen.ports.get(verdict, ()))
