"""``v6expose privacy``: which kind of address the host makes and prefers, now and after a reboot; changing it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.privacy_change import ROOT, RUNNING_ROOT, set_value, undo
from scanner.cli.speech import warn
from scanner.model.errors import InputError
from scanner.model.privacy import Profile
from scanner.model.text import say

if TYPE_CHECKING:
    from pathlib import Path

    from scanner.model.privacy import InterfacePrivacy, Privacy


@click.group(invoke_without_command=True)
@click.option(
    "--profile", type=click.Choice([one.value for one in Profile]), help="What the host is for; guessed when left out."
)
@click.option("--interface", "only", metavar="IF", help="Show this interface only.")
@ROOT
@speaking_option
@shared
@click.pass_context
def privacy(
    ctx: click.Context, *, profile: str | None, only: str | None, root: Path, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Show use_tempaddr and what belongs to it for each interface: now, after a reboot, and who decides.

    A server is found by its address, so it should not prefer a temporary one (0 or 1); a desktop should (2).
    """
    if ctx.invoked_subcommand is not None:
        if profile or only or root != RUNNING_ROOT or as_json or quiet or verbose:
            word = ctx.invoked_subcommand
            raise InputError(
                say("options of `privacy {word}` stand before it", word=word),
                say("write them after the word {word}", word=word),
            )
        return
    from rich.console import Console

    from scanner.cli.privacy_show import document_of, show
    from scanner.privacy.look import look
    from scanner.privacy.tree import Tree

    seen = _only(look(Tree(root), profile=Profile(profile) if profile else None), only)
    if as_json:
        click.echo(json.dumps(document_of(seen), indent=1))
    else:
        show(seen, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        for problem in seen.problems:
            warn(problem)


def _only(seen: Privacy, interface: str | None) -> Privacy:
    if interface is None:
        return seen
    from dataclasses import replace

    fitting = tuple(one for one in seen.interfaces if one.interface == interface)
    if not fitting:
        raise InputError(
            say("there is no interface {interface!r} with IPv6", interface=interface), _known(seen.interfaces)
        )
    return replace(seen, interfaces=fitting)


def _known(interfaces: tuple[InterfacePrivacy, ...]) -> str:
    names = ", ".join(one.interface for one in interfaces)
    return say("use one of {names}", names=names) if names else say("there is none at all")


privacy.add_command(set_value)
privacy.add_command(undo)
