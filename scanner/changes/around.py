"""What changed beside the findings: addresses, prefixes, the router and its default, vantages, settings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.changes.measured import Measured
from scanner.changes.roles import network_of, reachable, role_of_record
from scanner.model.address import Kind
from scanner.model.history import Cause, CauseKind
from scanner.model.run import AddressRecord, Run
from scanner.model.text import commas, say

PROTOCOLS = ("tcp", "udp")
_HOST = 128  # the prefix length of an address that DHCPv6 gave: it tells no network


@dataclass(frozen=True, slots=True)
class Around:
    """``notes`` is everything; the others are those of them that may explain a finding. ``defaults``: of the router, by
    protocol; ``replaced``: it is another one.
    """

    notes: tuple[Cause, ...]
    defaults: Mapping[str, tuple[Cause, ...]]
    replaced: tuple[Cause, ...]
    vantages: tuple[Cause, ...]
    programs: tuple[Cause, ...]


def look_around(old: Measured, new: Measured) -> Around:
    before, after = old.run, new.run
    defaults = {protocol: tuple(_default(protocol, old, new)) for protocol in PROTOCOLS}
    replaced = tuple(_router(before, after))
    routers = (*(one for found in defaults.values() for one in found), *_lan(before, after), *replaced)
    vantages, programs = tuple(_vantages(before, after)), tuple(_program(before, after))
    addresses = (*_prefixes(before, after), *_rotations(before, after), *_stable(before, after))
    notes = (*routers, *addresses, *vantages, *_settings(before, after), *programs)
    return Around(notes, defaults, replaced, vantages, programs)


def _default(protocol: str, old: Measured, new: Measured) -> Iterator[Cause]:
    was, now = old.passes_by_default(protocol), new.passes_by_default(protocol)
    if None in (was, now) or was == now:
        return
    message = (
        say("The router's default for {protocol} changed: it lets in what it stopped before.", protocol=protocol)
        if now
        else say("The router's default for {protocol} changed: it stops what it let in before.", protocol=protocol)
    )
    yield Cause(CauseKind.ROUTER_DEFAULT, message)


def _lan(before: Run, after: Run) -> Iterator[Cause]:
    """The default for the whole LAN, where one vantage measured it both times."""
    was = {(row.vantage, row.protocol): row.verdict for row in before.lan}
    told: set[tuple[str, str, str]] = set()
    for row in after.lan:
        earlier = was.get((row.vantage, row.protocol))
        key = (row.protocol, str(earlier), str(row.verdict))
        if earlier is None or earlier == row.verdict or key in told:
            continue
        told.add(key)
        yield Cause(
            CauseKind.ROUTER_DEFAULT,
            say(
                "For other addresses of the LAN the router's default for {protocol} was {before} and is {after}.",
                protocol=row.protocol,
                before=earlier,
                after=row.verdict,
            ),
        )


def _router(before: Run, after: Run) -> Iterator[Cause]:
    was, now = before.host.default_router, after.host.default_router
    if was is None or now is None:
        if was is not now:
            message = say("There is a default router now.") if now else say("There is no default router any more.")
            yield Cause(CauseKind.ROUTER_REPLACED, message)
        return
    if was.mac and now.mac and was.mac != now.mac:
        message = say("Another router: its MAC address was {before} and is {after}.", before=was.mac, after=now.mac)
        yield Cause(CauseKind.ROUTER_REPLACED, message)
    elif was.address != now.address:
        message = say("The router's address was {before} and is {after}.", before=was.address, after=now.address)
        yield Cause(CauseKind.ROUTER_REPLACED, message)


def _prefixes(before: Run, after: Run) -> Iterator[Cause]:
    for interface in sorted(_interfaces(before) & _interfaces(after)):
        was, now = _networks(before, interface), _networks(after, interface)
        if was and now and not was & now:
            message = say(
                "The prefix of {interface} was renumbered: {before} became {after}.",
                interface=interface,
                before=commas(sorted(was)),
                after=commas(sorted(now)),
            )
            yield Cause(CauseKind.PREFIX_RENUMBERED, message)


def _interfaces(run: Run) -> frozenset[str]:
    return frozenset(record.interface for record in reachable(run))


def _networks(run: Run, interface: str) -> frozenset[str]:
    here = (one for one in reachable(run) if one.interface == interface and 0 <= one.prefix_length < _HOST)
    return frozenset(str(network_of(one)) for one in here)


def _rotations(before: Run, after: Run) -> Iterator[Cause]:
    for interface in sorted(_interfaces(before) & _interfaces(after)):
        was, now = (_temporary(run, interface) for run in (before, after))
        if was and now and now - was:
            message = say(
                "The temporary addresses of {interface} rotated: {after} came, {before} went.",
                interface=interface,
                after=commas(sorted(now - was)),
                before=commas(sorted(was - now)) or say("none"),
            )
            yield Cause(CauseKind.ADDRESS_ROTATED, message)


def _temporary(run: Run, interface: str) -> frozenset[str]:
    return frozenset(one.address for one in reachable(run) if (one.interface, one.kind) == (interface, Kind.TEMPORARY))


def _stable(before: Run, after: Run) -> Iterator[Cause]:
    """Addresses that came or went, unless their whole prefix did and another one took its place."""
    renumbered = {
        interface
        for interface in _interfaces(before) & _interfaces(after)
        if not _networks(before, interface) & _networks(after, interface)
    }
    was, now = _by_address(before), _by_address(after)
    for address in sorted(now.keys() - was.keys()):
        if _counts(now[address], renumbered, before):
            yield Cause(CauseKind.ADDRESS_APPEARED, say("The address {address} is new.", address=address))
    for address in sorted(was.keys() - now.keys()):
        if _counts(was[address], renumbered, after):
            yield Cause(CauseKind.ADDRESS_GONE, say("The address {address} is gone.", address=address))


def _by_address(run: Run) -> dict[str, AddressRecord]:
    return {record.address: record for record in reachable(run)}


def _counts(record: AddressRecord, renumbered: Iterable[str], other: Run) -> bool:
    """Rotation is told elsewhere; the first temporary address of an interface, or the last, is news."""
    if record.interface in renumbered:
        return False
    if record.kind is Kind.TEMPORARY:
        return role_of_record(record) not in {role_of_record(one) for one in reachable(other)}
    return True


def _vantages(before: Run, after: Run) -> Iterator[Cause]:
    was = {vantage.name: vantage for vantage in before.vantages}
    now = {vantage.name: vantage for vantage in after.vantages}
    for name in sorted(now.keys() - was.keys()):
        yield Cause(CauseKind.VANTAGE_CHANGED, say("The vantage {name} looks for the first time.", name=name))
    for name in sorted(was.keys() - now.keys()):
        yield Cause(CauseKind.VANTAGE_CHANGED, say("The vantage {name} did not look this time.", name=name))
    for name in sorted(was.keys() & now.keys()):
        if set(was[name].addresses).isdisjoint(now[name].addresses) and was[name].addresses and now[name].addresses:
            message = say(
                "The vantage {name} looks from {after}, before from {before}.",
                name=name,
                after=now[name].addresses[0],
                before=was[name].addresses[0],
            )
            yield Cause(CauseKind.VANTAGE_CHANGED, message)


def _settings(before: Run, after: Run) -> Iterator[Cause]:
    was, now = before.run, after.run
    if was.profile is not now.profile:
        message = say("The profile was {before} and is {after}.", before=was.profile, after=now.profile)
        yield Cause(CauseKind.SETTINGS_CHANGED, message)
    if was.expect is not now.expect:
        message = say("The router was expected to be {before}, now {after}.", before=was.expect, after=now.expect)
        yield Cause(CauseKind.SETTINGS_CHANGED, message)
    if not now.complete:
        yield Cause(CauseKind.NOT_ASKED, say("The later run is not complete: what it did not find may still be there."))
    if not was.complete:
        message = say("The earlier run is not complete: what is new may have been there before.")
        yield Cause(CauseKind.NOT_ASKED, message)


def _program(before: Run, after: Run) -> Iterator[Cause]:
    if before.run.version != after.run.version:
        message = say(
            "Judged by v6expose {after}, before by {before}.", after=after.run.version, before=before.run.version
        )
        yield Cause(CauseKind.PROGRAM_CHANGED, message)
