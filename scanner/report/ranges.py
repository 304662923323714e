"""Port lists of the run document as ranges, fast enough for twenty tables of alternating ports. Pure.

``Ranges`` are sorted closed ranges. PortSet says the same, but its parser merges, which a document does not need.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from scanner.model.errors import InputError
from scanner.model.ports import FIRST_PORT, LAST_PORT
from scanner.model.text import say
from scanner.model.verdict import Verdict

Range = tuple[int, int]
Ranges = tuple[Range, ...]
Segment = tuple[int, int, Verdict]
LONG = 10_000  # characters
_PORT_LIST = re.compile(r"[0-9,-]*")


def read_ranges(text: str) -> Ranges:
    """The ranges of one port list. Raises InputError where it is not sorted, merged nmap syntax."""
    return _read_long(text) if len(text) > LONG else _read(text)


@lru_cache(maxsize=512)  # tables, evidence and both languages of a page repeat the same lists
def _read(text: str) -> Ranges:
    if not _PORT_LIST.fullmatch(text):  # int() would take "1_0" and other scripts' digits
        raise _unreadable(text)
    try:
        ranges = tuple(_range(part) for part in text.split(",")) if text else ()
    except ValueError as error:
        raise _unreadable(text) from error
    if ranges and (ranges[0][0] < FIRST_PORT or ranges[-1][1] > LAST_PORT):
        raise _unreadable(text)
    if any(low > high for low, high in ranges) or any(left[1] >= right[0] for left, right in pairwise(ranges)):
        raise _unreadable(text)
    return ranges


def _range(part: str) -> Range:
    low, dash, high = part.partition("-")
    return (int(low), int(high)) if dash else (int(low), int(low))


def _unreadable(text: str) -> InputError:
    shown = textwrap.shorten(text.replace(",", ", "), 60, placeholder=" ...")
    return InputError(
        say("{shown!r} in the run document is no sorted port list", shown=shown),
        say("give a file written by -o json=PATH"),
    )


def size(ranges: Iterable[Range]) -> int:
    return sum(high - low + 1 for low, high in ranges)


_read_long = lru_cache(maxsize=64)(_read.__wrapped__)  # of these, each takes megabytes


@lru_cache(maxsize=256)
def size_of(text: str) -> int:
    """How many ports a port list of the document names. Raises InputError as ``read_ranges``."""
    return size(read_ranges(text))


def listing(ranges: Ranges, most: int) -> tuple[str, int]:
    """The first ``most`` ranges as text that may wrap after each comma, and how many ranges are left off."""
    words = [str(low) if low == high else f"{low}-{high}" for low, high in ranges[:most]]
    return ", ".join(words), max(len(ranges) - most, 0)


def segments(verdicts: Mapping[Verdict, str]) -> tuple[Segment, ...]:
    """Every scanned stretch with its verdict, by port."""
    return tuple(sorted((low, high, verdict) for verdict, text in verdicts.items() for low, high in read_ranges(text)))


def changes(
    before: tuple[Segment, ...], after: tuple[Segment, ...]
) -> dict[tuple[Verdict | None, Verdict | None], Ranges]:
    """Each pair (verdict before, verdict after) with its ports; None where a side did not scan them."""
    edges = sorted({edge for low, high, _ in (*before, *after) for edge in (low, high + 1)})
    found: dict[tuple[Verdict | None, Verdict | None], list[Range]] = {}
    left, right = _Cursor(before), _Cursor(after)
    for start, stop in pairwise(edges):
        pair = (left.at(start), right.at(start))
        if pair == (None, None):
            continue
        ranges = found.setdefault(pair, [])
        if ranges and ranges[-1][1] == start - 1:
            ranges[-1] = (ranges[-1][0], stop - 1)
        else:
            ranges.append((start, stop - 1))
    return {pair: tuple(ranges) for pair, ranges in found.items()}


class _Cursor:
    """Reads a sorted row of segments at ports that only grow."""

    def __init__(self, row: tuple[Segment, ...]) -> None:
        self._row = row
        self._index = 0

    def at(self, port: int) -> Verdict | None:
        while self._index < len(self._row) and self._row[self._index][1] < port:
            self._index += 1
        if self._index == len(self._row) or self._row[self._index][0] > port:
            return None
        return self._row[self._index][2]
