"""``v6expose diff A B``: what became of the findings, and why."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from scanner.cli.memory import named_run, number_of, open_told
from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import padded, told
from scanner.model.errors import InputError
from scanner.model.text import commas, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from scanner.model.history import Cause, Changes, FindingChange, RunName, Turn
    from scanner.model.run import Run
    from scanner.model.text import TextRecord

LATEST = "latest"
LEVELS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": ""}
NOTHING, NEWS, UNKNOWN = 0, 1, 3
SEVERITIES = ("info", "low", "medium", "high", "critical")


@click.command()
@click.argument("before", required=False, metavar="[A]")
@click.argument("after", required=False, metavar="[B]")
@click.option("--host", metavar="NAME", help="With latest: the latest run of this host.")
@click.option(
    "--fail-on",
    default="info",
    metavar="SEVERITY",
    help="Exit 1 for what is new or graver from this severity on: info (default), low, ... critical, never.",
)
@speaking_option
@shared
def diff(before: str | None, after: str | None, host: str | None, fail_on: str, **options: bool) -> None:
    """What became of the findings from run A to run B: new, changed, unknown and gone, and why.

    A and B are runs of the history (number, id or the beginning of one, latest) or saved documents. Without B, the
    latest run of A's host; without both, the latest run and the last complete one before it.

    Temporary addresses are matched by their role: that one rotated is no news. Exit status: 0 nothing new, 1 new or
    graver findings, 2 usage, 3 something that was there could not be measured.
    """
    if fail_on not in (*SEVERITIES, "never"):
        raise InputError(
            say("--fail-on {fail_on!r} is no severity", fail_on=fail_on),
            say("use one of {severities}, never", severities=", ".join(SEVERITIES)),
        )
    changes, texts = changes_between(before, after, host)
    if options["as_json"]:
        from scanner.codec import changes_to_dict

        click.echo(json.dumps(changes_to_dict(changes), indent=1))
    elif not options["quiet"]:
        show(changes, texts)
    raise SystemExit(exit_status(changes, fail_on))


def changes_between(
    before: str | None, after: str | None, host: str | None
) -> tuple[Changes, Mapping[str, TextRecord]]:
    """What changed, and what the texts of both runs were made of. Raises InputError, EnvironmentFault."""
    from scanner.changes import compare

    if before is None:
        (old, first), (new, second) = last_two(host)
    else:
        old, first = numbered(before, host)
        new, second = numbered(after, host) if after else numbered(LATEST, host or old.host.name)
    return compare(old, with_packages_here(new), (first, second)), {**old.texts, **new.texts}


def last_two(host: str | None) -> tuple[tuple[Run, int | None], tuple[Run, int | None]]:
    """The last complete run before the latest, and the latest."""
    store = open_told(None)
    newest = store.find(LATEST, host)
    new = store.load(str(newest.number))
    earlier = store.before(new)
    if earlier is None:
        raise InputError(
            say(
                "before run {number} there is no complete run of {host} from the same vantages",
                number=newest.number,
                host=newest.host,
            ),
            say("name two runs: v6expose diff A B (v6expose history lists them)"),
        )
    return (store.load(str(earlier.number)), earlier.number), (new, newest.number)


def numbered(text: str, host: str | None) -> tuple[Run, int | None]:
    run, store = named_run(text, host)
    return run, number_of(store, run) if store else None


def with_packages_here(run: Run) -> Run:
    """Where a run did not note the packages of its listeners and was made on this host, ask now."""
    if run.host.name != socket.gethostname() or any(one.package for one in run.listeners):
        return run
    from scanner.discovery.packages import with_packages

    return replace(run, listeners=with_packages(run.listeners))


def exit_status(changes: Changes, fail_on: str) -> int:
    from scanner.model.finding import Severity
    from scanner.model.history import Turn

    graver = [
        change
        for change in (*changes.of(Turn.NEW), *changes.of(Turn.CHANGED))
        if change.severity_before is None or change.severity.rank > change.severity_before.rank
    ]
    if fail_on != "never" and any(change.severity.rank >= Severity(fail_on).rank for change in graver):
        return NEWS
    return UNKNOWN if changes.of(Turn.UNKNOWN) or not changes.after.complete else NOTHING


def show(changes: Changes, texts: Mapping[str, TextRecord]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    words = told(say("from")), told(say("to"))
    for word, run in zip(words, (changes.before, changes.after), strict=True):
        lead = padded(word, max(map(cell_len, words)))
        console.print(hanging(Text(f"{lead} {told(name(run))}"), 0))
    for turn, heading in headings().items():
        alike = grouped(changes.of(turn))
        if alike:
            console.print(Text(f"\n{told(heading)} ({len(changes.of(turn))})", style="bold"))
        for found in alike:
            tell(found, console, texts)
    if not changes.findings:
        console.print(Text("\n" + told(say("No finding is new, changed or gone."))))
    if changes.notes:
        console.print(Text("\n" + told(say("Around them")), style="bold"))
        for note in changes.notes:
            console.print(hanging(line_of(note), 2))
    if changes.unchanged:
        console.print(Text("\n" + told(say("Unchanged findings: {count}", count=changes.unchanged))))


def grouped(changes: Sequence[FindingChange]) -> list[list[FindingChange]]:
    """What was said alike of several addresses stands together."""
    found: dict[object, list[FindingChange]] = {}
    for change in changes:
        found.setdefault((change.severity, change.rule, change.title, change.causes), []).append(change)
    return list(found.values())


def tell(found: Sequence[FindingChange], console: Console, texts: Mapping[str, TextRecord]) -> None:
    """Changes that differ in their address only: what, where, why."""
    from rich.text import Text

    from scanner.report.text import one_line

    first = found[0]
    head = Text(told(say(first.severity.value)).upper(), style=LEVELS[first.severity.value])
    head.append(f" {one_line(told(first.title, texts), 200)} ({one_line(first.rule, 20)})", style="default")
    console.print(hanging(head, 2))
    where = ", ".join(one_line(change.address, 60) for change in found if change.address)
    if where:
        console.print(hanging(Text(told(say("on {addresses}", addresses=where))), 4))
    for cause in first.causes:
        console.print(hanging(line_of(cause), 4))


def line_of(cause: Cause) -> Text:
    from rich.text import Text

    from scanner.report.text import one_line

    return Text(one_line(told(cause.text), 400))


def hanging(text: Text, indent: int) -> Padding:
    """Indented, also where it wraps."""
    from rich.padding import Padding

    return Padding(text, (0, 0, 0, indent))


def name(run: RunName) -> str:
    from scanner.report.text import moment, one_line

    said = say(
        "{run} of {host}, {when}, grade {grade}",
        run=say("run {number}", number=run.number) if run.number is not None else say("a file"),
        host=one_line(run.host, 40),
        when=moment(run.started_at),
        grade=run.grade or "?",
    )
    return commas([said, *([] if run.complete else [say("incomplete")]), *filter(None, [one_line(run.title, 40)])])


def headings() -> dict[Turn, str]:
    from scanner.model.history import Turn

    return {
        Turn.NEW: say("New"),
        Turn.CHANGED: say("Changed"),
        Turn.UNKNOWN: say("Not known now"),
        Turn.GONE: say("Gone"),
    }
