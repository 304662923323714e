"""``v6expose names``: do the AAAA records name the stable address of this host?"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told, warn
from scanner.model.errors import InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from scanner.findings.published import Published
    from scanner.model.address import Inventory
    from scanner.model.finding import Finding
    from scanner.model.names import Answer, NameRecord, Publication
    from scanner.names.ddns.reading import Reading

CLEAN, FINDINGS, INCOMPLETE = 0, 1, 3
LONGEST_TIMEOUT = 60.0  # seconds


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--name", "more", multiple=True, metavar="NAME", help="The same as an argument, as `scan` has it.")
@click.option("--config", "config_file", metavar="FILE", help="Configuration file, read before ./v6expose.toml.")
@click.option(
    "--resolver", "resolvers", multiple=True, metavar="ADDR[:PORT]", help="Ask this resolver, not the system's."
)
@click.option(
    "--authoritative", multiple=True, metavar="ADDR[:PORT]", help="Ask these, not the name servers that the zone names."
)
@click.option(
    "--ddns-config", "settings", multiple=True, metavar="CLIENT=PATH", help="A DDNS client's settings somewhere else."
)
@click.option("--no-ddns", is_flag=True, help="Do not look for settings of DDNS clients in the usual places.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, LONGEST_TIMEOUT), default=2.0, show_default=True, help="Seconds a try."
)
@speaking_option
@shared
def names(
    names: tuple[str, ...],
    resolvers: tuple[str, ...],
    authoritative: tuple[str, ...],
    settings: tuple[str, ...],
    more: tuple[str, ...],
    *,
    config_file: str | None,
    no_ddns: bool,
    timeout: float,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Compare the AAAA records of names with the addresses of this host.

    Checks every NAME (or else the configured ones), and the names that DDNS clients on this host keep up to date. Asks
    the authoritative servers of each and the resolver. Exit status: 0 all good, 1 findings, 2 a bad name, 3 a question
    stayed unanswered.
    """
    from rich.console import Console

    from scanner.discovery.inventory import discover
    from scanner.model.names import Server
    from scanner.names.ask import Asker
    from scanner.names.look_up import look_up, point_back
    from scanner.names.resolvers import system_resolvers

    reading = read_settings(settings, search=not no_ddns)
    wanted = names_to_check((*names, *more) or configured_names(config_file), reading.publications)
    asked = tuple(Server.parse(text) for text in resolvers) or system_resolvers()
    instead = tuple(Server.parse(text) for text in authoritative)
    inventory = discover()
    ask = Asker(timeout)
    records = tuple(look_up(name, asked, ask, instead, reading.publications) for name in wanted)
    pointers = point_back((address.ip for address in inventory.scannable()), asked, ask)
    found = findings_of(inventory, records)
    problems = (*reading.problems, *(problem for record in records for problem in record.problems))
    if as_json:
        click.echo(json.dumps(document_of(inventory, records, pointers, found, problems), indent=1))
    else:
        show(inventory, records, pointers, found, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        tell(problems)
    raise SystemExit(exit_status(records, found))


def read_settings(texts: Iterable[str], *, search: bool) -> Reading:
    """Raises InputError for what is not CLIENT=PATH."""
    from scanner.names.ddns import CLIENTS, SettingsFile, find_settings

    named = tuple(SettingsFile.parse(text) for text in texts)
    return find_settings(named=named, formats=CLIENTS if search else ())


def configured_names(config_file: str | None) -> tuple[str, ...]:
    """V6EXPOSE_NAMES, or ``names`` of a configuration file. Raises InputError."""
    import os
    from pathlib import Path

    from scanner.config import load

    return load({}, os.environ, Path(config_file) if config_file else None, Path.cwd()).names


def names_to_check(asked: Iterable[str], publications: Iterable[Publication]) -> tuple[str, ...]:
    """Those asked for and those that DDNS clients keep; each once. Raises InputError."""
    from scanner.names.hostname import parse_name

    given = [parse_name(text) for text in asked]
    kept = [one.name for one in publications if one.whole]
    wanted = tuple(dict.fromkeys([*given, *kept]))
    if not wanted:
        raise InputError(say("there is no name to check"), say("give one, for example v6expose names www.example.org"))
    return wanted


def findings_of(inventory: Inventory, records: tuple[NameRecord, ...]) -> tuple[Finding, ...]:
    from scanner.findings.names import judge_astray, judge_dying

    found = [*judge_dying(inventory, records), *judge_astray(inventory, records)]
    return tuple(sorted(found, key=lambda finding: (-finding.severity.rank, finding.title)))


def exit_status(records: tuple[NameRecord, ...], found: tuple[Finding, ...]) -> int:
    """Never 0 when something was not measured."""
    if any(record.unanswered for record in records):
        return INCOMPLETE
    return FINDINGS if found else CLEAN


def tell(problems: Iterable[str]) -> None:
    for problem in problems:
        warn(problem)


def document_of(
    inventory: Inventory,
    records: tuple[NameRecord, ...],
    pointers: tuple[Answer, ...],
    found: tuple[Finding, ...],
    problems: tuple[str, ...],
) -> dict[str, Any]:
    from dataclasses import asdict

    from scanner.names.entries import answer_of, entry_of

    return {
        "names": [asdict(entry_of(record, inventory, pointers)) for record in records],
        "pointers": [asdict(answer_of(answer)) for answer in pointers],
        "findings": [asdict(finding) for finding in found],
        "problems": list(problems),
    }


def show(
    inventory: Inventory,
    records: tuple[NameRecord, ...],
    pointers: tuple[Answer, ...],
    found: tuple[Finding, ...],
    console: Console,
    *,
    verbose: bool,
) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    for record in records:
        console.print(name_table(record, inventory, verbose=verbose))
    for answer in pointers:
        console.print(Text(told(pointer_line(answer))))
    for finding in found:
        severity = told(say(finding.severity.value))
        head = f"\n{severity.upper()} {told(finding.title)} ({finding.rule})"
        console.print(Text(head, style="bold"))
        for line in (finding.why, finding.evidence, finding.remedy):
            console.print(Text(_plain(told(line))), soft_wrap=False)
    console.print(Text("\n" + told(closing(records, found))))


def name_table(record: NameRecord, inventory: Inventory, *, verbose: bool) -> RenderableType:
    """The addresses that the name has, then who said what where that is worth telling."""
    from rich.table import Table
    from rich.text import Text

    from scanner.findings.published import compare

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, title_justify="left", title_style="bold")
    table.title = _plain(record.name)
    table.add_column(min_width=40)
    table.add_column(ratio=1)
    for published in compare(record, inventory):
        table.add_row(Text(f" {published.ip}", overflow="fold"), Text(told(standing_line(published))))
    for answer in record.answers:
        if verbose or not (answer.settled and answer.addresses):
            table.add_row(Text(f"  {answer.role} {answer.server}", overflow="fold"), Text(told(answer_line(answer))))
    for one in record.publications:
        table.add_row(Text(f"  {one.client}"), Text(f"{_plain(one.path)}:{one.line}", overflow="fold"))
    return table


def standing_line(published: Published) -> str:
    from scanner.findings.names import dies_in
    from scanner.model.names import Standing
    from scanner.report.names import STANDINGS

    dying = published.standing in (Standing.TEMPORARY, Standing.DEPRECATED) and published.own
    standing: str = STANDINGS[published.standing]
    if dying and published.own:
        standing = say("{standing}, dies {when}", standing=standing, when=dies_in(published.own.valid_lifetime))
    if published.ttl is None:
        return standing
    return say("{standing} (TTL {ttl} s)", standing=standing, ttl=published.ttl)


def answer_line(answer: Answer) -> str:
    said = ", ".join(map(str, answer.addresses)) or answer.outcome.upper()
    return say("{said}: {detail}", said=said, detail=answer.detail) if answer.detail else said


def pointer_line(answer: Answer) -> str:
    from ipaddress import IPv6Address

    nibbles = answer.question.removesuffix(".ip6.arpa").replace(".", "")[::-1]
    ip = IPv6Address(int(nibbles, 16))
    names = ", ".join(map(_plain, answer.names)) or answer_line(answer)
    return say("PTR of {ip}: {names}", ip=ip, names=names)


def closing(records: tuple[NameRecord, ...], found: tuple[Finding, ...]) -> str:
    from scanner.report.text import count

    checked = count(len(records), "name")
    unanswered = sum(record.unanswered for record in records)
    if unanswered:
        return say(
            "{names} checked, {findings}; {unanswered} with a question that stayed unanswered.",
            names=checked,
            findings=count(len(found), "finding"),
            unanswered=unanswered,
        )
    if not found:
        return say("{names} checked, all good.", names=checked)
    return say("{names} checked, {findings}.", names=checked, findings=count(len(found), "finding"))


def _plain(text: str) -> str:
    from scanner.report.text import one_line

    return one_line(text, None)
