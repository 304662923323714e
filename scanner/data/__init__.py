"""Catalogues that ship with the program, and their reader: files become values here, so that the rules stay pure.

services.toml   what must not be reachable from the Internet -> scanner.model.catalogue.Catalogue
"""

import tomllib
from collections import Counter
from importlib import resources
from typing import Any

from scanner.model.catalogue import PROTOCOLS, Catalogue, Service
from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.ports import PortSet
from scanner.model.text import say as told

SERVICES = "services.toml"
_TEXT = ("service", "severity", "ports", "why")
_KEYS = frozenset((*_TEXT, "protocols", "hint", "reference", "passive", "often_intended"))


def load_catalogue() -> Catalogue:
    """The catalogue that ships with the program."""
    text = resources.files(__name__).joinpath(SERVICES).read_text(encoding="utf-8")
    return parse_catalogue(tomllib.loads(text))


def parse_catalogue(document: dict[str, Any]) -> Catalogue:
    """The catalogue in a TOML document. Raises InputError naming the first row that does not fit, or a double port."""
    general_hint = str(document.get("hint", ""))
    services = tuple(_parse_row(row, number, general_hint) for number, row in enumerate(document.get("service", ()), 1))
    _refuse_double_ports(services)
    return Catalogue(services)


def _parse_row(row: dict[str, Any], number: int, general_hint: str) -> Service:
    where = f"{SERVICES}: row {number} ({row.get('service', 'without a name')})"
    _check_row(row, where)
    return Service(
        name=told(row["service"]),
        protocols=tuple(row["protocols"]),
        ports=PortSet.parse(row["ports"]),
        severity=Severity(row["severity"]),
        why=told(row["why"]),
        hint=told(row.get("hint", general_hint)),
        reference=row.get("reference", ""),
        passive=row.get("passive", False),
        often_intended=row.get("often_intended", False),
    )


def _check_row(row: dict[str, Any], where: str) -> None:
    for key in row:
        if key not in _KEYS:
            raise InputError(f"{where} has the unknown key {key!r}", f"use one of {', '.join(sorted(_KEYS))}")
    for key in _TEXT:
        if not (isinstance(row.get(key), str) and row[key].strip()):
            raise InputError(f"{where} has no {key}", f'write {key} = "..."')
    if not row.get("protocols") or set(row["protocols"]) - set(PROTOCOLS):
        raise InputError(f"{where} has no valid protocols", f"write a list of {', '.join(PROTOCOLS)}")
    if row["severity"] not in tuple(Severity):
        raise InputError(f"{where} has the severity {row['severity']!r}", f"use one of {', '.join(Severity)}")


def _refuse_double_ports(services: tuple[Service, ...]) -> None:
    seen = Counter((protocol, port) for service in services for protocol in service.protocols for port in service.ports)
    doubles = sorted(f"{protocol}/{port}" for (protocol, port), times in seen.items() if times > 1)
    if doubles:
        raise InputError(f"{SERVICES}: {', '.join(doubles)} stands in two rows", "merge them into one row")
