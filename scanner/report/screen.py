"""Lines of text onto one screen: wrapped to its width, cut to its height, what is left off counted.

Foreign text must have been made harmless before (``one_line``); it goes into rich's ``Text`` objects, never through
markup. Colour is rich's business (NO_COLOR, pipes); every colour stands beside a word.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as Row

from scanner.language import Translator
from scanner.model.text import say_many

WIDEST = 100
NARROW = 60  # columns; below, the words have no column of their own
NARROWEST = 16  # columns of text, however far it is indented
COLUMN = 10
SPARE = 2  # rows: where the report went, and the prompt
LONGEST = 5  # rows of one line
FEWEST = 18  # rows that are taken even where the terminal says it has fewer


@dataclass(frozen=True, slots=True)
class Line:
    """``word`` in ``style`` in a column of its own, ``text`` beside it."""

    word: str
    text: str
    style: str = ""
    text_style: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """``least`` lines are shown on an ordinary screen, ``floor`` on the smallest; room beyond goes to the lowest
    ``rank`` first.
    """

    lines: tuple[Line, ...]
    least: int
    rank: int
    floor: int = 0


def rows_of(sections: Sequence[Section], console: Console, language: Translator, *, everything: bool) -> list[Row]:
    """``everything``: nothing is left off, however long it gets."""
    width = min(console.width, WIDEST)
    height = sys.maxsize if everything else max(console.height - SPARE, FEWEST)
    filled = [section for section in sections if section.lines]
    longest = sys.maxsize if everything else LONGEST
    wrapped = [
        [_cut(_wrapped(line, console, width, language), longest) for line in section.lines] for section in filled
    ]
    shown = _allotted(filled, wrapped, height)
    rows: list[Row] = []
    spare = height - sum(_cost(lines, amount) for lines, amount in zip(wrapped, shown, strict=True))
    for lines, amount in zip(wrapped, shown, strict=True):
        if rows and amount and spare > 0:
            rows.append(Row())
            spare -= 1
        rows += [row for line in lines[:amount] for row in line]
        if 0 < amount < len(lines):
            rows += _wrapped(_more(len(lines) - amount), console, width, language)
    return rows


def _allotted(sections: Sequence[Section], wrapped: Sequence[list[list[Row]]], height: int) -> list[int]:
    """How many lines of each section are shown."""
    shown = [min(section.least, len(section.lines)) for section in sections]

    def taken() -> int:
        return sum(_cost(lines, amount) for lines, amount in zip(wrapped, shown, strict=True))

    ranked = sorted(range(len(sections)), key=lambda number: sections[number].rank)
    for index in reversed(ranked):
        while shown[index] > sections[index].floor and taken() > height:
            shown[index] -= 1
    for index in ranked:
        least, best = shown[index], shown[index]
        for amount in range(least + 1, len(wrapped[index]) + 1):
            shown[index] = amount
            if taken() <= height:
                best = amount
        shown[index] = best
    return shown


def _cut(rows: list[Row], longest: int) -> list[Row]:
    return rows if len(rows) <= longest else [*rows[: longest - 1], Row("...")]


def _cost(lines: list[list[Row]], amount: int) -> int:
    return sum(len(line) for line in lines[:amount]) + (0 < amount < len(lines))


def _more(count: int) -> Line:
    return Line("", say_many("... and {count} more; -v shows it", "... and {count:,} more; -v shows them", count))


def _wrapped(line: Line, console: Console, width: int, language: Translator) -> list[Row]:
    """A wrapped line goes on under its own text; on a narrow screen, a little to the right of its word."""
    word, text = language.translate(line.word), language.translate(line.text)
    if width < NARROW:
        return _hanging(Row.assemble((f"{word} " if word else "", line.style), (text, line.text_style)), console, width)
    lead = word + " " * max(COLUMN + 1 - cell_len(word), 1)
    rows = Row(text, line.text_style).wrap(console, max(width - cell_len(lead), NARROWEST))
    for row in rows:
        row.rstrip()
    starts = [Row(lead, line.style), *(Row(" " * cell_len(lead)) for _ in rows[1:])]
    return [start + row for start, row in zip(starts, rows, strict=True)]


def _hanging(text: Row, console: Console, width: int) -> list[Row]:
    rows = list(text.wrap(console, max(width - 2, NARROWEST)))
    for row in rows:
        row.rstrip()
    return [row if number == 0 else Row("  ") + row for number, row in enumerate(rows)]
