"""The run document, field for field as docs/CONTRACT.md states it (``-o json=PATH``, ``v6expose schema``).

Port sets are nmap-syntax text ("22,80,100-200"), addresses are text, times are UTC. codec.py turns it into JSON and
back. A later release may add fields; it removes and renames none.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from scanner.model.address import Kind, Listener, Origin, State
from scanner.model.conformance import ConformanceRow
from scanner.model.evidence import Default
from scanner.model.finding import Finding, Severity
from scanner.model.guess import Guessability
from scanner.model.history import Changes, DoorHistory
from scanner.model.run_names import NameEntry
from scanner.model.settings import Expectation, Profile
from scanner.model.text import TextRecord
from scanner.model.verdict import Verdict

SCHEMA: Literal["v6expose/run/1"] = "v6expose/run/1"


@dataclass(frozen=True, slots=True)
class Header:
    id: str
    started_at: datetime
    finished_at: datetime
    version: str
    profile: Profile
    complete: bool
    problems: tuple[str, ...] = ()
    interrupted: bool = False
    expect: Expectation = Expectation.STRICT
    witness: bool = True  # False: nobody watched inside, every verdict is one-sided
    title: str = ""  # a word from the owner, for example "before the fix"
    policy: str = ""  # the policy file, as the owner named it


@dataclass(frozen=True, slots=True)
class RouterRecord:
    """``vendor``: who assigned the MAC address, "" where nobody knows. ``search_domains``: what the network tells the
    host to search in, by router advertisement (RFC 8106) or DHCP.
    """

    address: str
    mac: str | None
    interface: str
    vendor: str = ""
    search_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Host:
    """``router`` is what the owner says the router is: an id of data/routers.toml, "" where nothing was said."""

    name: str
    os: str
    default_router: RouterRecord | None
    router: str = ""


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """Lifetimes in seconds at ``started_at``; null means for ever.

    ``created_at`` is null where the system does not tell. ``gives_away``: what whoever sees the address learns, a
    clause each. ``used_outbound``: the destinations to which new connections leave from this address, by the kernel
    (RFC 6724). ``seen_at``: the vantages that saw a connection of this host come from it, which proves that.
    """

    address: str
    prefix_length: int
    interface: str
    kind: Kind
    state: State
    origin: Origin
    preferred_lifetime: int | None
    valid_lifetime: int | None
    scanned: bool
    why_not_scanned: str = ""
    created_at: datetime | None = None
    guessability: Guessability | None = None
    gives_away: tuple[str, ...] = ()
    used_outbound: tuple[str, ...] = ()
    seen_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What happened to an address of the host during the scan; kind and state are those after the change."""

    at: datetime
    change: Literal["born", "preferred", "deprecated", "removed", "renumbered"]
    address: str
    interface: str
    kind: Kind
    state: State


@dataclass(frozen=True, slots=True)
class Outside:
    verdict: Literal["proven", "refuted", "unproven"]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """A router on the way in, counted from the vantage; ``address`` is null for one that never answers."""

    distance: int
    address: str | None
    role: Literal["upstream", "router"]


@dataclass(frozen=True, slots=True)
class Translation:
    """An address of the host and what it shows as at the vantage (NAT66, RFC 6296)."""

    inside: str
    outside: str


@dataclass(frozen=True, slots=True)
class CallHome:
    """A datagram of this host to the vantage, from whatever address the kernel chose: what a remote server learns.

    ``kernel`` is the address that the kernel named (null: it has no way there), ``seen`` the one that arrived outside
    (null: nothing did, or nobody listened). ``proven``: it arrived, so ``seen`` is what servers there see.
    """

    destination: str
    kernel: str | None
    seen: str | None
    proven: bool
    why: str = ""  # why nothing is proven


@dataclass(frozen=True, slots=True)
class VantageRecord:
    """``loss`` is the share of control probes lost inwards (0 to 1), ``loss_outward`` that of the host's answers on
    TCP control flows, null where there was none; ``false_blocked_bound`` the largest probability, over all ports, that
    a port judged as stopped was merely lost; null where nothing could be bounded.
    """

    name: str
    spec: str
    addresses: tuple[str, ...]
    privileged: bool
    outside: Outside
    loss: float | None
    false_blocked_bound: float | None
    nmap: str | None = None
    controls_sent: int = 0
    controls_seen: int = 0
    probes_sent: int = 0
    rate: float = 0.0  # mean packets a second
    capture_dropped: int = 0
    late_rejects: bool = False
    path: tuple[Hop, ...] = ()
    translated: tuple[Translation, ...] = ()
    loss_outward: float | None = None
    call_home: CallHome | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both sides saw of a group of ports that behaved alike. ``ports`` in nmap syntax.

    ``hop_limit`` is that of the answer as received outside; ``arrival_hop_limit`` that of the probe as received inside.
    """

    ports: str
    verdict: Verdict
    answer: str  # "syn-ack", "reset", "udp-response", "port-unreach", "admin-prohibited", ..., "no-response"
    responder: str | None
    hop_limit: int | None
    arrived: bool | None  # None: nobody watched
    neighbour: str | None  # MAC that handed the probe to the host
    arrival_hop_limit: int | None
    attempts: int
    reason: str = ""  # why indeterminate, or how the place of a silent drop was found


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A port on which nmap and the sweep differed, and what probing it again said."""

    port: int
    sweep: Verdict
    nmap: str
    again: Verdict


@dataclass(frozen=True, slots=True)
class NmapRow:
    """nmap's own words for the ports it scanned: state -> reason -> ports in nmap syntax."""

    states: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class PortTable:
    """Every scanned port of (address, vantage, protocol) stands in exactly one verdict."""

    address: str
    vantage: str
    protocol: Literal["tcp", "udp"]
    verdicts: dict[Verdict, str]
    evidence: tuple[Evidence, ...] = ()
    nmap: NmapRow | None = None
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Ports on which the vantages do not agree: what each of them saw, by the vantage's name."""

    address: str
    protocol: Literal["tcp", "udp"]
    ports: str
    verdicts: dict[str, Verdict]


@dataclass(frozen=True, slots=True)
class LanRecord:
    """What the router does with packets to addresses of ``prefix`` that nobody uses: the default for the whole LAN."""

    prefix: str
    vantage: str
    protocol: Literal["tcp", "udp"]
    port: int
    verdict: Default
    evidence: str


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    address: str
    vantage: str
    protocol: Literal["tcp", "udp"]
    port: int
    name: str
    product: str
    version: str
    process: str


@dataclass(frozen=True, slots=True)
class Cap:
    """Why the grade is no better than ``letter``: findings of ``severity``, or null for a gap in the measurement."""

    letter: str
    reason: str
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """``grade`` A to F, or null where nothing may be graded (not outside, nothing measured). ``caps``: the lowest
    letter, which is the grade, first; ``reasons`` say the same in words.
    """

    grade: str | None
    counts: dict[Severity, int]
    reasons: tuple[str, ...] = ()
    headline: str = ""
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    schema: Literal["v6expose/run/1"]
    run: Header
    host: Host
    addresses: tuple[AddressRecord, ...]
    listeners: tuple[Listener, ...]
    vantages: tuple[VantageRecord, ...]
    ports: tuple[PortTable, ...]
    services: tuple[ServiceRecord, ...]
    findings: tuple[Finding, ...]
    summary: Summary
    lan: tuple[LanRecord, ...] = ()
    differences: tuple[Difference, ...] = ()
    conformance: tuple[ConformanceRow, ...] = ()
    before: "RunDigest | None" = field(default=None)  # an earlier run to compare with
    changes: Changes | None = None  # since the last complete run of the same host and vantages
    doors: tuple[DoorHistory, ...] = ()  # what answered strangers in the last runs, port by port
    names: tuple[NameEntry, ...] = ()
    events: tuple[EventRecord, ...] = ()
    texts: dict[str, TextRecord] = field(default_factory=dict)  # English text -> its message, for other languages


@dataclass(frozen=True, slots=True)
class RunDigest:
    """What a later report says of an earlier run: enough for a before/after table."""

    id: str
    title: str
    finished_at: datetime
    grade: str | None
    headline: str
    ports: tuple[PortTable, ...]
    findings: tuple[Finding, ...]
    texts: dict[str, TextRecord] = field(default_factory=dict)
    addresses: tuple[AddressRecord, ...] = ()  # so that an address that rotated is known by its role
