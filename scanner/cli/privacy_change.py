"""``v6expose privacy set`` and ``undo``: shows what changes, changes it, proves that it took effect, takes it back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.privacy_show import number
from scanner.cli.speech import told
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.privacy import USE_TEMPADDR
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.privacy.apply import Applied
    from scanner.privacy.change import Change
    from scanner.privacy.journal import Record
    from scanner.privacy.running import Kernel
    from scanner.privacy.tree import Tree

RUNNING_ROOT = Path("/")
REFUTED_STATUS = 3

ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=RUNNING_ROOT,
    help="Read and write the files of the tree below this directory instead of /.",
)


@click.command("set")
@click.option("--use-tempaddr", type=click.IntRange(0, 2), required=True, help="0 off, 1 made, 2 made and preferred.")
@click.option("--interface", metavar="IF", required=True)
@click.option("--persist", is_flag=True, help="Also write it where it holds after a reboot.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@ROOT
@speaking_option
@shared
def set_value(
    *,
    use_tempaddr: int,
    interface: str,
    persist: bool,
    dry_run: bool,
    yes: bool,
    root: Path,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Set use_tempaddr of one interface, through the layer that owns it, and prove that it took effect.

    What it changes is shown first and kept for `privacy undo`.
    """
    from scanner.privacy.running import Kernel
    from scanner.privacy.tree import Tree

    tree, kernel = Tree(root), Kernel()
    change = _planned(tree, kernel, interface, use_tempaddr, persist=persist)
    running = kernel.value(interface, USE_TEMPADDR)
    _preview(change, running, persist=persist, to_error=as_json)
    if dry_run:
        if as_json:
            click.echo(json.dumps(_change_document(change, None), indent=1))
        return
    _require_root()
    if not yes and not _agreed(told(say("Change this?"))):
        click.echo(told(say("nothing was changed")), err=True)
        return
    applied = _applied(tree, kernel, change, running_system=root == RUNNING_ROOT)
    if as_json:
        click.echo(json.dumps(_change_document(change, applied), indent=1))
    else:
        _tell(applied, quiet=quiet, verbose=verbose)
    if applied.proof.outcome == "refuted":
        raise click.exceptions.Exit(REFUTED_STATUS)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be put back, and write nothing.")
@ROOT
@speaking_option
@shared
def undo(*, dry_run: bool, root: Path, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """Take the last `privacy set` back: files, owner and kernel as they were. Again takes back the one before."""
    from scanner.privacy import apply, journal
    from scanner.privacy.running import Kernel
    from scanner.privacy.tree import Tree
    from scanner.report.text import one_line

    if not dry_run:
        _require_root()
    tree = Tree(root)
    record = journal.latest(tree)
    lines = _undo_lines(record)
    runner = apply.run if root == RUNNING_ROOT else apply.without_programs
    notes = () if dry_run else apply.undo(tree, Kernel(), record, runner)
    if as_json:
        click.echo(json.dumps({"undone": not dry_run, "change": asdict(record), "notes": list(notes)}, indent=1))
    elif not quiet:
        for line in (*(say("would {what}", what=one) if dry_run else one for one in lines), *notes):
            click.echo(one_line(told(line)))


def _planned(tree: Tree, kernel: Kernel, interface: str, value: int, *, persist: bool) -> Change:
    from scanner.model.privacy import Layer
    from scanner.privacy.change import Change, plan_change
    from scanner.privacy.running import kernel_defaults

    interfaces = kernel.interfaces()
    if interface not in {one.name for one in interfaces}:
        known = ", ".join(one.name for one in interfaces if one.name != "lo")
        raise InputError(
            say("there is no interface {interface!r} with IPv6", interface=interface),
            say("use one of {known}", known=known),
        )
    if persist:
        return plan_change(tree, interfaces, kernel_defaults(kernel), interface, value)
    return Change(interface, value, Layer.KERNEL, notes=(say("without --persist this holds until the next reboot"),))


def _preview(change: Change, running: int | None, *, persist: bool, to_error: bool) -> None:
    from scanner.privacy.change import diff_of
    from scanner.report.text import clean, one_line

    diff = diff_of(change.edits)
    if diff:
        click.echo(clean(diff), nl=False, err=to_error)
    elif persist:
        click.echo(told(say("the files need no change")), err=to_error)
    for command in change.reload:
        click.echo(told(say("run: {command}", command=one_line(" ".join(command)))), err=to_error)
    path = f"/proc/sys/net/ipv6/conf/{change.interface}/{USE_TEMPADDR}"
    click.echo(f"{path}: {number(running)} -> {change.value}", err=to_error)
    for note in change.notes:
        click.echo(one_line(told(say("note: {what}", what=note))), err=to_error)


def _require_root() -> None:
    import os

    if os.geteuid() != 0:
        raise EnvironmentFault(
            say("changing settings needs root"), say("run it with sudo, or look first with --dry-run")
        )


def _agreed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort as error:
        raise InputError(say("standard input gave no answer"), say("add --yes to change without asking")) from error


def _applied(tree: Tree, kernel: Kernel, change: Change, *, running_system: bool) -> Applied:
    from datetime import UTC, datetime

    from scanner.privacy import apply

    runner = apply.run if running_system else apply.without_programs
    return apply.apply(tree, kernel, change, datetime.now(UTC).isoformat(timespec="seconds"), runner)


def _tell(applied: Applied, *, quiet: bool, verbose: bool) -> None:
    from scanner.report.text import one_line

    proof = applied.proof
    click.echo(told(say("{outcome}: {words}", outcome=say(proof.outcome), words=proof.words)))
    if verbose and proof.source_before:
        click.echo(told(say("before: new connections left from {source}", source=proof.source_before)))
    if not quiet:
        for note in applied.notes:
            click.echo(one_line(told(say("note: {what}", what=note))), err=True)
        click.echo(told(say("take it back with `v6expose privacy undo`")), err=True)


def _change_document(change: Change, applied: Applied | None) -> dict[str, Any]:
    from scanner.privacy.change import diff_of

    return {
        "interface": change.interface,
        "value": change.value,
        "layer": change.layer,
        "diff": diff_of(change.edits),
        "commands": [list(command) for command in change.reload],
        "notes": [*change.notes, *(applied.notes if applied else ())],
        "applied": applied is not None,
        "proof": asdict(applied.proof) if applied else None,
    }


def _undo_lines(record: Record) -> list[str]:
    lines: list[str] = [
        say("restore {path}", path=one.path) if one.backup else say("remove {path}", path=one.path)
        for one in record.files
    ]
    lines.append(
        say(
            "set use_tempaddr of {interface} to {value} (change of {when})",
            interface=record.interface,
            value=number(record.running),
            when=record.at,
        )
    )
    return lines
