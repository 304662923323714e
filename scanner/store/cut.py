"""A run document as parts and back. Pure.

What hardly changes from run to run (addresses, listeners, verdicts, the text of findings) stands in parts of its own,
so that ten thousand runs that found the same share it.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_LEVEL = 6
_LARGEST = 1 << 30  # bytes of one part; a table of 65,535 alternating ports is 300 KB
_TABLES = "ports"  # of a run, and of the run before it
_SHARED_OF_TABLE = ("verdicts", "evidence", "nmap")


@dataclass(frozen=True, slots=True)
class Part:
    """``path`` says where ``content`` (compressed JSON) belongs; ``digest`` is that of the JSON."""

    path: str
    digest: bytes
    content: bytes


class DamagedPartError(Exception):
    """What came back is not what was stored."""


def cut(document: Mapping[str, Any]) -> Iterator[Part]:
    """The parts of a run document, given as plain JSON values. An empty value is a part, too."""
    for path, value in _pieces(document, ""):
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        yield Part(path, hashlib.sha256(text).digest(), zlib.compress(text, _LEVEL))


def join(values: Mapping[str, Any]) -> dict[str, Any]:
    """The document again, from path -> value of the parts, in any order. It is made of the values themselves.

    Raises KeyError, IndexError or TypeError where a part is missing that others belong into.
    """
    document: dict[str, Any] = {}
    for path in sorted(values, key=_depth):
        _place(document, path.split("/"), values[path])
    return document


def unpack(content: bytes, digest: bytes | None = None) -> Any:
    """The JSON value of one part. Raises DamagedPartError, also where it does not fit the digest."""
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(content, _LARGEST)
        if not reader.eof or (digest is not None and hashlib.sha256(text).digest() != digest):
            raise DamagedPartError
        return json.loads(text.decode("utf-8", "surrogatepass"))
    except (zlib.error, ValueError) as error:
        raise DamagedPartError from error


def _pieces(document: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if key == _TABLES and isinstance(value, list):
            yield f"{prefix}{key}", [_rest_of_table(table) for table in value]
            for number, table in enumerate(value):
                yield from ((f"{prefix}{key}/{number}/{name}", table[name]) for name in _SHARED_OF_TABLE)
        elif key == "before" and isinstance(value, dict):
            yield f"{prefix}{key}", {}
            yield from _pieces(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _rest_of_table(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in _SHARED_OF_TABLE}


def _depth(path: str) -> tuple[int, str]:
    """What holds others comes before them."""
    return path.count("/"), path


def _place(document: Any, steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    document[steps[-1]] = value
