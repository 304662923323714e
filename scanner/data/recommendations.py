"""Reads simple_security.toml: the fifty recommendations of RFC 6092."""

import tomllib
from importlib import resources
from typing import Any

from scanner.model.errors import InputError
from scanner.model.recommendation import Recommendation
from scanner.model.text import say as told

FILE = "simple_security.toml"
LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")  # RFC 2119
KEYS = ("number", "level", "title", "how", "untestable")


def load_recommendations() -> tuple[Recommendation, ...]:
    """All of them, in their order."""
    text = resources.files("scanner.data").joinpath(FILE).read_text(encoding="utf-8")
    return parse_recommendations(tomllib.loads(text))


def parse_recommendations(document: dict[str, Any]) -> tuple[Recommendation, ...]:
    """Raises InputError naming the first row that does not fit or is out of order."""
    rows = document.get("recommendation", ())
    return tuple(_parse_row(row, number) for number, row in enumerate(rows, 1))


def _parse_row(row: dict[str, Any], number: int) -> Recommendation:
    where = f"{FILE}: row {number}"
    for key in row:
        if key not in KEYS:
            raise InputError(f"{where} has the unknown key {key!r}", f"use one of {', '.join(KEYS)}")
    if row.get("number") != number:
        raise InputError(f"{where} has the number {row.get('number')!r}", f"write number = {number}: all in order")
    if row.get("level") not in LEVELS:
        raise InputError(f"{where} has the level {row.get('level')!r}", f"use one of {', '.join(LEVELS)}")
    if not _is_text(row.get("title")):
        raise InputError(f"{where} has no title", 'write title = "..."')
    if _is_text(row.get("how")) == _is_text(row.get("untestable")):
        raise InputError(f"{where} needs one of how and untestable", "say how it is measured, or why it is not")
    return Recommendation(number, row["level"], told(row["title"]), row.get("how", ""), row.get("untestable", ""))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
