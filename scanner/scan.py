"""The story of one scan, top to bottom. A newcomer reads this first.

``scan`` is given its collaborators, so tests hand it a vantage that is a function and a witness that is a list.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv6Address

from scanner import __version__
from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.discovery.follow import Event, follow
from scanner.discovery.outbound import destinations_of, read_outbound
from scanner.discovery.packages import with_packages
from scanner.discovery.search_domains import read_search_domains
from scanner.discovery.vendors import vendor_finder
from scanner.findings import Facts, evaluate, summarise
from scanner.guess.eui64 import mac_in
from scanner.guess.records import Circumstances, record_of
from scanner.language import texts_of
from scanner.model.address import Address, DefaultRouter, Inventory
from scanner.model.catalogue import Catalogue
from scanner.model.errors import EnvironmentFault, ScanError
from scanner.model.privacy import Privacy
from scanner.model.run import (
    SCHEMA,
    AddressRecord,
    EventRecord,
    Header,
    Host,
    PortTable,
    RouterRecord,
    Run,
    RunDigest,
    VantageRecord,
)
from scanner.model.settings import Settings
from scanner.model.text import clauses, say
from scanner.names.at_scan import Known, ask_names, find_names
from scanner.names.entries import entry_of
from scanner.newborn import Later, plan_newborn
from scanner.part import Part, Report, Work, with_router
from scanner.plan import Plan, make_plan
from scanner.policy import Policy
from scanner.privacy.look import look
from scanner.probes.surroundings import Progress
from scanner.together import from_all
from scanner.vantage.spec import Spec
from scanner.verdict.differences import differences

ONE_SIDED = say("one-sided: nobody watched inside, so nothing tells who stopped what stayed silent")


@dataclass(frozen=True, slots=True)
class Request:
    """What a scan is about: settings, vantages, what may be open, what must not be; ``title`` is the owner's word."""

    settings: Settings
    vantages: tuple[Spec, ...]
    catalogue: Catalogue
    policy: Policy = field(default_factory=Policy)
    title: str = ""
    policy_file: str = ""  # where ``policy`` stands, as the owner named it
    before: RunDigest | None = None
    names: tuple[str, ...] = ()  # of the host, to be looked up in the DNS
    router: str = ""  # an id of data/routers.toml, "" to guess it
    ask_dns: bool = True  # look names up at the end, those that DDNS clients keep too
    probe_allowed: bool = False  # the policy's ports too, whatever the profile

    def plan(self, inventory: Inventory, settings: Settings) -> Plan:
        first = {name: self.catalogue.ports(name) for name in ("tcp", "udp")}
        if self.probe_allowed:
            first = {name: ports | self.policy.ports(name) for name, ports in first.items()}
        return make_plan(inventory, settings, first)


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
    with follow(clock) as story:
        inventory = discover()
        plan = request.plan(inventory, request.settings)

        def later() -> Later | None:
            return plan_newborn(inventory, discover(), request.settings, request.plan)

        parts = from_all(request.vantages, Work(plan, inventory, discover, progress, story.lasting, later))
        if not any(part.tables for part in parts):
            if any(part.interrupted for part in parts):
                raise KeyboardInterrupt
            raise EnvironmentFault(say("no vantage could be used"), clauses(p for part in parts for p in part.problems))
        known, stopped = Known(), False
        if request.ask_dns:
            known, stopped = look_names_up(request.names, inventory, discover, progress)
        inventory = with_router(inventory, discover)
        after = Aftermath(held(inventory, discover), story.events, known, stopped, story.why)
        return conclude(request, inventory, parts, after, (started, clock()))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was learned after the measurement: the addresses held then, what happened to them, what the DNS says."""

    addresses: tuple[Address, ...]
    events: tuple[Event, ...]
    names: Known
    stopped: bool = False  # by Ctrl-C, while names were looked up
    unwatched: str = ""  # why changes of addresses were not, or not until the end, followed


def conclude(
    request: Request,
    inventory: Inventory,
    parts: Sequence[Part],
    after: Aftermath,
    times: tuple[datetime, datetime],
) -> Run:
    """Join the vantages' parts into the run document."""
    known = {address.ip for address in inventory.addresses}
    born = tuple(address for address in after.addresses if address.ip not in known and address.scannable)
    inventory = replace(inventory, addresses=(*inventory.addresses, *born))
    scanned = frozenset(IPv6Address(table.address) for part in parts for table in part.tables)
    names_then = replace(inventory, addresses=after.addresses)
    tables = tuple(table for part in parts for table in part.tables)
    vantages = tuple(part.record for part in parts)
    services = tuple(service for part in parts for service in part.services)
    addresses = address_records(inventory, frozenset(address.ip for address in born), scanned, vantages, times)
    left_out = [] if request.settings.addresses else [one.ip for one in born if one.ip not in scanned]
    more = tuple(say("{address} was born in mid-scan and is not scanned: run again", address=ip) for ip in left_out)
    watched = all(row.arrived is not None for table in tables for row in table.evidence)
    told = (p for part in parts for p in part.problems)
    problems = list(dict.fromkeys([*inventory.problems, *told, *more, *after.names.problems]))
    if after.unwatched:
        problems.append(after.unwatched)
    if not watched:
        problems.insert(0, ONE_SIDED)
    problems += [
        say("vantage {vantage} is not outside: {why}", vantage=record.name, why=record.outside.evidence[0])
        for record in vantages
        if record.outside.verdict == "refuted"
    ]
    interrupted = after.stopped or any(part.interrupted for part in parts)
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
        conformance=tuple(row for part in parts for row in part.conformance),
        cases=(*load_cases(EVASION), *load_cases(ICMPV6)),
        differences=differences(table for table in tables if table.vantage not in refuted),
        privacy=read_privacy(scanned, inventory),
        vendors=read_vendors(inventory),
        names=after.names.records,
        now=after.addresses,
        born=frozenset(address.ip for address in born),
    )
    findings = evaluate(facts)
    started, finished = times
    router = inventory.default_router
    run = Run(
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
            policy=request.policy_file,
        ),
        host=Host(
            inventory.host,
            inventory.os,
            router_record(router) if router else None,
            request.router,
        ),
        addresses=addresses,
        listeners=with_packages(inventory.listeners),
        vantages=vantages,
        ports=tables,
        services=services,
        lan=facts.lan,
        conformance=facts.conformance,
        differences=facts.differences,
        findings=findings,
        summary=summarise(facts, findings, complete=complete),
        before=request.before,
        names=tuple(entry_of(record, names_then, after.names.pointers) for record in after.names.records),
        events=tuple(event_record(event) for event in after.events),
    )
    return replace(run, texts=texts_of(run))


def look_names_up(
    asked: tuple[str, ...], inventory: Inventory, discover: Callable[[], Inventory], progress: Report
) -> tuple[Known, bool]:
    """What the DNS says, and whether Ctrl-C cut it short: what was measured is kept either way."""
    try:
        names, reading = find_names(asked)
        if names:
            progress(Progress(say("asking the DNS"), 0, 0, 0))
        own = (address.ip for address in held(inventory, discover) if address.scannable)
        return ask_names(names, reading, own), False
    except KeyboardInterrupt:
        return Known(problems=(say("interrupted while names were looked up: the measurement is complete"),)), True


def held(inventory: Inventory, discover: Callable[[], Inventory]) -> tuple[Address, ...]:
    """The addresses of this moment, or the last ones known."""
    try:
        return discover().addresses
    except ScanError:
        return inventory.addresses


def event_record(event: Event) -> EventRecord:
    address = event.address
    return EventRecord(event.at, event.change.value, str(address.ip), address.interface, address.kind, address.state)


def router_record(router: DefaultRouter) -> RouterRecord:
    """The default router and what gives away its make; its address may tell the MAC that the neighbour table lacks."""
    return RouterRecord(
        address=str(router.address).partition("%")[0],
        mac=router.mac,
        interface=router.interface,
        vendor=vendor_finder()(router.mac or mac_in(router.address) or ""),
        search_domains=read_search_domains(),
    )


def read_vendors(inventory: Inventory) -> dict[str, str]:
    """Who assigned the MAC addresses of the host's interfaces, where that is known."""
    find = vendor_finder()
    own = {address.own_mac for address in inventory.addresses if address.own_mac}
    return {mac: name for mac in own if (name := find(mac))}


def read_privacy(scanned_addresses: frozenset[IPv6Address], inventory: Inventory) -> Privacy | None:
    """The address settings of the interfaces that were scanned; None where they cannot be read."""
    scanned = {address.interface for address in inventory.addresses if address.ip in scanned_addresses}
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
    inventory: Inventory,
    born: frozenset[IPv6Address],
    scanned: frozenset[IPv6Address],
    vantages: Sequence[VantageRecord],
    times: tuple[datetime, datetime],
) -> tuple[AddressRecord, ...]:
    """Every address with whether it was scanned; ``born`` are those that were born in mid-scan."""
    sources = {row.destination.name: row.source for row in read_outbound(destinations_of(inventory.addresses))}
    vendor = vendor_finder()
    seen_at: dict[str, tuple[str, ...]] = {}
    for vantage in vantages:
        if vantage.call_home and vantage.call_home.seen:
            seen = vantage.call_home.seen
            seen_at[seen] = (*seen_at.get(seen, ()), vantage.name)
    return tuple(
        replace(
            record_of(
                address,
                Circumstances(times[address.ip in born], vendor=vendor, sources=sources, networks=inventory.ipv4),
                scanned=address.ip in scanned,
                why_not_scanned="" if address.ip in scanned else _why_not(address.ip in born, address.scannable),
            ),
            seen_at=seen_at.get(str(address.ip), ()),
        )
        for address in inventory.addresses
    )


def _why_not(born: bool, scannable: bool) -> str:  # noqa: FBT001
    if born:
        return say("born in mid-scan")
    return say("not asked for") if scannable else say("not reachable from the Internet")
