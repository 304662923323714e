"""What the rules are given, and how they look at it: tables become sets of ports at places, of usable vantages only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from scanner.model.address import Address, Inventory, Kind, Listener
from scanner.model.cases import Case
from scanner.model.catalogue import Catalogue
from scanner.model.conformance import ConformanceRow
from scanner.model.names import NameRecord
from scanner.model.ports import PortSet
from scanner.model.privacy import Privacy
from scanner.model.run import Difference, Evidence, LanRecord, PortTable, ServiceRecord, VantageRecord
from scanner.model.settings import Expectation
from scanner.model.text import say
from scanner.model.verdict import PASSED, STOPPED, Verdict
from scanner.policy import Policy

# The filter let the probe in; with no-neighbour nobody had the address any more, which is no merit of the filter.
LET_IN = PASSED | {Verdict.NO_NEIGHBOUR}
# Let in, and no program behind it: what the next one to be installed would inherit.
VACANT = frozenset({Verdict.CLOSED, Verdict.HOST_DROPPED, Verdict.HOST_REJECTED, Verdict.NO_NEIGHBOUR})
# Judged as stopped because nothing came back and nothing arrived: only as good as the bound on loss.
STOPPED_IN_SILENCE = frozenset({Verdict.ROUTER_DROPPED, Verdict.UPSTREAM_DROPPED, Verdict.BLOCKED})
UPSTREAM = frozenset({Verdict.UPSTREAM_DROPPED, Verdict.UPSTREAM_REJECTED})

# RFC 6092 REC-24: a gateway in its default mode lets UDP to port 500 in.
_BY_DESIGN = {(Expectation.RFC6092, "udp"): frozenset({500})}


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules may look at. ``witness`` False: nobody watched inside, every verdict is one-sided."""

    inventory: Inventory
    tables: tuple[PortTable, ...]
    vantages: tuple[VantageRecord, ...]
    services: tuple[ServiceRecord, ...]
    catalogue: Catalogue
    policy: Policy = field(default_factory=Policy)
    expect: Expectation = Expectation.STRICT
    witness: bool = True
    lan: tuple[LanRecord, ...] = ()
    conformance: tuple[ConformanceRow, ...] = ()
    cases: tuple[Case, ...] = ()  # of the batteries, whose rows are in ``conformance``
    vendors: Mapping[str, str] = field(default_factory=dict)  # MAC address -> who assigned it, where that is known
    privacy: Privacy | None = None
    differences: tuple[Difference, ...] = ()
    names: tuple[NameRecord, ...] = ()  # what the DNS said of the owner's names at the end of the scan
    born: frozenset[IPv6Address] = frozenset()  # of the inventory's addresses those that were born in mid-scan
    now: tuple[Address, ...] | None = None  # the host's addresses at that moment, None: those of the inventory


@dataclass(frozen=True, slots=True)
class Place:
    """A scanned address. ``role`` survives renumbering and rotation: kind, interface and origin, never the value.

    ``kind`` is None for an address that is not in the inventory: one-sided, of a host whose owner proved it.
    """

    ip: IPv6Address
    kind: Kind | None
    role: str
    interface: str = ""

    def __str__(self) -> str:
        return say("{address} ({kind})", address=self.ip, kind=self.kind) if self.kind else str(self.ip)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one vantage saw of one place by one protocol."""

    place: Place
    vantage: str
    protocol: str
    ports: Mapping[Verdict, frozenset[int]]
    evidence: tuple[tuple[PortSet, Evidence], ...]

    def of(self, verdicts: Iterable[Verdict]) -> frozenset[int]:
        return frozenset().union(*(self.ports.get(verdict, frozenset()) for verdict in verdicts))

    def evidence_for(self, port: int) -> Evidence | None:
        return next((evidence for ports, evidence in self.evidence if port in ports), None)


@dataclass(frozen=True, slots=True)
class View:
    """The facts, and the tables of every vantage that is not refuted: one that stands inside proves nothing."""

    facts: Facts
    sightings: tuple[Sighting, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(dict.fromkeys(sighting.place for sighting in self.sightings))

    @property
    def vantages(self) -> tuple[VantageRecord, ...]:
        return tuple(vantage for vantage in self.facts.vantages if vantage.outside.verdict != "refuted")

    def by_vantage(self) -> tuple[tuple[str, "View"], ...]:
        """The view of each vantage alone, by name."""
        names = dict.fromkeys(seen.vantage for seen in self.sightings)
        return tuple(
            (name, View(self.facts, tuple(seen for seen in self.sightings if seen.vantage == name))) for name in names
        )

    def at(self, place: Place, protocol: str) -> tuple[Sighting, ...]:
        return tuple(seen for seen in self.sightings if seen.place == place and seen.protocol == protocol)

    def places_probed(self, protocol: str) -> tuple[Place, ...]:
        return tuple(dict.fromkeys(seen.place for seen in self.sightings if seen.protocol == protocol))

    def allowed(self, place: Place, protocol: str) -> frozenset[int]:
        """What the policy lets be reached there. A port that it allows from some vantages only, and that another one
        reaches, is not among them.
        """
        policy, seen = self.facts.policy, self.at(place, protocol)
        beyond = (one.of(LET_IN) - policy.allowed(protocol, place.kind, one.vantage) for one in seen)
        return policy.allowed(protocol, place.kind).difference(*beyond)

    def by_design(self, protocol: str) -> frozenset[int]:
        """What the router the owner expects lets in without being asked."""
        return _BY_DESIGN.get((self.facts.expect, protocol), frozenset())


def look(facts: Facts) -> View:
    """Parse the tables of every usable vantage."""
    refuted = {vantage.name for vantage in facts.vantages if vantage.outside.verdict == "refuted"}
    places = {address.ip: address for address in facts.inventory.addresses}
    sightings = []
    for table in facts.tables:
        if table.vantage in refuted:
            continue
        ip = IPv6Address(table.address)
        address = places.get(ip)
        if address is None:
            place = Place(ip, None, f"elsewhere {ip}")
        else:
            role = f"{address.kind} {address.interface} {address.origin}"
            place = Place(ip, address.kind, role, address.interface)
        sightings.append(_sighting(facts, table, place))
    return View(facts, tuple(sightings))


def listener_at(inventory: Inventory, place: Place, protocol: str, port: int) -> Listener | None:
    """The socket that would take a packet to this port: one bound to the very address before one bound to all."""
    fitting = [
        listener
        for listener in inventory.listeners
        if (listener.protocol, listener.port) == (protocol, port)
        and listener.bind in (str(place.ip), "::")
        and listener.interface in ("", place.interface)
    ]
    return min(fitting, key=lambda listener: listener.bind == "::", default=None)


def stopped(sightings: Iterable[Sighting]) -> frozenset[int]:
    """Stopped before the host, as far as every one of ``sightings`` can tell."""
    seen = tuple(sightings)
    return union(seen, STOPPED) - union(seen, LET_IN)


def union(sightings: Iterable[Sighting], verdicts: Iterable[Verdict]) -> frozenset[int]:
    kinds = tuple(verdicts)
    return frozenset().union(*(sighting.of(kinds) for sighting in sightings))


def _sighting(facts: Facts, table: PortTable, place: Place) -> Sighting:
    ports = {verdict: frozenset(PortSet.parse(text)) for verdict, text in table.verdicts.items()}
    if not facts.witness:
        ports = _distrust_silence(facts.inventory, place, table.protocol, ports)
    evidence = tuple((PortSet.parse(record.ports), record) for record in table.evidence)
    return Sighting(place, table.vantage, table.protocol, ports, evidence)


def _distrust_silence(
    inventory: Inventory, place: Place, protocol: str, ports: dict[Verdict, frozenset[int]]
) -> dict[Verdict, frozenset[int]]:
    """Without a witness silence is ``open|filtered`` only where a program is known to listen."""
    silent = ports.get(Verdict.OPEN_FILTERED, frozenset())
    heard = frozenset(port for port in silent if listener_at(inventory, place, protocol, port))
    unknown = ports.get(Verdict.INDETERMINATE, frozenset()) | (silent - heard)
    return ports | {Verdict.OPEN_FILTERED: heard, Verdict.INDETERMINATE: unknown}
