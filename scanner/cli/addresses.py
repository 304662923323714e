"""``v6expose addresses``: every IPv6 address of this host, how long it lasts, what it tells; what listens."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import padded, told, warn
from scanner.model.text import clauses, say, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv6Address

    from rich.console import Console, RenderableType

    from scanner.discovery.temporary import TemporarySettings
    from scanner.model.address import Address, Inventory, Listener
    from scanner.model.run import AddressRecord

WIDEST_ADDRESS = 44  # " 2001:db8:1111:2222:3333:4444:5555:6666/128"
FASTEST = 1_000_000  # probes a second: a gigabit line full of SYNs
LONGEST_NAME = 24  # of a program, which may call itself anything


@click.command()
@click.option(
    "--guess-rate",
    default=FASTEST,
    show_default=True,
    type=click.IntRange(1, 10**12),
    metavar="PPS",
    help="Probes a second of whoever looks for an address by trying.",
)
@speaking_option
@shared
def addresses(*, guess_rate: int, as_json: bool, quiet: bool, verbose: bool) -> None:
    """List this host's IPv6 addresses: kind, state, origin, since when and until when, what each gives away, how hard
    it is to find by trying, and which one new connections leave from.

    Nothing is sent. Root also names the programs that listen.
    """
    from rich.console import Console

    from scanner.discovery.inventory import discover

    inventory = discover()
    picture = picture_of(inventory, guess_rate)
    if as_json:
        click.echo(json.dumps(document_of(inventory, picture), indent=1))
    else:
        show(inventory, picture, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        for problem in inventory.problems:
            warn(problem)


@dataclass(frozen=True)
class Picture:
    """The addresses of one instant and what follows from them; ``sources``: which one is used, by destination."""

    at: datetime
    records: tuple[AddressRecord, ...]
    sources: Mapping[str, IPv6Address | None]
    temporary: tuple[TemporarySettings, ...]


def picture_of(inventory: Inventory, rate: int) -> Picture:
    """Asks the kernel which address it would use; nothing is sent."""
    from scanner.discovery.outbound import destinations_of, read_outbound
    from scanner.discovery.temporary import read_temporary
    from scanner.discovery.vendors import vendor_finder
    from scanner.guess.records import Circumstances, record_of

    at = datetime.now(UTC).replace(microsecond=0)
    sources = {one.destination.name: one.source for one in read_outbound(destinations_of(inventory.addresses))}
    circumstances = Circumstances(at, rate, vendor_finder(), sources, inventory.ipv4)
    records = tuple(
        record_of(address, circumstances, scanned=address.scannable, why_not_scanned=why_not_scanned(address))
        for address in inventory.addresses
    )
    interfaces = [address.interface for address in inventory.scannable()]
    return Picture(at, records, sources, read_temporary(interfaces))


def document_of(inventory: Inventory, picture: Picture) -> dict[str, Any]:
    """The same keys as in the run document; ``scanned`` says what a scan of now would do."""
    from scanner.guess.doors import count_sentence, doors

    router = inventory.default_router
    return {
        "at": picture.at.isoformat(),
        "addresses": [plain(record, picture.at) for record in picture.records],
        "doors": {"count": len(doors(picture.records)), "says": count_sentence(picture.records)},
        "outbound": {name: str(source) if source else None for name, source in picture.sources.items()},
        "temporary": [{**asdict(one), "at_once": one.at_once} for one in picture.temporary],
        "listeners": [asdict(listener) for listener in inventory.listeners],
        "default_router": {"address": str(router.address), "mac": router.mac, "interface": router.interface}
        if router
        else None,
        "problems": list(inventory.problems),
    }


def plain(record: AddressRecord, at: datetime) -> dict[str, Any]:
    """As the run document has it, and the ends of its lifetimes as dates; null is for ever."""
    from scanner.guess.doors import life

    span = life(record, at)
    dates = {"created_at": span.born, "preferred_until": span.preferred_until, "valid_until": span.valid_until}
    return asdict(record) | {key: date.isoformat() if date else None for key, date in dates.items()}


def why_not_scanned(address: Address) -> str:
    """Say why a scan leaves ``address`` out; empty where it does not."""
    from scanner.model.address import Scope, State

    scopes = {
        Scope.HOST: say("loopback, this host only"),
        Scope.LINK_LOCAL: say("link-local, this link only"),
        Scope.UNIQUE_LOCAL: say("unique local (RFC 4193)"),
    }
    states: dict[State, str] = {
        State.TENTATIVE: say("not yet checked for duplicates"),
        State.DADFAILED: say("another machine has it"),
    }
    return scopes.get(address.scope) or states.get(address.state, "")


def show(inventory: Inventory, picture: Picture, console: Console, *, verbose: bool) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    from scanner.report.text import count

    console.print(address_table(inventory.addresses, picture))
    total = count(len(inventory.addresses), "address", "addresses")
    covers = say("A scan covers {number} of {total}.", number=len(inventory.scannable()), total=total)
    console.print(told(covers) + "\n")
    for line in said_of(picture):
        console.print(Text(told(line)))
    console.print()
    if inventory.listeners:
        console.print(listener_table(inventory.listeners, verbose=verbose))
    else:
        console.print(told(say("No program listens on IPv6.")))
    console.print(Text("\n" + told(router_line(inventory))))
    if verbose:
        for line in ("", *legend(inventory.addresses)):
            console.print(Text(told(line), style="dim"))


def said_of(picture: Picture) -> list[str]:
    """How many doors, what a server learns, which address is used where, and how many there may be."""
    from scanner.discovery.outbound import INTERNET
    from scanner.guess.doors import count_sentence
    from scanner.report.addressing import learned_line
    from scanner.report.text import lifetime, one_line

    lines = [count_sentence(picture.records), learned_line(picture.records, picture.at)]
    lines += [
        say("Towards {name}: {source}", name=name, source=source or say("no route"))
        for name, source in picture.sources.items()
        if name != INTERNET
    ]
    lines += [
        say(
            "{interface} makes a temporary address every {preferred} and keeps it {valid}: up to {count} at once for "
            "each prefix.",
            interface=one_line(one.interface),
            preferred=lifetime(one.preferred),
            valid=lifetime(one.valid),
            count=one.at_once,
        )
        for one in picture.temporary
        if one.at_once
    ]
    return lines


def address_table(found: tuple[Address, ...], picture: Picture) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    from scanner.report.text import one_line
    from scanner.report.words import KINDS, STATES

    records = {(record.interface, record.address): record for record in picture.records}
    rows: list[RenderableType] = [
        Text(in_columns(say("Address"), say("Kind"), say("State"), say("Scanned")), style="bold")
    ]
    for interface, group in groupby(found, key=lambda address: address.interface):
        rows.append(Text(one_line(interface), style="bold"))
        for address in group:
            words = (
                KINDS[address.kind].label,
                STATES[address.state].label,
                say("yes") if address.scannable else say("no"),
            )
            rows.append(Text(in_columns(f" {address.ip}/{address.prefix_length}", *words)))
            lines = details(address, records[address.interface, str(address.ip)], picture.at)
            rows += [Padding(Text(told(line), style="dim"), (0, 0, 0, 3)) for line in lines]
    return Group(*rows)


def in_columns(address: str, kind: str, state: str, scanned: str) -> str:
    return " ".join(
        (padded(told(address), WIDEST_ADDRESS), padded(told(kind), 10), padded(told(state), 12), told(scanned))
    )


def details(address: Address, record: AddressRecord, at: datetime) -> list[str]:
    """Where the identifier comes from, since when and until when, what it tells, and why it is left out."""
    from scanner.report.addressing import dates, guess_line, stamp
    from scanner.report.text import lifetime
    from scanner.report.words import ORIGINS

    lines = [] if address.ip.is_loopback else [ORIGINS[address.origin].label]
    if (address.preferred_lifetime, address.valid_lifetime) != (None, None):
        preferred = (
            say("no longer preferred")
            if address.preferred_lifetime == 0
            else say("preferred {span}", span=lifetime(address.preferred_lifetime))
        )
        lines.append(say("{preferred}, valid {span}", preferred=preferred, span=lifetime(address.valid_lifetime)))
        lines.append(dates(record, at))
    elif record.created_at:
        lines.append(say("since {when}, for ever", when=stamp(record.created_at)))
    if record.gives_away:
        lines.append(say("gives away {what}", what=clauses(record.gives_away)))
    if record.guessability:
        lines.append(guess_line(record.guessability))
    if not address.scannable:
        lines.append(say("not scanned: {why}", why=record.why_not_scanned))
    return lines


def legend(found: tuple[Address, ...]) -> list[str]:
    """The words of the table that occur and need explaining."""
    from scanner.report.words import KINDS, ORIGINS, STATES

    used = [
        *dict.fromkeys(KINDS[address.kind] for address in found),
        *dict.fromkeys(STATES[address.state] for address in found),
        *dict.fromkeys(ORIGINS[address.origin] for address in found),
    ]
    return [say("{word}: {says}", word=word.label, says=word.says) for word in used if word.says]


def listener_table(found: tuple[Listener, ...], *, verbose: bool) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from scanner.report.text import one_line

    table = Table(
        *map(told, (say("Listens"), say("On"), say("Program"))), box=None, padding=(0, 2, 0, 0), header_style="bold"
    )
    for listener in found:
        where = [say("every address") if listener.bind == "::" else listener.bind]
        if listener.interface:
            where.append(say("({interface} only)", interface=one_line(listener.interface)))
        if verbose and listener.bind == "::" and listener.v6only is not None:
            where.append(say("(IPv6 only)") if listener.v6only else say("(IPv4 too)"))
        table.add_row(
            f"{listener.protocol}/{listener.port}",
            Text(told(sentences(where)), overflow="fold"),
            Text(one_line(listener.process, LONGEST_NAME) or told(say("not known")), overflow="fold"),
        )
    return table


def router_line(inventory: Inventory) -> str:
    from scanner.report.text import one_line

    router = inventory.default_router
    if router is None:
        return say("Default router: none (no route to ::/0 names one)")
    mac = say("MAC {mac}", mac=router.mac) if router.mac else say("MAC not known now (not in the neighbour table)")
    return say(
        "Default router: {address} on {interface}, {mac}",
        address=router.address,
        interface=one_line(router.interface),
        mac=mac,
    )
