"""What is said of addresses: dates, years, what a stranger learns. Pure; the terminal and the HTML report share it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from scanner.guess.doors import Life, is_global, learned, life
from scanner.model.address import Kind, State
from scanner.model.guess import Effort, Guessability
from scanner.model.run import AddressRecord
from scanner.model.text import Text, capitalised, commas, say, say_many
from scanner.report.text import clean, lifetime, one_line

YEAR = 365.25 * 86_400  # seconds
INTERNET = "the Internet"
_SPANS: tuple[tuple[float, Callable[[int, str], Text]], ...] = (
    (YEAR, lambda count, number: say_many("{number} year", "{number} years", count, number=number)),
    (86_400.0, lambda count, number: say_many("{number} day", "{number} days", count, number=number)),
    (3_600.0, lambda count, number: say_many("{number} hour", "{number} hours", count, number=number)),
    (60.0, lambda count, number: say_many("{number} minute", "{number} minutes", count, number=number)),
    (1.0, lambda count, number: say_many("{number} second", "{number} seconds", count, number=number)),
)
_A_THOUSAND = 1_000
_SMALL = 10


def stamp(at: datetime | None) -> str:
    """A UTC time to the second, for lives that may be short; None is for ever."""
    return say("for ever") if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(years: float) -> str:
    """``584,542 years``, ``16.8 seconds``, ``under a second``."""
    seconds = years * YEAR
    for size, told in _SPANS:
        if seconds >= size:
            number = seconds / size
            text = (
                f"{number:,.0f}" if number >= _A_THOUSAND else f"{number:.2g}" if number < _SMALL else f"{number:.3g}"
            )
            return told(1 if text == "1" else 2, text)
    return say("under a second")


def guess_line(guess: Guessability) -> str:
    """``Made from a MAC address: easy to find by trying, 2^24 addresses, 16.8 seconds at 1,000,000 probes a second``"""
    effort = say("{effort} to find by trying", effort=guess.effort)
    if guess.effort is Effort.NONE:
        effort = say("not to be found by trying")
    says = clean(guess.says, 200)
    return say(
        "{shape}: {effort}, 2^{bits} addresses, {span} at {rate:,} probes a second",
        shape=capitalised(says if guess.certain else say("likely {shape}", shape=says)),
        effort=effort,
        bits=f"{guess.search_bits:.1f}".removesuffix(".0"),
        span=duration(guess.years),
        rate=guess.rate,
    )


def dates(record: AddressRecord, at: datetime) -> str:
    """Since when, preferred until, valid until."""
    span = life(record, at)
    told = [
        *([say("since {when}", when=stamp(span.born))] if span.born else []),
        _used(record, span),
        say("reachable {until}", until=_until(span.valid_until)),
    ]
    return commas(told)


def _used(record: AddressRecord, span: Life) -> str:
    if record.state is State.DEPRECATED:
        return say("no longer preferred")
    return say("preferred {until}", until=_until(span.preferred_until))


def _until(at: datetime | None) -> str:
    return say("for ever") if at is None else say("until {when}", when=stamp(at))


_OWN = "the own network "
_DESTINATIONS = {
    INTERNET: say("the Internet"),
    "other unique local networks (fc00::/7)": say("other unique local networks (fc00::/7)"),
}


def destination_words(name: str) -> str:
    """A destination of the run document as it is read; its name there is also what tells them apart."""
    shown = one_line(name, 80)
    if shown.startswith(_OWN):
        return say("the own network {network}", network=shown.removeprefix(_OWN))
    return _DESTINATIONS.get(shown, shown)


def learned_line(records: Sequence[AddressRecord], at: datetime, destination: str = INTERNET) -> str:
    """What a server that the host connects to learns, and for how long that is worth something."""
    record, destination = learned(records, destination), destination_words(destination)
    if record is None:
        return say(
            "Nothing leaves towards {destination}: there is no route, or it was not asked.", destination=destination
        )
    if not is_global(record):
        return say(
            "Connections to {destination} would leave from {address}: no answer finds that.",
            destination=destination,
            address=one_line(record.address, 60),
        )
    span = life(record, at)
    values = {"destination": destination, "address": one_line(record.address, 60), "kind": record.kind}
    if span.valid_until is None:
        return say(
            "A server on {destination} sees {address} ({kind}): whoever keeps it can come back for ever.", **values
        )
    values |= {"until": stamp(span.valid_until), "left": lifetime(record.valid_lifetime)}
    if record.kind is Kind.TEMPORARY and span.preferred_until and span.preferred_until < span.valid_until:
        return say(
            "A server on {destination} sees {address} ({kind}): whoever keeps it can come back until {until} ({left}), "
            "though the host itself stops using it at {used}.",
            **values,
            used=stamp(span.preferred_until),
        )
    return say(
        "A server on {destination} sees {address} ({kind}): whoever keeps it can come back until {until} ({left}), or "
        "longer where the router renews it.",
        **values,
    )
