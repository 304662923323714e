"""What the policy allows: a permission cannot fail, what must answer can."""

from collections.abc import Iterator

from scanner.checklist.scene import Scene, again, standing_gaps
from scanner.checklist.values import Item, Judged, Status, fail_or_gap
from scanner.findings.facts import Sighting
from scanner.findings.words import counted, listed, port_list
from scanner.model.ports import PortSet
from scanner.model.text import clauses, say, sentences
from scanner.model.verdict import Verdict
from scanner.policy import AddressRole, Allow

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


def judge_allowed(scene: Scene) -> Iterator[Item]:
    return (_allow_item(scene, entry) for entry in scene.policy.allow)


def _allow_item(scene: Scene, entry: Allow) -> Item:
    judged = _must(scene, entry) if entry.must_answer else _may(scene, entry)
    doors = f"{entry.protocol}/{entry.ports}"
    scope = "" if entry.role is AddressRole.ANY else f" {entry.role.value}"
    scope += f" from {','.join(entry.vantages)}" if entry.vantages else ""
    title = say("{doors} may answer ({role} address, from {vantages})", doors=doors, **scope_of(entry))
    if entry.must_answer:
        title = say("{doors} answers ({role} address, from {vantages})", doors=doors, **scope_of(entry))
    return Item(
        id=f"allow {doors}{scope}",
        title=title,
        status=judged.status,
        evidence=judged.evidence,
        remedy=judged.remedy,
        line=entry.line or line_of(scene),
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
        return Judged(status, say("every one of them is open, {seen}", seen=measured(scene, entry.protocol)))
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


def measured(scene: Scene, protocol: str) -> str:
    """How much was looked at."""
    seen = scene.proven_sightings(protocol)
    ports = frozenset().union(*(one.of(Verdict) for one in seen))
    return say(
        "{ports} of {addresses} probed from {vantages}",
        ports=counted(len(ports), f"{protocol.upper()} port"),
        addresses=counted(len({one.place for one in seen}), "address"),
        vantages=listed(list(dict.fromkeys(one.vantage for one in seen))),
    )


def scope_of(entry: Allow) -> dict[str, str]:
    anywhere = say("anywhere")
    return {"role": entry.role.value, "vantages": listed(entry.vantages) if entry.vantages else anywhere}


def line_of(scene: Scene) -> int:
    """Of the list of what is allowed: there the owner would add what is meant."""
    return next((entry.line for entry in scene.policy.allow if entry.line), 1)
