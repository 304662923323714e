"""V6X012 and V6X013: names whose address dies, and names that lead elsewhere. Pure; what the DNS said comes in."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv6Address

from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.published import Published, absent, best_address, compare, disagreeing
from scanner.findings.words import listed
from scanner.model.address import Address, Inventory
from scanner.model.finding import Finding, Severity
from scanner.model.names import SETTLED, Method, NameRecord, Publication, Standing

DYING = "V6X012"
ASTRAY = "V6X013"
MINUTE, HOUR, DAY = 60, 3600, 86400

_TITLES = {
    Standing.TEMPORARY: (Severity.MEDIUM, "{name} names a temporary address"),
    Standing.DEPRECATED: (Severity.LOW, "{name} names an address on its way out"),
    Standing.UNUSABLE: (Severity.MEDIUM, "{name} names an address that does not work"),
    Standing.GONE: (Severity.MEDIUM, "{name} names an address this host does not have"),
    Standing.UNIQUE_LOCAL: (Severity.LOW, "{name} names a unique local address"),
    Standing.LINK_LOCAL: (Severity.LOW, "{name} names a link-local address"),
    Standing.NOT_GLOBAL: (Severity.LOW, "{name} names an address nobody can reach"),
    Standing.FOREIGN: (Severity.MEDIUM, "{name} names somebody else's address"),
}
_WHY = {
    Standing.TEMPORARY: "A temporary address is made to be thrown away: the name stops working when it dies, caches "
    "keep it even longer, and until then the name ties every trace of it to this host.",
    Standing.DEPRECATED: "The address still receives, but its lifetime runs out and nothing renews it.",
    Standing.UNUSABLE: "Duplicate address detection has not passed: the host does not answer there.",
    Standing.GONE: "The address lies in this host's own network, but is not one of its addresses now: an old temporary "
    "address, or another machine. The name does not lead here.",
    Standing.UNIQUE_LOCAL: "Nobody on the Internet can reach it, and it tells how the inside is numbered.",
    Standing.LINK_LOCAL: "It works on one link only, and it may tell the MAC address.",
    Standing.NOT_GLOBAL: "It leads every visitor to itself or nowhere.",
    Standing.FOREIGN: "The address is in none of this host's networks: a former prefix that may serve somebody else by "
    "now, unless a proxy or another server of yours is meant to answer.",
}
_STANDARDS = {
    Standing.TEMPORARY: "RFC 4472 section 2.2; RFC 8981",
    Standing.DEPRECATED: "RFC 4862 section 5.5.4",
    Standing.UNUSABLE: "RFC 4862 section 5.4",
    Standing.UNIQUE_LOCAL: "RFC 4193 section 4.4",
    Standing.LINK_LOCAL: "RFC 4472 section 2.1",
}
_DYING = frozenset({Standing.TEMPORARY, Standing.DEPRECATED})
_HARMLESS = frozenset({Standing.STABLE, Standing.SYNTHESISED})


def judge_dying(inventory: Inventory, records: Iterable[NameRecord]) -> Iterator[Finding]:
    """V6X012: a temporary or deprecated address is published, or a record may be cached beyond its address."""
    for record in records:
        for published in compare(record, inventory):
            if published.standing in _DYING:
                yield _of_address(DYING, record, published, inventory)
            elif published.standing is Standing.STABLE and published.outlives:
                yield _outlived(record, published)


def judge_astray(inventory: Inventory, records: Iterable[NameRecord]) -> Iterator[Finding]:
    """V6X013: a name leads elsewhere or nowhere, or its authoritative servers disagree."""
    for record in records:
        for published in compare(record, inventory):
            if published.standing not in _DYING | _HARMLESS:
                yield _of_address(ASTRAY, record, published, inventory)
        if absent(record) and not _meant_for_ipv4(record):
            yield _nowhere(record, inventory)
        if disagreeing(record):
            yield _disagreement(record)


def judge_names_dying(view: View) -> Iterator[Finding]:
    """V6X012 as a rule of a scan."""
    yield from judge_dying(_inventory_then(view), view.facts.names)


def judge_names_astray(view: View) -> Iterator[Finding]:
    """V6X013 as a rule of a scan."""
    yield from judge_astray(_inventory_then(view), view.facts.names)


def _inventory_then(view: View) -> Inventory:
    """What the host held when the names were asked for."""
    facts = view.facts
    return facts.inventory if facts.now is None else replace(facts.inventory, addresses=facts.now)


def dies_in(seconds: int | None) -> str:
    """``in 47 hours``, ``in 12 minutes``; hours up to three days, then days with them."""
    if seconds is None:
        return "at a time nobody knows"
    if seconds < MINUTE:
        return "in less than a minute"
    if seconds < HOUR:
        return f"in {_some(seconds // MINUTE, 'minute')}"
    days = f" ({seconds // DAY} days)" if seconds >= 3 * DAY else ""
    return f"in {_some(seconds // HOUR, 'hour')}{days}"


def _some(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def filled(fix: str, address: Address) -> str:
    """A DDNS client's setting for ``address``."""
    identifier = IPv6Address(int(address.ip) & ((1 << 64) - 1))
    values = {"{interface}": address.interface, "{address}": str(address.ip), "{identifier}": str(identifier)}
    for place, value in values.items():
        fix = fix.replace(place, value)
    return fix


def _of_address(rule: str, record: NameRecord, published: Published, inventory: Inventory) -> Finding:
    severity, title = _TITLES[published.standing]
    return Finding(
        rule=rule,
        severity=severity,
        title=title.format(name=record.name),
        address=str(published.ip),
        protocol=None,
        port=None,
        why=_WHY[published.standing],
        evidence=_evidence(record, published),
        remedy=_remedy(record, inventory, published.own.interface if published.own else ""),
        standard=_STANDARDS.get(published.standing, "RFC 1912 section 2.1"),
        fingerprint=fingerprint(rule, None, None, f"{record.name} {published.standing}"),
    )


def _evidence(record: NameRecord, published: Published) -> str:
    lines = [f"AAAA {published.ip} from {listed(published.servers)}"]
    if published.own is not None and published.standing in _DYING:
        lines.append(f"it dies {dies_in(published.own.valid_lifetime)}")
    if published.outlives:
        lines.append(_cached(published))
    lines += [f"{one.path}:{one.line}: {one.client} publishes it ({one.setting})" for one in record.publications]
    return "; ".join(lines)


def _cached(published: Published) -> str:
    lifetime = published.own.preferred_lifetime if published.own else None
    return f"caches may keep it for {published.ttl} s (TTL), it stays preferred for {lifetime} s"


def _remedy(record: NameRecord, inventory: Inventory, near: str) -> str:
    best = best_address(inventory, near)
    if best is None:
        return "Host: it has no stable global address to publish; let it form one, then put that into the DNS."
    fixes = [_fix(one, best) for one in record.publications]
    return " ".join(fixes) if fixes else f"DNS: let {record.name} name {best.ip}, the stable address of this host."


def _meant_for_ipv4(record: NameRecord) -> bool:
    """The clients that keep the name publish no IPv6 address, on purpose."""
    return bool(record.publications) and all(one.method is Method.NONE for one in record.publications)


def _fix(one: Publication, best: Address) -> str:
    """What to write where, so that the client publishes ``best``."""
    if one.method is Method.STABLE:
        return f"{one.client}: {one.path} (line {one.line}) has it publish a stable address; see why it has not."
    return f"{one.client}, in {one.path} (line {one.line}): {filled(one.fix, best)}. See {one.source}"


def _outlived(record: NameRecord, published: Published) -> Finding:
    return Finding(
        rule=DYING,
        severity=Severity.INFO,
        title=f"{record.name} may be cached longer than its address is preferred",
        address=str(published.ip),
        protocol=None,
        port=None,
        why="When the prefix changes, visitors are sent to the old address until their caches forget it.",
        evidence=_evidence(record, published),
        remedy="DNS: give the record a TTL below the preferred lifetime that the router advertises.",
        standard="RFC 8978; RFC 4862 section 5.5.4",
        fingerprint=fingerprint(DYING, None, None, f"{record.name} ttl"),
    )


def _nowhere(record: NameRecord, inventory: Inventory) -> Finding:
    told = listed([f"{answer.outcome} from {answer.server}" for answer in record.answers if answer.outcome in SETTLED])
    return Finding(
        rule=ASTRAY,
        severity=Severity.LOW,
        title=f"{record.name} has no IPv6 address",
        address=None,
        protocol=None,
        port=None,
        why="The name does not lead to this host by IPv6, though it is meant to.",
        evidence=told,
        remedy=_remedy(record, inventory, ""),
        standard="RFC 3596 section 2.1",
        fingerprint=fingerprint(ASTRAY, None, None, f"{record.name} absent"),
    )


def _disagreement(record: NameRecord) -> Finding:
    said = [f"{what} from {listed(servers)}" for what, servers in disagreeing(record)]
    return Finding(
        rule=ASTRAY,
        severity=Severity.LOW,
        title=f"The authoritative servers of {record.name} disagree",
        address=None,
        protocol=None,
        port=None,
        why="Which address a visitor gets depends on the server that is asked: an update did not reach all of them.",
        evidence="; ".join(said),
        remedy="DNS: look at zone transfers and NOTIFY between the servers, and at the serial numbers of their zones.",
        standard="RFC 1034 section 4.3.5; RFC 1996",
        fingerprint=fingerprint(ASTRAY, None, None, f"{record.name} disagree"),
    )
