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
from scanner.model.text import Text, clauses, mark, say, say_many, sentences

DYING = "V6X012"
ASTRAY = "V6X013"
MINUTE, HOUR, DAY = 60, 3600, 86400

_TITLES = {
    Standing.TEMPORARY: (Severity.MEDIUM, mark("{name} names a temporary address")),
    Standing.DEPRECATED: (Severity.LOW, mark("{name} names an address on its way out")),
    Standing.UNUSABLE: (Severity.MEDIUM, mark("{name} names an address that does not work")),
    Standing.GONE: (Severity.MEDIUM, mark("{name} names an address this host does not have")),
    Standing.UNIQUE_LOCAL: (Severity.LOW, mark("{name} names a unique local address")),
    Standing.LINK_LOCAL: (Severity.LOW, mark("{name} names a link-local address")),
    Standing.NOT_GLOBAL: (Severity.LOW, mark("{name} names an address nobody can reach")),
    Standing.FOREIGN: (Severity.MEDIUM, mark("{name} names somebody else's address")),
}
_WHY = {
    Standing.TEMPORARY: say(
        "A temporary address is made to be thrown away: the name stops working when it dies, caches "
        "keep it even longer, and until then the name ties every trace of it to this host."
    ),
    Standing.DEPRECATED: say("The address still receives, but its lifetime runs out and nothing renews it."),
    Standing.UNUSABLE: say("Duplicate address detection has not passed: the host does not answer there."),
    Standing.GONE: say(
        "The address lies in this host's own network, but is not one of its addresses now: an old temporary "
        "address, or another machine. The name does not lead here."
    ),
    Standing.UNIQUE_LOCAL: say("Nobody on the Internet can reach it, and it tells how the inside is numbered."),
    Standing.LINK_LOCAL: say("It works on one link only, and it may tell the MAC address."),
    Standing.NOT_GLOBAL: say("It leads every visitor to itself or nowhere."),
    Standing.FOREIGN: say(
        "The address is in none of this host's networks: a former prefix that may serve somebody else by "
        "now, unless a proxy or another server of yours is meant to answer."
    ),
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


def dies_in(seconds: int | None) -> Text:
    """``in 47 hours``, ``in 12 minutes``; hours up to three days, then days with them."""
    if seconds is None:
        return say("at a time nobody knows")
    if seconds < MINUTE:
        return say("in less than a minute")
    if seconds < HOUR:
        return say_many("in {count} minute", "in {count} minutes", seconds // MINUTE)
    hours = say_many("in {count} hour", "in {count} hours", seconds // HOUR)
    if seconds < 3 * DAY:
        return hours
    return say("{hours} ({days} days)", hours=hours, days=seconds // DAY)


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
        title=say(title, name=record.name),
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
    lines = [say("AAAA {address} from {servers}", address=published.ip, servers=listed(published.servers))]
    if published.own is not None and published.standing in _DYING:
        lines.append(say("it dies {when}", when=dies_in(published.own.valid_lifetime)))
    if published.outlives:
        lines.append(_cached(published))
    lines += [
        say(
            "{path}:{line}: {client} publishes it ({setting})",
            path=one.path,
            line=one.line,
            client=one.client,
            setting=one.setting,
        )
        for one in record.publications
    ]
    return clauses(lines)


def _cached(published: Published) -> Text:
    lifetime = published.own.preferred_lifetime if published.own else None
    return say(
        "caches may keep it for {ttl} s (TTL), it stays preferred for {lifetime} s",
        ttl=published.ttl,
        lifetime=lifetime,
    )


def _remedy(record: NameRecord, inventory: Inventory, near: str) -> str:
    best = best_address(inventory, near)
    if best is None:
        return say("Host: it has no stable global address to publish; let it form one, then put that into the DNS.")
    fixes = [_fix(one, best) for one in record.publications]
    if fixes:
        return sentences(fixes)
    return say("DNS: let {name} name {address}, the stable address of this host.", name=record.name, address=best.ip)


def _meant_for_ipv4(record: NameRecord) -> bool:
    """The clients that keep the name publish no IPv6 address, on purpose."""
    return bool(record.publications) and all(one.method is Method.NONE for one in record.publications)


def _fix(one: Publication, best: Address) -> Text:
    """What to write where, so that the client publishes ``best``."""
    values = {"client": one.client, "path": one.path, "line": one.line}
    if one.method is Method.STABLE:
        return say("{client}: {path} (line {line}) has it publish a stable address; see why it has not.", **values)
    return say(
        "{client}, in {path} (line {line}): {fix}. See {source}", **values, fix=filled(one.fix, best), source=one.source
    )


def _outlived(record: NameRecord, published: Published) -> Finding:
    return Finding(
        rule=DYING,
        severity=Severity.INFO,
        title=say("{name} may be cached longer than its address is preferred", name=record.name),
        address=str(published.ip),
        protocol=None,
        port=None,
        why=say("When the prefix changes, visitors are sent to the old address until their caches forget it."),
        evidence=_evidence(record, published),
        remedy=say("DNS: give the record a TTL below the preferred lifetime that the router advertises."),
        standard="RFC 8978; RFC 4862 section 5.5.4",
        fingerprint=fingerprint(DYING, None, None, f"{record.name} ttl"),
    )


def _nowhere(record: NameRecord, inventory: Inventory) -> Finding:
    told = listed(
        [
            say("{what} from {servers}", what=answer.outcome.value, servers=answer.server)
            for answer in record.answers
            if answer.outcome in SETTLED
        ]
    )
    return Finding(
        rule=ASTRAY,
        severity=Severity.LOW,
        title=say("{name} has no IPv6 address", name=record.name),
        address=None,
        protocol=None,
        port=None,
        why=say("The name does not lead to this host by IPv6, though it is meant to."),
        evidence=told,
        remedy=_remedy(record, inventory, ""),
        standard="RFC 3596 section 2.1",
        fingerprint=fingerprint(ASTRAY, None, None, f"{record.name} absent"),
    )


def _disagreement(record: NameRecord) -> Finding:
    said = [say("{what} from {servers}", what=what, servers=listed(servers)) for what, servers in disagreeing(record)]
    return Finding(
        rule=ASTRAY,
        severity=Severity.LOW,
        title=say("The authoritative servers of {name} disagree", name=record.name),
        address=None,
        protocol=None,
        port=None,
        why=say(
            "Which address a visitor gets depends on the server that is asked: an update did not reach all of them."
        ),
        evidence=clauses(said),
        remedy=say(
            "DNS: look at zone transfers and NOTIFY between the servers, and at the serial numbers of their zones."
        ),
        standard="RFC 1034 section 4.3.5; RFC 1996",
        fingerprint=fingerprint(ASTRAY, None, None, f"{record.name} disagree"),
    )
