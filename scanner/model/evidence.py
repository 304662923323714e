"""What both sides saw. *Outside* is the vantage, *inside* the witness on the host; never client/server."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network

from scanner.model.ports import PortSet


class Kind(StrEnum):
    """What an answer amounts to in the decision table."""

    ACCEPT = "accept"  # SYN-ACK, UDP reply, echo reply
    REFUSE = "refuse"  # RST, ICMPv6 port unreachable
    PROHIBIT = "prohibit"  # ICMPv6 1/1, 1/5, 1/6
    UNREACHABLE = "unreachable"  # ICMPv6 1/0, 1/2, 1/3
    EXPIRED = "expired"  # ICMPv6 3/0
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Observation:
    """Outside: the answer. ``reason`` in nmap's words, ``hop_limit`` as received (None without raw sockets)."""

    kind: Kind
    reason: str
    responder: IPv6Address
    hop_limit: int | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Inside: the probe reached the network card. ``neighbour`` is the MAC that handed it over ("" without one)."""

    neighbour: str
    hop_limit: int
    interface: int


class Where(StrEnum):
    """Where a silent probe ends."""

    ROUTER = "router"  # the home router: the last hop before the host
    UPSTREAM = "upstream"  # before it: an ISP or the vantage's own network
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Where silent probes end: after hop ``passed`` answered for them (0: the vantage itself), no later than hop
    ``stopped``; ``how`` says in words how that is known.
    """

    where: Where
    passed: int
    stopped: int
    how: str


@dataclass(frozen=True, slots=True)
class PortFacts:
    """All that is known of one port, or of many that behaved alike. Input of the decision table.

    ``watched``  the witness ran, so that a missing arrival means something
    ``left``     the answer the witness saw the host send ("syn-ack", "reset", ...), "" for none
    ``attempts`` probes that counted: sent without error while controls came through and the capture lost nothing
    ``doubt``    why silence proves nothing here, "" where it does
    ``listener`` a program listens on the port, by the inventory
    ``muted``    the host limits its ICMPv6 errors and was seen to send some, so that silence need not be a drop: which
    """

    observation: Observation | None
    arrival: Arrival | None
    watched: bool
    left: str
    attempts: int
    doubt: str
    listener: bool
    place: Place | None = None
    muted: str = ""


@dataclass(frozen=True, slots=True)
class Controls:
    """Probes that must come through: sent, seen inside; the same for probes of the scanned kind that were repeated on
    ports already known to pass; and how many of all ports that pass were seen in the first pass.
    """

    sent: int = 0
    seen: int = 0
    repeats_sent: int = 0
    repeats_seen: int = 0
    first_sent: int = 0
    first_seen: int = 0


@dataclass(frozen=True, slots=True)
class HopSeen:
    """A router on the way in that answered "time exceeded"; ``address`` None where it never did."""

    distance: int
    address: IPv6Address | None


@dataclass(frozen=True, slots=True)
class Path:
    """The way from the vantage to the host: ``routers`` decrement the hop limit; the last one is the home router.
    ``routers`` None where no arrival told; ``home`` are the prefixes on the host's own link.
    """

    routers: int | None = None
    hops: tuple[HopSeen, ...] = ()
    home: tuple[IPv6Network, ...] = ()

    def distance_of(self, address: IPv6Address) -> int | None:
        return next((hop.distance for hop in self.hops if hop.address == address), None)


class Default(StrEnum):
    """What becomes of a packet to an address of the prefix that is not the host's."""

    PASSED = "passed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DoorFact:
    """One (protocol, port) of everything else in ``prefix``; ``evidence`` in words."""

    prefix: IPv6Network
    protocol: str
    port: int
    verdict: Default
    evidence: str


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """All ports of one (address, protocol), grouped by what is known of them. The port sets are disjoint and cover
    ``ports``.
    """

    address: IPv6Address
    protocol: str
    ports: PortSet
    groups: tuple[tuple[PortFacts, PortSet], ...]


@dataclass(frozen=True, slots=True)
class CalledHome:
    """A datagram from the source address that the kernel chose (None: it has no way there), and the address it showed
    outside (None: it was not seen there, and ``why`` says so).
    """

    destination: IPv6Address
    kernel: IPv6Address | None
    seen: IPv6Address | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One vantage's whole measurement, frozen."""

    targets: tuple[TargetFacts, ...]
    controls: Controls = Controls()
    loss_bound: float | None = None  # upper bound (99 %) of the loss inwards, None where nothing measured it
    outward_left: int = 0  # answers on inside-opened TCP flows that the witness saw leave
    outward_heard: int = 0  # and how many of them the vantage captured
    path: Path = Path()
    late_rejects: bool = False
    probes_sent: int = 0
    seconds: float = 0.0
    capture_dropped: int = 0
    neighbours: tuple[tuple[str, str], ...] = ()  # (MAC or "", interface) that handed us packets of the vantage
    translated: tuple[tuple[IPv6Address, IPv6Address], ...] = ()  # (inside address, as seen outside) that differ
    called_home: tuple[IPv6Address, ...] | None = None  # inside addresses heard outside; None: nobody listened
    altered: int = 0  # ports whose probe arrived without the token it was sent with
    unexplained: int = 0  # ports for which an answer came that does not know the token of what was sent
    lan: tuple[DoorFact, ...] = ()
    problems: tuple[str, ...] = field(default=())
    interrupted: bool = False
    lost: bool = False  # the vantage died on the way
    home_call: CalledHome | None = None  # None: nobody called
