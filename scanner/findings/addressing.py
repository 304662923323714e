"""V6X014, V6X015 and V6X017: what the host's addresses tell, how they are found, how long they stay open."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from scanner.findings.facts import LET_IN, View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.words import counted, listed
from scanner.guess import guess
from scanner.guess.eui64 import is_local
from scanner.guess.records import subject_of
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding, Severity
from scanner.model.guess import Effort, Guessability
from scanner.model.text import Text, say, say_many, sentences

SHOWS_MAC = "V6X014"
GUESSABLE = "V6X015"
STAYS_OPEN = "V6X017"
WORTH_A_WORD = Effort.EASY  # and whatever is less effort
DAY = 86_400
ADVERTISED = frozenset({Origin.EUI64, Origin.STABLE_PRIVACY})
LONG_DEAD = DAY  # seconds that an address is reachable after its last use
# RFC 9096, ND_PREFERRED_LIMIT and ND_VALID_LIMIT: what a home router should announce at most, in seconds
PREFERRED_LIMIT, VALID_LIMIT = 2_700, 5_400


def judge_shows_mac(view: View) -> Iterator[Finding]:
    """V6X014: one finding for each interface and MAC address that shows in an address the Internet can reach."""
    found: dict[tuple[str, str], list[Address]] = {}
    for address in view.facts.inventory.scannable():
        mac = subject_of(address, view.facts.inventory.ipv4).mac
        if address.origin is Origin.EUI64 and mac:
            found.setdefault((address.interface, mac), []).append(address)
    yield from (_shows_mac(view, interface, mac, shown) for (interface, mac), shown in found.items())


def _shows_mac(view: View, interface: str, mac: str, shown: list[Address]) -> Finding:
    sure = any(address.own_mac for address in shown)
    vendor = view.facts.vendors.get(mac, "")
    whose = say("vendor {vendor}", vendor=vendor) if vendor else say("vendor not known here")
    if is_local(mac):
        whose = say("no vendor assigned it: a virtual machine, a container or a random one")
    names = listed([str(address.ip) for address in shown])
    return Finding(
        rule=SHOWS_MAC,
        # A MAC that no vendor assigned names no product, and a random one does not follow its owner about.
        severity=Severity.INFO if is_local(mac) else Severity.LOW,
        title=say("The address of {interface} shows its MAC address", interface=interface)
        if sure
        else say("The address of {interface} seems to show its MAC address", interface=interface),
        address=str(shown[0].ip),
        protocol=None,
        port=None,
        why=say(
            "The last 64 bits are made from the network card: every server learns its maker, and recognises the host "
            "in every network it visits."
        ),
        evidence=say("{mac} stands in {addresses}; {vendor}", mac=mac, addresses=names, vendor=whose),
        remedy=say(
            "Host: sysctl net.ipv6.conf.{interface}.addr_gen_mode=3, or ipv6.addr-gen-mode stable-privacy in "
            "NetworkManager, then a new address replaces this one; update the DNS. Router: nothing to do.",
            interface=interface,
        ),
        standard="RFC 8064 section 3; RFC 7217",
        fingerprint=fingerprint(SHOWS_MAC, None, None, interface),
    )


def judge_guessable(view: View) -> Iterator[Finding]:
    """V6X015: an address that a search finds in no time. What it is worth depends on what is let in there."""
    for address in view.facts.inventory.scannable():
        guessed = guess(subject_of(address, view.facts.inventory.ipv4))
        if address.kind is not Kind.TEMPORARY and guessed.effort.rank <= WORTH_A_WORD.rank:
            yield _guessable(view, address, guessed)


def _guessable(view: View, address: Address, guessed: Guessability) -> Finding:
    let_in = unwanted(view, address.ip)
    severity = Severity.INFO if not let_in else Severity.MEDIUM if guessed.effort is Effort.TRIVIAL else Severity.LOW
    behind = (
        say("{ports} that no policy allows let in there", ports=counted(let_in, "port"))
        if let_in
        else say("nothing unwanted is let in")
    )
    return Finding(
        rule=GUESSABLE,
        severity=severity,
        title=say("{address} is {effort} to find by trying", address=address.ip, effort=guessed.effort),
        address=str(address.ip),
        protocol=None,
        port=None,
        why=say("IPv6 hides a host in 2^64 addresses; this one lies where searchers look first."),
        evidence=say(
            "{shape}: at most 2^{bits:g} addresses to try; {behind}",
            shape=guessed.says,
            bits=guessed.search_bits,
            behind=behind,
        ),
        remedy=say(
            "Host: an opaque stable address (RFC 7217) instead, if you do not mean it to be found. Router: drop "
            "unsolicited inbound IPv6 by default; then being found does no harm."
        ),
        standard="RFC 7707 sections 3.1 and 4.1",
        fingerprint=fingerprint(GUESSABLE, None, None, f"{guessed.shape} {address.interface} {address.origin}"),
    )


def unwanted(view: View, ip: IPv6Address) -> int:
    """How many ports of an address are let in though no policy allows them, by all vantages and protocols."""
    total = 0
    for protocol in PROTOCOLS:
        for place in view.places_probed(protocol):
            if place.ip == ip:
                let_in = frozenset[int]().union(*(seen.of(LET_IN) for seen in view.at(place, protocol)))
                total += len(let_in - view.allowed(place, protocol) - view.by_design(protocol))
    return total


def judge_stays_open(view: View) -> Iterator[Finding]:
    """V6X017: addresses that are no longer used and still take connections, or will do so for days. One finding."""
    open_ones = view.facts.inventory.scannable()
    dead = [address for address in open_ones if address.state is State.DEPRECATED]
    lasting = [address for address in open_ones if address.state is State.PREFERRED and _lasts(address)]
    if dead or lasting:
        yield _stays_open(dead, lasting)


def _lasts(address: Address) -> bool:
    """Whether it outlives its last use, or the prefix it was made of: an advertised lifetime may have no end (RFC 4861
    section 4.6.2). What somebody typed by hand has none on purpose.
    """
    if address.valid_lifetime is None:
        return address.preferred_lifetime is not None or address.origin in ADVERTISED
    return address.preferred_lifetime is not None and address.valid_lifetime - address.preferred_lifetime >= LONG_DEAD


def _lasting_line(address: Address) -> Text:
    if address.preferred_lifetime is None:
        return say(
            "{address} has no end: when the prefix changes it stays in use and reachable until somebody removes it",
            address=address.ip,
        )
    if address.valid_lifetime is None:
        return say("{address} stays reachable for ever after its last use", address=address.ip)
    idle = _span(address.valid_lifetime - address.preferred_lifetime)
    return say("{address} will be reachable for {span} after its last use", address=address.ip, span=idle)


def _stays_open(dead: list[Address], lasting: list[Address]) -> Finding:
    lines = [
        say(
            "{address} is no longer used, and reachable for another {span}",
            address=address.ip,
            span=_span(address.valid_lifetime),
        )
        for address in dead
    ]
    lines += [_lasting_line(address) for address in lasting]
    temporary = any(address.kind is Kind.TEMPORARY for address in (*dead, *lasting))
    host = say("Host: a shorter temp_valid_lft (RFC 8981 has two days).") if temporary else ""
    if dead:
        title = say_many(
            "{count:,} address no longer used still takes connections",
            "{count:,} addresses no longer used still take connections",
            len(dead),
        )
    else:
        title = say("Addresses stay reachable long after their last use")
    router = say(
        "Router: announce shorter lifetimes; RFC 9096 wants at most {preferred} s preferred and {valid} s valid, and a "
        "filter covers every address anyway.",
        preferred=PREFERRED_LIMIT,
        valid=VALID_LIMIT,
    )
    return Finding(
        rule=STAYS_OPEN,
        severity=Severity.INFO,
        title=title,
        address=None,
        protocol=None,
        port=None,
        why=say(
            "A deprecated address starts no connection, but it takes them until its valid lifetime ends: whoever has "
            "ever seen it can come back until then."
        ),
        evidence=listed(lines),
        remedy=sentences([host, router]),
        standard="RFC 4862 section 5.5.4; RFC 9096; RFC 8981 section 3.8",
        fingerprint=fingerprint(STAYS_OPEN, None, None, "dead" if dead else "lasting"),
    )


def _span(seconds: int | None) -> Text:
    """In whole days or hours or seconds, the largest that fits."""
    if seconds is None:
        return say("ever")
    for noun, size in (("day", DAY), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            return counted(seconds // size, noun)
    return counted(max(seconds, 0), "second")
