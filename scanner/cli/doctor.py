"""``v6expose doctor``: is everything there that a scan needs, and what to do about what is not."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import padded, told
from scanner.model.text import clauses, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from ipaddress import IPv6Address

    from rich.console import Console

    from scanner.discovery.checks.check import Check
    from scanner.vantage.session import Hello, Session
    from scanner.vantage.spec import Spec

FAILED = 4  # the environment lacks something
LONGEST = 2000  # characters of a line
MOST_DRIFT = 5.0  # seconds between two clocks
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@click.command()
@click.option("--vantage", "vantages", multiple=True, metavar="SPEC", help="Also go there and back; repeatable.")
@speaking_option
@shared
def doctor(vantages: tuple[str, ...], *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001  (nothing is held back)
    """Check this machine, and with --vantage a far one, for what a scan needs.

    No packet leaves but those of the way to a vantage. Exit status: 0 when nothing fails, 4 when something does; a
    warning is no failure. With -q only what is not well is shown.
    """
    from rich.console import Console

    from scanner.discovery.checks.check import Status
    from scanner.discovery.checks.every import CHECKS
    from scanner.vantage.spec import parse_spec

    specs = [parse_spec(text) for text in vantages]
    checks = [check() for check in CHECKS]
    checks += [check_vantage(spec, own_address()) for spec in specs]
    well = all(check.status is not Status.FAIL for check in checks)
    shown = [check for check in checks if check.status is not Status.OK or not quiet]
    if as_json:
        click.echo(json.dumps({"ok": well, "checks": [asdict(check) for check in checks]}, indent=1))
    else:
        show(shown, Console(file=sys.stdout, highlight=False))
    if not well:
        raise SystemExit(FAILED)


def own_address() -> IPv6Address | None:
    """An address of this host that a vantage must be able to reach."""
    from scanner.discovery.addresses import read_addresses
    from scanner.model.errors import EnvironmentFault

    try:
        return next((address.ip for address in read_addresses() if address.scannable), None)
    except EnvironmentFault:
        return None


def check_vantage(spec: Spec, own: IPv6Address | None, connect: Callable[[Spec], Session] | None = None) -> Check:
    """Start the stub there, ask it back, and ask it for a route to us; ``own`` None leaves the last out."""
    from scanner.discovery.checks.check import Check, Status
    from scanner.model.errors import ScanError
    from scanner.vantage.check import check
    from scanner.vantage.session import open_session

    try:
        found = check(spec, own, connect or open_session)
    except ScanError as error:
        return Check("vantage", Status.FAIL, error.message, error.remedy)
    return judge_vantage(str(spec), found.hello, found.round_trip, abs(found.clock))


def judge_vantage(spec: str, hello: Hello, took: float, drift: float) -> Check:
    """``took`` and ``drift`` in seconds. Every defect is a warning with its remedy."""
    from scanner.discovery.checks.check import Check, Status

    facts = say(
        "{spec}: python {version} on {system}, {took:.0f} ms there and back",
        spec=spec,
        version=hello.python,
        system=hello.system,
        took=took * 1000,
    )
    defects = [
        (
            not hello.raw,
            say("no raw sockets ({why})", why=hello.why),
            say("log in as root there, or allow sudo -n python3"),
        ),
        (hello.nmap is None, say("no nmap"), say("apt install nmap there")),
        (drift > MOST_DRIFT, say("its clock is {drift:.0f} s off ours", drift=drift), say("synchronise both clocks")),
    ]
    real = [(what, remedy) for present, what, remedy in defects if present]
    if not real:
        return Check("vantage", Status.OK, say("{facts}, raw sockets, nmap {version}", facts=facts, version=hello.nmap))
    said = clauses([facts, *(what for what, _ in real)])
    return Check("vantage", Status.WARN, said, clauses(remedy for _, remedy in real))


def show(checks: Iterable[Check], console: Console) -> None:
    """A row a check, the word beside the colour; a remedy stands on one line of its own, so that it can be copied."""
    from rich.text import Text

    from scanner.report.text import one_line

    for check in checks:
        line = Text.assemble(
            (f"{check.status:<6}", STYLES[check.status]),
            padded(told(check.name), 16),
            one_line(told(check.detail), LONGEST),
        )
        console.print(line, soft_wrap=True)
        if check.remedy:
            console.print(Text(f"      -> {one_line(told(check.remedy), LONGEST)}"), soft_wrap=True)
