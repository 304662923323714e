"""The checklist as a reader sees it: a word and beside it what it is about, 80 columns; every colour has its word."""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from scanner.checklist.values import Checklist, Item, Status
from scanner.language import SOURCE, Translator, in_language, translator
from scanner.model.text import say
from scanner.report.text import clean, moment, one_line

WORDS = {
    Status.PASS: (say("PASS"), "green"),
    Status.FAIL: (say("FAIL"), "bold red"),
    Status.NOT_MEASURED: (say("NOT MEASURED"), "bold yellow"),
}
WAIVED = (say("WAIVED"), "cyan")
WIDTH = 80
COLUMN = 14  # of the word
NARROWEST = 20
WIDEST = 100
LONGEST = 400  # characters of evidence; everything with -v and in the other formats


def to_text(checklist: Checklist) -> str:
    """Without colours, for files."""
    stream = io.StringIO()
    render(checklist, Console(file=stream, width=WIDTH, no_color=True, highlight=False), everything=True)
    return stream.getvalue()


def render(checklist: Checklist, console: Console, *, everything: bool = False, language: str = SOURCE) -> None:
    """Onto a console, as wide as it is, up to 100 columns. Without ``everything`` long evidence is cut."""
    spoken = translator(language)
    told = in_language(checklist, spoken)
    width = min(console.width, WIDEST)
    for item in told.items:
        word, style = WAIVED if item.waiver else WORDS[item.status]
        lead = Text(f"{spoken.translate(word):<{COLUMN}}", style=style)
        for line in _lines(item, told.policy.source, spoken, everything=everything):
            lead = _put(console, lead, line, width)
    console.print()
    for text in _closing(told):
        _put(console, Text(), Text(spoken.translate(text)), width)


def _put(console: Console, lead: Text, line: Text, width: int) -> Text:
    """Wrapped beside ``lead``; returns the blank that stands there for what follows."""
    blank = Text(" " * len(lead))
    for row in line.wrap(console, max(width - len(lead), NARROWEST)):
        row.rstrip()
        console.print(lead + row, soft_wrap=True)
        lead = blank
    return blank


def _lines(item: Item, source: str, spoken: Translator, *, everything: bool) -> Iterator[Text]:
    limit = None if everything else LONGEST
    yield Text(one_line(item.title), style="" if item.status is Status.PASS else "bold")
    yield Text(clean(item.evidence, limit))
    if item.waiver:
        until = item.waiver.until.isoformat()
        told = say("waived until {until}: {reason}", until=until, reason=one_line(item.waiver.reason))
        yield Text(spoken.translate(told))
    elif item.remedy:
        yield Text(f"-> {clean(item.remedy, limit)}")
    if item.status is not Status.PASS:
        yield Text(f"{one_line(source)}:{item.line}", style="dim")


def _closing(checklist: Checklist) -> Sequence[str]:
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
    return lines
