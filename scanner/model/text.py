"""Text that a reader is told, in English and ready to be said in another language.

A ``Text`` is its English rendering, usable wherever a ``str`` is, and remembers the message it was made of: a template
with named placeholders, which is what translators see, and the values, which may be Texts themselves. What is made of
it by string operations is a plain ``str`` again: build sentences with ``say`` and the joining functions instead.

    say("{service} answers strangers on {protocol}/{port}", service="SSH", protocol="tcp", port=22)
    say_many("{count:,} port", "{count:,} ports", 65535)
    enumerated(["a", "b", "c"])                                 a, b and c
    WORDS = {Kind.STABLE: say("stable")}                        tables of words, too

A message without values is taken as it is: braces in it are only characters. Whole sentences make good messages; a
noun or a clause that stands in many of them is a Text of its own.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import reduce
from typing import Any, Self


def mark(message: str, /) -> str:
    """A message that is said later: only marks the literal for the translators."""
    return message


COMMA = mark("{one}, {next}")
SEMICOLON = mark("{one}; {next}")
SENTENCE = mark("{one} {next}")
AND = mark("{one} and {next}")
OR = mark("{one} or {next}")


@dataclass(frozen=True, slots=True)
class TextRecord:
    """What a Text remembers, as the run document keeps it.

    ``plural`` is the message for any ``count`` but one. ``items`` are joined by ``message``: ``{one}`` and ``{next}``.
    """

    message: str
    parameters: "dict[str, str | int | float | TextRecord]" = field(default_factory=dict)
    plural: str = ""
    count: int | None = None
    items: "tuple[str | TextRecord, ...]" = ()


class Text(str):
    """The English rendering; ``record`` says what it was made of. Equal to, and as good a key as, the plain string."""

    __slots__ = ("record",)
    record: TextRecord

    def __new__(cls, english: str, record: TextRecord) -> Self:
        text = super().__new__(cls, english)
        text.record = record
        return text

    def __getnewargs__(self) -> tuple[str, TextRecord]:  # type: ignore[override]  # str's own gives the string alone
        return self[:], self.record

    def __str__(self) -> str:
        """Itself, so that ``str()`` forgets nothing."""
        return self

    @property
    def message(self) -> str:
        return self.record.message

    @property
    def parameters(self) -> Mapping[str, object]:
        return self.record.parameters


def say(message: str, /, **parameters: object) -> Text:
    """``message`` is a literal with ``{named}`` placeholders; values are texts, numbers, or what ``str()`` makes."""
    return Text(_filled(message, parameters), TextRecord(message, _recorded(parameters)))


def say_many(one: str, many: str, count: int, /, **parameters: object) -> Text:
    """``one`` where ``count`` is 1, else ``many``; both may name ``{count}``."""
    values = {"count": count, **parameters}
    return Text(_filled(one if count == 1 else many, values), TextRecord(one, _recorded(values), many, count))


def commas(items: Iterable[str]) -> str:
    """``a, b, c``."""
    return joined(COMMA, items)


def clauses(items: Iterable[str]) -> str:
    """``a; b; c``."""
    return joined(SEMICOLON, items)


def sentences(items: Iterable[str]) -> str:
    """Sentence after sentence; empty ones are left out."""
    return joined(SENTENCE, (item for item in items if item))


def enumerated(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return joined(AND, [commas(items[:-1]), items[-1]] if items[1:] else items)


def alternatives(items: Sequence[str]) -> str:
    """``a, b or c``."""
    return joined(OR, [commas(items[:-1]), items[-1]] if items[1:] else items)


def joined(message: str, items: Iterable[str]) -> str:
    """``items`` one after the other by ``message`` (of ``{one}`` and ``{next}``); one alone is itself."""
    given = tuple(items)
    if len(given) < 2:  # noqa: PLR2004
        return given[0] if given else ""
    return Text(folded(message, given), TextRecord(message, items=tuple(_part(item) for item in given)))


def capitalised(text: str) -> str:
    """With a capital first letter, in languages that have such."""
    english = text[:1].upper() + text[1:]
    return Text(english, text.record) if isinstance(text, Text) else english


def folded(template: str, items: Iterable[str]) -> str:
    return reduce(lambda one, another: template.format(one=one, next=another), items)


def texts_in(value: object) -> Iterator[Text]:
    """Every Text in a tree of dataclasses, tuples, lists and mappings."""
    if isinstance(value, Text):
        yield value
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from texts_in(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from texts_in(one)


def _filled(message: str, parameters: Mapping[str, object]) -> str:
    return message.format(**parameters) if parameters else message


def _recorded(parameters: Mapping[str, object]) -> dict[str, str | int | float | TextRecord]:
    return {name: _part(value) for name, value in parameters.items()}


def _part(value: object) -> Any:
    """A value as a record keeps it: numbers stay numbers, so that a template may say how to write them.

    The value of an enum is a message (language/words.py lists them).
    """
    if type(value) in (int, float):
        return value
    if isinstance(value, Enum):
        return TextRecord(str(value.value))
    shown = str(value)
    return shown.record if isinstance(shown, Text) else shown
