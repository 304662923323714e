"""Reads the catalogues of the batteries: evasion.toml and icmpv6.toml."""

import tomllib
from importlib import resources
from typing import Any

from scanner.model.cases import Case
from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.text import say as told

EVASION, ICMPV6 = "evasion.toml", "icmpv6.toml"
BASES = ("tcp-blocked", "tcp-allowed", "udp-blocked", "flow", "unsolicited")
ITSELF = "self"
_TEXT = ("id", "name", "standard", "packet", "filter", "linux", "base", "group", "severity")
_KEYS = frozenset((*_TEXT, "taken", "path", "count"))
MOST_PACKETS = 60  # in one copy of a case (PROBES 0.4)


def load_cases(file: str) -> tuple[Case, ...]:
    """The catalogue in ``file``, in its order."""
    text = resources.files("scanner.data").joinpath(file).read_text(encoding="utf-8")
    return parse_cases(tomllib.loads(text), file)


def parse_cases(document: dict[str, Any], file: str) -> tuple[Case, ...]:
    """Raises InputError naming the first row that does not fit, a double id, or a path that leads nowhere."""
    cases = tuple(_parse_row(row, f"{file}: row {number}") for number, row in enumerate(document.get("case", ()), 1))
    ids = [case.id for case in cases]
    for case in cases:
        if ids.count(case.id) > 1:
            raise InputError(f"{file}: {case.id} stands in two rows", "give each case an id of its own")
        if case.path not in ("", ITSELF, *ids):
            raise InputError(f"{file}: {case.id} has the path {case.path!r}", "name a case, or self")
    return cases


def _parse_row(row: dict[str, Any], where: str) -> Case:
    for key in row:
        if key not in _KEYS:
            raise InputError(f"{where} has the unknown key {key!r}", f"use one of {', '.join(sorted(_KEYS))}")
    for key in _TEXT:
        if not (isinstance(row.get(key), str) and row[key].strip()):
            raise InputError(f"{where} has no {key}", f'write {key} = "..."')
    if row["base"] not in BASES:
        raise InputError(f"{where} has the base {row['base']!r}", f"use one of {', '.join(BASES)}")
    for word in (row["severity"], row.get("taken", row["severity"])):
        if word not in tuple(Severity):
            raise InputError(f"{where} has the severity {word!r}", f"use one of {', '.join(Severity)}")
    count = row.get("count", 1)
    if type(count) is not int or not 1 <= count <= MOST_PACKETS:
        raise InputError(f"{where} has the count {count!r}", f"use a number from 1 to {MOST_PACKETS}")
    severities = {"severity": Severity(row["severity"]), "taken": Severity(row.get("taken", row["severity"]))}
    texts = {key: row[key] for key in _TEXT} | {"name": told(row["name"])}
    return Case(**texts | severities, path=row.get("path", ""), count=count)
