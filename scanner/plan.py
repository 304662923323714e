"""Pure: inventory + settings + catalogue -> what to send, in which order, how fast. ``--dry-run`` prints it."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.address import Address, Inventory, Listener
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.ports import PortSet
from scanner.model.settings import START_RATE, Expectation, Profile, Settings
from scanner.model.text import say

TCP, UDP = 6, 17
PROTOCOLS = {"tcp": TCP, "udp": UDP}
# What upstream networks are known to filter: looked for one by one, never inferred from other ports.
USUAL_UPSTREAM = PortSet.parse(
    "19,23,25,53,67-69,111,123,135-139,161-162,389,445,500,520,593,1433-1434,1900,3389,5060,7547,11211"
)
NMAP_TOP = 1000
# The locator's ceilings: packets sent with care for one (address, protocol), and so many a second; then silent ports at
# the scan's rate, for so many seconds unless all are wanted: so many packets each, one in fifty on the passing flow.
LOCATOR_PACKETS, LOCATOR_RATE, LOCATOR_SECONDS, LOCATOR_ROUNDS = 8000, 4000, 1.5, 6


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One (address, protocol); ``first`` are the ports to ask before the others."""

    address: IPv6Address
    protocol: int
    ports: PortSet
    first: PortSet


@dataclass(frozen=True, slots=True)
class PacketClass:
    """One kind of packet that a scan sends: at most ``count`` of them, at most ``rate`` a second."""

    name: str
    target: str
    count: int
    rate: int


@dataclass(frozen=True, slots=True)
class Plan:
    targets: tuple[TargetPlan, ...]
    rate: int
    start_rate: int
    linger_until: float  # seconds after the first probe until which a first late answer is waited for
    nmap: bool
    locate_all: bool  # find the place of every silent port, however many
    lan: bool  # ask what the router does with the rest of the LAN
    classes: tuple[PacketClass, ...]
    batteries: tuple[str, ...] = ()
    slow: bool = False
    expect: Expectation = Expectation.STRICT

    @property
    def addresses(self) -> tuple[IPv6Address, ...]:
        return tuple(dict.fromkeys(target.address for target in self.targets))


def choose_addresses(inventory: Inventory, wanted: Iterable[IPv6Address]) -> tuple[Address, ...]:
    """The addresses to scan: ``wanted``, or every global one. A foreign one is refused, before a packet leaves."""
    own = {address.ip: address for address in inventory.addresses}
    chosen = []
    for ip in wanted:
        if ip not in own:
            raise InputError(
                say("{ip} is no address of this host", ip=ip), say("scan only your own: see v6expose addresses")
            )
        if not own[ip].scannable:
            raise InputError(
                say(
                    "{ip} cannot be reached from the Internet ({scope}, {state})",
                    ip=ip,
                    scope=own[ip].scope.value,
                    state=own[ip].state.value,
                ),
                say("give a global address: see v6expose addresses"),
            )
        chosen.append(own[ip])
    chosen = list(dict.fromkeys(chosen)) or list(inventory.scannable())
    if not chosen:
        raise EnvironmentFault(
            say("this host has no global IPv6 address"),
            say("nothing of it is on the IPv6 Internet; check the router advertisements"),
        )
    return tuple(chosen)


def make_plan(inventory: Inventory, settings: Settings, catalogue: dict[str, PortSet]) -> Plan:
    """``catalogue`` maps "tcp" and "udp" to the ports of services that must not be reachable."""
    addresses = choose_addresses(inventory, settings.addresses)
    targets = tuple(
        TargetPlan(address.ip, PROTOCOLS[protocol], ports, PortSet.of(p for p in first if p in ports))
        for address in addresses
        for protocol in ("tcp", "udp")
        for first in (catalogue[protocol] | listening(inventory.listeners, protocol, address.ip),)
        for ports in (ports_for(settings, protocol, first),)
        if len(ports)
    )
    if not targets:
        raise InputError(say("no port is left to scan"), say("give --tcp or --udp at least one port"))
    quick = settings.profile is Profile.QUICK
    nmap = settings.nmap and not quick
    return Plan(
        targets=targets,
        rate=settings.rate,
        start_rate=min(START_RATE, settings.rate),
        linger_until=6.5 if quick else 12.0,  # RFC 6092 REC-34: a late reject comes after 6 s at the earliest
        nmap=nmap,
        locate_all=settings.locate_all,
        lan=not quick if settings.lan is None else settings.lan,
        classes=packet_classes(targets, settings.rate, nmap=nmap, locate_all=settings.locate_all),
        batteries=settings.batteries,
        slow=settings.slow,
        expect=settings.expect,
    )


def ports_for(settings: Settings, protocol: str, first: PortSet) -> PortSet:
    """The profile's ports, or what ``--tcp`` and ``--udp`` put in their place."""
    given = settings.tcp if protocol == "tcp" else settings.udp
    if given is not None:
        return given
    if settings.profile is Profile.FULL or (settings.profile is Profile.STANDARD and protocol == "tcp"):
        return PortSet.every()
    return first


def listening(listeners: Iterable[Listener], protocol: str, address: IPv6Address) -> PortSet:
    """Ports on which a program takes what comes to ``address``."""
    return PortSet.of(
        listener.port
        for listener in listeners
        if listener.protocol == protocol and IPv6Address(listener.bind.partition("%")[0]) in (address, IPv6Address(0))
    )


def order(plan: TargetPlan, seed: int) -> list[int]:
    """What matters first, then the rest shuffled: a burst of loss or a router's limit must not hit neighbours."""
    rest = list(plan.ports - plan.first)
    random.Random(seed).shuffle(rest)
    return [*plan.first, *rest]


def packet_classes(
    targets: tuple[TargetPlan, ...], rate: int, *, nmap: bool, locate_all: bool
) -> tuple[PacketClass, ...]:
    """Every class of packet with its ceiling, as ``--dry-run`` states it."""
    rows = []
    for target in targets:
        name = "TCP SYN, sweep" if target.protocol == TCP else "UDP, sweep"
        rows.append(
            PacketClass(
                say("{name}, up to 8 times where silent", name=name), str(target.address), 8 * len(target.ports), rate
            )
        )
        rows.append(
            PacketClass(
                say("hop-limited probe, locator"), str(target.address), LOCATOR_PACKETS, min(rate, LOCATOR_RATE)
            )
        )
        some = len(target.ports) if locate_all else min(len(target.ports), int(rate * LOCATOR_SECONDS))
        fast = LOCATOR_ROUNDS * some
        rows.append(PacketClass(say("the same at the scan's rate"), str(target.address), fast + fast // 50 + 40, rate))
    for address in dict.fromkeys(target.address for target in targets):
        rows.append(
            PacketClass(
                say("UDP on a flow the inside opened, control"), str(address), max(1000, len(targets) * 4000), rate
            )
        )
        if nmap:
            rows.append(
                PacketClass(
                    say("nmap -6 -sS, top {nmap_top} TCP, up to 3 times", nmap_top=NMAP_TOP),
                    str(address),
                    3 * NMAP_TOP,
                    1000,
                )
            )
            rows.append(PacketClass(say("nmap -6 -sV on open ports"), str(address), 1000, 1000))
    return tuple(rows)
