"""What one vantage contributes to a run: connect, watch, measure, judge, nmap, certificate. scan.py joins the parts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from scanner.batteries.exchange import RATE, Pace
from scanner.batteries.ground import Ground, Played
from scanner.batteries.run import play_all
from scanner.discovery.present import present_addresses
from scanner.hostwall.name_rules import name_rules
from scanner.hostwall.read import read_host_rules, read_whence
from scanner.lane import Lane
from scanner.measure import ALONE, Vantage, measure
from scanner.model.address import Inventory
from scanner.model.conformance import ConformanceRow
from scanner.model.errors import EnvironmentFault, ScanError
from scanner.model.evidence import CalledHome, Measurement
from scanner.model.run import CallHome, Hop, LanRecord, Outside, PortTable, ServiceRecord, Translation, VantageRecord
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.newborn import Later, joint, measure_newborn, why_not
from scanner.opinion import Ask, Opinion, SecondOpinion
from scanner.plan import Plan
from scanner.probes.surroundings import Progress
from scanner.vantage.spec import Spec
from scanner.verdict.judge import false_blocked_bound, judge
from scanner.verdict.outside import certify
from scanner.witness.ring import Ring
from scanner.witness.watch import open_witness

Report = Callable[[Progress], None]


def nothing_later() -> Later | None:
    return None


BY_THE_HOST = (Verdict.HOST_DROPPED, Verdict.HOST_REJECTED)


@dataclass(frozen=True, slots=True)
class Part:
    """What one vantage contributed."""

    record: VantageRecord
    tables: tuple[PortTable, ...]
    services: tuple[ServiceRecord, ...]
    problems: tuple[str, ...]
    interrupted: bool
    lan: tuple[LanRecord, ...] = ()
    missing: bool = False  # nmap was asked for and did not come to anything
    conformance: tuple[ConformanceRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What every vantage of a run is given."""

    plan: Plan
    inventory: Inventory
    discover: Callable[[], Inventory]
    progress: Report
    present: Callable[[], frozenset[IPv6Address]] = present_addresses  # the host's addresses that were never gone
    later: Callable[[], Later | None] = nothing_later  # what was born since the plan was made


def from_vantage(vantage: Vantage, work: Work, lane: Lane = ALONE) -> Part:
    """Everything one connected vantage can tell; it is closed afterwards."""
    plan, inventory, progress = work.plan, work.inventory, work.progress
    witness, problems = watch(vantage)
    told, played = Opinion(), Played()
    try:
        with SecondOpinion(Ask(vantage, plan, inventory, witness, progress, lane)) as opinion:
            report = both(progress, opinion.tick)
            measurement = measure(vantage, plan, inventory, witness, report, lane, work.present)
            tables = judge(measurement, vantage.name)
            if not (measurement.interrupted or measurement.lost):
                told, tables, measurement = ask_nmap(opinion, tables, measurement)
        if not (measurement.interrupted or measurement.lost):
            tables, measurement = with_newborn(vantage, work, witness, lane, tables, measurement)
        if plan.batteries and not measurement.lost:
            played = play_batteries(vantage, work, tables, measurement, watched=witness is not None)
    finally:
        if witness is not None:
            witness.close()
        with suppress(OSError):
            vantage.close()
    tables, unread = with_rules(tables, vantage, inventory)
    planned = tuple(target for target in measurement.targets if target.address in plan.addresses)
    outside = certify(with_router(inventory, work.discover), vantage.address, replace(measurement, targets=planned))
    return Part(
        record=vantage_record(vantage, measurement, outside),
        tables=tables,
        services=told.services,
        problems=(*problems, *measurement.problems, *told.problems, *played.problems, *unread),
        interrupted=measurement.interrupted or played.interrupted,
        lan=lan_records(measurement, vantage.name),
        missing=told.missing,
        conformance=played.rows,
    )


def play_batteries(
    vantage: Vantage, work: Work, tables: tuple[PortTable, ...], measurement: Measurement, *, watched: bool
) -> Played:
    """What the batteries of the plan say, from this vantage."""
    controls = measurement.controls
    ground = Ground(
        vantage=vantage,
        addresses=work.plan.addresses,
        tables=tables,
        listeners=work.inventory.listeners,
        path=measurement.path,
        key=secrets.token_bytes(16),
        prior=(controls.sent, controls.seen),
        expect=work.plan.expect,
        slow=work.plan.slow,
        pace=Pace(rate=min(RATE, work.plan.rate)),
        progress=lambda *step: work.progress(Progress(*step)),
        present=work.present,
        interrupted=measurement.interrupted,
    )
    return play_all(work.plan.batteries, ground, watched=watched)


def with_newborn(
    vantage: Vantage,
    work: Work,
    witness: Ring | None,
    lane: Lane,
    tables: tuple[PortTable, ...],
    measurement: Measurement,
) -> tuple[tuple[PortTable, ...], Measurement]:
    """The addresses that were born meanwhile, too. What was measured before survives whatever happens here."""
    later = None
    try:
        later = work.later()
        if later is None:
            return tables, measurement
        second = measure_newborn(vantage, work.plan, later, witness, work.progress, lane, work.present)
    except KeyboardInterrupt:
        problem = "interrupted while addresses that were born in mid-scan were scanned"
        return tables, replace(measurement, interrupted=True, problems=(*measurement.problems, problem))
    except ScanError as error:
        return tables, replace(measurement, problems=(*measurement.problems, why_not(error, later)))
    return (*tables, *judge(second, vantage.name)), joint(measurement, second)


def with_rules(
    tables: tuple[PortTable, ...], vantage: Vantage, inventory: Inventory
) -> tuple[tuple[PortTable, ...], tuple[str, ...]]:
    """The rule of this host's own firewall beside what the host dropped or rejected, and what could not be read."""
    if not any(table.verdicts[verdict] for table in tables for verdict in BY_THE_HOST):
        return tables, ()
    rules = read_host_rules()
    router = inventory.default_router
    whence = {
        (str(address.ip), vantage.name): read_whence(
            vantage.address, address.interface, router.interface if router else None
        )
        for address in inventory.scannable()
    }
    return name_rules(tables, rules, whence), rules.problems


def lan_records(measurement: Measurement, vantage: str) -> tuple[LanRecord, ...]:
    return tuple(
        LanRecord(
            prefix=str(fact.prefix),
            vantage=vantage,
            protocol="tcp" if fact.protocol == "tcp" else "udp",
            port=fact.port,
            verdict=fact.verdict,
            evidence=fact.evidence,
        )
        for fact in measurement.lan
    )


def both(progress: Report, tick: Callable[[], None]) -> Report:
    """Each time the sweep reports, nmap is looked after too."""

    def report(step: Progress) -> None:
        tick()
        progress(step)

    return report


def with_router(inventory: Inventory, discover: Callable[[], Inventory]) -> Inventory:
    """The routers' MACs may be known only now: before the scan the host may have had nothing to say to them."""
    router, gateways = inventory.default_router, [route for route in inventory.routes if route.gateway]
    if router is None or (router.mac and all(route.mac for route in gateways)):
        return inventory
    with suppress(ScanError):
        now = discover()
        if now.default_router is not None and now.default_router.address == router.address:
            return replace(inventory, default_router=now.default_router, routes=now.routes)
    return inventory


def ask_nmap(
    opinion: SecondOpinion, tables: tuple[PortTable, ...], measurement: Measurement
) -> tuple[Opinion, tuple[PortTable, ...], Measurement]:
    """nmap's part. What the sweep measured is whole already and survives whatever happens here."""
    try:
        told, tables = opinion.compare(tables)
    except KeyboardInterrupt:
        problems = (*measurement.problems, say("interrupted while nmap ran: the sweep is complete, nmap is not"))
        return Opinion(), tables, replace(measurement, interrupted=True, problems=problems)
    except ScanError as error:
        return Opinion(problems=(str(error),), missing=True), tables, measurement
    return told, tables, measurement


def watch(vantage: Vantage) -> tuple[Ring | None, tuple[str, ...]]:
    """The witness, or None and why nobody watches."""
    try:
        return open_witness([vantage.address]), ()
    except EnvironmentFault as error:
        return None, (str(error),)


def unreached(spec: Spec, name: str, problem: str) -> Part:
    """A vantage that could not be used, among others that could."""
    outside = Outside("unproven", (say("the vantage could not be used"),))
    record = VantageRecord(name, str(spec), (), privileged=False, outside=outside, loss=None, false_blocked_bound=None)
    return Part(record, (), (), (problem,), interrupted=False)


def vantage_record(vantage: Vantage, measurement: Measurement, outside: Outside) -> VantageRecord:
    controls = measurement.controls
    path = measurement.path
    return VantageRecord(
        name=vantage.name,
        spec=str(vantage.spec),
        addresses=tuple(dict.fromkeys(str(a) for a in (vantage.address, *vantage.session.hello.addresses))),
        privileged=vantage.session.hello.raw,
        outside=outside,
        loss=1 - controls.seen / controls.sent if controls.sent else None,
        false_blocked_bound=false_blocked_bound(measurement),
        loss_outward=1 - measurement.outward_heard / measurement.outward_left if measurement.outward_left else None,
        nmap=vantage.session.hello.nmap,
        controls_sent=controls.sent,
        controls_seen=controls.seen,
        probes_sent=measurement.probes_sent,
        rate=round(measurement.probes_sent / measurement.seconds, 1) if measurement.seconds else 0.0,
        capture_dropped=measurement.capture_dropped,
        late_rejects=measurement.late_rejects,
        call_home=call_record(measurement.home_call),
        translated=tuple(Translation(str(inside), str(seen)) for inside, seen in measurement.translated),
        path=tuple(
            Hop(
                hop.distance,
                str(hop.address) if hop.address else None,
                "router" if hop.distance == path.routers else "upstream",
            )
            for hop in path.hops
        ),
    )


def call_record(call: CalledHome | None) -> CallHome | None:
    if call is None:
        return None
    kernel, seen = (str(ip) if ip else None for ip in (call.kernel, call.seen))
    return CallHome(str(call.destination), kernel, seen, proven=call.seen is not None, why=call.why)
