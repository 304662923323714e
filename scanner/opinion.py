"""nmap beside the sweep: an independent second opinion, and names for what is open.

nmap's top ports run while the sweep runs, and names are asked for as soon as they are done. Where the two differ both
are shown, the port is probed again from both sides, and what that says is added: a port seen open once stays open.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Literal, Self

from scanner.lane import Lane
from scanner.measure import ALONE, Vantage, measure
from scanner.model.address import Inventory, Listener
from scanner.model.errors import ScanError
from scanner.model.ports import PortSet
from scanner.model.run import Disagreement, NmapRow, PortTable, ServiceRecord
from scanner.model.text import mark, say
from scanner.model.verdict import PASSED, Verdict
from scanner.plan import PROTOCOLS, TCP, Plan, TargetPlan
from scanner.probes.nmap_report import NmapHost, NmapReport
from scanner.probes.nmap_scan import NmapRequest, NmapRun, ServiceRuns, Source, service_requests, sweep_request
from scanner.probes.pipe import Witness
from scanner.probes.surroundings import Progress
from scanner.vantage.nmap_shim import write_shim
from scanner.verdict.judge import judge
from scanner.verdict.second_opinion import Heard, disagreements, heard

NOT_THERE = mark(
    "nmap is not installed at vantage {name}, so there is no second opinion and no service name: "
    "apt install nmap there, or scan with --no-nmap"
)
PAUSE = 0.1
AT_ONCE = 8  # sshd takes ten sessions on a shared connection (MaxSessions); the sweep has one
Words = tuple[str, str, str]  # nmap's name, product, version
NMAP_RATE = 1000  # packets a second, beside the sweep
MOST_AGAIN = 256  # ports probed again; more is not a dispute but another path


@dataclass(frozen=True, slots=True)
class Opinion:
    """What nmap added."""

    services: tuple[ServiceRecord, ...] = ()
    problems: tuple[str, ...] = ()
    missing: bool = False  # asked for, and did not come to anything


@dataclass(frozen=True, slots=True)
class Ask:
    """What a question to nmap or a repeated probe needs."""

    vantage: Vantage
    plan: Plan
    inventory: Inventory
    witness: Witness | None
    progress: Callable[[Progress], None]
    lane: Lane = ALONE


class SecondOpinion:
    """nmap at the vantage, from its start beside the sweep to its comparison. Leaving the context ends it."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._stack = ExitStack()
        self._run: NmapRun | None = None
        self._shim: Path | None = None
        self._naming: ServiceRuns | None = None
        self._missing = False
        self._asked: set[tuple[object, ...]] = set()
        self._problems: list[str] = []

    def __enter__(self) -> Self:
        plan, vantage = self._ask.plan, self._ask.vantage
        if not plan.nmap:
            return self
        if vantage.session.hello.nmap is None:
            self._problems.append(say(NOT_THERE, name=vantage.name))
            self._missing = True
            return self
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="v6expose-shim-")))
        self._shim = write_shim(directory, vantage.spec, vantage.shared.path if vantage.shared else None)
        if any(target.protocol == TCP for target in plan.targets):
            raw = vantage.session.hello.raw
            request = sweep_request(
                self._shim, plan.addresses, Source(vantage.address), privileged=raw, rate=min(NMAP_RATE, plan.rate)
            )
            self._run = self._stack.enter_context(NmapRun(request))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def tick(self) -> None:
        """While the sweep goes on: once nmap's own scan is done, ask for the names of what it found open."""
        if self._run is None or not self._run.poll():
            return
        if self._naming is None:
            with suppress(ScanError):  # compare() meets the same error and reports it
                self._begin_naming(tuple(open_to_nmap(self._run.result())))
        else:
            self._naming.poll()

    def _begin_naming(self, ports: Iterable[tuple[str, str, int]]) -> None:
        doors = doors_of(ports, self._ask.inventory.listeners)
        asked = list({door.asked: door for door in doors if door.asked not in self._asked}.values())
        self._asked |= {door.asked for door in asked}
        self._naming = self._stack.enter_context(ServiceRuns(self._requests(asked), AT_ONCE))

    def compare(self, tables: tuple[PortTable, ...]) -> tuple[Opinion, tuple[PortTable, ...]]:
        """Wait for nmap, set its words beside the tables, settle disputes, ask what is open for its name."""
        report = self._wait(self._run, "nmap -6: second opinion") if self._run else None
        if report is not None:
            tables = tuple(with_nmap(table, report) for table in tables)
            tables = self._settle(tables)
        services = self._services(tables) if self._shim else ()
        return Opinion(services, tuple(self._problems), self._missing), tables

    def _wait(self, run: NmapRun | ServiceRuns, stage: str) -> NmapReport | None:
        try:
            while not run.poll():
                self._ask.progress(Progress(stage, int(100 * (run.progress() or 0)), 100, 0))
                time.sleep(PAUSE)
                self._ask.vantage.session.keep_alive()
            report = run.result()
        except ScanError as error:
            self._problems.append(str(error))
            self._missing = True
            return None
        self._problems.extend(f"nmap: {problem}" for problem in report.problems)
        if report.truncated:
            self._problems.append(say("nmap was ended early; what it had measured is kept"))
        return report

    # -- disputes

    def _settle(self, tables: tuple[PortTable, ...]) -> tuple[PortTable, ...]:
        """Probe every port in dispute again, from both sides."""
        disputes = {(t.address, t.protocol): disputed(t) for t in tables}
        targets = tuple(
            TargetPlan(IPv6Address(address), PROTOCOLS[protocol], PortSet.of(list(ports)[:MOST_AGAIN]), PortSet())
            for (address, protocol), ports in disputes.items()
            if ports
        )
        if not targets:
            return tables
        ask = self._ask
        plan = replace(ask.plan, targets=targets, nmap=False, lan=False)
        measurement = measure(ask.vantage, plan, ask.inventory, ask.witness, ask.progress, ask.lane)
        self._problems.extend(measurement.problems)
        again: dict[tuple[str, str], PortTable] = {
            (t.address, t.protocol): t for t in judge(measurement, ask.vantage.name)
        }
        return tuple(settled(table, disputes[table.address, table.protocol], again) for table in tables)

    # -- services

    def _services(self, tables: Sequence[PortTable]) -> tuple[ServiceRecord, ...]:
        """Name what is open. A program that listens on all addresses is asked once."""
        doors = tuple(doors_of(open_to_sweep(tables), self._ask.inventory.listeners))
        told: dict[tuple[object, ...], Words] = {}
        if self._naming is not None:
            self._hear_names(told, doors)
        if any(door.asked not in self._asked for door in doors):
            self._begin_naming((str(door.address), door.protocol, door.port) for door in doors)
            self._hear_names(told, doors)
        return tuple(_record(door, told.get(door.asked), self._ask.vantage.name) for door in doors)

    def _hear_names(self, told: dict[tuple[object, ...], Words], doors: Sequence[Door]) -> None:
        assert self._naming is not None  # noqa: S101  (the callers have begun it)
        report = self._wait(self._naming, "nmap -6 -sV: what is open")
        keys = {(door.address, door.protocol, door.port): door.asked for door in doors}
        for host in report.hosts if report else ():
            told.update({keys[place]: words for place, words in _named(host) if place in keys})

    def _requests(self, doors: Sequence[Door]) -> list[NmapRequest]:
        assert self._shim is not None  # noqa: S101  (nothing is named without nmap)
        return [
            request
            for address in dict.fromkeys(door.address for door in doors)
            for request in service_requests(
                self._shim,
                address,
                PortSet.of(door.port for door in doors if (door.address, door.protocol) == (address, "tcp")),
                PortSet.of(door.port for door in doors if (door.address, door.protocol) == (address, "udp")),
                Source(self._ask.vantage.address).arguments,
                privileged=self._ask.vantage.session.hello.raw,
            )
        ]


@dataclass(frozen=True, slots=True)
class Door:
    """An open port. ``asked`` is equal for doors that lead to the same listener."""

    address: IPv6Address
    protocol: str
    port: int
    process: str
    asked: tuple[object, ...] = field(default=())


def open_to_sweep(tables: Iterable[PortTable]) -> Iterable[tuple[str, str, int]]:
    """(address, protocol, port) of all that is open by the tables."""
    for table in tables:
        for port in PortSet.parse(table.verdicts[Verdict.OPEN]):
            yield table.address, table.protocol, port


def open_to_nmap(report: NmapReport) -> Iterable[tuple[str, str, int]]:
    """The same by nmap's own scan; only what accepted counts (trap D8)."""
    for host in report.hosts:
        for port in host.ports:
            if heard(port.state, port.reason) is Heard.ACCEPT:
                yield str(host.address), port.protocol, port.port


def doors_of(ports: Iterable[tuple[str, str, int]], listeners: Iterable[Listener]) -> Iterable[Door]:
    """Open ports with the program behind each."""
    known = list(listeners)
    for text, protocol, port in ports:
        address = IPv6Address(text)
        mine = [row for row in known if (row.protocol, row.port) == (protocol, port)]
        bound = next((row for row in mine if row.bind.partition("%")[0] == text), None)
        everywhere = next((row for row in mine if row.bind == "::"), None)
        listener = bound or everywhere
        same = (protocol, port) if listener is not None and listener is everywhere else (protocol, port, address)
        yield Door(address, protocol, port, listener.process if listener else "", same)


def _named(host: NmapHost) -> Iterable[tuple[tuple[IPv6Address, str, int], Words]]:
    for port in host.ports:
        if port.service is not None and port.service.method == "probed":  # "table" is a guess by number
            name = f"{port.service.tunnel}/{port.service.name}" if port.service.tunnel else port.service.name
            version = " ".join(word for word in (port.service.version, port.service.extrainfo) if word)
            yield (host.address, port.protocol, port.port), (name, port.service.product, version)


def _record(door: Door, words: Words | None, vantage: str) -> ServiceRecord:
    name, product, version = words or ("", "", "")
    protocol: Literal["tcp", "udp"] = "tcp" if door.protocol == "tcp" else "udp"
    return ServiceRecord(str(door.address), vantage, protocol, door.port, name, product, version, door.process)


def with_nmap(table: PortTable, report: NmapReport) -> PortTable:
    """The table with nmap's own words for the same address and protocol."""
    host = next((host for host in report.hosts if str(host.address) == table.address), None)
    ports = [port for port in (host.ports if host else ()) if port.protocol == table.protocol]
    if not ports:
        return table
    states: dict[str, dict[str, list[int]]] = {}
    for port in ports:
        states.setdefault(port.state, {}).setdefault(port.reason, []).append(port.port)
    row = {state: {reason: str(PortSet.of(p)) for reason, p in reasons.items()} for state, reasons in states.items()}
    return replace(table, nmap=NmapRow(row))


def disputed(table: PortTable) -> dict[int, tuple[Verdict, str]]:
    """Ports on which nmap and the sweep differ -> the sweep's verdict and nmap's words."""
    if table.nmap is None:
        return {}
    said = {
        port: (state, reason)
        for state, reasons in table.nmap.states.items()
        for reason, ports in reasons.items()
        for port in PortSet.parse(ports)
    }
    ours = {port: verdict for verdict, ports in table.verdicts.items() for port in PortSet.parse(ports) if port in said}
    return {row.port: (row.verdict, row.nmap) for row in disagreements(ours, said)}


def settled(
    table: PortTable, disputes: dict[int, tuple[Verdict, str]], again: dict[tuple[str, str], PortTable]
) -> PortTable:
    """The table with its disputes and what probing again said of them."""
    second = again.get((table.address, table.protocol))
    if not disputes or second is None:
        return table
    later = {port: verdict for verdict, ports in second.verdicts.items() for port in PortSet.parse(ports)}
    rows = tuple(
        Disagreement(port, verdict, words, later[port])
        for port, (verdict, words) in sorted(disputes.items())
        if port in later
    )
    changed = {row.port: row.again for row in rows if prefer_later(row.sweep, row.again)}
    return replace(moved(table, changed, second), disagreements=rows)


def prefer_later(first: Verdict, later: Verdict) -> bool:
    """Whether the second probe replaces the first: only where it saw more. What passed once has passed."""
    if first is later or later is Verdict.INDETERMINATE:
        return False
    return later is Verdict.OPEN or (first not in PASSED and later in PASSED) or first is Verdict.INDETERMINATE


def moved(table: PortTable, changed: dict[int, Verdict], second: PortTable) -> PortTable:
    """The table with ``changed`` ports under their new verdicts, and the evidence that goes with them."""
    if not changed:
        return table
    gone = PortSet.of(changed)
    verdicts = {
        verdict: str((PortSet.parse(ports) - gone) | PortSet.of(p for p, v in changed.items() if v is verdict))
        for verdict, ports in table.verdicts.items()
    }
    kept = (replace(row, ports=str(PortSet.parse(row.ports) - gone)) for row in table.evidence)
    new = (
        replace(row, ports=str(PortSet.of(p for p in PortSet.parse(row.ports) if changed.get(p) is row.verdict)))
        for row in second.evidence
    )
    return replace(table, verdicts=verdicts, evidence=tuple(row for row in (*kept, *new) if row.ports))
