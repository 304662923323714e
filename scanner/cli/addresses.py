"""``v6expose addresses``: every IPv6 address of this host, what listens on them, and the way out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from scanner.model.address import Address, Inventory, Listener
    from scanner.model.run import AddressRecord

WIDEST_ADDRESS = 44  # " 2001:db8:1111:2222:3333:4444:5555:6666/128"
LONGEST_NAME = 24  # of a program, which may call itself anything


@click.command()
@shared
def addresses(*, as_json: bool, quiet: bool, verbose: bool) -> None:
    """List this host's IPv6 addresses: kind, state, origin, lifetimes, and which of them a scan would cover.

    Nothing is sent. Root also names the programs that listen.
    """
    from rich.console import Console

    from scanner.discovery.inventory import discover
    from scanner.report.text import one_line

    inventory = discover()
    if as_json:
        click.echo(json.dumps(document_of(inventory), indent=1))
    else:
        show(inventory, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        for problem in inventory.problems:
            click.echo(f"v6expose: {one_line(problem)}", err=True)


def document_of(inventory: Inventory) -> dict[str, Any]:
    """The same keys as in the run document; ``scanned`` says what a scan of now would do."""
    router = inventory.default_router
    return {
        "addresses": [asdict(record_of(address)) for address in inventory.addresses],
        "listeners": [asdict(listener) for listener in inventory.listeners],
        "default_router": {"address": str(router.address), "mac": router.mac, "interface": router.interface}
        if router
        else None,
        "problems": list(inventory.problems),
    }


def record_of(address: Address) -> AddressRecord:
    from scanner.model.run import AddressRecord

    return AddressRecord(
        address=str(address.ip),
        prefix_length=address.prefix_length,
        interface=address.interface,
        kind=address.kind,
        state=address.state,
        origin=address.origin,
        preferred_lifetime=address.preferred_lifetime,
        valid_lifetime=address.valid_lifetime,
        scanned=address.scannable,
        why_not_scanned=why_not_scanned(address),
    )


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


def show(inventory: Inventory, console: Console, *, verbose: bool) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    from scanner.report.text import count

    console.print(address_table(inventory.addresses))
    total = count(len(inventory.addresses), "address", "addresses")
    console.print(f"A scan covers {len(inventory.scannable())} of {total}.\n")
    if inventory.listeners:
        console.print(listener_table(inventory.listeners, verbose=verbose))
    else:
        console.print("No program listens on IPv6.")
    console.print(Text("\n" + router_line(inventory)))
    if verbose:
        for line in ("", *legend(inventory.addresses)):
            console.print(Text(line, style="dim"))


def address_table(found: tuple[Address, ...]) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from scanner.report.text import one_line
    from scanner.report.words import KINDS, STATES

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Address", min_width=WIDEST_ADDRESS)
    for heading in ("Kind", "State", "Scanned"):
        table.add_column(heading, no_wrap=True)
    for interface, group in groupby(found, key=lambda address: address.interface):
        table.add_row(Text(one_line(interface), style="bold"))
        for address in group:
            table.add_row(
                Text(f" {address.ip}/{address.prefix_length}", overflow="fold"),
                KINDS[address.kind].label,
                STATES[address.state].label,
                "yes" if address.scannable else "no",
            )
            for line in details(address):
                table.add_row(Padding(Text(line, style="dim"), (0, 0, 0, 3)))
    return table


def details(address: Address) -> list[str]:
    """Where the identifier comes from, how long the address lasts, and why it is left out."""
    from scanner.discovery.classify import mac_in
    from scanner.model.address import Origin
    from scanner.report.text import lifetime
    from scanner.report.words import ORIGINS

    lines = [] if address.ip.is_loopback else [ORIGINS[address.origin].label]
    shown = mac_in(address.ip)
    if address.origin is Origin.EUI64 and shown:
        lines.append(f"shows MAC {shown}")
    if (address.preferred_lifetime, address.valid_lifetime) != (None, None):
        preferred = (
            "no longer preferred"
            if address.preferred_lifetime == 0
            else f"preferred {lifetime(address.preferred_lifetime)}"
        )
        lines.append(f"{preferred}, valid {lifetime(address.valid_lifetime)}")
    if not address.scannable:
        lines.append(f"not scanned: {why_not_scanned(address)}")
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
