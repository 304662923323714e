"""What the items are judged by: the policy, the run, and the run's tables as the rules see them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, IPv6Network

from scanner.findings.facts import STOPPED_IN_SILENCE, Facts, Place, Sighting, View, look
from scanner.findings.words import counted, listed
from scanner.model.address import Address, Inventory
from scanner.model.cases import Case
from scanner.model.catalogue import Catalogue
from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.run import Run, VantageRecord
from scanner.model.settings import Profile
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.policy import Policy

PROVEN, REFUTED = "proven", "refuted"


@dataclass(frozen=True, slots=True)
class Scene:
    """``view`` has the tables of every vantage that is not refuted; ``cases`` are the batteries' own, by id; ``waived``
    are items whose waiver is in force.

    Another policy for the same run is a ``replace()``: the tables are read once.
    """

    policy: Policy
    run: Run
    catalogue: Catalogue
    view: View
    cases: Mapping[str, Case] = field(default_factory=dict)
    waived: frozenset[str] = frozenset()

    @property
    def inventory(self) -> Inventory:
        return self.view.facts.inventory

    @property
    def usable(self) -> tuple[VantageRecord, ...]:
        return tuple(vantage for vantage in self.run.vantages if vantage.outside.verdict != REFUTED)

    @property
    def proven(self) -> tuple[str, ...]:
        """Names of the vantages that are proven to be outside: only what they saw can make an item pass."""
        return tuple(vantage.name for vantage in self.run.vantages if vantage.outside.verdict == PROVEN)

    def proven_sightings(self, protocol: str, place: Place | None = None) -> tuple[Sighting, ...]:
        return tuple(
            seen
            for seen in self.view.sightings
            if seen.vantage in self.proven and seen.protocol == protocol and place in (None, seen.place)
        )

    def allowed(self, seen: Sighting) -> frozenset[int]:
        return self.policy.allowed(seen.protocol, seen.place.kind, seen.vantage)

    def waived_ports(self, protocol: str) -> frozenset[int]:
        """Ports that the owner accepts for a time."""
        words = (item.partition("/") for item in self.waived)
        return frozenset(int(port) for name, _, port in words if name == protocol)

    def wanted(self, protocol: str) -> PortSet:
        """The ports that the policy's profile wants probed; none where it leaves that to the run."""
        profile = self.policy.require.profile
        whole = profile is Profile.FULL or (profile is Profile.STANDARD and protocol == "tcp")
        return PortSet.every() if whole else PortSet()


def scene_of(policy: Policy, run: Run, catalogue: Catalogue, cases: Iterable[Case]) -> Scene:
    """Raises InputError for a run document whose port lists or addresses cannot be read."""
    try:
        facts = Facts(
            inventory=Inventory(run.host.name, run.host.os, tuple(addresses_of(run)), run.listeners, None),
            tables=tuple(replace(table, evidence=()) for table in run.ports),  # no item looks at it, and it is long
            vantages=run.vantages,
            services=run.services,
            catalogue=catalogue,
            expect=run.run.expect,
            witness=run.run.witness,
            lan=run.lan,
        )
        view = look(facts)
        for row in run.lan:
            IPv6Network(row.prefix)
    except ValueError as error:
        raise InputError(
            say("not a v6expose run document ({why})", why=str(error)[:80]), say("give one that a scan wrote")
        ) from error
    return Scene(policy, run, catalogue, view, {case.id: case for case in cases})


def addresses_of(run: Run) -> Iterator[Address]:
    """The addresses of the run document as discovery had them."""
    for record in run.addresses:
        yield Address(
            IPv6Address(record.address),
            record.prefix_length,
            record.interface,
            record.kind,
            record.state,
            record.origin,
            record.preferred_lifetime,
            record.valid_lifetime,
        )


def standing_gaps(scene: Scene) -> list[str]:
    """Why nothing that is seen from outside can pass at all."""
    gaps: list[str] = []
    if not scene.run.run.witness:
        gaps.append(say("nobody watched inside, so silence proves nothing"))
    if not scene.proven:
        gaps.append(say("no vantage is proven to be outside"))
    if not scene.inventory.scannable():
        gaps.append(say("the host had no IPv6 address that the Internet can reach"))
    return gaps


def coverage_gaps(scene: Scene, protocol: str) -> list[str]:
    """Addresses and ports that no proven vantage probed, and silence without a bound."""
    gaps = standing_gaps(scene)
    if gaps:
        return gaps
    seen = scene.proven_sightings(protocol)
    reached = {one.place.ip for one in seen}
    missed = [str(address.ip) for address in scene.inventory.scannable() if address.ip not in reached]
    if missed:
        gaps.append(
            say("no {protocol} port of {addresses} was probed", protocol=protocol.upper(), addresses=listed(missed))
        )
    gaps += _short_of_profile(scene, protocol, seen)
    for name in dict.fromkeys(one.vantage for one in seen if one.of(STOPPED_IN_SILENCE)):
        record = next(vantage for vantage in scene.usable if vantage.name == name)
        if record.false_blocked_bound is None:
            gaps.append(say("nothing bounds what was lost on the way from {vantage}", vantage=name))
    return gaps


def _short_of_profile(scene: Scene, protocol: str, sightings: tuple[Sighting, ...]) -> list[str]:
    wanted = frozenset(scene.wanted(protocol))
    gaps: list[str] = []
    for seen in sightings:
        probed = seen.of(Verdict)
        short = len(wanted - probed)
        if short:
            gaps.append(
                say(
                    "{probed:,} of {ports} were probed at {place} from {vantage}",
                    probed=len(wanted) - short,
                    ports=counted(len(wanted), f"{protocol.upper()} port"),
                    place=str(seen.place),
                    vantage=seen.vantage,
                )
            )
        elif not probed:
            gaps.append(
                say("no {protocol} port of {place} was probed", protocol=protocol.upper(), place=str(seen.place))
            )
    return gaps


def again(scene: Scene) -> str:
    """What to do about what was not measured."""
    return say(
        "Scan again as root, from a vantage proven to be outside, with --profile {profile} or more.",
        profile=scene.policy.require.profile.value,
    )
