"""The checklist as a reader sees it: a word and beside it what it is about, 80 columns; every colour has its word."""

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scanner.checklist.values import Checklist, Item, Status
from scanner.model.text import say
from scanner.report.text import clean, moment, one_line

WORDS = {
    Status.PASS: (say("PASS"), "green"),
    Status.FAIL: (say("FAIL"), "bold red"),
    Status.NOT_MEASURED: (say("NOT MEASURED"), "bold yellow"),
}
WAIVED = (say("WAIVED"), "cyan")
WIDTH = 80
WIDEST = 100
LONGEST = 400  # characters of evidence; everything with -v and in the other formats


def to_text(checklist: Checklist) -> str:
    """Without colours, for files."""
    stream = io.StringIO()
    render(checklist, Console(file=stream, width=WIDTH, no_color=True, highlight=False), everything=True)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def render(checklist: Checklist, console: Console, *, everything: bool = False) -> None:
    """Onto a console, as wide as it is, up to 100 columns. Without ``everything`` long evidence is cut."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), width=min(console.width, WIDEST))
    table.add_column(no_wrap=True, min_width=12)
    table.add_column(ratio=1)
    for item in checklist.items:
        word, style = WAIVED if item.waiver else WORDS[item.status]
        table.add_row(Text(word, style=style), _cell(item, checklist.policy.source, everything=everything))
    console.print(table)
    console.print()
    for line in _closing(checklist):
        console.print(Text(line), width=min(console.width, WIDEST))


def _cell(item: Item, source: str, *, everything: bool) -> Text:
    limit = None if everything else LONGEST
    cell = Text(one_line(item.title), style="bold" if item.status is not Status.PASS else "", overflow="fold")
    cell.append(f"\n{clean(item.evidence, limit)}", style="not bold")
    if item.waiver:
        until = item.waiver.until.isoformat()
        cell.append("\n" + say("waived until {until}: {reason}", until=until, reason=one_line(item.waiver.reason)))
    elif item.remedy:
        cell.append(f"\n-> {clean(item.remedy, limit)}", style="not bold")
    if item.status is not Status.PASS:
        cell.append(f"\n{one_line(source)}:{item.line}", style="not bold dim")
    return cell


def _closing(checklist: Checklist) -> list[str]:
    counts = {status: checklist.count(status) for status in Status}
    lines = [
        say(
            "{passed} pass, {failed} fail, {unknown} not measured, {waived} waived. {host}, run {run} of {at}.",
            passed=counts[Status.PASS],
            failed=counts[Status.FAIL],
            unknown=counts[Status.NOT_MEASURED],
            waived=checklist.waived,
            host=one_line(checklist.host, 60),
            run=one_line(checklist.run, 60),
            at=moment(checklist.measured_at),
        )
    ]
    if checklist.not_required:
        lines.append(say("Not asked for by the policy: {facts}.", facts=", ".join(checklist.not_required)))
    return [str(line) for line in lines]
