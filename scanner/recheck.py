"""The story of one re-check: which findings, what tells of them today, and what became of them.

Everything that needs probes goes into one scan, which sends those probes and no others; what the host's own settings or
the DNS tell is looked at without a vantage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from scanner.findings import Facts, evaluate
from scanner.model.address import Inventory
from scanner.model.catalogue import PROTOCOLS, Catalogue
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.finding import Finding
from scanner.model.ports import PortSet
from scanner.model.run import Run
from scanner.model.settings import Profile, Settings
from scanner.model.text import say
from scanner.names.hostname import parse_name
from scanner.part import Report
from scanner.plan import listening
from scanner.policy import Policy
from scanner.remedies.again import Again, Shift, Standing, case_shifts, judge_again, shifts, unmeasured
from scanner.remedies.narrow import Narrow, Way, narrow
from scanner.scan import Request, look_names_up, read_privacy, read_vendors
from scanner.vantage.spec import ExecSpec, Spec, parse_spec

TITLE = "re-check"


@dataclass(frozen=True, slots=True)
class Asked:
    """A finding and what tells of it today."""

    finding: Finding
    narrow: Narrow


@dataclass(frozen=True, slots=True)
class Means:
    """What a re-check may use. ``look`` runs a scan; ``vantages`` is empty where none is known."""

    vantages: tuple[Spec, ...]
    catalogue: Catalogue
    policy: Policy
    discover: Callable[[], Inventory]
    look: Callable[[Request], Run]
    progress: Report
    rate: int
    names: tuple[str, ...] = ()


def recheck(run: Run, findings: Sequence[Finding], means: Means) -> tuple[tuple[Again, ...], Run | None]:
    """What became of each finding, in their order, and the scan that told, None where none was needed.

    Raises EnvironmentFault where probes are needed and there is no vantage.
    """
    inventory = means.discover()
    asked = [Asked(finding, narrow(run, finding, inventory.addresses)) for finding in findings]
    scanned = _scan(run, [one.narrow for one in asked], inventory, means)
    told = {one.narrow.way for one in asked}
    by_host = _look(run, inventory, means) if Way.HOST in told else ()
    by_names, unanswered = _ask(run, inventory, means) if Way.NAMES in told else ((), "")
    judged = []
    for one in asked:
        if one.narrow.way is Way.HOST:
            judged.append(judge_again(one.finding, by_host, ""))
        elif one.narrow.way is Way.NAMES:
            judged.append(judge_again(one.finding, by_names, unanswered))
        else:
            judged.append(_by_probes(run, one, scanned))
    return tuple(judged), scanned


def specs_of(run: Run, given: Iterable[str], configured: Iterable[str], *, trusted: bool) -> tuple[Spec, ...]:
    """Where to look from: what the owner says now, otherwise the run's own vantages.

    A document that is not ``trusted`` may come from anybody: a command in it is not run unless the configuration has
    the very same. Raises InputError.
    """
    said = tuple(given)
    if said:
        return tuple(parse_spec(text) for text in said)
    known = tuple(configured)
    specs = tuple(parse_spec(vantage.spec) for vantage in run.vantages)
    for spec in specs:
        if isinstance(spec, ExecSpec) and not trusted and str(spec) not in known:
            raise InputError(
                say(
                    "the run document names a command as its vantage ({spec}), and no document is trusted "
                    "with commands",
                    spec=spec,
                ),
                say("give it yourself if it is yours: --vantage 'exec:...'"),
            )
    return specs or tuple(parse_spec(text) for text in known)


def _scan(run: Run, narrows: Iterable[Narrow], inventory: Inventory, means: Means) -> Run | None:
    """One scan for all that needs probes; None where nothing does, or nothing can be sent."""
    wanted = [one for one in narrows if one.way is Way.PROBES and not one.why_not]
    if not wanted:
        return None
    if not means.vantages:
        raise EnvironmentFault(say("the run names no vantage to look from"), say("give one: --vantage ssh:user@vps"))
    settings = replace(merged(wanted, inventory, means.catalogue), rate=means.rate, expect=run.run.expect)
    return means.look(
        Request(
            settings=settings,
            vantages=means.vantages,
            catalogue=means.catalogue,
            policy=means.policy,
            title=TITLE,
            router=run.host.router,
            ask_dns=False,
        )
    )


def merged(wanted: Sequence[Narrow], inventory: Inventory, catalogue: Catalogue) -> Settings:
    """The smallest scan that holds all of them."""
    everywhere = any(not one.addresses for one in wanted)
    addresses = () if everywhere else tuple(dict.fromkeys(ip for one in wanted for ip in one.addresses))
    ports = {protocol: PortSet() for protocol in PROTOCOLS}
    for one in wanted:
        for protocol in PROTOCOLS:
            found = one.ports(protocol)
            ports[protocol] |= _quick(protocol, inventory, catalogue) if found is None else found
    return Settings(
        profile=Profile.QUICK,
        addresses=addresses,
        tcp=ports["tcp"],
        udp=ports["udp"],
        nmap=False,
        lan=any(one.lan for one in wanted),
        batteries=tuple(dict.fromkeys(name for one in wanted for name in one.batteries)),
    )


def _quick(protocol: str, inventory: Inventory, catalogue: Catalogue) -> PortSet:
    """What the quick profile asks."""
    ports = catalogue.ports(protocol)
    for address in inventory.scannable():
        ports |= listening(inventory.listeners, protocol, address.ip)
    return ports


def _by_probes(run: Run, asked: Asked, scanned: Run | None) -> Again:
    if scanned is None or asked.narrow.why_not:
        return Again(asked.finding, Standing.NOT_MEASURED, why=asked.narrow.why_not)
    judged = judge_again(asked.finding, scanned.findings, unmeasured(run, asked.finding, scanned, asked.narrow))
    if asked.narrow.batteries:
        return replace(judged, shifts=tuple(case_shifts(run, asked.finding, scanned)))
    return replace(judged, shifts=tuple(_of(asked, shifts(run, scanned, _pairs(run, asked, scanned)))))


def _of(asked: Asked, moved: Iterable[Shift]) -> Iterable[Shift]:
    """Of the scan's ports those that tell of this finding."""
    addresses = {str(ip) for ip in asked.narrow.addresses}
    for one in moved:
        ports = asked.narrow.ports(one.protocol)
        told = PortSet.parse(one.ports)
        left = told if ports is None else PortSet.of(port for port in told if port in ports)
        if left.ranges and (not addresses or one.address in addresses):
            yield replace(one, ports=str(left))


def _pairs(run: Run, asked: Asked, scanned: Run) -> dict[str, str]:
    """Addresses of today's scan -> those of then that had their role."""
    if asked.narrow.addresses and asked.finding.address:
        return {str(ip): asked.finding.address for ip in asked.narrow.addresses}
    then = {one.address for one in run.addresses}
    roles = {(one.kind, one.interface, one.origin): one.address for one in run.addresses if one.scanned}
    return {
        one.address: one.address if one.address in then else roles.get((one.kind, one.interface, one.origin), "")
        for one in scanned.addresses
    }


def _look(run: Run, inventory: Inventory, means: Means) -> tuple[Finding, ...]:
    """The findings that the host alone tells of."""
    scanned = frozenset(address.ip for address in inventory.scannable())
    facts = _facts(run, inventory, means)
    return evaluate(replace(facts, privacy=read_privacy(scanned, inventory), vendors=read_vendors(inventory)))


def _ask(run: Run, inventory: Inventory, means: Means) -> tuple[tuple[Finding, ...], str]:
    """The findings that the DNS tells of, and whether it left something open."""
    names = tuple(dict.fromkeys([*means.names, *(parse_name(one.name) for one in run.names)]))
    known, stopped = look_names_up(names, inventory, means.discover, means.progress)
    silent = [record.name for record in known.records if record.unanswered]
    left = {one.name for one in run.names} - {record.name for record in known.records}
    why = say("the DNS gave no full answer for {names}", names=", ".join(silent[:3])) if silent else ""
    if stopped or (left and not why):
        why = say("not every name was looked up")
    return evaluate(replace(_facts(run, inventory, means), names=known.records)), why


def _facts(run: Run, inventory: Inventory, means: Means) -> Facts:
    return Facts(
        inventory=inventory,
        tables=(),
        vantages=(),
        services=(),
        catalogue=means.catalogue,
        policy=means.policy,
        expect=run.run.expect,
    )
