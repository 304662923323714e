"""What is said of addresses: dates, years, what a stranger learns. Pure; the terminal and the HTML report share it."""

from collections.abc import Sequence
from datetime import datetime

from scanner.guess.doors import Life, is_global, learned, life
from scanner.model.address import Kind, State
from scanner.model.guess import Effort, Guessability
from scanner.model.run import AddressRecord
from scanner.report.text import clean, lifetime, one_line

YEAR = 365.25 * 86_400  # seconds
INTERNET = "the Internet"
_SPANS = (("year", YEAR), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0), ("second", 1.0))
_A_THOUSAND = 1_000
_SMALL = 10


def stamp(at: datetime | None) -> str:
    """A UTC time to the second, for lives that may be short; None is for ever."""
    return "for ever" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(years: float) -> str:
    """``584,542 years``, ``16.8 seconds``, ``under a second``."""
    seconds = years * YEAR
    for name, size in _SPANS:
        if seconds >= size:
            number = seconds / size
            text = (
                f"{number:,.0f}" if number >= _A_THOUSAND else f"{number:.2g}" if number < _SMALL else f"{number:.3g}"
            )
            return f"{text} {name}{'' if text == '1' else 's'}"
    return "under a second"


def guess_line(guess: Guessability) -> str:
    """``Made from a MAC address: easy to find by trying, 2^24 addresses, 16.8 seconds at 1,000,000 probes a second``"""
    effort = "not to be found by trying" if guess.effort is Effort.NONE else f"{guess.effort.value} to find by trying"
    bits = f"{guess.search_bits:.1f}".removesuffix(".0")
    says = clean(guess.says if guess.certain else f"likely {guess.says}", 200)
    span = duration(guess.years)
    return f"{says[:1].upper()}{says[1:]}: {effort}, 2^{bits} addresses, {span} at {guess.rate:,} probes a second"


def dates(record: AddressRecord, at: datetime) -> str:
    """Since when, preferred until, valid until."""
    span = life(record, at)
    since = f"since {stamp(span.born)}, " if span.born else ""
    return f"{since}{_used(record, span)}, reachable {_until(span.valid_until)}"


def _used(record: AddressRecord, span: Life) -> str:
    return "no longer preferred" if record.state is State.DEPRECATED else f"preferred {_until(span.preferred_until)}"


def _until(at: datetime | None) -> str:
    return "for ever" if at is None else f"until {stamp(at)}"


def learned_line(records: Sequence[AddressRecord], at: datetime, destination: str = INTERNET) -> str:
    """What a server that the host connects to learns, and for how long that is worth something."""
    record = learned(records, destination)
    if record is None:
        return f"Nothing leaves towards {destination}: there is no route, or it was not asked."
    if not is_global(record):
        return f"Connections to {destination} would leave from {one_line(record.address, 60)}: no answer finds that."
    span = life(record, at)
    seen = f"A server on {destination} sees {one_line(record.address, 60)} ({record.kind.value})"
    if span.valid_until is None:
        return f"{seen}: whoever keeps it can come back for ever."
    left = lifetime(record.valid_lifetime)
    ends = f"{seen}: whoever keeps it can come back until {stamp(span.valid_until)} ({left})"
    if record.kind is Kind.TEMPORARY and span.preferred_until and span.preferred_until < span.valid_until:
        return f"{ends}, though the host itself stops using it at {stamp(span.preferred_until)}."
    return f"{ends}, or longer where the router renews it."
