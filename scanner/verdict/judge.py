"""A whole measurement -> the port tables of the run document. Pure."""

from collections import defaultdict

from scanner.model.evidence import Measurement, Path, PortFacts, TargetFacts
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, PortTable
from scanner.model.verdict import STOPPED, Verdict
from scanner.verdict.confidence import false_blocked
from scanner.verdict.table import decide


def judge(measurement: Measurement, vantage: str) -> tuple[PortTable, ...]:
    """One table per (address, protocol), in the measurement's order."""
    return tuple(judge_target(facts, measurement.path, vantage) for facts in measurement.targets)


def judge_target(target: TargetFacts, path: Path, vantage: str) -> PortTable:
    """Every port of ``target`` stands in exactly one verdict of the table."""
    ports: dict[Verdict, list[PortSet]] = defaultdict(list)
    rows = []
    for facts, group in target.groups:
        verdict, reason = decide(facts, path, target.address, target.protocol)
        ports[verdict].append(group)
        rows.append(evidence_row(facts, group, verdict, reason))
    return PortTable(
        address=str(target.address),
        vantage=vantage,
        protocol="tcp" if target.protocol == "tcp" else "udp",
        verdicts={verdict: str(union(ports[verdict])) for verdict in Verdict},
        evidence=tuple(sorted(rows, key=lambda row: (list(Verdict).index(row.verdict), row.ports))),
    )


def union(sets: list[PortSet]) -> PortSet:
    return PortSet.of(port for ports in sets for port in ports) if len(sets) != 1 else sets[0]


def evidence_row(facts: PortFacts, ports: PortSet, verdict: Verdict, reason: str) -> Evidence:
    seen, arrival = facts.observation, facts.arrival
    return Evidence(
        ports=str(ports),
        verdict=verdict,
        answer=seen.reason if seen else "no-response",
        responder=str(seen.responder) if seen else None,
        hop_limit=seen.hop_limit if seen else None,
        arrived=(arrival is not None) if facts.watched or arrival else None,
        neighbour=(arrival.neighbour or None) if arrival else None,
        arrival_hop_limit=arrival.hop_limit if arrival else None,
        attempts=facts.attempts,
        reason=reason,
    )


def false_blocked_bound(measurement: Measurement) -> float | None:
    """The largest probability over all stopped ports that one was merely lost; None where nothing bounds it.

    Ports that something spoke for (a reject) need no bound; where no port is stopped in silence, the bound is 0, unless
    silence could not be judged because no control came through.
    """
    silent = [
        (facts.attempts, decide(facts, measurement.path, target.address, target.protocol)[0] in STOPPED)
        for target in measurement.targets
        for facts, _ in target.groups
        if facts.observation is None and facts.arrival is None
    ]
    if silent and measurement.loss_bound is None:
        return None
    stopped = [attempts for attempts, is_stopped in silent if is_stopped]
    return false_blocked(measurement.loss_bound, min(stopped)) if stopped else 0.0
