"""What the owner means to be reachable. Pure values and their parser; policy_file.py reads the file.

[[allow]]
protocol = "tcp"           # tcp or udp
ports = "22,443"           # nmap's syntax
address = "any"            # any, stable or temporary; any when left out
reason = "the family site" # for whoever reads the report
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scanner.model.address import Kind
from scanner.model.catalogue import PROTOCOLS
from scanner.model.errors import InputError
from scanner.model.ports import PortSet

_DOCUMENT_KEYS = ("allow",)
_ALLOW_KEYS = ("protocol", "ports", "address", "reason")


class AddressRole(StrEnum):
    """Which of the host's addresses an entry speaks of."""

    ANY = "any"
    STABLE = "stable"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class Allow:
    """These ports may be reachable on addresses of this role."""

    protocol: str
    ports: PortSet
    role: AddressRole = AddressRole.ANY
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the owner allows; empty, nothing is."""

    allow: tuple[Allow, ...] = ()

    def allowed(self, protocol: str, kind: Kind | None) -> frozenset[int]:
        """The ports that may be reachable by ``protocol`` on an address of ``kind`` (None: of no known kind)."""
        roles = {AddressRole.ANY, *([AddressRole(kind.value)] if kind else [])}
        entries = (entry for entry in self.allow if entry.protocol == protocol and entry.role in roles)
        return frozenset(port for entry in entries for port in entry.ports)


def parse_policy(document: dict[str, Any], source: str) -> Policy:
    """The policy in a parsed TOML document. Raises one InputError that lists every error; ``source`` names the file."""
    errors = [_unknown_key(key, "", _DOCUMENT_KEYS) for key in document if key not in _DOCUMENT_KEYS]
    entries = document.get("allow", [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        errors.append("allow is no list of tables, write [[allow]]")
        entries = []
    parsed = [_parse_allow(entry, f"allow {number}: ", errors) for number, entry in enumerate(entries, 1)]
    if errors:
        raise InputError(
            f"policy {source}: {'; '.join(errors)}", 'write [[allow]] with protocol = "tcp" and ports = "22,443"'
        )
    return Policy(tuple(entry for entry in parsed if entry))


def _parse_allow(entry: dict[str, Any], where: str, errors: list[str]) -> Allow | None:
    """One entry, or None; what is wrong with it goes to ``errors``."""
    errors += [_unknown_key(key, where, _ALLOW_KEYS) for key in entry if key not in _ALLOW_KEYS]
    protocol = entry.get("protocol")
    if protocol not in PROTOCOLS:
        errors.append(f"{where}protocol is {_shown(protocol)}, use tcp or udp")
    role = entry.get("address", AddressRole.ANY)
    if role not in tuple(AddressRole):
        errors.append(f"{where}address is {_shown(role)}, use any, stable or temporary")
    reason = entry.get("reason", "")
    if not isinstance(reason, str):
        errors.append(f"{where}reason is {_shown(reason)}, write a text")
    ports = _parse_ports(entry.get("ports"), where, errors)
    if protocol not in PROTOCOLS or role not in tuple(AddressRole):
        return None
    return Allow(protocol, ports, AddressRole(role), str(reason))


def _parse_ports(value: Any, where: str, errors: list[str]) -> PortSet:
    """Nmap's syntax, or one port as a number."""
    if type(value) is int:  # bool is an int to isinstance
        value = str(value)
    if not isinstance(value, str):
        errors.append(f'{where}ports is {_shown(value)}, write ports = "22,443"')
        return PortSet()
    try:
        ports = PortSet.parse(value)
    except InputError as error:
        errors.append(f"{where}{error.message}")
        return PortSet()
    if not ports:
        errors.append(f"{where}ports is empty")
    return ports


def _unknown_key(key: str, where: str, known: tuple[str, ...]) -> str:
    return f"{where}unknown key {key!r}, known: {', '.join(known)}"


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)[:40]
