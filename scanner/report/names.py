"""The owner's names, for readers: what each address that the DNS gives is to this host, and who stayed silent. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.model.names import SETTLED, Standing
from scanner.model.run_names import NameAddress, NameEntry
from scanner.model.text import say
from scanner.report.text import one_line

STANDINGS: Mapping[Standing, str] = {
    Standing.STABLE: say("good: stable and preferred"),
    Standing.TEMPORARY: say("TEMPORARY"),
    Standing.DEPRECATED: say("DEPRECATED"),
    Standing.UNUSABLE: say("NOT USABLE"),
    Standing.GONE: say("GONE: in this network, not on this host"),
    Standing.UNIQUE_LOCAL: say("UNIQUE LOCAL: not reachable from outside"),
    Standing.LINK_LOCAL: say("LINK-LOCAL: not reachable from outside"),
    Standing.NOT_GLOBAL: say("NOT REACHABLE"),
    Standing.SYNTHESISED: say("made by the resolver from an A record (DNS64)"),
    Standing.FOREIGN: say("SOMEBODY ELSE'S"),
}


@dataclass(frozen=True, slots=True)
class NameRow:
    """``addresses`` are (address, what it is to this host); ``silent`` says who left a question unanswered."""

    name: str
    addresses: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    kept_by: tuple[str, ...]


def name_rows(entries: Iterable[NameEntry]) -> tuple[NameRow, ...]:
    return tuple(_row(entry) for entry in entries)


def _row(entry: NameEntry) -> NameRow:
    silent = [
        say(
            "{server}: {outcome}", server=one_line(answer.server, 80), outcome=one_line(answer.detail or answer.outcome)
        )
        for answer in entry.answers
        if answer.outcome not in SETTLED
    ]
    return NameRow(
        name=one_line(entry.name, 100),
        addresses=tuple((one_line(one.address, 60), address_says(one)) for one in entry.addresses),
        silent=tuple(dict.fromkeys([*silent, *(one_line(problem) for problem in entry.problems)])),
        kept_by=tuple(
            say("{client}, by {path}:{line}", client=one.client, path=one_line(one.path, 120), line=one.line)
            for one in entry.kept_by
        ),
    )


def address_says(one: NameAddress) -> str:
    word = STANDINGS[one.standing]
    return word if one.ttl is None else say("{standing} (TTL {seconds} s)", standing=word, seconds=one.ttl)
