"""What a place can do as a vantage, found out without sending a packet to anybody."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.model.text import say
from scanner.vantage.session import Hello, Session, open_session
from scanner.vantage.spec import Spec

PINGS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """``source`` is the address it has towards this host, None where this host has none to go to. ``round_trip`` in
    seconds; ``clock`` is how far its clock is ahead of ours, in seconds, known to half a round trip.
    """

    spec: Spec
    hello: Hello
    source: IPv6Address | None
    round_trip: float
    clock: float


def check(spec: Spec, target: IPv6Address | None, connect: Callable[[Spec], Session] = open_session) -> Check:
    """Connect and ask. Raises EnvironmentFault saying what to do where it cannot serve as a vantage."""
    session = connect(spec)
    try:
        source = None if target is None else source_towards(session, target)
        round_trip, clock = timing(session)
        return Check(spec, session.hello, source, round_trip, clock)
    except IncompleteError as error:
        raise EnvironmentFault(error.message, say("check the connection and try again")) from error
    finally:
        session.close()


def source_towards(session: Session, target: IPv6Address) -> IPv6Address:
    """The address the vantage would send from. Raises EnvironmentFault where it has no IPv6 way to ``target``."""
    routed = session.request({"op": "route", "to": str(target)})
    if not routed["source"]:
        raise EnvironmentFault(
            say(
                "vantage {spec} has no IPv6 way to {target} ({why})",
                spec=session.spec,
                target=target,
                why=routed.get("error"),
            ),
            say("choose a vantage with IPv6, or give that one an IPv6 address and default route"),
        )
    return IPv6Address(routed["source"])


def timing(session: Session) -> tuple[float, float]:
    """Round trip and clock difference in seconds, from the quickest of some questions: it waited for nothing else."""
    samples = []
    for _ in range(PINGS):
        asked = time.time()
        pong = session.request({"op": "ping"})
        answered = time.time()
        samples.append((answered - asked, float(pong["t"]) - (asked + answered) / 2))
    return min(samples)
