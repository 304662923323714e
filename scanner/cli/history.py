"""``v6expose history``: the stored runs, newest first; a site of them; what may be forgotten; what was missed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.memory import open_told
from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told
from scanner.model.errors import InputError
from scanner.model.text import commas, mark, say, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.model.history import RunSummary
    from scanner.store import Store

SHOWN = 30  # rows of a terminal; JSON has them all
MOST_DIGITS = 9
ON_SITE = 200  # of each host; a report is 100 KB


@click.group(invoke_without_command=True)
@click.option("--host", metavar="NAME", help="Only runs of this host.")
@click.option("--address", metavar="ADDR", help="Only runs whose host had this IPv6 address.")
@click.option("--limit", metavar="N", help=f"At most N runs, 0 for all (default: {SHOWN}; with --json all).")
@click.option("--site", metavar="DIR", help="Write a static site: index, trends, every report.")
@click.option(
    "--store", "place", metavar="PLACE", help="A file or the URL of a database, in place of the configured one."
)
@speaking_option
@shared
@click.pass_context
def history(ctx: click.Context, /, place: str | None, site: str | None, **options: object) -> None:
    """The stored runs, newest first. A run keeps its number for ever.

    Every scan is stored, in runs.db in the state directory or where the configuration says (store, V6EXPOSE_STORE).
    Without a command: list them, or with --site DIR write an index, trends and every report as HTML pages that need
    no server.
    """
    store = open_told(place)
    ctx.obj = store
    if ctx.invoked_subcommand is not None:
        return
    if site is not None:
        write_site(store, Path(site).expanduser(), options)
        return
    list_runs(store, options)


def list_runs(store: Store, options: dict[str, object]) -> None:
    host, address, limit = _host(options), _address(options), _limit(options)
    if options["as_json"]:
        from scanner.codec import summaries_to_list

        click.echo(json.dumps({"runs": summaries_to_list(store.runs(host, limit, address))}, indent=1))
        return
    if options["quiet"]:
        return
    runs = store.runs(host, SHOWN if options["limit"] is None else limit, address)
    place = store.place
    if not runs:
        none = (
            say("No runs of {host} are stored in {place} yet: v6expose scan stores every one.", host=host, place=place)
            if host
            else say("No runs are stored in {place} yet: v6expose scan stores every one.", place=place)
        )
        click.echo(told(none), err=True)
        return
    show(runs, verbose=bool(options["verbose"]))
    more = store.count(host) - len(runs) if address is None else 0
    if more > 0:
        click.echo(told(say("{count:,} older runs are not shown: v6expose history --limit 0", count=more)), err=True)


def show(runs: Sequence[RunSummary], *, verbose: bool) -> None:
    """A row a run; everything else only with ``verbose``."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from scanner.report.text import one_line

    hosts = len({run.host for run in runs}) > 1
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False, expand=True)
    table.add_column(told(say("Run")), justify="right", no_wrap=True)
    table.add_column(told(say("Started (UTC)")), no_wrap=True)
    if hosts:
        table.add_column(told(say("Host")), max_width=14, overflow="fold")
    table.add_column(told(say("Grade")), no_wrap=True)
    table.add_column(told(say("Findings")), no_wrap=True)
    headline = told(say("In a sentence"))
    table.add_column(headline, no_wrap=not verbose, overflow="fold" if verbose else "ellipsis", ratio=1)
    for run in runs:
        cells = [str(run.number), f"{run.started_at:%Y-%m-%d %H:%M}", *([one_line(run.host, 60)] if hosts else [])]
        cells += [one_line(run.grade or "?", 2), told(counts(run)), told(sentence(run))]
        table.add_row(*(Text(cell) for cell in cells))
        if verbose:
            table.add_row("", *(Text(told(cell)) for cell in details(run, hosts=hosts)))
    Console(file=sys.stdout, highlight=False).print(table)


def counts(run: RunSummary) -> str:
    """``2 high, 1 low``, the gravest first, two kinds at most."""
    from scanner.model.finding import Severity

    said = [
        say("{count} {severity}", count=run.counts[one], severity=one)
        for one in reversed(Severity)
        if run.counts.get(one)
    ]
    return commas([*said[:2], *(["..."] if said[2:] else [])]) if said else say("none")


def sentence(run: RunSummary) -> str:
    from scanner.report.text import one_line

    state = say("Interrupted.") if run.interrupted else "" if run.complete else say("Incomplete.")
    title = f"[{run.title}]" if run.title else ""
    return one_line(sentences((state, title, run.headline)), 300)


def details(run: RunSummary, *, hosts: bool) -> list[str]:
    from scanner.report.text import one_line

    places = one_line(", ".join(run.vantages), 300) or say("nowhere")
    seen = say(
        "{run}: {profile} profile, seen from {places}", run=one_line(run.id, 120), profile=run.profile, places=places
    )
    return ["", *([""] if hosts else []), "", "", seen]


def write_site(store: Store, directory: Path, options: dict[str, object]) -> None:
    from scanner.cli.site import write

    limit = ON_SITE if options["limit"] is None else _limit(options)
    index = write(store, directory, _host(options), limit, quiet=bool(options["quiet"]))
    if not options["quiet"]:
        click.echo(told(say("site: {path}", path=index)), err=True)


@history.command()
@click.option(
    "--keep",
    "keep_text",
    metavar="TIME",
    help='How long runs are kept, for example "90 days" (default: the configured time).',
)
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@click.pass_obj
def prune(store: Store, keep_text: str | None, *, dry_run: bool) -> None:
    """Forget runs that are older than --keep.

    The last complete run of every host stays, and so does when each finding was first seen.
    """
    import os

    from scanner.config import load
    from scanner.model.history import Keep

    keep = Keep.parse(keep_text) if keep_text else load({}, os.environ, None, Path.cwd()).keep
    if keep is None:
        raise InputError(
            say("how long runs are kept is not said"), say('give --keep "90 days", or set keep in the configuration')
        )
    old = store.prune(keep, datetime.now(UTC), really=not dry_run)
    for run in old:
        click.echo(f"{run.number}\t{run.started_at:%Y-%m-%d %H:%M}\t{run.id}")
    said = (
        mark("{count:,} runs older than {span} would be forgotten; {stored:,} are stored.")
        if dry_run
        else mark("{count:,} runs older than {span} are forgotten; {stored:,} are stored.")
    )
    click.echo(told(say(said, count=len(old), span=keep, stored=store.count())), err=True)


@history.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE.json...")
@click.pass_obj
def add(store: Store, files: tuple[str, ...]) -> None:
    """Store runs from their documents: from another host, or from when the store could not be written.

    FILE.json is what -o json=PATH wrote, or what an HTML report offers for download. A run that is there already
    stays as it is.
    """
    from scanner.cli.report import read_run

    runs = [(file, read_run(file)) for file in files]  # all of them can be read, or none is stored
    for file, run in runs:
        click.echo(told(say("{file}: run {number}", file=file, number=store.save(run))))


def _host(options: dict[str, object]) -> str | None:
    host = options["host"]
    return str(host) if host is not None else None


def _address(options: dict[str, object]) -> str | None:
    """Raises InputError for what is no address."""
    from ipaddress import IPv6Address

    text = options["address"]
    if text is None:
        return None
    try:
        return str(IPv6Address(str(text)))
    except ValueError as error:
        raise InputError(
            say("--address {text!r} is no IPv6 address", text=text), say("write it like 2001:db8::1")
        ) from error


def _limit(options: dict[str, object]) -> int | None:
    """None for no limit. Raises InputError."""
    text = options["limit"]
    if text is None:
        return None
    if not (str(text).isascii() and str(text).isdigit() and len(str(text)) <= MOST_DIGITS):
        raise InputError(say("--limit {text!r} is no number of runs", text=text), say("write a number, 0 for all"))
    return int(str(text)) or None
