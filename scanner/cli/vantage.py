"""``v6expose vantage``: places outside to scan from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import padded, told
from scanner.model.text import mark, say

if TYPE_CHECKING:
    from scanner.vantage.check import Check

TO_GET_RAW = say("log in as root there, or allow sudo without a password")
CLOCKS_AGREE = 0.05  # seconds; less is noise of the way


@click.group()
def vantage() -> None:
    """Places outside, from which this host is scanned."""


@vantage.command()
@click.argument("spec", metavar="SPEC")
@speaking_option
@shared
def check(spec: str, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """Connect to SPEC and say what it can do as a vantage. Nothing is scanned.

    SPEC is ssh:[user@]host[:port], netns:NAME or exec:COMMAND PREFIX. Exit status: 0 it can serve, 4 it cannot, and one
    line says why and what to do.
    """
    from scanner.cli.doctor import own_address
    from scanner.vantage.check import check as ask
    from scanner.vantage.spec import parse_spec

    found = ask(parse_spec(spec), own_address())
    if as_json:
        click.echo(json.dumps(document_of(found), indent=1))
    elif not quiet:
        for name, text in rows_of(found):
            click.echo(f"{padded(told(say(name)), 11)}{text}")


def document_of(found: Check) -> dict[str, Any]:
    hello = found.hello
    return {
        "spec": str(found.spec),
        "python": hello.python,
        "system": hello.system,
        "root": hello.root,
        "raw": hello.raw,
        "why_not_raw": hello.why,
        "nmap": hello.nmap,
        "addresses": [str(address) for address in hello.addresses],
        "source": None if found.source is None else str(found.source),
        "round_trip": round(found.round_trip, 6),
        "clock_difference": round(found.clock, 3),
    }


def rows_of(found: Check) -> list[tuple[str, str]]:
    """What a reader gets, one line each; whatever the far end said is made harmless."""
    from scanner.report.text import one_line

    hello = found.hello
    rows = [
        (mark("vantage"), str(found.spec)),
        (mark("python"), say("{version} on {system}", version=hello.python, system=hello.system)),
        (
            mark("packets"),
            say("raw")
            if hello.raw
            else say("connect() and plain UDP only ({why}); {remedy}", why=hello.why, remedy=TO_GET_RAW),
        ),
        (mark("nmap"), hello.nmap or say("none: the scan goes without its second opinion (Debian: apt install nmap)")),
        (mark("addresses"), ", ".join(map(str, hello.addresses)) or say("no global IPv6 address")),
        (mark("source"), str(found.source or say("unknown: this host has no global IPv6 address to go to"))),
        (mark("round trip"), f"{found.round_trip * 1000:.1f} ms"),
        (mark("clock"), clock_words(found.clock)),
    ]
    return [(name, one_line(told(text), 2000)) for name, text in rows]


def clock_words(ahead: float) -> str:
    if abs(ahead) < CLOCKS_AGREE:
        return say("as here")
    if ahead > 0:
        return say("{seconds:.2f} s ahead of this host's", seconds=ahead)
    return say("{seconds:.2f} s behind this host's", seconds=-ahead)
