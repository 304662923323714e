"""Which ports the cases go to: one that the router stops and one that it lets in, by what the sweep found. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.address import Listener
from scanner.model.ports import PortSet
from scanner.model.run import PortTable
from scanner.model.text import say
from scanner.model.verdict import PASSED, Verdict

# In the order of preference: known to be the router's doing before what only may be.
STOPPED_BY_ROUTER = (Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED, Verdict.BLOCKED)
LET_IN = (Verdict.OPEN, Verdict.CLOSED, Verdict.HOST_REJECTED, Verdict.HOST_DROPPED, Verdict.REPLY_LOST)
UPSTREAM = (Verdict.UPSTREAM_DROPPED, Verdict.UPSTREAM_REJECTED)
WELL_KNOWN = (445, 139, 3389, 23, 5900, 8080, 53, 161, 1900)  # what many look for, so that nobody opens it on purpose


@dataclass(frozen=True, slots=True)
class Bases:
    """Port by kind of base ("tcp-blocked", "tcp-allowed", "udp-blocked"), or why there is none. ``open_wide``: every
    scanned TCP port is let in.
    """

    ports: dict[str, int]
    why: dict[str, str]
    open_wide: bool = False

    def doubt(self, base: str) -> str:
        """Why a case with this base cannot be tried, "" where it can."""
        return "" if base in self.ports else self.why.get(base, "")


def choose_bases(tables: Iterable[PortTable], listeners: Iterable[Listener], address: IPv6Address) -> Bases:
    """The bases of one address. Ports on which a program listens come first: it shows whether the host takes a case."""
    mine = {table.protocol: table for table in tables if IPv6Address(table.address) == address}
    heard = {
        protocol: {
            one.port
            for one in listeners
            if one.protocol == protocol and IPv6Address(one.bind.partition("%")[0]) in (address, IPv6Address(0))
        }
        for protocol in ("tcp", "udp")
    }
    ports: dict[str, int] = {}
    why: dict[str, str] = {}
    for protocol in ("tcp", "udp"):
        table = mine.get(protocol)
        blocked = pick(table, STOPPED_BY_ROUTER, heard[protocol])
        if blocked is None:
            why[f"{protocol}-blocked"] = why_not_blocked(table, protocol)
        else:
            ports[f"{protocol}-blocked"] = blocked
    allowed = pick(mine.get("tcp"), LET_IN, heard["tcp"])
    if "tcp-blocked" in why:
        why["tcp-allowed"] = why["tcp-blocked"]  # without a filter there is nothing to be learnt of it
    elif allowed is None:
        why["tcp-allowed"] = say("the router lets no TCP port in")
    else:
        ports["tcp-allowed"] = allowed
    return Bases(ports, why, open_wide=is_open_wide(mine.get("tcp")))


def pick(table: PortTable | None, verdicts: Sequence[Verdict], heard: set[int]) -> int | None:
    """The best port with one of ``verdicts``, the first verdict first."""
    for verdict in verdicts:
        found = PortSet.parse(table.verdicts[verdict]) if table and table.verdicts.get(verdict) else PortSet()
        if found.ranges:
            return min(found, key=lambda port: (port not in heard, rank(port), port))
    return None


def rank(port: int) -> int:
    return WELL_KNOWN.index(port) if port in WELL_KNOWN else len(WELL_KNOWN)


def why_not_blocked(table: PortTable | None, protocol: str) -> str:
    if table is None:
        return say("no {protocol} port of this address was scanned", protocol=protocol.upper())
    if any(table.verdicts.get(verdict) for verdict in UPSTREAM):
        return say("what is stopped is stopped before your router, so nothing is known of its filter")
    if is_open_wide(table):
        return say(
            "every scanned {protocol} port is let in anyway: there is no filter to slip past", protocol=protocol.upper()
        )
    return say("no {protocol} port is known to be stopped by your router", protocol=protocol.upper())


def is_open_wide(table: PortTable | None) -> bool:
    """Every scanned port is let in."""
    if table is None or not any(table.verdicts.values()):
        return False
    return all(
        not text or verdict in PASSED or verdict is Verdict.NO_NEIGHBOUR for verdict, text in table.verdicts.items()
    )
