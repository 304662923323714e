"""Foreign text made harmless, and numbers made readable. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime

from scanner.model.text import Text, mark, say, say_many, sentences

LONGEST = 400  # characters of a foreign string that a reader is shown
MARKS_IN_A_ROW = 2  # combining marks on one letter that any language needs; more only paint over the neighbours
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MINUTE = 60
_ONE_PER_MILLE = 0.001
_LEAST_DOUBT = 1e-12  # nobody can tell less apart, and 1 / 5e-324 is no number
_RFC = re.compile(r"RFC ?(\d{1,5})")


def clean(text: str, limit: int | None = None) -> str:
    """``text`` with everything a reader cannot see made visible.

    Control and format characters (ESC, bidirectional overrides, zero-width spaces), line separators and lone surrogates
    become ``<U+001B>``, stacked combining marks are dropped; a newline stays and a tab is a space. What exceeds
    ``limit`` is cut, and the text says so.
    """
    cut = text if limit is None or len(text) <= limit else text[:limit]
    if not (cut.isascii() and cut.isprintable()):
        cut = _visible(cut.replace("\t", " "))
    if limit is not None and len(text) > limit:
        return say("{text} … ({count:,} more characters)", text=cut, count=len(text) - limit)
    return text if cut == text else cut


def one_line(text: str, limit: int | None = LONGEST) -> str:
    """``clean`` without newlines: for banners, names and terminals."""
    shown = clean(text, limit)
    return shown.replace("\n", _escape("\n")) if "\n" in shown else shown


def _visible(text: str) -> str:
    shown: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MARKS_IN_A_ROW:
            continue
        shown.append(_escape(letter) if category in _INVISIBLE and letter != "\n" else letter)
    return "".join(shown)


def _escape(letter: str) -> str:
    return f"<U+{ord(letter):04X}>"


_COUNTED: Mapping[str, Callable[[int], Text]] = {
    "port": lambda number: say_many("{count:,} port", "{count:,} ports", number),
    "TCP port": lambda number: say_many("{count:,} TCP port", "{count:,} TCP ports", number),
    "UDP port": lambda number: say_many("{count:,} UDP port", "{count:,} UDP ports", number),
    "packet": lambda number: say_many("{count:,} packet", "{count:,} packets", number),
    "address": lambda number: say_many("{count:,} address", "{count:,} addresses", number),
    "name": lambda number: say_many("{count:,} name", "{count:,} names", number),
    "finding": lambda number: say_many("{count:,} finding", "{count:,} findings", number),
    "more range": lambda number: say_many("{count:,} more range", "{count:,} more ranges", number),
}
_LEFT_OFF: Mapping[str, Callable[[int], Text]] = {
    "finding": lambda number: say_many(
        "{count:,} more finding, in the run document", "{count:,} more findings, in the run document", number
    ),
    "group of ports": lambda number: say_many(
        "{count:,} more group of ports, in the run document",
        "{count:,} more groups of ports, in the run document",
        number,
    ),
    "kind of change": lambda number: say_many(
        "{count:,} more kind of change, in the run document",
        "{count:,} more kinds of change, in the run document",
        number,
    ),
    "address": lambda number: say_many(
        "{count:,} more address, in the run document", "{count:,} more addresses, in the run document", number
    ),
    "event": lambda number: say_many(
        "{count:,} more event, in the run document", "{count:,} more events, in the run document", number
    ),
    "range": lambda number: say_many(
        "and {count:,} more range, in the run document", "and {count:,} more ranges, in the run document", number
    ),
}


def count(number: int, noun: str, _: str = "") -> Text:
    """``count(65527, "port")`` is "65,527 ports". A noun that is not in the table is a KeyError: nobody could
    translate it.
    """
    return _COUNTED[noun](number)


def percent(share: float) -> str:
    """A share (0 to 1) that never rounds to 0 % or 100 % unless it is."""
    if share <= 0 or share >= 1:
        return "100 %" if share >= 1 else "0 %"
    if share < _ONE_PER_MILLE:
        return say("under 0.1 %")
    return f"{min(share * 100, 99.9):.1f}".removesuffix(".0") + " %"


def lifetime(seconds: int | None) -> str:
    """An address lifetime in its two largest units; None is for ever (RFC 4861 section 4.6.2)."""
    if seconds is None:
        return say("for ever")
    if seconds <= 0:
        return say("over")
    units = (
        (mark("{count} d"), seconds // 86400),
        (mark("{count} h"), seconds // 3600 % 24),
        (mark("{count} min"), seconds // 60 % 60),
        (mark("{count} s"), seconds % 60),
    )
    first = next(index for index, (_, amount) in enumerate(units) if amount)
    return sentences(say(unit, count=amount) for unit, amount in units[first : first + 2] if amount)


def took(start: datetime, end: datetime) -> str:
    """How long a scan took."""
    seconds = (end - start).total_seconds()
    return say("{count:.1f} s", count=max(seconds, 0)) if seconds < _MINUTE else lifetime(int(seconds))


def moment(at: datetime) -> str:
    """A UTC time to the minute; the document's times are UTC."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


def doubt(bound: float | None) -> str:
    """The bound on a wrong "blocked", in words. Rounded towards more doubt: 1 in 9,999 reads 1 in 9,900."""
    if bound is None or not bound >= 0:  # NaN is no bound either
        return say("nothing bounds how likely it is that a port called blocked was merely lost")
    if bound == 0:
        return say("no port was called blocked because of silence")
    odds = int(1 / min(max(bound, _LEAST_DOUBT), 1.0) + 1e-6)
    step = 10 ** max(len(str(odds)) - 2, 0)
    return say("at most 1 in {odds:,} that a port called blocked was merely lost", odds=odds // step * step)


def rfc_link(standard: str) -> str:
    """The address of the first RFC that ``standard`` names, or ""."""
    found = _RFC.search(standard)
    return f"https://www.rfc-editor.org/rfc/rfc{int(found[1])}" if found else ""


def left_off(amount: int, noun: str, _: str = "") -> str:
    """What a capped list says at its end; "" where nothing was left off."""
    return _LEFT_OFF[noun](amount) if amount > 0 else ""


def and_more(shown: str, ranges: int) -> str:
    """A list of ranges that was cut, and how many ranges are not in it."""
    return say("{ports} and {ranges}", ports=shown, ranges=count(ranges, "more range")) if ranges else shown
