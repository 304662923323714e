"""One table of the policy: its keys become types, and what is wrong is noted with its line instead of raised."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.text import say
from scanner.policy.locate import Path

T = TypeVar("T")
LONGEST = 40  # characters of a wrong value that are shown
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake: where, what, and what to do."""

    line: int
    message: str
    remedy: str


class Table:
    """A table and its ``path`` in the document. ``name`` is what the owner calls it, for example ``[[allow]]``."""

    def __init__(
        self, name: str, path: Path, values: Mapping[str, Any], lines: Mapping[Path, int], complaints: list[Complaint]
    ) -> None:
        self.name = name
        self.path = path
        self.values = values
        self.lines = lines
        self.complaints = complaints

    def line(self, key: str = "") -> int:
        """Of a key, or of the table where it lacks the key."""
        return self.lines.get((*self.path, key)) or self.lines.get(self.path, 1)

    def complain(self, key: str, message: str, remedy: str) -> None:
        self.complaints.append(Complaint(self.line(key), message, remedy))

    def refuse_unknown(self, known: Iterable[str]) -> None:
        names = list(known)
        for key in self.values:
            if key not in names:
                near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
                remedy = (
                    say("did you mean {near}?", near=near[0])
                    if near
                    else say("known are {names}", names=", ".join(names))
                )
                self.complain(key, say("unknown key {key!r}{where}", key=key, where=self.where()), remedy)

    def where(self) -> str:
        return say(" in {name}", name=self.name) if self.name else ""

    def take(self, key: str, default: T, read: Callable[[Any], T]) -> T:
        """What ``read`` makes of the value; ``default`` where there is none, or a wrong one, which is noted."""
        if key not in self.values:
            return default
        try:
            return read(self.values[key])
        except InputError as error:
            self.complain(
                key, say("{key}{where} {message}", key=key, where=self.where(), message=error.message), error.remedy
            )
            return default

    def need(self, key: str, read: Callable[[Any], T], sample: str) -> T | None:
        """As ``take``; a key that is missing is noted too."""
        if key not in self.values:
            self.complain(
                key, say("{key} is missing{where}", key=key, where=self.where()), say("write {sample}", sample=sample)
            )
            return None
        return self.take(key, None, read)


# What the functions below raise: "is ..." what is wrong, and what to write.


def text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise InputError(say("is {shown}", shown=_shown(raw)), say("write a text in quotation marks"))
    return raw


def some_text(raw: Any) -> str:
    if not text(raw).strip():
        raise InputError(say("is empty"), say("say it in a few words"))
    return str(raw)


def switch(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise InputError(say("is {shown}", shown=_shown(raw)), say("write true or false"))
    return raw


def one_of(choices: Iterable[T]) -> Callable[[Any], T]:
    """``choices`` are StrEnum members or texts."""
    known = {str(choice): choice for choice in choices}
    names = list(known)

    def read(raw: Any) -> T:
        if not (isinstance(raw, str) and raw in known):
            raise InputError(
                say("is {shown}", shown=_shown(raw)),
                say("use {several} or {last}", several=", ".join(names[:-1]), last=names[-1]),
            )
        return known[raw]

    return read


def ports(raw: Any) -> PortSet:
    """Nmap's syntax, or one port as a number."""
    if type(raw) is int:  # bool is an int to isinstance
        raw = str(raw)
    if not isinstance(raw, str):
        raise InputError(say("is {shown}", shown=_shown(raw)), say('write ports as text, "22,443"'))
    try:
        found = PortSet.parse(raw)
    except InputError as error:
        raise InputError(
            say("is {shown}: {message}", shown=_shown(raw), message=error.message), error.remedy
        ) from error
    if not found:
        raise InputError(say("is empty"), say('name at least one port, "22,443"'))
    return found


def names(raw: Any) -> tuple[str, ...]:
    """One name or a list of them; ``any`` is nobody in particular."""
    given = [raw] if isinstance(raw, str) else raw
    if not (isinstance(given, list) and given and all(isinstance(one, str) and one.strip() for one in given)):
        raise InputError(
            say("is {shown}", shown=_shown(raw)), say('write "any", the name of a vantage, or a list of names')
        )
    found = tuple(dict.fromkeys(one.strip() for one in given))
    if "any" in found and len(found) > 1:
        raise InputError(say("names any and others"), say("any takes in all of them: leave the others out"))
    return () if found == ("any",) else found


def words(raw: Any) -> tuple[str, ...]:
    """A list of names, maybe empty."""
    if not (isinstance(raw, list) and all(isinstance(one, str) and one.strip() for one in raw)):
        raise InputError(say("is {shown}", shown=_shown(raw)), say('write a list of names, ["X10-5e"]'))
    return tuple(dict.fromkeys(one.strip() for one in raw))


def whole_number(raw: Any) -> int:
    if type(raw) is not int or not 0 <= raw < 10**MOST_DIGITS:
        raise InputError(say("is {shown}", shown=_shown(raw)), say("write a whole number, 0 or more"))
    return raw


def probability(raw: Any) -> float:
    if type(raw) not in (int, float) or not 0 <= raw <= 1:  # NaN compares false
        raise InputError(say("is {shown}", shown=_shown(raw)), say("write a probability, for example 0.0001"))
    return float(raw)


def day(raw: Any) -> date:
    """A TOML date, or one as text."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    try:
        if isinstance(raw, str):
            return datetime.strptime(raw, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, not an instant
    except ValueError:
        pass
    raise InputError(say("is {shown}", shown=_shown(raw)), say("write a day of the calendar, 2026-12-31"))


def _shown(raw: Any) -> str:
    if isinstance(raw, (date, datetime)):
        return raw.isoformat()
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, (dict, list)):
        return "a table" if isinstance(raw, dict) else "a list"
    return repr(raw)[:LONGEST]
