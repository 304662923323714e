"""A policy from a run: what is there and looks intended is allowed, what is questionable stands in comments with the
reason, and every fact that held is required. Pure; the owner reads it before relying on it.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.checklist.evaluate import judge_fact
from scanner.checklist.facts import FACTS, Fact
from scanner.checklist.network import judge_icmpv6, judge_ways, lan_passes, untried
from scanner.checklist.ports import process_names, unlisted_answers
from scanner.checklist.router import upstream_ports
from scanner.checklist.scene import Scene, coverage_gaps, scene_of
from scanner.checklist.values import Item, Status
from scanner.findings.facts import Place, Sighting
from scanner.findings.measured import HIGHEST_BOUND
from scanner.model.address import Kind
from scanner.model.cases import Case
from scanner.model.catalogue import PROTOCOLS, Catalogue, Service
from scanner.model.ports import PortSet
from scanner.model.run import Run
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict
from scanner.policy import AddressRole, Allow, Policy, Require
from scanner.policy.edit import Value, written
from scanner.policy.values import SWITCHES
from scanner.report.text import moment, one_line

WIDTH = 96
DEEPEST_FIRST = (Profile.FULL, Profile.STANDARD, Profile.QUICK)
MOST_DOORS = 60  # of one protocol; a host with more open ports is not drafted port by port


@dataclass(frozen=True, slots=True)
class Door:
    """A port that answers: its entry, what stands above it, and why it is questionable, "" where it looks intended."""

    entry: Allow
    says: str
    doubt: str = field(default="")


def draft(run: Run, catalogue: Catalogue, cases: Iterable[Case]) -> str:
    """The text of a policy for the run's host. Raises InputError for a document that no scan wrote."""
    bare = scene_of(Policy(), run, catalogue, cases)
    doors = tuple(doors_of(bare))
    allowed = tuple(door.entry for door in doors if not door.doubt)
    scene = _strictest(replace(bare, policy=Policy(allow=allowed)))
    lines = [*_head(run), "", *_allowed(doors), "[require]", *_required(scene), ""]
    return "\n".join(lines)


def doors_of(scene: Scene) -> Iterator[Door]:
    """Every port that answers, of each protocol the first MOST_DOORS."""
    for protocol in PROTOCOLS:
        for port, seen in list(unlisted_answers(scene, protocol).items())[:MOST_DOORS]:
            yield _door(scene, protocol, port, tuple(seen))


def _door(scene: Scene, protocol: str, port: int, seen: tuple[Sighting, ...]) -> Door:
    places = tuple(dict.fromkeys(one.place for one in seen))
    service = scene.catalogue.find(protocol, port)
    processes = ", ".join(process_names(scene, protocol, port, places)) or "process unknown"
    name = service.name if service else "on no list of usual services"
    role = _role(places)
    says = f"{protocol}/{port}: {name} ({processes}), answers on {_kinds(places)}"
    reason = f"{service.name} ({processes})" if service else processes
    doubt = _doubt(service, role, certain=any(port in one.of({Verdict.OPEN}) for one in seen))
    if role is AddressRole.ANY and not doubt:
        says += '; address = "stable" would close it on the temporary ones'
    return Door(Allow(protocol, PortSet.of([port]), role, one_line(reason, 200)), says, doubt)


def _doubt(service: Service | None, role: AddressRole, *, certain: bool) -> str:
    """Why the owner should think before allowing it."""
    if service is None:
        return "say what it is before you allow it"
    if not service.often_intended:
        return f"{service.severity.value}: {service.why}"
    if role is AddressRole.TEMPORARY:
        return "it answers on temporary addresses only, which nobody can be told of"
    return "" if certain else "nobody knows whether it answers"


def _role(places: tuple[Place, ...]) -> AddressRole:
    kinds = {place.kind for place in places}
    if kinds == {Kind.STABLE}:
        return AddressRole.STABLE
    return AddressRole.TEMPORARY if kinds == {Kind.TEMPORARY} else AddressRole.ANY


def _kinds(places: tuple[Place, ...]) -> str:
    kinds = dict.fromkeys(place.kind.value if place.kind else "unknown" for place in places)
    return f"{' and '.join(kinds)} addresses"


def _head(run: Run) -> list[str]:
    said = (
        f"A policy for {run.host.name}, drafted from run {run.run.id} of {moment(run.run.finished_at)} "
        f"({run.run.profile.value} profile). It holds what that run found, which need not be what you mean: read it, "
        "and take the # away where you agree. docs/policy.md explains every key."
    )
    name = one_line(run.host.name, 253).strip()
    return [*_comment(said), *(["", *written({"host": name})] if name else [])]


def _allowed(doors: tuple[Door, ...]) -> Iterator[str]:
    yield from _comment("What strangers may reach. Everything else has to be stopped.")
    if not doors:
        yield from _comment("Nothing answered in that run.")
    for door in doors:
        yield ""
        yield from _comment(door.says)
        yield from _comment(f"Questionable: {door.doubt}" if door.doubt else "")
        mark = "# " if door.doubt else ""
        yield from (f"{mark}{line}" for line in ("[[allow]]", *written(_values(door.entry))))
    yield ""
    for protocol in PROTOCOLS:
        if sum(door.entry.protocol == protocol for door in doors) == MOST_DOORS:
            yield from _comment(f"More {protocol.upper()} ports answer than are drafted here: see the report.")
    yield from _comment("What must be true, and what the run measured.")


def _values(entry: Allow) -> dict[str, Value]:
    values: dict[str, Value] = {"protocol": entry.protocol, "ports": str(entry.ports), "address": entry.role.value}
    return values | {"reason": entry.reason}


def _strictest(scene: Scene) -> Scene:
    """The scene under a policy that requires every fact, as far as the run went."""
    profile = next((one for one in DEEPEST_FIRST if _reached(scene, one)), Profile.STANDARD)
    upstream = PortSet.of(upstream_ports(scene) - frozenset(_listed(scene)))
    switches: dict[str, Any] = dict.fromkeys(SWITCHES, True)
    require = Require(
        **switches,
        vantages_proven_outside=max(len(scene.proven), 1),
        false_blocked_at_most=HIGHEST_BOUND,
        profile=profile,
        upstream_may_stop=upstream,
        may_stay_untried=untried(scene),
    )
    return replace(scene, policy=replace(scene.policy, require=require))


def _listed(scene: Scene) -> Iterator[int]:
    return (port for entry in scene.policy.allow for port in entry.ports)


def _reached(scene: Scene, profile: Profile) -> bool:
    policy = replace(scene.policy, require=replace(scene.policy.require, profile=profile))
    deeper = replace(scene, policy=policy)
    return not any(coverage_gaps(deeper, protocol) for protocol in PROTOCOLS)


def _required(scene: Scene) -> Iterator[str]:
    require = scene.policy.require
    for fact in FACTS:
        yield from _fact(fact, judge_fact(scene, fact), getattr(require, fact.key))
        yield from _exceptions(scene, fact)
    words = "How much must have been probed: quick, standard (every TCP port) or full (every UDP port, too)."
    yield from _comment(words)
    yield from written({"profile": require.profile.value})


def _fact(fact: Fact, item: Item, value: Value) -> Iterator[str]:
    """In force where it held in the run. ``complete_run`` always is: to leave it out is to require it."""
    held = item.status is Status.PASS
    told = f"{fact.title}: {item.evidence}" if held else f"{fact.title}: {item.status.value}: {item.evidence}"
    yield from _comment(told)
    if not held and item.remedy:
        yield from _comment(f"-> {item.remedy}")
    mark = "" if held or fact.key == "complete_run" else "# "
    yield from (f"{mark}{line}" for line in written({fact.key: value}))


def _exceptions(scene: Scene, fact: Fact) -> Iterator[str]:
    """Ports that could be excepted from a fact: what is stopped too early is, since nobody can mend that at home."""
    upstream = scene.policy.require.upstream_may_stop
    if fact.key == "router_drops_unlisted" and upstream:
        yield from _comment(
            "A network before the router stops these, so nobody knows what the router would do. It is enough for "
            "router_drops_unlisted as long as they are named here."
        )
        mark = "" if judge_fact(scene, fact).status is Status.PASS else "# "
        yield f"{mark}{written({'upstream_may_stop': str(upstream)})[0]}"
    if fact.key == "must_pass_icmpv6" and scene.policy.require.may_stay_untried:
        yield from _comment("Nobody could try these, for example because a network before the router stops them.")
        held = {judge_fact(scene, one).status for one in FACTS if one.judge in (judge_ways, judge_icmpv6)}
        mark = "" if Status.PASS in held else "# "
        yield f"{mark}{written({'may_stay_untried': list(scene.policy.require.may_stay_untried)})[0]}"
    passing = PortSet.of(lan_passes(scene))
    if fact.key == "lan_default_blocked" and passing:
        yield from _comment("Questionable: every device on the network, not only this host, is reached on these.")
        yield f"# {written({'lan_may_pass': str(passing)})[0]}"


def _comment(text: str) -> list[str]:
    """Foreign names are made harmless: nothing of them can end the comment."""
    clean = one_line(text, 600)
    return [f"# {line}" for line in textwrap.wrap(clean, WIDTH, break_long_words=False, break_on_hyphens=False)]
