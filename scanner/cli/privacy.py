"""``v6expose privacy``: which kind of address the host makes and prefers, now and after a reboot; changing it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.privacy import USE_TEMPADDR, WANTED, Profile, effective

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from scanner.model.privacy import Forecast, InterfacePrivacy, Privacy
    from scanner.privacy.apply import Applied
    from scanner.privacy.change import Change
    from scanner.privacy.journal import Record
    from scanner.privacy.running import Kernel
    from scanner.privacy.tree import Tree

RUNNING_ROOT = Path("/")
REFUTED_STATUS = 3

_ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=RUNNING_ROOT,
    help="Read and write the files of the tree below this directory instead of /.",
)


@click.group(invoke_without_command=True)
@click.option(
    "--profile", type=click.Choice([one.value for one in Profile]), help="What the host is for; guessed when left out."
)
@click.option("--interface", "only", metavar="IF", help="Show this interface only.")
@_ROOT
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
            raise InputError(f"options of `privacy {word}` stand before it", f"write them after the word {word}")
        return
    from rich.console import Console

    from scanner.privacy.look import look
    from scanner.privacy.tree import Tree
    from scanner.report.text import one_line

    seen = _only(look(Tree(root), profile=Profile(profile) if profile else None), only)
    if as_json:
        click.echo(json.dumps(document_of(seen), indent=1))
    else:
        show(seen, Console(file=sys.stdout, highlight=False), verbose=verbose)
    if not quiet:
        for problem in seen.problems:
            click.echo(f"v6expose: {one_line(problem)}", err=True)


@privacy.command("set")
@click.option("--use-tempaddr", type=click.IntRange(0, 2), required=True, help="0 off, 1 made, 2 made and preferred.")
@click.option("--interface", metavar="IF", required=True)
@click.option("--persist", is_flag=True, help="Also write it where it holds after a reboot.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_ROOT
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
    if not yes and not _agreed("Change this?"):
        click.echo("nothing was changed", err=True)
        return
    applied = _applied(tree, kernel, change, running_system=root == RUNNING_ROOT)
    if as_json:
        click.echo(json.dumps(_change_document(change, applied), indent=1))
    else:
        _tell(applied, quiet=quiet, verbose=verbose)
    if applied.proof.outcome == "refuted":
        raise click.exceptions.Exit(REFUTED_STATUS)


@privacy.command()
@click.option("--dry-run", is_flag=True, help="Say what would be put back, and write nothing.")
@_ROOT
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
        for line in (*(f"would {one}" if dry_run else one for one in lines), *notes):
            click.echo(one_line(line))


def _only(seen: Privacy, interface: str | None) -> Privacy:
    if interface is None:
        return seen
    from dataclasses import replace

    fitting = tuple(one for one in seen.interfaces if one.interface == interface)
    if not fitting:
        raise InputError(f"there is no interface {interface!r} with IPv6", _known(seen.interfaces))
    return replace(seen, interfaces=fitting)


def _known(interfaces: tuple[InterfacePrivacy, ...]) -> str:
    return "use one of " + ", ".join(one.interface for one in interfaces) if interfaces else "there is none at all"


def document_of(seen: Privacy) -> dict[str, Any]:
    """Plain JSON values; every setting with its meaning."""
    from scanner.findings.privacy import judge_lost_at_reboot, judge_preferred_on_server
    from scanner.privacy.settings import BY_NAME

    findings = (*judge_preferred_on_server(seen), *judge_lost_at_reboot(seen))
    return {
        "profile": seen.profile,
        "profile_reason": seen.profile_reason,
        "interfaces": [
            {
                "interface": one.interface,
                "source_address": one.source or None,
                "source_temporary": one.source_temporary,
                "notes": list(one.notes),
                "settings": [
                    {
                        "setting": forecast.setting,
                        "running": forecast.running,
                        "meaning": BY_NAME[forecast.setting].explain(forecast.running),
                        "standard": BY_NAME[forecast.setting].standard,
                        "after_reboot": forecast.predicted,
                        "sure": not forecast.doubt,
                        "doubt": forecast.doubt,
                        "decided_by": asdict(forecast.decided_by),
                        "overruled": [asdict(said) for said in forecast.statements[:-1]],
                        "differs": forecast.differs,
                    }
                    for forecast in one.forecasts
                ],
            }
            for one in seen.interfaces
        ],
        "findings": [asdict(finding) for finding in findings],
        "problems": list(seen.problems),
    }


def show(seen: Privacy, console: Console, *, verbose: bool) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    from scanner.report.text import one_line

    console.print(Text(f"Judged as a {seen.profile}: {one_line(seen.profile_reason)} (--profile decides)\n"))
    for one in seen.interfaces:
        console.print(Text(one_line(one.interface), style="bold"))
        console.print(Text(f"  {verdict_of(seen.profile, one)}"))
        if one.source:
            kind = {True: "temporary", False: "stable", None: "kind not known"}[one.source_temporary]
            console.print(Text(f"  new connections leave from {one.source} ({kind})"))
        for note in one.notes:
            console.print(Text(f"  {one_line(note)}"))
        console.print(settings_table(one, verbose=verbose))
    if not seen.interfaces:
        console.print("No interface speaks IPv6.")


def verdict_of(profile: Profile, one: InterfacePrivacy) -> str:
    """One line: does the interface do what the profile wants, now and after a reboot?"""
    forecast = one.forecast(USE_TEMPADDR)
    wanted = WANTED[profile]
    words = " or ".join(str(value) for value in sorted(wanted))
    values = {
        "now": effective(USE_TEMPADDR, forecast.running) if forecast else None,
        "after a reboot": effective(USE_TEMPADDR, forecast.predicted) if forecast else None,
    }
    wrong = [when for when, value in values.items() if value is not None and value not in wanted]
    unknown = [when for when, value in values.items() if value is None]
    if wrong:
        return f"NOT as a {profile} should be {' and '.join(wrong)}: use_tempaddr should be {words}"
    if unknown:
        return f"not known {' and '.join(unknown)}; for a {profile} use_tempaddr should be {words}"
    return f"as a {profile} should be (use_tempaddr {words})"


def settings_table(one: InterfacePrivacy, *, verbose: bool) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from scanner.privacy.settings import BY_NAME
    from scanner.report.text import one_line

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Setting", "Now", "Reboot"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Meaning (now), standard", overflow="fold")
    for forecast in one.forecasts:
        setting = BY_NAME[forecast.setting]
        then = f"{_number(forecast.predicted)}{'?' if forecast.doubt else ''}"
        meaning = f"{setting.meaning}: {setting.explain(forecast.running)}; {setting.standard}"
        style = "bold" if forecast.differs else ""
        table.add_row(Text(setting.name), _number(forecast.running), Text(then, style=style), Text(meaning))
        for line in _reasons(forecast, verbose=verbose):
            table.add_row("", "", "", Text(one_line(line), style="dim"))
    return Padding(table, (0, 0, 1, 2))


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _reasons(forecast: Forecast, *, verbose: bool) -> list[str]:
    """Who decides at boot: always where a file does or the value changes, the losers with --verbose."""
    winner = forecast.decided_by
    lines = []
    if winner.place or forecast.differs or forecast.setting == USE_TEMPADDR or verbose:
        written = f" (written by {winner.place.generator})" if winner.place and winner.place.generator else ""
        lines.append(f"at boot: {winner.layer}, {winner.place or 'no file'}{written}: {winner.words}")
    if forecast.doubt:
        lines.append(f"not sure: {forecast.doubt}")
    if verbose:
        lines += [
            f"overruled: {said.layer}, {said.place}: {said.words}" for said in forecast.statements[:-1] if said.place
        ]
    return lines


def _planned(tree: Tree, kernel: Kernel, interface: str, value: int, *, persist: bool) -> Change:
    from scanner.model.privacy import Layer
    from scanner.privacy.change import Change, plan_change
    from scanner.privacy.running import kernel_defaults

    interfaces = kernel.interfaces()
    if interface not in {one.name for one in interfaces}:
        known = ", ".join(one.name for one in interfaces if one.name != "lo")
        raise InputError(f"there is no interface {interface!r} with IPv6", f"use one of {known}")
    if persist:
        return plan_change(tree, interfaces, kernel_defaults(kernel), interface, value)
    return Change(interface, value, Layer.KERNEL, notes=("without --persist this holds until the next reboot",))


def _preview(change: Change, running: int | None, *, persist: bool, to_error: bool) -> None:
    from scanner.privacy.change import diff_of
    from scanner.report.text import clean, one_line

    diff = diff_of(change.edits)
    if diff:
        click.echo(clean(diff), nl=False, err=to_error)
    elif persist:
        click.echo("the files need no change", err=to_error)
    for command in change.reload:
        click.echo(f"run: {one_line(' '.join(command))}", err=to_error)
    path = f"/proc/sys/net/ipv6/conf/{change.interface}/{USE_TEMPADDR}"
    click.echo(f"{path}: {_number(running)} -> {change.value}", err=to_error)
    for note in change.notes:
        click.echo(f"note: {one_line(note)}", err=to_error)


def _require_root() -> None:
    import os

    if os.geteuid() != 0:
        raise EnvironmentFault("changing settings needs root", "run it with sudo, or look first with --dry-run")


def _agreed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort as error:
        raise InputError("standard input gave no answer", "add --yes to change without asking") from error


def _applied(tree: Tree, kernel: Kernel, change: Change, *, running_system: bool) -> Applied:
    from datetime import UTC, datetime

    from scanner.privacy import apply

    runner = apply.run if running_system else apply.without_programs
    return apply.apply(tree, kernel, change, datetime.now(UTC).isoformat(timespec="seconds"), runner)


def _tell(applied: Applied, *, quiet: bool, verbose: bool) -> None:
    from scanner.report.text import one_line

    proof = applied.proof
    click.echo(f"{proof.outcome}: {proof.words}")
    if verbose and proof.source_before:
        click.echo(f"before: new connections left from {proof.source_before}")
    if not quiet:
        for note in applied.notes:
            click.echo(f"note: {one_line(note)}", err=True)
        click.echo("take it back with `v6expose privacy undo`", err=True)


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
    lines = [f"{'restore' if one.backup else 'remove'} {one.path}" for one in record.files]
    lines.append(f"set use_tempaddr of {record.interface} to {_number(record.running)} (change of {record.at})")
    return lines
