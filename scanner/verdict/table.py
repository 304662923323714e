"""The decision table: what arrived inside and what was answered outside -> the verdict. One literal table.

"Not seen inside" proves nothing by itself: a row for it is reached only when the controls came through, the capture
lost nothing and silence was repeated often enough (``PortFacts.doubt`` is empty). A wrong "blocked" is the worst error
there is; unknown is said as unknown.
"""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.model.evidence import Kind, Path, PortFacts, Where
from scanner.model.text import say
from scanner.model.verdict import Verdict


class Arrived(StrEnum):
    YES = "yes"
    NO = "no"
    UNWATCHED = "unwatched"


class Author(StrEnum):
    """Who answered."""

    TARGET = "target"
    ROUTER = "router"
    UPSTREAM = "upstream"
    ELSEWHERE = "elsewhere"
    NOBODY = "nobody"


Y, N, U = Arrived.YES, Arrived.NO, Arrived.UNWATCHED
A, R, P, X, O = Kind.ACCEPT, Kind.REFUSE, Kind.PROHIBIT, Kind.UNREACHABLE, Kind.OTHER  # noqa: E741
T, H, I, E = Author.TARGET, Author.ROUTER, Author.UPSTREAM, Author.ELSEWHERE  # noqa: E741
V = Verdict

ANSWERED: Mapping[tuple[Arrived, Kind, Author], Verdict] = {
    # It arrived: whatever is said of it, the router passed it.
    (Y, A, T): V.OPEN,
    (Y, R, T): V.CLOSED,
    (Y, P, T): V.HOST_REJECTED,
    (Y, X, T): V.HOST_REJECTED,
    (Y, O, T): V.HOST_REJECTED,
    # It arrived, and somebody else spoke about it: the host's own answer is not known. See SILENT for what then holds.
    # It did not arrive, yet "the host" answered: somebody else speaks in its name.
    (N, A, T): V.INTERCEPTED,
    (N, A, H): V.INTERCEPTED,
    (N, A, I): V.INTERCEPTED,
    (N, A, E): V.INTERCEPTED,
    (N, R, T): V.FORGED,
    (N, P, T): V.FORGED,
    (N, X, T): V.FORGED,
    (N, O, T): V.FORGED,
    # It did not arrive, and a router says so itself.
    (N, R, H): V.ROUTER_REJECTED,
    (N, P, H): V.ROUTER_REJECTED,
    (N, X, H): V.ROUTER_REJECTED,  # but address unreachable (1/3) from the home router: NO_NEIGHBOUR, see decide()
    (N, O, H): V.ROUTER_REJECTED,
    (N, R, I): V.UPSTREAM_REJECTED,
    (N, P, I): V.UPSTREAM_REJECTED,
    (N, X, I): V.UPSTREAM_REJECTED,
    (N, O, I): V.UPSTREAM_REJECTED,
    (N, R, E): V.BLOCKED,
    (N, P, E): V.BLOCKED,
    (N, X, E): V.BLOCKED,
    (N, O, E): V.BLOCKED,
    # Nobody watched inside: one-sided. Only an accepted connection speaks for itself.
    (U, A, T): V.OPEN,
    (U, P, H): V.ROUTER_REJECTED,
    (U, P, I): V.UPSTREAM_REJECTED,
    (U, R, H): V.ROUTER_REJECTED,
    (U, R, I): V.UPSTREAM_REJECTED,
}

SILENT_PLACE: Mapping[Where, Verdict] = {
    Where.ROUTER: V.ROUTER_DROPPED,
    Where.UPSTREAM: V.UPSTREAM_DROPPED,
    Where.UNKNOWN: V.BLOCKED,
}

UNNAMED = IPv6Address("::")  # connect() tells what was said, not who said it
CONNECTION_REFUSED = "conn-refused"
ONE_SIDED = say("nobody watched inside, so silence or a refusal from outside does not tell who stopped the probe")


def decide(facts: PortFacts, path: Path, target: IPv6Address, protocol: str) -> tuple[Verdict, str]:
    """The verdict on one port of ``target`` and, where it needs words, the reason."""
    arrived = Arrived.YES if facts.arrival else Arrived.NO if facts.watched else Arrived.UNWATCHED
    if facts.observation is not None and facts.observation.kind is not Kind.EXPIRED:
        author = author_of(facts, path, target)
        verdict = ANSWERED.get((arrived, facts.observation.kind, author))
        if verdict is not None:
            return _answered(verdict, facts, author)
    if arrived is Arrived.YES:
        return _arrived_in_silence(facts, protocol)
    if arrived is Arrived.UNWATCHED:
        return Verdict.INDETERMINATE, facts.doubt or ONE_SIDED
    if facts.doubt:
        return Verdict.INDETERMINATE, facts.doubt
    place = facts.place
    return (SILENT_PLACE[place.where], place.how) if place else (Verdict.BLOCKED, say("where was not looked for"))


def _answered(verdict: Verdict, facts: PortFacts, author: Author) -> tuple[Verdict, str]:
    assert facts.observation is not None  # noqa: S101  (decide() has looked)
    if verdict in (Verdict.INTERCEPTED, Verdict.FORGED) and facts.doubt:
        # The missing arrival may be the capture's fault, and then the answer is the host's own.
        return Verdict.INDETERMINATE, facts.doubt
    if verdict is Verdict.FORGED and facts.observation.reason == CONNECTION_REFUSED:
        return Verdict.BLOCKED, say("refused on the way, by a forged reset or an ICMPv6 error: connect() tells no more")
    if author is Author.ROUTER and facts.observation.reason == "host-unreach":
        # RFC 4861 section 7.2.2: the router asked for the neighbour, so its filter had passed the packet.
        return Verdict.NO_NEIGHBOUR, say("the router passed it and found nobody at the address")
    return verdict, ""


def _arrived_in_silence(facts: PortFacts, protocol: str) -> tuple[Verdict, str]:
    if facts.left and not facts.doubt:
        return Verdict.REPLY_LOST, say(
            "the host answered ({answer}), the answer was stopped on its way out", answer=facts.left
        )
    if protocol == "udp" and facts.listener:
        return Verdict.OPEN_FILTERED, say("a program listens and said nothing")
    if facts.doubt:
        return Verdict.INDETERMINATE, facts.doubt
    if facts.muted:  # RFC 4443 section 2.4 (f): a host sends only so many ICMPv6 errors a second
        verdict = Verdict.CLOSED if facts.muted == "port-unreach" else Verdict.HOST_REJECTED
        return verdict, say(
            "the host answers others {answer}; its limit on ICMPv6 errors hides what it does here", answer=facts.muted
        )
    return Verdict.HOST_DROPPED, ""


def author_of(facts: PortFacts, path: Path, target: IPv6Address) -> Author:
    """Who sent the answer: by its address alone. Hop limits of answers tell the way back, which may be another one."""
    seen = facts.observation
    if seen is None:
        return Author.NOBODY
    if seen.responder == target:
        return Author.TARGET
    if seen.responder == UNNAMED and facts.left:
        return Author.TARGET  # connect() names nobody, but the witness saw the host send its answer
    if any(seen.responder in network for network in path.home):
        return Author.ROUTER  # an address of the router on the host's own link
    distance = path.distance_of(seen.responder)
    if path.routers is None or distance is None:
        return Author.ELSEWHERE
    return Author.ROUTER if distance == path.routers else Author.UPSTREAM
