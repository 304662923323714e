"""What babel reads of the catalogues in TOML (babel.cfg): the values of the keys that people read."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

Extracted = tuple[int, None, str, list[str]]


def extract_toml(
    file: BinaryIO,
    keywords: Iterable[str],  # noqa: ARG001 - babel gives it to every method
    comment_tags: Iterable[str],  # noqa: ARG001 - as above
    options: Mapping[str, str],
) -> Iterator[Extracted]:
    """Every text under one of ``options["keys"]``, as babel's extraction methods give it; line numbers are not kept."""
    wanted = frozenset(options["keys"].split())
    yield from ((1, None, text, []) for text in _texts(tomllib.loads(file.read().decode()), wanted))


def _texts(value: Any, wanted: frozenset[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key in wanted and isinstance(one, str):
                yield one
            else:
                yield from _texts(one, wanted)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, wanted)
