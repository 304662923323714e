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
from scanner.discovery.outbound import destinations_of, read_outbound
from scanner.discovery.vendors import vendor_finder
from scanner.findings import Facts, evaluate, summarise
from scanner.findings.policy import Policy
from scanner.guess.records import Circumstances, record_of
from scanner.model.address import Inventory
from scanner.model.catalogue import Catalogue
from scanner.model.errors import EnvironmentFault, ScanError
from scanner.model.privacy import Privacy
from scanner.model.run import (
    SCHEMA,
    AddressRecord,
    Header,
    Host,
    PortTable,
    RouterRecord,
    Run,
    RunDigest,
    VantageRecord,
)
from scanner.model.settings import Settings
from scanner.part import Part, Report, Work, with_router
from scanner.plan import Plan, make_plan
from scanner.privacy.look import look
from scanner.together import from_all
from scanner.vantage.spec import Spec
from scanner.verdict.differences import differences

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
    parts = from_all(request.vantages, Work(plan, inventory, discover, progress))
    if not any(part.tables for part in parts):
        if any(part.interrupted for part in parts):
            raise KeyboardInterrupt
        raise EnvironmentFault("no vantage could be used", "; ".join(p for part in parts for p in part.problems))
    inventory = with_router(inventory, discover)
    return conclude(request, inventory, discover, plan, parts, (started, clock()))


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
    addresses, more = address_records(inventory, discover, plan, times)
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
    refuted = {record.name for record in vantages if record.outside.verdict == "refuted"}
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
        differences=differences(table for table in tables if table.vantage not in refuted),
        privacy=read_privacy(plan, inventory),
        vendors=read_vendors(inventory),
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
        differences=facts.differences,
        findings=findings,
        summary=summarise(facts, findings, complete=complete),
        before=request.before,
    )


def read_vendors(inventory: Inventory) -> dict[str, str]:
    """Who assigned the MAC addresses of the host's interfaces, where that is known."""
    find = vendor_finder()
    own = {address.own_mac for address in inventory.addresses if address.own_mac}
    return {mac: name for mac in own if (name := find(mac))}


def read_privacy(plan: Plan, inventory: Inventory) -> Privacy | None:
    """The address settings of the interfaces that were scanned; None where they cannot be read."""
    scanned = {address.interface for address in inventory.addresses if address.ip in plan.addresses}
    with suppress(ScanError, OSError):
        privacy = look()
        return replace(privacy, interfaces=tuple(one for one in privacy.interfaces if one.interface in scanned))
    return None


def is_complete(tables: Sequence[PortTable], vantages: Sequence[VantageRecord]) -> bool:
    """Every vantage delivered, none refuted, no port left undetermined."""
    return all(not table.verdicts["indeterminate"] for table in tables) and all(  # type: ignore[index]
        record.outside.verdict != "refuted" and record.false_blocked_bound is not None for record in vantages
    )


def address_records(
    inventory: Inventory, discover: Callable[[], Inventory], plan: Plan, times: tuple[datetime, datetime]
) -> tuple[tuple[AddressRecord, ...], tuple[str, ...]]:
    """Every address with whether it was scanned; those born in mid-scan are listed as not scanned."""
    try:
        now = discover().addresses
    except ScanError:
        now = inventory.addresses
    known = {address.ip for address in inventory.addresses}
    born = tuple(address for address in now if address.ip not in known and address.scannable)
    sources = {row.destination.name: row.source for row in read_outbound(destinations_of(inventory.addresses))}
    vendor = vendor_finder()
    records = tuple(
        record_of(
            address,
            Circumstances(at, vendor=vendor, sources=sources),
            scanned=address.ip in plan.addresses,
            why_not_scanned="" if address.ip in plan.addresses else _why_not(address in born, address.scannable),
        )
        for addresses, at in zip((inventory.addresses, born), times, strict=True)
        for address in addresses
    )
    problems = tuple(f"{address.ip} was born in mid-scan and is not scanned: run again" for address in born)
    return records, problems


def _why_not(born: bool, scannable: bool) -> str:  # noqa: FBT001
    if born:
        return "born in mid-scan"
    return "not asked for" if scannable else "not reachable from the Internet"
