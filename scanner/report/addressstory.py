"""What is said of addresses beside their lives: what a server saw, and what happened during the scan. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scanner.model.run import EventRecord, Run, VantageRecord
from scanner.model.text import mark, say
from scanner.report.names import NameRow, name_rows
from scanner.report.text import left_off, one_line
from scanner.report.words import KINDS

MOST_EVENTS = 40
CHANGES: Mapping[str, str] = {
    "born": mark("{time} {address} was born ({kind}, on {interface})"),
    "preferred": mark("{time} {address} became usable for new connections ({kind}, on {interface})"),
    "deprecated": mark("{time} {address} ceased to be used for new connections ({kind}, on {interface})"),
    "removed": mark("{time} {address} was removed ({kind}, on {interface})"),
    "renumbered": mark("{time} {address} is the first of a new prefix ({kind}, on {interface})"),
}


@dataclass(frozen=True, slots=True)
class AddressStory:
    """Sentences: ``proofs`` one a vantage that was called, ``events`` in order."""

    proofs: tuple[str, ...]
    events: tuple[str, ...]
    left_off: str
    names: tuple[NameRow, ...]


def story_of(run: Run) -> AddressStory | None:
    """None where there is nothing to tell."""
    proofs = proofs_of(run.vantages)
    events = tuple(event_says(event) for event in run.events[:MOST_EVENTS])
    if not (proofs or events or run.names):
        return None
    more = left_off(len(run.events) - len(events), "event", "events")
    return AddressStory(proofs, events, more, name_rows(run.names))


def proofs_of(vantages: Iterable[VantageRecord]) -> tuple[str, ...]:
    return tuple(said for vantage in vantages if (said := proof_of(vantage)))


def proof_of(vantage: VantageRecord) -> str:
    """Which address a server at the vantage learns, and whether that was seen there; empty where nobody called."""
    call = vantage.call_home
    if call is None:
        return ""
    name = one_line(vantage.name, 40)
    kernel, seen = (one_line(ip, 60) if ip else "" for ip in (call.kernel, call.seen))
    if not call.proven:
        if not kernel:
            return say("No call home to {vantage}: {why}.", vantage=name, why=one_line(call.why))
        return say(
            "Not proven at {vantage}: the kernel would use {kernel}, but {why}.",
            vantage=name,
            kernel=kernel,
            why=one_line(call.why),
        )
    if seen != kernel:
        return say(
            "Proven at {vantage}: what this host sends from {kernel} arrives there from {seen}.",
            vantage=name,
            kernel=kernel,
            seen=seen,
        )
    return say("Proven at {vantage}: what this host sends arrives there from {seen}.", vantage=name, seen=seen)


def event_says(event: EventRecord) -> str:
    return say(
        CHANGES[event.change],
        time=time_of_day(event.at),
        address=one_line(event.address, 60),
        kind=KINDS[event.kind].label,
        interface=one_line(event.interface, 40),
    )


def time_of_day(at: datetime) -> str:
    return f"{at:%H:%M:%S} UTC"
