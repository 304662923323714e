"""The story of one scan, top to bottom. A newcomer reads this first.

``scan`` is given its collaborators, so tests hand it a vantage that is a function and a witness that is a list.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scanner import __version__
from scanner.findings import Facts, evaluate, summarise
from scanner.findings.policy import Policy
from scanner.measure import Vantage, connect, measure
from scanner.model.address import Inventory
from scanner.model.catalogue import Catalogue
from scanner.model.errors import EnvironmentFault, ScanError
from scanner.model.evidence import Measurement
from scanner.model.run import (
    SCHEMA,
    AddressRecord,
    Header,
    Hop,
    Host,
    LanRecord,
    Outside,
    PortTable,
    RouterRecord,
    Run,
    RunDigest,
    ServiceRecord,
    Translation,
    VantageRecord,
)
from scanner.model.settings import Settings
from scanner.opinion import Ask, Opinion, SecondOpinion
from scanner.plan import Plan, make_plan
from scanner.probes.engine import Progress
from scanner.vantage.spec import Spec
from scanner.verdict.judge import false_blocked_bound, judge
from scanner.verdict.outside import certify
from scanner.witness.ring import Ring
from scanner.witness.watch import open_witness

Report = Callable[[Progress], None]
ONE_SIDED = "one-sided: nobody watched inside, so nothing tells who stopped what stayed silent"


@dataclass(frozen=True, slots=True)
class Request:
    """What a scan is about: settings, vantages, what may be open, what must not be; ``title`` is the owner's word."""

    settings: Settings
    vantages: tuple[Spec, ...]
    catalogue: Catalogue
    policy: Policy = field(default_factory=Policy)
    title: str = ""
    before: RunDigest | None = None


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


def scan(
    request: Request,
    discover: Callable[[], Inventory],
    progress: Report,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Run:
    """Inventory, probe from outside while the inside watches, judge, find. Returns a run, complete or not; raises only
    what stops it before a packet has left.
    """
    started = clock()
    inventory = discover()
    plan = make_plan(inventory, request.settings, {name: request.catalogue.ports(name) for name in ("tcp", "udp")})
    parts: list[Part] = []
    for spec in request.vantages:
        try:
            parts.append(from_vantage(spec, plan, inventory, discover, progress))
        except ScanError as error:
            if len(request.vantages) == 1:
                raise
            parts.append(unreached(spec, error))
        if parts[-1].interrupted:
            break
    if not any(part.tables for part in parts):
        raise EnvironmentFault("no vantage could be used", "; ".join(p for part in parts for p in part.problems))
    inventory = with_router(inventory, discover)
    return conclude(request, inventory, discover, plan, parts, (started, clock()))


def from_vantage(
    spec: Spec, plan: Plan, inventory: Inventory, discover: Callable[[], Inventory], progress: Report
) -> Part:
    """Everything one vantage can tell."""
    progress(Progress(f"connecting to {spec}", 0, 0, 0))
    vantage = connect(spec, plan.addresses[0])
    witness, problems = watch(vantage)
    told = Opinion()
    try:
        with SecondOpinion(Ask(vantage, plan, inventory, witness, progress)) as opinion:
            measurement = measure(vantage, plan, inventory, witness, both(progress, opinion.tick))
            tables = judge(measurement, spec.name)
            if not (measurement.interrupted or measurement.lost):
                told, tables, measurement = ask_nmap(opinion, tables, measurement)
    finally:
        if witness is not None:
            witness.close()
        with suppress(OSError):
            vantage.close()
    outside = certify(with_router(inventory, discover), vantage.address, measurement)
    return Part(
        record=vantage_record(vantage, measurement, outside),
        tables=tables,
        services=told.services,
        problems=(*problems, *measurement.problems, *told.problems),
        interrupted=measurement.interrupted,
        lan=lan_records(measurement, spec.name),
        missing=told.missing,
    )


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
        problems = (*measurement.problems, "interrupted while nmap ran: the sweep is complete, nmap is not")
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


def unreached(spec: Spec, error: ScanError) -> Part:
    """A vantage that could not be used, among others that could."""
    outside = Outside("unproven", ("the vantage could not be used",))
    record = VantageRecord(
        spec.name, str(spec), (), privileged=False, outside=outside, loss=None, false_blocked_bound=None
    )
    return Part(record, (), (), (str(error),), interrupted=False)


def conclude(
    request: Request,
    inventory: Inventory,
    discover: Callable[[], Inventory],
    plan: Plan,
    parts: Sequence[Part],
    times: tuple[datetime, datetime],
) -> Run:
    """Join the vantages' parts into the run document."""
    tables = tuple(table for part in parts for table in part.tables)
    vantages = tuple(part.record for part in parts)
    services = tuple(service for part in parts for service in part.services)
    addresses, more = address_records(inventory, discover, plan)
    watched = all(row.arrived is not None for table in tables for row in table.evidence)
    problems = list(dict.fromkeys([*inventory.problems, *(p for part in parts for p in part.problems), *more]))
    if not watched:
        problems.insert(0, ONE_SIDED)
    problems += [
        f"vantage {record.name} is not outside: {record.outside.evidence[0]}"
        for record in vantages
        if record.outside.verdict == "refuted"
    ]
    interrupted = any(part.interrupted for part in parts)
    whole = watched and not more and not any(part.missing for part in parts)
    complete = not interrupted and is_complete(tables, vantages) and whole
    facts = Facts(
        inventory=inventory,
        tables=tables,
        vantages=vantages,
        services=services,
        catalogue=request.catalogue,
        policy=request.policy,
        expect=request.settings.expect,
        witness=watched,
        lan=tuple(row for part in parts for row in part.lan),
    )
    findings = evaluate(facts)
    started, finished = times
    router = inventory.default_router
    return Run(
        schema=SCHEMA,
        run=Header(
            id=f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
            started_at=started,
            finished_at=finished,
            version=__version__,
            profile=request.settings.profile,
            complete=complete,
            problems=tuple(problems),
            interrupted=interrupted,
            expect=request.settings.expect,
            witness=watched,
            title=request.title,
        ),
        host=Host(
            inventory.host,
            inventory.os,
            RouterRecord(str(router.address).partition("%")[0], router.mac, router.interface) if router else None,
        ),
        addresses=addresses,
        listeners=inventory.listeners,
        vantages=vantages,
        ports=tables,
        services=services,
        lan=facts.lan,
        findings=findings,
        summary=summarise(facts, findings, complete=complete),
        before=request.before,
    )


def is_complete(tables: Sequence[PortTable], vantages: Sequence[VantageRecord]) -> bool:
    """Every vantage delivered, none refuted, no port left undetermined."""
    return all(not table.verdicts["indeterminate"] for table in tables) and all(  # type: ignore[index]
        record.outside.verdict != "refuted" and record.false_blocked_bound is not None for record in vantages
    )


def address_records(
    inventory: Inventory, discover: Callable[[], Inventory], plan: Plan
) -> tuple[tuple[AddressRecord, ...], tuple[str, ...]]:
    """Every address with whether it was scanned; those born in mid-scan are listed as not scanned."""
    try:
        now = discover().addresses
    except ScanError:
        now = inventory.addresses
    known = {address.ip for address in inventory.addresses}
    born = tuple(address for address in now if address.ip not in known and address.scannable)
    records = tuple(
        AddressRecord(
            address=str(address.ip),
            prefix_length=address.prefix_length,
            interface=address.interface,
            kind=address.kind,
            state=address.state,
            origin=address.origin,
            preferred_lifetime=address.preferred_lifetime,
            valid_lifetime=address.valid_lifetime,
            scanned=address.ip in plan.addresses,
            why_not_scanned="" if address.ip in plan.addresses else _why_not(address in born, address.scannable),
        )
        for address in (*inventory.addresses, *born)
    )
    problems = tuple(f"{address.ip} was born in mid-scan and is not scanned: run again" for address in born)
    return records, problems


def _why_not(born: bool, scannable: bool) -> str:  # noqa: FBT001
    if born:
        return "born in mid-scan"
    return "not asked for" if scannable else "not reachable from the Internet"


def vantage_record(vantage: Vantage, measurement: Measurement, outside: Outside) -> VantageRecord:
    controls = measurement.controls
    path = measurement.path
    return VantageRecord(
        name=vantage.spec.name,
        spec=str(vantage.spec),
        addresses=tuple(dict.fromkeys(str(a) for a in (vantage.address, *vantage.session.hello.addresses))),
        privileged=vantage.session.hello.raw,
        outside=outside,
        loss=1 - controls.seen / controls.sent if controls.sent else None,
        false_blocked_bound=false_blocked_bound(measurement),
        nmap=vantage.session.hello.nmap,
        controls_sent=controls.sent,
        controls_seen=controls.seen,
        probes_sent=measurement.probes_sent,
        rate=round(measurement.probes_sent / measurement.seconds, 1) if measurement.seconds else 0.0,
        capture_dropped=measurement.capture_dropped,
        late_rejects=measurement.late_rejects,
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
