"""``v6expose config``: what is set, and which place set it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import shared

if TYPE_CHECKING:
    from rich.console import Console

    from scanner.config import Configuration

# What an option that is not set means.
UNSET = {
    "vantages": "none",
    "addresses": "every global one",
    "tcp": "the profile's",
    "udp": "the profile's",
    "outputs": "an HTML report in the current directory",
    "policy": "none",
    "router": "guessed",
    "names": "those that DDNS clients on this host keep",
    "store": "runs.db in the state directory",
    "keep": "for ever",
    "batteries": "all, in profile quick none",
    "notify": "nobody",
}


@click.command()
@click.option("--config", "config_file", metavar="FILE", help="Configuration file, stronger than ./v6expose.toml.")
@shared
def config(config_file: str | None, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001  (only data is printed)
    """Show every option, its value and where the value comes from.

    A flag is stronger than a V6EXPOSE_* variable, that than --config FILE, ./v6expose.toml,
    $XDG_CONFIG_HOME/v6expose/config.toml and /etc/v6expose/config.toml, in this order.
    """
    from rich.console import Console

    from scanner.config import files, load

    named = Path(config_file) if config_file else None
    found = load({}, os.environ, named, Path.cwd())
    if as_json:
        click.echo(json.dumps(document_of(found), indent=1))
        return
    console = Console(file=sys.stdout, highlight=False)
    show(found, console, verbose=verbose)
    if verbose:
        for path in files(os.environ, named, Path.cwd()):
            console.print(f"{'read' if path.exists() else 'not there'}: {path}", markup=False, soft_wrap=True)


def document_of(configuration: Configuration) -> dict[str, dict[str, object]]:
    """Key -> value (null where nothing is set) and origin."""
    from scanner.config import each, plain

    return {option.key: {"value": plain(value), "origin": origin} for option, value, origin in each(configuration)}


def show(configuration: Configuration, console: Console, *, verbose: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from scanner.config import OPTIONS, each
    from scanner.report.text import one_line

    table = Table("Option", "Value", "From", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for option, value, origin in each(configuration):
        table.add_row(
            option.key, *(Text(one_line(text), overflow="fold") for text in (shown(option.key, value), origin))
        )
    console.print(table)
    if verbose:
        meanings = Table("Flag", "Variable", "Meaning", box=None, padding=(0, 2, 0, 0), header_style="bold")
        for option in OPTIONS:
            meanings.add_row(option.flag, option.variable, option.help)
        console.print()
        console.print(meanings)
        console.print()


def shown(key: str, value: object) -> str:
    from scanner.config import plain

    if value is None or value == ():
        return UNSET[key]
    flat = plain(value)
    if isinstance(flat, list):
        return ", ".join(flat)
    if isinstance(flat, bool):
        return "yes" if flat else "no"
    return str(flat) or "none"
