"""What of a run goes into a remedy's text. Everything is parsed here; what does not parse stays outside."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_network
from typing import Self

from scanner.model.address import Kind, Scope, scope_of
from scanner.model.catalogue import PROTOCOLS
from scanner.model.errors import InputError
from scanner.model.finding import Finding
from scanner.model.ports import FIRST_PORT, LAST_PORT, PortSet
from scanner.model.run import AddressRecord, Run
from scanner.model.text import say
from scanner.model.verdict import Verdict

LAN_PREFIX = 64  # RFC 4291 section 2.5.1; a longer one is a single address that DHCPv6 gave out
# Cisco's GigabitEthernet0/0/0, Junos' ge-0/0/0.0, MikroTik's pppoe-out1, EdgeOS' eth0/pppoe0, Linux' eth0.10 and br-lan
INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Door:
    """Ports that are to stay reachable: ``low`` to ``high`` of one protocol at one address."""

    address: IPv6Address
    protocol: str
    low: int
    high: int

    @property
    def suffix(self) -> IPv6Address:
        """The interface identifier alone (the low 64 bits): it outlives a change of the provider's prefix."""
        return IPv6Address(int(self.address) & (1 << 64) - 1)

    def ports(self, dash: str = "-") -> str:
        """``443`` or ``100-200``."""
        return str(self.low) if self.low == self.high else f"{self.low}{dash}{self.high}"

    @property
    def name(self) -> str:
        """A word for it, of small letters, digits and underscores."""
        return f"v6x_{self.protocol}_{self.ports('_')}"


@dataclass(frozen=True, slots=True)
class Keep:
    """``443/tcp``: ports that the owner wants to keep open, at the host's stable addresses."""

    protocol: str
    ports: PortSet

    @classmethod
    def parse(cls, text: str) -> Self:
        """``443/tcp`` or ``100-200/udp``. Raises InputError."""
        ports, _, protocol = text.strip().lower().partition("/")
        if protocol not in PROTOCOLS or not ports:
            raise InputError(
                say("{text!r} is no port and protocol", text=text), say("write it like 443/tcp or 6000-6010/udp")
            )
        return cls(protocol, PortSet.parse(ports))


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The ends of a DS-Lite (RFC 6333) or MAP-E (RFC 7597) tunnel: IPv4 in IPv6, which is protocol 4."""

    remote: IPv6Address
    own: IPv6Address


@dataclass(frozen=True, slots=True)
class Choice:
    """What the owner said: interfaces of the router ("" for its usual ones), ports to keep, the tunnel of IPv4."""

    wan: str = ""
    lan: str = ""
    keep: tuple[Keep, ...] = ()
    tunnel: Tunnel | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """``prefixes`` are those of the host's link; ``interface`` is the host's own, "" where its name is odd.

    ``protocol`` and ``port`` are those of the finding, None where it names none; ``stable`` is the address by which the
    host is meant to be found, None without one.
    """

    prefixes: tuple[IPv6Network, ...]
    doors: tuple[Door, ...]
    interface: str
    stable: IPv6Address | None
    protocol: str | None
    port: int | None
    tunnel: Tunnel | None

    @property
    def kept(self) -> bool:
        """The finding's own port is among the doors."""
        return any(door.protocol == self.protocol and door.low <= (self.port or 0) <= door.high for door in self.doors)


def parse_interface(text: str) -> str:
    """Raises InputError for what is no interface name on any of the routers."""
    if not INTERFACE.fullmatch(text):
        raise InputError(
            say("{text!r} is no name of an interface", text=text),
            say("use letters, digits and . _ : / -, for example eth0"),
        )
    return text


def parse_tunnel(remote: str, own: str) -> Tunnel:
    """Raises InputError where an end is no address that packets can come from."""
    return Tunnel(_end(remote), _end(own))


def _end(text: str) -> IPv6Address:
    try:
        address = IPv6Address(text.strip())
    except ValueError as error:
        raise InputError(
            say("{text!r} is no IPv6 address", text=text), say("give the tunnel's two ends, the provider's first")
        ) from error
    if scope_of(address) is not Scope.GLOBAL or address.is_multicast or address.is_unspecified:
        raise InputError(
            say("{text} is no end of a tunnel through a provider", text=text), say("give global addresses")
        )
    return address


def situation_of(run: Run, finding: Finding, choice: Choice) -> Situation:
    """Raises InputError where the run's port lists cannot be read."""
    stable = tuple(_stable(run.addresses))
    port = finding.port
    return Situation(
        prefixes=tuple(dict.fromkeys(_prefix(record) for record in run.addresses if record.scanned)),
        doors=tuple(_doors(run, stable, choice.keep)),
        interface=_interface(run),
        stable=stable[0] if stable else None,
        protocol=finding.protocol if finding.protocol in PROTOCOLS else None,
        port=port if port is not None and FIRST_PORT <= port <= LAST_PORT else None,
        tunnel=choice.tunnel,
    )


def _stable(records: Iterable[AddressRecord]) -> Iterator[IPv6Address]:
    yield from (IPv6Address(one.address) for one in records if one.scanned and one.kind is Kind.STABLE)


def _prefix(record: AddressRecord) -> IPv6Network:
    length = LAN_PREFIX if not 0 < record.prefix_length <= LAN_PREFIX else record.prefix_length
    return IPv6Network(str(ip_network((IPv6Address(record.address), length), strict=False)))


def _doors(run: Run, stable: Iterable[IPv6Address], keep: Iterable[Keep]) -> Iterator[Door]:
    """What answers at a stable address and no finding complains of, and what the owner keeps. A temporary address is
    nobody's to find (RFC 8981), and no rule can follow it.
    """
    wanted = tuple(keep)
    for address in stable:
        for protocol in PROTOCOLS:
            ports = _agreed(run, address, protocol)
            for one in wanted:
                ports |= one.ports if one.protocol == protocol else PortSet()
            yield from (Door(address, protocol, low, high) for low, high in ports.ranges)


def _agreed(run: Run, address: IPv6Address, protocol: str) -> PortSet:
    """No finding of any rule names them here. What a refuted vantage saw counts for nothing: no rule looked at it."""
    refuted = {vantage.name for vantage in run.vantages if vantage.outside.verdict == "refuted"}
    answering = PortSet()
    for table in run.ports:
        if table.vantage not in refuted and (IPv6Address(table.address), table.protocol) == (address, protocol):
            answering |= PortSet.parse(table.verdicts.get(Verdict.OPEN, ""))
    complained = {finding.port for finding in run.findings if finding.protocol == protocol and _names(finding, address)}
    return PortSet.of(port for port in answering if port not in complained)


def _names(finding: Finding, address: IPv6Address) -> bool:
    """A finding without an address is about all of them; one whose address cannot be read, too."""
    try:
        return finding.address is None or IPv6Address(finding.address) == address
    except ValueError:
        return True


def _interface(run: Run) -> str:
    router = run.host.default_router
    names = [router.interface] if router else []
    names += [record.interface for record in run.addresses if record.scanned]
    return next((name for name in names if INTERFACE.fullmatch(name)), "")
