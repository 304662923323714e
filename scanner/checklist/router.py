"""Does the home router drop everything that the policy does not list? Only what it was seen to drop counts."""

from collections.abc import Iterator

from scanner.checklist.scene import Scene, again, coverage_gaps
from scanner.checklist.values import Judged, Status, fail_or_gap
from scanner.findings.facts import LET_IN, UPSTREAM, Place, union
from scanner.findings.router import REMEDY_ROUTER
from scanner.findings.words import counted, port_list, ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.text import Text, clauses, mark, say, sentences
from scanner.model.verdict import Verdict

BY_ROUTER = frozenset({Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED})
LET_IN_WORDS = mark("let in, seen from {vantage}: {ports}")
TOO_EARLY = mark("stopped before they came to the router: {ports}")
UNTOLD = mark("nobody knows whether the router drops them: {ports}")
STANDARD = "RFC 6092 REC-17 and REC-34; RFC 7084 S-1; RFC 9099 section 5"


def judge_router(scene: Scene) -> Judged:
    failed = [line for protocol in PROTOCOLS for line in _let_in(scene, protocol)]
    gaps = [line for protocol in PROTOCOLS for line in (*coverage_gaps(scene, protocol), *_untold(scene, protocol))]
    gaps = list(dict.fromkeys(gaps))
    status = fail_or_gap(failed, gaps)
    if status is Status.PASS:
        return Judged(status, clauses(_dropped(scene, protocol) for protocol in PROTOCOLS))
    remedies = [REMEDY_ROUTER] if failed else [again(scene), _upstream_remedy(scene)]
    return Judged(status, clauses([*failed, *gaps]), sentences(remedies))


def _let_in(scene: Scene, protocol: str) -> Iterator[Text]:
    """Ports that are not listed and came through, by every vantage that is not refuted."""
    accepted = scene.waived_ports(protocol)
    for vantage, view in scene.view.by_vantage():
        found = [
            (seen.place, seen.of(LET_IN) - scene.allowed(seen) - accepted)
            for seen in view.sightings
            if seen.protocol == protocol
        ]
        found = [(place, ports) for place, ports in found if ports]
        if found:
            yield say(LET_IN_WORDS, vantage=vantage, ports=ports_at_places(found, view, protocol))


def _untold(scene: Scene, protocol: str) -> Iterator[Text]:
    """Ports of which no proven vantage can say that the router would stop them."""
    early, unknown = [], []
    for place in _places(scene, protocol):
        seen = scene.proven_sightings(protocol, place)
        allowed = frozenset.intersection(*(scene.allowed(one) for one in seen))
        rest = union(seen, Verdict) - union(seen, BY_ROUTER | LET_IN) - allowed - scene.waived_ports(protocol)
        upstream = rest & union(seen, UPSTREAM)
        early.append((place, upstream - frozenset(scene.policy.require.upstream_may_stop)))
        unknown.append((place, rest - upstream))
    for message, found in ((TOO_EARLY, early), (UNTOLD, unknown)):
        some = [(place, ports) for place, ports in found if ports]
        if some:
            yield say(message, ports=ports_at_places(some, scene.view, protocol))


def upstream_ports(scene: Scene) -> frozenset[int]:
    """What networks before the router stop, as far as any proven vantage can tell."""
    found: set[int] = set()
    for protocol in PROTOCOLS:
        for place in _places(scene, protocol):
            seen = scene.proven_sightings(protocol, place)
            found |= union(seen, UPSTREAM) - union(seen, BY_ROUTER | LET_IN)
    return frozenset(found)


def _upstream_remedy(scene: Scene) -> str:
    ports = upstream_ports(scene) - frozenset(scene.policy.require.upstream_may_stop)
    if not ports:
        return ""
    return say(
        'If it is enough that a network before the router stops these: upstream_may_stop = "{ports}" in the policy.',
        ports=port_list(ports),
    )


def _dropped(scene: Scene, protocol: str) -> Text:
    places = _places(scene, protocol)
    ports = union(scene.proven_sightings(protocol), BY_ROUTER)
    return say(
        "{ports} of {addresses} stopped by the router",
        ports=counted(len(ports), f"{protocol.upper()} port"),
        addresses=counted(len(places), "address"),
    )


def _places(scene: Scene, protocol: str) -> tuple[Place, ...]:
    return tuple(dict.fromkeys(seen.place for seen in scene.proven_sightings(protocol)))
