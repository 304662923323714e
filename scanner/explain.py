"""Which rule of this host stops a port: from its rule set, and by one probe that the kernel traces.

Sits above hostwall/ (INSIDE) and vantage/ (OUTSIDE). The rule set alone is read without any packet; the trace sends at
most TRIES packets of one flow from the vantage and adds one nftables table, which is always removed.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.name_rules import Whence, describe
from scanner.hostwall.owners import owners
from scanner.hostwall.read import read_host_rules, read_whence
from scanner.hostwall.run_command import Runner, run_command
from scanner.hostwall.trace import Step, deciding
from scanner.hostwall.tracing import Probe, Tracing, tracing
from scanner.hostwall.values import HostRules
from scanner.hostwall.walk import decide
from scanner.measure import Vantage
from scanner.model.address import Address, Inventory
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say
from scanner.probes.craft import Flow as PacketFlow
from scanner.probes.craft import stamp, syn_template, udp_packet

TRIES = 3  # packets of the one flow, at most
WAIT = 1.0  # seconds for each


@dataclass(frozen=True, slots=True)
class Question:
    """A port of one of the host's own addresses."""

    protocol: Protocol
    port: int
    address: Address


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the rule set says: every rule that may stop the port. ``sure``: exactly one end is possible, and it is this.

    ``passes``: it may pass all rules. ``doubts`` and ``problems`` say what could not be known or read.
    """

    rules: tuple[str, ...]
    passes: bool
    doubts: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def sure(self) -> bool:
        return not self.problems and len(self.rules) + self.passes == 1


@dataclass(frozen=True, slots=True)
class Traced:
    """What the kernel did. ``arrived``: the probe reached nftables; ``rule`` None where nftables let it pass."""

    arrived: bool
    rule: Step | None
    steps: tuple[Step, ...]
    packets: int


def parse_question(text: str, address: str | None, inventory: Inventory) -> Question:
    """``PORT[/tcp|/udp]`` and an own address (the first that can be scanned where none is named). Raises InputError."""
    word, _, name = text.partition("/")
    if name not in ("", "tcp", "udp"):
        raise InputError(say("{text!r} has no known protocol", text=text), say("write PORT, PORT/tcp or PORT/udp"))
    if not (word.isascii() and word.isdigit() and 1 <= int(word[:6]) <= 65535):  # noqa: PLR2004
        raise InputError(say("{word!r} is no port", word=word), say("give a number from 1 to 65535, with /udp for UDP"))
    return Question(Protocol(name or "tcp"), int(word), own_address(address, inventory))


def own_address(text: str | None, inventory: Inventory) -> Address:
    """Raises InputError for an address that is not this host's: only the owner's own is looked at."""
    candidates = inventory.scannable()
    if text is None:
        if not candidates:
            raise EnvironmentFault(
                say("this host has no address that the Internet can reach"), say("see v6expose addresses")
            )
        return candidates[0]
    try:
        wanted = IPv6Address(text)
    except ValueError as error:
        raise InputError(say("{text!r} is no IPv6 address", text=text), say("see v6expose addresses")) from error
    found = next((one for one in inventory.addresses if one.ip == wanted), None)
    if found is None:
        raise InputError(say("{wanted} is not an address of this host", wanted=wanted), say("see v6expose addresses"))
    return found


def foretell(question: Question, rules: HostRules, whence: Whence) -> Foretold:
    """What the rules say of a new flow to the port. Pure."""
    flow = Flow(question.protocol, question.address.ip, question.port, whence.source, whence.interface, whence.way_back)
    ends = decide(flow, rules)
    owned = owners(rules)
    stops = tuple(describe(end, owned) for end in ends.possible if end.chain is not None)
    return Foretold(stops, len(stops) < len(ends.possible), ends.doubts, rules.problems)


def from_rules(
    question: Question, inventory: Inventory, source: IPv6Address | None = None, run: Runner = run_command
) -> Foretold:
    """Read the rules and foretell. No packet is sent."""
    router = inventory.default_router
    whence = read_whence(source, question.address.interface, router.interface if router else None, run)
    return foretell(question, read_host_rules(run), whence)


def trace(question: Question, vantage: Vantage) -> Traced:
    """Send one probe from ``vantage``, let the kernel say what it meets. Raises EnvironmentFault, IncompleteError."""
    session = vantage.session
    if not session.hello.raw:
        raise EnvironmentFault(
            say(
                "vantage {spec} cannot send a packet of its own making ({why})",
                spec=vantage.spec,
                why=session.hello.why,
            ),
            say("use a vantage where the login is root"),
        )
    port = session.request({"op": "reserve", "address": str(vantage.address), "count": 1})["ports"][0]
    probe = Probe(question.protocol, vantage.address, port, question.address.ip, question.port)
    with tracing(probe) as watched:
        return _send_and_watch(probe, vantage, watched)


def _send_and_watch(probe: Probe, vantage: Vantage, watched: Tracing) -> Traced:
    packet = base64.b64encode(packet_of(probe)).decode()
    steps: tuple[Step, ...] = ()
    sent = 0
    while sent < TRIES and not steps:
        vantage.session.request({"op": "send", "source": str(probe.source), "packets": [packet], "interval": 0.001})
        sent += 1
        steps = watched.steps(WAIT)
    # What follows in the same flow (a reset of the vantage's own kernel) is another packet.
    first = tuple(step for step in steps if step.packet == steps[0].packet)
    rule, arrived = deciding(first, watched.table)
    return Traced(arrived, rule, tuple(step for step in first if step.table != watched.table), sent)


def packet_of(probe: Probe) -> bytes:
    """A SYN, or eight random bytes by UDP."""
    flow = PacketFlow(probe.source, probe.target, probe.source_port)
    token = secrets.token_bytes(8)
    if probe.protocol is Protocol.TCP:
        return stamp(syn_template(flow), probe.port, token)
    return udp_packet(flow, probe.port, token)
