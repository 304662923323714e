"""The catalogue of routers: data/routers.toml becomes values here."""

import difflib
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from ipaddress import IPv6Network
from typing import Any

from scanner.model.errors import InputError
from scanner.model.text import say
from scanner.model.text import say as told
from scanner.remedies.values import Kind, Language, Router

FILE = "routers.toml"
GENERIC = "generic"  # the row for a router that nobody knows
_NEEDED = ("id", "name", "kind", "language", "source")
_LISTS = ("vendors", "domains", "link_local")
_TEXTS = ("id", "name", "source", "caution", "wan", "lan")
_KEYS = frozenset((*_NEEDED, *_LISTS, *_TEXTS, "networks"))


@cache
def load_routers() -> tuple[Router, ...]:
    """The catalogue that ships with the program, in its order."""
    return parse_routers(tomllib.loads(resources.files("scanner.data").joinpath(FILE).read_text(encoding="utf-8")))


def find_router(name: str) -> Router:
    """The row called ``name``. Raises InputError naming the nearest ones."""
    rows = {router.id: router for router in load_routers()}
    if name not in rows:
        near = difflib.get_close_matches(name.lower(), rows, n=3, cutoff=0.4)
        remedy = say("did you mean {near}?", near=", ".join(near)) if near else say("v6expose remedy --list names all")
        raise InputError(say("no router {name!r} is known", name=name), remedy)
    return rows[name]


def parse_routers(document: dict[str, Any]) -> tuple[Router, ...]:
    """Raises InputError naming the row and what is wrong with it."""
    routers = tuple(_parse_row(row, number) for number, row in enumerate(document.get("router", ()), 1))
    _refuse_doubles(router.id for router in routers)
    return routers


def _parse_row(row: dict[str, Any], number: int) -> Router:
    where = f"{FILE}: row {number} ({row.get('id', 'without an id')})"
    for key in row:
        if key not in _KEYS:
            raise InputError(f"{where} has the unknown key {key!r}", f"use one of {', '.join(sorted(_KEYS))}")
    for key in _NEEDED:
        if not (isinstance(row.get(key), str) and row[key].strip()):
            raise InputError(f"{where} has no {key}", f'write {key} = "..."')
    try:
        vendors, domains, link_local = (tuple(row.get(key, ())) for key in _LISTS)
        return Router(
            **{key: row.get(key, "") for key in _TEXTS} | {"name": told(row["name"])},
            kind=Kind(row["kind"]),
            language=Language(row["language"]),
            vendors=vendors,
            domains=domains,
            link_local=link_local,
            networks=tuple(IPv6Network(text) for text in row.get("networks", ())),
        )
    except ValueError as error:
        raise InputError(f"{where}: {error}", "mend that row") from error


def _refuse_doubles(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise InputError(f"{FILE}: {name} stands there twice", "keep one row")
        seen.add(name)
