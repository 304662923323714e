"""Addresses of Windows: ``Get-NetIPAddress``, ``Get-NetAdapter`` and ``Get-NetIPv6Protocol`` as JSON.

Held against recorded output only (docs/addresses.md); never run on Windows by us.
"""

import json
import re
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any

from scanner.discovery.classify import hardware_addresses
from scanner.discovery.run_command import run_command
from scanner.discovery.temporary import TemporarySettings
from scanner.guess.eui64 import identifier_of, mac_in
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

REMEDY = say("run v6expose on Windows 8, Server 2012 or newer, where PowerShell has the module NetTCPIP")
SECONDS = 30.0  # PowerShell starts slowly
EVERY_INTERFACE = "*"
IDENTIFIER = (1 << 64) - 1
TICKS = 10_000_000  # a second
LAST_TICK = (1 << 63) - 1  # [TimeSpan]::MaxValue, printed as Infinite
UNICAST = (1, "Unicast")
_SPAN = re.compile(r"^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$")

# ConvertTo-Json writes enumerations as numbers, Select-Object may make words of them: nldef.h's order.
SUFFIXES = ("Other", "Manual", "WellKnown", "Dhcp", "Link", "Random")
PREFIXES = ("Other", "Manual", "WellKnown", "Dhcp", "RouterAdvertisement")
ADDRESS_STATES = ("Invalid", "Tentative", "Duplicate", "Deprecated", "Preferred")
USES = ("Disabled", "Enabled", "Always", "Counter")
STATES = {
    "Tentative": State.TENTATIVE,
    "Duplicate": State.DADFAILED,
    "Deprecated": State.DEPRECATED,
    "Preferred": State.PREFERRED,
}


def read_addresses() -> tuple[Address, ...]:
    """Raises EnvironmentFault when PowerShell fails or prints something else."""
    return parse_addresses(
        _powershell("Get-NetIPAddress -AddressFamily IPv6"),
        _powershell("Get-NetAdapter | Select-Object ifIndex, MacAddress, PermanentAddress"),
    )


def read_temporary() -> tuple[TemporarySettings, ...]:
    """Windows has one setting for all interfaces. Raises EnvironmentFault."""
    return (parse_protocol(_powershell("Get-NetIPv6Protocol")),)


def _powershell(command: str) -> str:
    argv = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", f"{command} | ConvertTo-Json -Depth 2")
    return run_command(argv, REMEDY, SECONDS)


def parse_addresses(addresses: str, adapters: str = "") -> tuple[Address, ...]:
    """Every valid IPv6 address. Raises EnvironmentFault when the text is not what PowerShell writes."""
    try:
        hardware = {row["ifIndex"]: _hardware(row) for row in _rows(adapters)}
        rows = [row for row in _rows(addresses) if ":" in row["IPAddress"] and row.get("Type", "Unicast") in UNICAST]
        states = [_word(row["AddressState"], ADDRESS_STATES) for row in rows]
        return tuple(
            _address(row, STATES[state], hardware.get(row["InterfaceIndex"], ()))
            for row, state in zip(rows, states, strict=True)
            if state != "Invalid"  # RFC 4862: no address any more
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise EnvironmentFault(
            say("Get-NetIPAddress writes something else than it did ({why!r})", why=error), REMEDY
        ) from error


def _rows(text: str) -> list[Mapping[str, Any]]:
    """ConvertTo-Json writes a single object without a list around it, and nothing at all for nothing."""
    found = json.loads(text.lstrip("\ufeff") or "[]")
    return found if isinstance(found, list) else [found]


def _hardware(row: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (row.get("MacAddress"), row.get("PermanentAddress"))
    return hardware_addresses(*(_colons(text) for text in texts if isinstance(text, str)))


def _colons(text: str) -> str:
    """``18-66-DA-23-C7-A3`` or ``1866DA23C7A3``."""
    digits = text.replace("-", "")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _address(row: Mapping[str, Any], state: State, hardware: tuple[str, ...]) -> Address:
    ip = IPv6Address(row["IPAddress"].partition("%")[0])
    own = next((mac for mac in hardware if identifier_of(mac) == int(ip) & IDENTIFIER), "")
    suffix, prefix = _word(row["SuffixOrigin"], SUFFIXES), _word(row["PrefixOrigin"], PREFIXES)
    temporary = suffix == "Random" and prefix == "RouterAdvertisement"
    return Address(
        ip=ip,
        prefix_length=int(row["PrefixLength"]),
        interface=str(row["InterfaceAlias"]),
        kind=Kind.TEMPORARY if temporary else Kind.STABLE,
        state=state,
        origin=Origin.TEMPORARY if temporary else _origin(ip, suffix, own),
        preferred_lifetime=seconds_of(row.get("PreferredLifetime")),
        valid_lifetime=seconds_of(row.get("ValidLifetime")),
        own_mac=own,
    )


def _origin(ip: IPv6Address, suffix: str, own: str) -> Origin:
    if suffix == "Dhcp":
        return Origin.DHCPV6
    if own or (suffix == "Link" and mac_in(ip)):
        return Origin.EUI64
    if suffix in ("Manual", "WellKnown"):
        return Origin.MANUAL
    # "Link" is also what Windows says of an identifier that it drew once at random and keeps in every network.
    return Origin.UNKNOWN


def _word(value: object, words: tuple[str, ...]) -> str:
    """The enumeration's word for a number, a word as it is. Raises ValueError for what is neither."""
    if isinstance(value, str) and value in words:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(words):
        return words[value]
    raise ValueError(value)


def seconds_of(value: object) -> int | None:
    """A TimeSpan in whole seconds: an object with Ticks, text ``3.05:08:57``, or for ever (None). Raises ValueError."""
    if value is None or (isinstance(value, str) and value.startswith("Infinite")):
        return None
    if isinstance(value, Mapping):
        ticks = int(value["Ticks"])
        return None if ticks == LAST_TICK else ticks // TICKS
    parts = _SPAN.match(value) if isinstance(value, str) else None
    if parts is None:
        raise ValueError(value)
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse_protocol(text: str) -> TemporarySettings:
    """Windows prefers the temporary addresses that it makes. Raises EnvironmentFault."""
    try:
        row = _rows(text)[0]
        use = _word(row["UseTemporaryAddresses"], USES)
        spans = ("MaxTemporaryValidLifetime", "MaxTemporaryPreferredLifetime", "MaxTemporaryDesyncTime")
        valid, preferred, desync = (seconds_of(row[name]) or 0 for name in spans)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise EnvironmentFault(
            say("Get-NetIPv6Protocol writes something else than it did ({why!r})", why=error), REMEDY
        ) from error
    return TemporarySettings(EVERY_INTERFACE, 0 if use == "Disabled" else 2, valid, preferred, desync)
