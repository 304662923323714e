"""V6X002 and V6X005: ports behind which nobody listens, and which the router lets in all the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.findings.facts import LET_IN, UPSTREAM, VACANT, Place, View, stopped, union
from scanner.findings.fingerprint import fingerprint, roles_of
from scanner.findings.words import counted, on_places, port_list, ports_at_places
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.settings import Expectation
from scanner.model.text import clauses, say, sentences
from scanner.model.verdict import PASSED, Verdict

UNFILTERED = "V6X002"
VACANT_DOORS = "V6X005"
# Fewer vacant ports than this, with most others stopped, are doors that somebody opened: a filter is there.
FEW = 32

REMEDY_ROUTER = say(
    "Router: drop unsolicited inbound IPv6 for the whole delegated prefix, let established and related traffic and the "
    "ICMPv6 of RFC 4890 pass, and open single ports to single addresses only."
)
REMEDY_HOST = say("Host: until then let a firewall on the host drop what it does not serve.")


@dataclass(frozen=True, slots=True)
class Inflow:
    """What the router let in to one place by one protocol, from all usable vantages together.

    ``stopped`` counts what the router stopped, or may have; what was stopped before it came there is not its merit.
    """

    place: Place
    protocol: str
    probed: int
    arrived: int
    no_neighbour: int
    stopped: int
    vacant: frozenset[int]

    @property
    def unfiltered(self) -> bool:
        return bool(self.vacant) and (len(self.vacant) >= FEW or self.stopped <= self.arrived + self.no_neighbour)


def inflows(view: View) -> tuple[Inflow, ...]:
    """Every place and protocol that was probed; ``vacant`` leaves out what the policy or RFC 6092 allows."""
    return tuple(_inflow(view, place, protocol) for protocol in PROTOCOLS for place in view.places_probed(protocol))


def judge_unfiltered(view: View) -> Iterator[Finding]:
    """V6X002: one finding for all addresses that the router does not filter."""
    found = tuple(inflow for inflow in inflows(view) if inflow.unfiltered)
    if not found:
        return
    transparent = view.facts.expect is Expectation.TRANSPARENT
    yield Finding(
        rule=UNFILTERED,
        severity=Severity.INFO if transparent else Severity.HIGH,
        title=say("The router passes unsolicited traffic")
        if view.facts.witness
        else say("The router probably passes unsolicited traffic"),
        address=None,
        protocol=None,
        port=None,
        why=_why_unfiltered(found, transparent=transparent),
        evidence=_evidence_unfiltered(view, found),
        remedy=sentences([REMEDY_ROUTER, REMEDY_HOST]),
        standard="RFC 6092 REC-17, REC-34 and REC-49; RFC 7084 S-1; RFC 9099 section 5",
        fingerprint=fingerprint(UNFILTERED, None, None, roles_of((inflow.place for inflow in found), view)),
    )


def judge_vacant_doors(view: View) -> Iterator[Finding]:
    """V6X005: single ports are let in though nobody listens behind them; one finding a protocol."""
    few = [inflow for inflow in inflows(view) if inflow.vacant and not inflow.unfiltered]
    for protocol in PROTOCOLS:
        found = [(inflow.place, inflow.vacant) for inflow in few if inflow.protocol == protocol]
        if found:
            yield _vacant_doors(view, protocol, found)


def _inflow(view: View, place: Place, protocol: str) -> Inflow:
    seen = view.at(place, protocol)
    arrived = union(seen, PASSED)
    expected = view.allowed(place, protocol) | view.by_design(protocol)
    occupied = union(seen, LET_IN - VACANT)
    return Inflow(
        place=place,
        protocol=protocol,
        probed=len(union(seen, Verdict)),
        arrived=len(arrived),
        no_neighbour=len(union(seen, {Verdict.NO_NEIGHBOUR}) - arrived),
        stopped=len(stopped(seen) - union(seen, UPSTREAM)),
        vacant=union(seen, VACANT) - occupied - expected,
    )


def _why_unfiltered(found: tuple[Inflow, ...], *, transparent: bool) -> str:
    if transparent:
        return say(
            "As you expect, the router leaves the filtering to the host: whatever listens there is on the Internet."
        )
    if any(inflow.stopped for inflow in found):
        return say(
            "Many ports are let in that no program uses yet: the next program you install may be on the Internet."
        )
    return say(
        "Nothing but the lack of a program keeps strangers out of the closed ports: the next program you install is on "
        "the Internet as soon as it starts."
    )


def _evidence_unfiltered(view: View, found: tuple[Inflow, ...]) -> str:
    groups: dict[tuple[str, int, int, int, frozenset[int]], list[Place]] = {}
    for inflow in found:
        vacant = inflow.vacant if inflow.stopped else frozenset()  # where all are let in, naming them tells nothing
        key = (inflow.protocol, inflow.arrived, inflow.probed, inflow.no_neighbour, vacant)
        groups.setdefault(key, []).append(inflow.place)
    lines: list[str] = []
    for (protocol, arrived, probed, no_neighbour, vacant), places in groups.items():
        values = {
            "arrived": arrived,
            "probed": probed,
            "protocol": protocol.upper(),
            "places": on_places(places, view, protocol),
        }
        line = (
            say("{arrived:,} of {probed:,} probed {protocol} ports reached the host {places}", **values)
            if view.facts.witness
            else say("{arrived:,} of {probed:,} probed {protocol} ports probably reached the host {places}", **values)
        )
        if no_neighbour:
            line = say(
                "{line} ({ports} let in while the host no longer had the address)",
                line=line,
                ports=counted(no_neighbour, "port"),
            )
        if vacant:
            line = say("{line}, without a program behind them: {ports}", line=line, ports=port_list(vacant))
        lines.append(line)
    if not view.facts.witness:
        lines.append(say("nobody watched inside: a router that resets connections itself looks the same from outside"))
    return clauses(lines)


def _vacant_doors(view: View, protocol: str, found: list[tuple[Place, frozenset[int]]]) -> Finding:
    transparent = view.facts.expect is Expectation.TRANSPARENT
    return Finding(
        rule=VACANT_DOORS,
        severity=Severity.INFO if transparent else Severity.LOW,
        title=say("Doors left open to nobody ({protocol})", protocol=protocol.upper())
        if view.facts.witness
        else say("Doors probably left open to nobody ({protocol})", protocol=protocol.upper()),
        address=None,
        protocol=protocol,
        port=None,
        why=say(
            "The router lets these ports in though nobody listens there; whatever is started on them later is exposed."
        ),
        evidence=ports_at_places(found, view, protocol),
        remedy=say(
            "Router: remove the rules that let these ports in. Host: nothing to do. If a service only rests, name "
            "its ports in your policy."
        ),
        standard="RFC 6092 section 3.4 (passive listeners)",
        fingerprint=fingerprint(VACANT_DOORS, protocol, None, roles_of((place for place, _ in found), view)),
    )
