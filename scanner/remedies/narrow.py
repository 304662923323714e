"""What has to be sent, or looked at, to see whether a finding still stands. Pure.

V6X001 (a service)                      its port, at the addresses that have the role of the one it was found at
V6X002 to V6X008, V6X020 (filters)      some of the ports by which they were found, at every address, and beside them
                                        ports that behaved otherwise where the rule compares
V6X018 (the LAN)                        the question for addresses nobody uses, beside one port of the host
V6X009, V6X019 (vantage, translation)   one port: connecting is what tells
V6X021 to V6X026 (batteries)            the battery that found it, and some ports for it to stand on
V6X010, 11, 14 to 17 (the host)         nothing is sent
V6X012, V6X013 (names)                  the DNS is asked
anything else                           the quick profile
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.findings.facts import LET_IN, UPSTREAM, VACANT
from scanner.model.address import Address
from scanner.model.catalogue import PROTOCOLS
from scanner.model.finding import Finding
from scanner.model.ports import FIRST_PORT, LAST_PORT, PortSet
from scanner.model.run import AddressRecord, Run
from scanner.model.verdict import STOPPED, Verdict

MOST_PORTS = 64  # of one kind: twice what tells a filter with holes from none (findings.router.FEW)
ANY_PORT = PortSet.of([443])


class Way(StrEnum):
    """How a finding is looked at again."""

    PROBES = "probes"
    NAMES = "names"
    HOST = "host"


WAYS = {
    **dict.fromkeys(("V6X010", "V6X011", "V6X014", "V6X015", "V6X016", "V6X017"), Way.HOST),
    **dict.fromkeys(("V6X012", "V6X013"), Way.NAMES),
}
V = Verdict
# rule -> the verdicts by which it was found, and those beside which it is judged
BY_VERDICT: dict[str, tuple[frozenset[Verdict], frozenset[Verdict]]] = {
    "V6X002": (VACANT, frozenset()),
    "V6X003": (LET_IN, STOPPED),
    "V6X004": (UPSTREAM, frozenset()),
    "V6X005": (VACANT, STOPPED),
    "V6X006": (frozenset({V.INTERCEPTED, V.FORGED}), frozenset()),
    "V6X007": (frozenset({V.REPLY_LOST}), frozenset()),
    "V6X008": (frozenset({V.INDETERMINATE}), frozenset()),
}
# rule -> the battery whose cases it is about
BY_BATTERY = {
    "V6X021": "evasion",
    "V6X022": "icmpv6",
    "V6X023": "icmpv6",
    **dict.fromkeys(("V6X024", "V6X025", "V6X026"), "simple-security"),
}
FEW_PORTS = 8  # for a battery to find one that is let in and one that is stopped
EXPOSED, LAN_OPEN, DIFFERENCES = "V6X001", "V6X018", "V6X020"
BY_CONNECTING = frozenset({"V6X009", "V6X018", "V6X019"})


@dataclass(frozen=True, slots=True)
class Narrow:
    """``addresses`` empty: every global one. ``tcp`` and ``udp`` None: the quick profile's.

    ``why_not`` says why nothing can be sent though something would have to be, "" where it can.
    """

    way: Way
    addresses: tuple[IPv6Address, ...] = ()
    tcp: PortSet | None = None
    udp: PortSet | None = None
    lan: bool = False
    batteries: tuple[str, ...] = ()
    why_not: str = ""

    def ports(self, protocol: str) -> PortSet | None:
        return self.tcp if protocol == "tcp" else self.udp


def narrow(run: Run, finding: Finding, now: Iterable[Address]) -> Narrow:
    """What tells of ``finding`` today; ``now`` are the host's addresses as they are."""
    way = WAYS.get(finding.rule, Way.PROBES)
    if way is not Way.PROBES:
        return Narrow(way)
    if finding.rule == EXPOSED:
        return _at_one_port(run, finding, tuple(now))
    if finding.rule in BY_BATTERY:
        return _battery(run, BY_BATTERY[finding.rule])
    ports = {protocol: _ports(run, finding, protocol) for protocol in PROTOCOLS}
    if finding.rule in BY_VERDICT or finding.rule == DIFFERENCES:
        if any(found.ranges for found in ports.values()):
            return Narrow(way, tcp=ports["tcp"], udp=ports["udp"])
    elif finding.rule in BY_CONNECTING:
        return Narrow(way, tcp=ANY_PORT, udp=PortSet(), lan=finding.rule == LAN_OPEN)
    return Narrow(way)


def _at_one_port(run: Run, finding: Finding, now: tuple[Address, ...]) -> Narrow:
    port = finding.port
    if finding.protocol not in PROTOCOLS or port is None or not FIRST_PORT <= port <= LAST_PORT:
        return Narrow(Way.PROBES, why_not="the finding names no port")
    addresses = addresses_of(run, finding, now)
    if not addresses:
        return Narrow(Way.PROBES, why_not="this host has no address of that kind any more")
    ports = {protocol: PortSet.of([port] if protocol == finding.protocol else []) for protocol in PROTOCOLS}
    return Narrow(Way.PROBES, addresses, ports["tcp"], ports["udp"])


def _battery(run: Run, name: str) -> Narrow:
    found = {
        protocol: PortSet.of(
            port for verdicts in (LET_IN, STOPPED) for port in sorted(set(_having(run, protocol, verdicts)))[:FEW_PORTS]
        )
        for protocol in PROTOCOLS
    }
    tcp = found["tcp"] if found["tcp"].ranges else ANY_PORT
    return Narrow(Way.PROBES, tcp=tcp, udp=found["udp"], batteries=(name,))


def addresses_of(run: Run, finding: Finding, now: Iterable[Address]) -> tuple[IPv6Address, ...]:
    """The finding's own address where the host still has it, otherwise those that have taken its role: temporary ones
    rotate (RFC 8981), prefixes change.
    """
    usable = [address for address in now if address.scannable]
    record = next((one for one in run.addresses if one.address == finding.address), None)
    if record is None:
        return ()
    same = tuple(one.ip for one in usable if one.ip == IPv6Address(record.address))
    return same or tuple(one.ip for one in usable if _role(one) == _role(record))


def _role(address: Address | AddressRecord) -> tuple[str, str, str]:
    return address.kind, address.interface, address.origin


def _ports(run: Run, finding: Finding, protocol: str) -> PortSet:
    if finding.protocol not in (None, protocol):
        return PortSet()
    if finding.rule == DIFFERENCES:
        told = (PortSet.parse(one.ports) for one in run.differences if one.protocol == protocol)
        return _some(port for ports in told for port in ports)
    by, beside = BY_VERDICT.get(finding.rule, (frozenset(), frozenset()))
    found = set(_having(run, protocol, by))
    others = set(_having(run, protocol, beside))
    if finding.rule == "V6X003":  # let in at one address, stopped at another
        return _some(found & others)
    return _some(found) | _some(others - found) if found else PortSet()


def _having(run: Run, protocol: str, verdicts: Collection[Verdict]) -> Iterator[int]:
    for table in run.ports:
        if table.protocol == protocol:
            for verdict in verdicts:
                yield from PortSet.parse(table.verdicts.get(verdict, ""))


def _some(ports: Iterable[int]) -> PortSet:
    """All of a few, or so many spread over the whole range."""
    known = sorted(set(ports))
    step = max(len(known) / MOST_PORTS, 1)
    return PortSet.of(known[int(number * step)] for number in range(min(len(known), MOST_PORTS)))
