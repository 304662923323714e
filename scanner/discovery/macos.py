"""Addresses of macOS: what ``ifconfig -L`` prints, and sysctl's word on temporary addresses.

Held against recorded output only (docs/addresses.md); never run on a Mac by us.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.discovery.classify import hardware_addresses
from scanner.discovery.run_command import run_command
from scanner.discovery.temporary import TemporarySettings
from scanner.guess.eui64 import identifier_of, mac_in
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

REMEDY = say("run v6expose on macOS 10.12 or newer")
EVERY_INTERFACE = "*"
IDENTIFIER = (1 << 64) - 1
TREE = "net.inet6.ip6."
NAMES = ("use_tempaddr", "prefer_tempaddr", "tempvltime", "temppltime")
_INTERFACE = re.compile(r"^(\S+): flags=")
_HARDWARE = re.compile(r"^\s+(?:ether|lladdr) (\S+)")
_ADDRESS = re.compile(r"^\s+inet6 (\S+)(?: --> \S+)? prefixlen (\d{1,3})(?!\d)(.*)$")

# The first word that stands there decides. A detached address has lost its router: nothing new leaves from it.
STATES = (
    ("duplicated", State.DADFAILED),
    ("tentative", State.TENTATIVE),
    ("deprecated", State.DEPRECATED),
    ("detached", State.DEPRECATED),
)


@dataclass(frozen=True, slots=True)
class _Interface:
    name: str
    hardware: tuple[str, ...] = ()


def read_addresses() -> tuple[Address, ...]:
    """Raises EnvironmentFault when ifconfig fails or prints something else."""
    return parse_ifconfig(run_command(("ifconfig", "-L"), REMEDY))


def read_temporary() -> tuple[TemporarySettings, ...]:
    """macOS has one setting for all interfaces. Raises EnvironmentFault."""
    return (parse_sysctl(run_command(("sysctl", *(TREE + name for name in NAMES)), REMEDY)),)


def parse_ifconfig(text: str) -> tuple[Address, ...]:
    """Every IPv6 address, in the order printed. Raises EnvironmentFault naming the line that cannot be read."""
    interface = _Interface("")
    found = []
    for line in text.splitlines():
        if start := _INTERFACE.match(line):
            interface = _Interface(start[1])
        elif hardware := _HARDWARE.match(line):
            interface = _Interface(interface.name, hardware_addresses(hardware[1]))
        elif line.strip().startswith("inet6 "):
            found.append(_address(line, interface))
    return tuple(address for address in found if address.valid_lifetime != 0)


def _address(line: str, interface: _Interface) -> Address:
    """Raises EnvironmentFault naming the line."""
    parts = _ADDRESS.match(line)
    if parts is None or not interface.name:
        raise EnvironmentFault(say("`ifconfig -L` has the line {line!r}", line=line[:120]), REMEDY)
    try:
        ip = IPv6Address(parts[1].partition("%")[0])
        words = parts[3].split()
        own = next((mac for mac in interface.hardware if identifier_of(mac) == int(ip) & IDENTIFIER), "")
        return Address(
            ip=ip,
            prefix_length=int(parts[2]),
            interface=interface.name,
            kind=Kind.TEMPORARY if "temporary" in words else Kind.STABLE,
            state=next((state for word, state in STATES if word in words), State.PREFERRED),
            origin=_origin(ip, words, own),
            preferred_lifetime=_lifetime(words, "pltime"),
            valid_lifetime=_lifetime(words, "vltime"),
            own_mac=own,
        )
    except ValueError as error:
        raise EnvironmentFault(say("`ifconfig -L` has the line {line!r}", line=line[:120]), REMEDY) from error


def _origin(ip: IPv6Address, words: list[str], own: str) -> Origin:
    if ip.is_loopback:
        return Origin.MANUAL
    if "temporary" in words:
        return Origin.TEMPORARY
    if "dynamic" in words:
        return Origin.DHCPV6
    if own or ("secured" not in words and mac_in(ip)):
        return Origin.EUI64
    if "secured" in words:
        # A cryptographically generated identifier (RFC 3972): stable and opaque, as RFC 7217 wants it.
        return Origin.STABLE_PRIVACY
    return Origin.UNKNOWN if "autoconf" in words or ip.is_link_local else Origin.MANUAL


def _lifetime(words: list[str], name: str) -> int | None:
    """Seconds; None for "infty" and for an address without the word. Raises ValueError."""
    if name not in words:
        return None
    value = words[words.index(name) + 1 :][:1] or [""]
    return None if value[0] == "infty" else int(value[0])


def parse_sysctl(text: str) -> TemporarySettings:
    """From lines ``name: value``. Raises EnvironmentFault naming what is missing."""
    pairs = (line.partition(":") for line in text.splitlines())
    values = {name.strip().removeprefix(TREE): value.strip() for name, _, value in pairs}
    try:
        use, prefer, valid, preferred = (int(values[name]) for name in NAMES)
    except (KeyError, ValueError) as error:
        raise EnvironmentFault(
            say("sysctl does not tell about temporary addresses ({why})", why=error), REMEDY
        ) from error
    return TemporarySettings(EVERY_INTERFACE, (2 if prefer else 1) if use > 0 else 0, valid, preferred, desync=0)
