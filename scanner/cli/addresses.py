"""``v6expose addresses``: every IPv6 address of this host, how long it lasts, what it tells; what listens."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared

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
@shared
def addresses(*, guess_rate: int, as_json: bool, quiet: bool, verbose: bool) -> None:
    """List this host's IPv6 addresses: kind, state, origin, since when and until when, what each gives away, how hard
    it is to find by trying, and which one new connections leave from.

    Nothing is sent. Root also names the programs that listen.
    """
    from rich.console import Console

    from scanner.discovery.inventory import discover
    from scanner.report.text import one_line

    inventory = discover()
    picture = picture_of(inventory, guess_rate)
    if as_json:
        click.echo(json.dumps(document_of(inventory, picture), indent=1))
    else:
        show(inventory, picture, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        for problem in inventory.problems:
            click.echo(f"v6expose: {one_line(problem)}", err=True)


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
        Scope.HOST: "loopback, this host only",
        Scope.LINK_LOCAL: "link-local, this link only",
        Scope.UNIQUE_LOCAL: "unique local (RFC 4193)",
    }
    states = {
        State.TENTATIVE: "not yet checked for duplicates",
        State.DADFAILED: "another machine has it",
    }
    return scopes.get(address.scope) or states.get(address.state, "")


def show(inventory: Inventory, picture: Picture, console: Console, *, verbose: bool) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    from scanner.report.text import count

    console.print(address_table(inventory.addresses, picture))
    total = count(len(inventory.addresses), "address", "addresses")
    console.print(f"A scan covers {len(inventory.scannable())} of {total}.\n")
    for line in said_of(picture):
        console.print(Text(line))
    console.print()
    if inventory.listeners:
        console.print(listener_table(inventory.listeners, verbose=verbose))
    else:
        console.print("No program listens on IPv6.")
    console.print(Text("\n" + router_line(inventory)))
    if verbose:
        for line in ("", *legend(inventory.addresses)):
            console.print(Text(line, style="dim"))


def said_of(picture: Picture) -> list[str]:
    """How many doors, what a server learns, which address is used where, and how many there may be."""
    from scanner.discovery.outbound import INTERNET
    from scanner.guess.doors import count_sentence
    from scanner.report.addressing import learned_line
    from scanner.report.text import lifetime, one_line

    lines = [count_sentence(picture.records), learned_line(picture.records, picture.at)]
    lines += [f"Towards {name}: {source or 'no route'}" for name, source in picture.sources.items() if name != INTERNET]
    lines += [
        f"{one_line(one.interface)} makes a temporary address every {lifetime(one.preferred)} and keeps it "
        f"{lifetime(one.valid)}: up to {one.at_once} at once for each prefix."
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
    rows: list[RenderableType] = [Text(in_columns("Address", "Kind", "State", "Scanned"), style="bold")]
    for interface, group in groupby(found, key=lambda address: address.interface):
        rows.append(Text(one_line(interface), style="bold"))
        for address in group:
            words = KINDS[address.kind].label, STATES[address.state].label, "yes" if address.scannable else "no"
            rows.append(Text(in_columns(f" {address.ip}/{address.prefix_length}", *words)))
            told = details(address, records[address.interface, str(address.ip)], picture.at)
            rows += [Padding(Text(line, style="dim"), (0, 0, 0, 3)) for line in told]
    return Group(*rows)


def in_columns(address: str, kind: str, state: str, scanned: str) -> str:
    return f"{address:<{WIDEST_ADDRESS}} {kind:<10} {state:<12} {scanned}"


def details(address: Address, record: AddressRecord, at: datetime) -> list[str]:
    """Where the identifier comes from, since when and until when, what it tells, and why it is left out."""
    from scanner.report.addressing import dates, guess_line
    from scanner.report.text import lifetime
    from scanner.report.words import ORIGINS

    lines = [] if address.ip.is_loopback else [ORIGINS[address.origin].label]
    if (address.preferred_lifetime, address.valid_lifetime) != (None, None):
        preferred = (
            "no longer preferred"
            if address.preferred_lifetime == 0
            else f"preferred {lifetime(address.preferred_lifetime)}"
        )
        lines.append(f"{preferred}, valid {lifetime(address.valid_lifetime)}")
        lines.append(dates(record, at))
    elif record.created_at:
        lines.append(f"since {record.created_at:%Y-%m-%d %H:%M:%S} UTC, for ever")
    if record.gives_away:
        lines.append(f"gives away {'; '.join(record.gives_away)}")
    if record.guessability:
        lines.append(guess_line(record.guessability))
    if not address.scannable:
        lines.append(f"not scanned: {record.why_not_scanned}")
    return lines


def legend(found: tuple[Address, ...]) -> list[str]:
    """The words of the table that occur and need explaining."""
    from scanner.report.words import KINDS, ORIGINS, STATES

    used = [
        *dict.fromkeys(KINDS[address.kind] for address in found),
        *dict.fromkeys(STATES[address.state] for address in found),
        *dict.fromkeys(ORIGINS[address.origin] for address in found),
    ]
    return [f"{word.label}: {word.says}" for word in used if word.says]


def listener_table(found: tuple[Listener, ...], *, verbose: bool) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from scanner.report.text import one_line

    table = Table("Listens", "On", "Program", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for listener in found:
        bind = "every address" if listener.bind == "::" else listener.bind
        device = f" ({one_line(listener.interface)} only)" if listener.interface else ""
        dual = (
            {True: " (IPv6 only)", False: " (IPv4 too)", None: ""}[listener.v6only]
            if verbose and listener.bind == "::"
            else ""
        )
        table.add_row(
            f"{listener.protocol}/{listener.port}",
            Text(bind + device + dual, overflow="fold"),
            Text(one_line(listener.process, LONGEST_NAME) or "not known", overflow="fold"),
        )
    return table


def router_line(inventory: Inventory) -> str:
    from scanner.report.text import one_line

    router = inventory.default_router
    if router is None:
        return "Default router: none (no route to ::/0 names one)"
    mac = f"MAC {router.mac}" if router.mac else "MAC not known now (not in the neighbour table)"
    return f"Default router: {router.address} on {one_line(router.interface)}, {mac}"
