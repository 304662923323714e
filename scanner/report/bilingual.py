"""One page in two languages: the page in one, and a table of what the other says elsewhere. Pure.

Both pages come of the same templates and the same run, so they are the same tree and differ in words alone. Elements
whose words differ are marked ``data-t="n"``; entry n of the table says what stands there in the other language:

    {"t": {"0": "text"}}    the texts directly below the element, by their number among those
    {"a": {"title": ".."}}  attributes
    {"h": "html"}           all that is below it, where a translation moved the pieces of a sentence

Port lists, addresses and banners are the same in every language and cost nothing. ``lang`` is set on English sentences
that nobody translates, such as what a program on the far side said (WCAG 2.2 success criterion 3.1.2).
"""

import json
import re
from dataclasses import dataclass, field
from html import unescape

MARK = "data-t"
ENGLISH = "en"
_TOKEN = re.compile(r"<(style|script)\b.*?</\1>|<!doctype[^>]*>|</?[a-zA-Z][^>]*>|[^<]+", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"<([a-zA-Z0-9-]+)")
_ATTRIBUTE = re.compile(r'\s([a-zA-Z-]+)="([^"]*)"')
_VOID = frozenset({"meta", "link", "img", "br", "hr", "input", "wbr"})
_PROSE = re.compile(r"[A-Za-z]{2,}(?:[ ,'-]+[A-Za-z]{2,}){3}")  # four words on end
_NO_PROSE = frozenset({"code", "kbd", "title"})


@dataclass(slots=True)
class _Element:
    """``start`` is the tag as written; ``below`` holds elements, and texts as strings."""

    start: str
    name: str
    below: "list[_Element | str]" = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [one for one in self.below if isinstance(one, str)]


@dataclass(slots=True)
class _Table:
    """Entries by what they say: what recurs is kept once."""

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, entry: dict[str, object]) -> int:
        return self.numbers.setdefault(
            json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")), len(self.numbers)
        )

    def text(self) -> str:
        return f"[{','.join(self.numbers)}]"


def joined(page: str, other: str) -> tuple[str, str]:
    """``page`` with its marks, and the table as JSON (RFC 8259)."""
    table, written = _Table(), list[str]()
    _write_below(_tree(page), _tree(other), table, written)
    return "".join(written), table.text()


def _tree(page: str) -> _Element:
    root = _Element("", "")
    open_ones = [root]
    for found in _TOKEN.finditer(page):
        token = found[0]
        if found[1] or not token.startswith("<") or token.startswith("<!"):
            open_ones[-1].below.append(token if not found[1] else _Element(token, found[1].lower()))
        elif token.startswith("</"):
            open_ones.pop()
        else:
            element = _Element(token, _name(token))
            open_ones[-1].below.append(element)
            if not (token.endswith("/>") or element.name in _VOID):
                open_ones.append(element)
    return root


def _name(start: str) -> str:
    found = _NAME.match(start)
    return found[1].lower() if found else ""


def _write_below(one: _Element, other: _Element, table: _Table, written: list[str]) -> None:
    """Into one list, not through generators: a large page has a hundred thousand parts."""
    for part, twin in zip(one.below, other.below, strict=True):
        if isinstance(part, str):
            written.append(part)
        elif isinstance(twin, _Element):
            _write(part, twin, table, written)


def _write(one: _Element, other: _Element, table: _Table, written: list[str]) -> None:
    entry: dict[str, object] = {}
    attributes = _other_attributes(one.start, other.start)
    if attributes:
        entry["a"] = attributes
    alike = _alike(one, other)
    if not alike:
        entry["h"] = "".join(_plain(part) for part in other.below)
    elif texts := _other_texts(one, other):
        entry["t"] = texts
    written.append(_start(one, entry, table))
    if alike:
        _write_below(one, other, table, written)
    else:
        written += (_plain(part) for part in one.below)
    written.append(_end(one))


def _other_texts(one: _Element, other: _Element) -> dict[str, str]:
    """The other's texts that differ, by their number."""
    pairs = enumerate(zip(one.texts, other.texts, strict=True))
    return {str(number): unescape(theirs) for number, (mine, theirs) in pairs if mine != theirs}


def _other_attributes(start: str, other: str) -> dict[str, str]:
    """The other tag's values of attributes that differ."""
    if start == other:
        return {}
    mine = dict(_ATTRIBUTE.findall(start))
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(other) if mine.get(name) != value}


def _alike(one: _Element, other: _Element) -> bool:
    """The same kinds of thing stand below both, in the same order."""
    if len(one.below) != len(other.below):
        return False
    return all(_kind(a) == _kind(b) for a, b in zip(one.below, other.below, strict=True))


def _kind(part: "_Element | str") -> str:
    return part.name if isinstance(part, _Element) else "#text"


def _start(one: _Element, entry: dict[str, object], table: _Table) -> str:
    more = f' {MARK}="{table.number(entry)}"' if entry else ""
    if not entry and one.name not in _NO_PROSE and " lang=" not in one.start:
        more = f' lang="{ENGLISH}"' if any(_PROSE.search(text) for text in one.texts) else ""
    if not more:
        return one.start
    cut = -2 if one.start.endswith("/>") else -1
    return f"{one.start[:cut]}{more}{one.start[cut:]}"


def _end(one: _Element) -> str:
    closed = one.start.endswith("/>") or one.name in _VOID or one.name in ("style", "script")
    return "" if closed else f"</{one.name}>"


def _plain(part: "_Element | str") -> str:
    if isinstance(part, str):
        return part
    return part.start + "".join(_plain(one) for one in part.below) + _end(part)
