"""``-o FORMAT=PATH``: read it, check it before the work, write it after."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from scanner.model.errors import InputError
from scanner.model.run import Run

STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """One document that was asked for; ``path`` ``-`` is standard output."""

    format: str
    path: str


def parse_output(text: str) -> Output:
    """Raises InputError naming what is wrong with ``FORMAT=PATH``."""
    from scanner.report import FORMATS

    format_name, equals, path = text.partition("=")
    if not equals or not path:
        raise InputError(f"{text!r} names no format and path", "write -o FORMAT=PATH, for example -o html=report.html")
    if format_name not in FORMATS:
        raise InputError(f"there is no format {format_name!r}", f"use one of {', '.join(FORMATS)}")
    return Output(format_name, path)


def parse_outputs(texts: Iterable[str]) -> tuple[Output, ...]:
    """Every ``-o``, each of them writable now. Raises InputError."""
    from scanner.report.write import check_writable

    outputs = tuple(parse_output(text) for text in texts)
    if sum(output.path == STANDARD_OUTPUT for output in outputs) > 1:
        raise InputError("two documents cannot share standard output", "give one of them a file name")
    for output in outputs:
        check_writable(output.path)
    return outputs


def write_outputs(run: Run, outputs: Iterable[Output], *, quiet: bool = False) -> bool:
    """Write every document and say on standard error where it went. False: one had to go somewhere else."""
    from scanner.report import render
    from scanner.report.write import write_output

    as_asked = True
    for output in outputs:
        document = render(run, output.format)
        went = write_output(output.path, document)
        if went is None:
            _to_standard_output(document)
        elif went == Path(output.path).expanduser().resolve():
            if not quiet:
                click.echo(f"{output.format}: {went}", err=True)
        else:
            as_asked = False
            click.echo(f"v6expose: {output.path} could not be written; the document is saved as {went}", err=True)
    return as_asked


def _to_standard_output(document: str | bytes) -> None:
    click.echo(document.encode("utf-8", "backslashreplace") if isinstance(document, str) else document, nl=False)
