"""Foreign text made harmless, and numbers made readable. Pure."""

import re
import unicodedata
from datetime import datetime

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
    return cut if limit is None or len(text) <= limit else f"{cut} … ({len(text) - limit:,} more characters)"


def one_line(text: str, limit: int | None = LONGEST) -> str:
    """``clean`` without newlines: for banners, names and terminals."""
    return clean(text, limit).replace("\n", _escape("\n"))


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


def count(number: int, noun: str, plural: str = "") -> str:
    """``count(65527, "port")`` is "65,527 ports"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """A share (0 to 1) that never rounds to 0 % or 100 % unless it is."""
    if share <= 0 or share >= 1:
        return "100 %" if share >= 1 else "0 %"
    if share < _ONE_PER_MILLE:
        return "under 0.1 %"
    return f"{min(share * 100, 99.9):.1f}".removesuffix(".0") + " %"


def lifetime(seconds: int | None) -> str:
    """An address lifetime in its two largest units; None is for ever (RFC 4861 section 4.6.2)."""
    if seconds is None:
        return "for ever"
    if seconds <= 0:
        return "over"
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next(index for index, (_, amount) in enumerate(units) if amount)
    return " ".join(f"{amount} {unit}" for unit, amount in units[first : first + 2] if amount)


def took(start: datetime, end: datetime) -> str:
    """How long a scan took."""
    seconds = (end - start).total_seconds()
    return f"{max(seconds, 0):.1f} s" if seconds < _MINUTE else lifetime(int(seconds))


def moment(at: datetime) -> str:
    """A UTC time to the minute; the document's times are UTC."""
    return at.strftime("%Y-%m-%d %H:%M UTC")


def doubt(bound: float | None) -> str:
    """The bound on a wrong "blocked", in words. Rounded towards more doubt: 1 in 9,999 reads 1 in 9,900."""
    if bound is None or not bound >= 0:  # NaN is no bound either
        return "nothing bounds how likely it is that a port called blocked was merely lost"
    if bound == 0:
        return "no port was called blocked because of silence"
    odds = int(1 / min(max(bound, _LEAST_DOUBT), 1.0) + 1e-6)
    step = 10 ** max(len(str(odds)) - 2, 0)
    return f"at most 1 in {odds // step * step:,} that a port called blocked was merely lost"


def rfc_link(standard: str) -> str:
    """The address of the first RFC that ``standard`` names, or ""."""
    found = _RFC.search(standard)
    return f"https://www.rfc-editor.org/rfc/rfc{int(found[1])}" if found else ""


def left_off(amount: int, noun: str, plural: str = "") -> str:
    """What a capped list says at its end; "" where nothing was left off."""
    return f"{count(amount, f'more {noun}', plural and f'more {plural}')}, in the run document" if amount > 0 else ""
