"""Where every key, table, element and value of a TOML text stands. tomllib reads the values and forgets the places;
this keeps the places and reads no value.

It trusts that tomllib took the text: of a text that is not TOML the answer means nothing (it still ends).
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
# TOML 1.0, "String": up to two quotation marks may stand before the closing three.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""", re.DOTALL
)
_BARE = re.compile(r"[^,\]}\n#]*")  # numbers, true, false, dates with a space in them


def locate(text: str) -> dict[Path, int]:
    """Path -> line, from 1. A path is keys and indices from the top: ``("allow", 0, "ports")``.

    A table has the line of its header, where it has one; otherwise that of its first key. Raises RecursionError for a
    text that is nested as deeply as tomllib refuses.
    """
    walk = _Walk(text)
    walk.document()
    return walk.lines


@dataclass(frozen=True, slots=True)
class Places:
    """Offsets into the text. ``values``: path -> from the first to behind the last character of a value. ``headers``:
    path -> behind the header ``[a]`` or ``[[a]]`` of a table.
    """

    values: Mapping[Path, tuple[int, int]]
    headers: Mapping[Path, int]


def places(text: str) -> Places:
    """As ``locate``, where exactly."""
    walk = _Walk(text)
    walk.document()
    return Places(walk.values, walk.headers)


class _Walk:
    """A cursor that goes through the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.headers: dict[Path, int] = {}
        self.elements: dict[Path, int] = {}  # an array of tables -> how many it has so far
        self.newlines = [found.start() for found in re.finditer("\n", text)]

    def line(self) -> int:
        return bisect_right(self.newlines, self.at - 1) + 1 if self.at else 1

    def document(self) -> None:
        base: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            before = self.at
            if self.text.startswith("[", self.at):
                base = self.header()
            else:
                self.pair(base)
            self.skip(_BLANK)
            if self.at == before:  # not TOML
                return

    def header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the path of the table that begins."""
        line, array = self.line(), self.text.startswith("[[", self.at)
        self.at += 1 + array
        keys = self.keys()
        self.at += 1 + array
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            self.lines.setdefault(path, line)
            last = number == len(keys)
            if array and last:
                path = (*path, self.elements.get(path, 0))
                self.elements[path[:-1]] = self.elements.get(path[:-1], 0) + 1
            elif path in self.elements:
                path = (*path, self.elements[path] - 1)
            if last:
                self.lines[path] = line
                self.headers[path] = self.at
        return path

    def pair(self, base: Path) -> None:
        """``a.b = value``."""
        line, path = self.line(), base
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self.skip(_BLANK)
        self.value(path)

    def keys(self) -> list[str]:
        """A key and what its dots part it into; the cursor stands behind it and the blanks that follow."""
        found: list[str] = []
        while True:
            self.skip(_BLANK)
            match = _KEY.match(self.text, self.at)
            if match is None:
                return found
            self.at = match.end()
            found.append(_decoded(match[0]))
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return found
            self.at += 1

    def value(self, path: Path) -> None:
        opening, start = self.text[self.at : self.at + 1], self.at
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline_table(path)
        elif opening in ('"', "'"):
            self.skip(_STRING)
        else:
            self.skip(_BARE)
        self.values[path] = (start, start + len(self.text[start : self.at].rstrip(" \t\r")))

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        self.skip(_BLANK)
        while self.at < len(self.text) and self.text[self.at] != "]":
            before = self.at
            self.lines[(*path, index)] = self.line()
            self.value((*path, index))
            index += 1
            self.skip_comma()
            if self.at == before:
                return
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        self.skip(_BLANK)
        while self.at < len(self.text) and self.text[self.at] != "}":
            before = self.at
            self.pair(path)
            self.skip_comma()
            if self.at == before:
                return
        self.at += 1

    def skip_comma(self) -> None:
        self.skip(_BLANK)
        if self.text.startswith(",", self.at):
            self.at += 1
            self.skip(_BLANK)

    def skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self.text, self.at)
        if match is not None:
            self.at = match.end()


def _decoded(raw: str) -> str:
    """A key as tomllib knows it: without its quotation marks and escapes."""
    if raw[0] not in "\"'":
        return raw
    try:
        return next(iter(tomllib.loads(f"{raw} = 0")))
    except tomllib.TOMLDecodeError:  # not TOML
        return raw
