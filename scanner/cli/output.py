"""``-o FORMAT=PATH``: read it, check it before the work, write it after."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from scanner.cli.speech import warn
from scanner.model.errors import InputError
from scanner.model.run import Run
from scanner.model.text import say

STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """One document that was asked for; ``path`` ``-`` is standard output."""

    format: str
    path: str


def parse_output(text: str, known: Collection[str]) -> Output:
    """Raises InputError naming what is wrong with ``FORMAT=PATH``."""
    format_name, equals, path = text.partition("=")
    if not equals or not path:
        raise InputError(
            say("{text!r} names no format and path", text=text),
            say("write -o FORMAT=PATH, for example -o html=report.html"),
        )
    if format_name not in known:
        raise InputError(
            say("there is no format {format_name!r}", format_name=format_name),
            say("use one of {known}", known=", ".join(known)),
        )
    return Output(format_name, path)


def parse_outputs(texts: Iterable[str], known: Collection[str] | None = None) -> tuple[Output, ...]:
    """Every ``-o``, each of them writable now; ``known`` are the formats, None for those of a report. Raises
    InputError.
    """
    from scanner.report import FORMATS, require
    from scanner.report.write import check_writable

    outputs = tuple(parse_output(text, FORMATS if known is None else known) for text in texts)
    for output in outputs if known is None else ():
        require(output.format)
    if sum(output.path == STANDARD_OUTPUT for output in outputs) > 1:
        raise InputError(say("two documents cannot share standard output"), say("give one of them a file name"))
    for output in outputs:
        check_writable(output.path)
    return outputs


def write_outputs(run: Run, outputs: Iterable[Output], *, quiet: bool = False, language: str = "en") -> bool:
    """The run in every format that was asked for, for people in ``language``; see ``write_documents``.

    Where one cannot be made, by a fault of ours, the run document is written in its place: nothing measured is lost.
    """
    from scanner.report import render

    failed: list[Output] = []

    def made(output: Output) -> str | bytes:
        try:
            return render(run, output.format, language)
        except Exception as error:  # noqa: BLE001  (whatever it is, the other documents are written)
            failed.append(Output("json", STANDARD_OUTPUT if output.path == STANDARD_OUTPUT else f"{output.path}.json"))
            why = f"{type(error).__name__}: {error}"
            warn(say("{format} could not be made ({why})", format=output.format, why=why))
            return ""

    as_asked = write_documents(((output, partial(made, output)) for output in outputs), quiet=quiet)
    instead = [(output, partial(render, run, "json")) for output in failed]
    return write_documents(instead, quiet=quiet) and as_asked and not failed


def write_documents(documents: Iterable[tuple[Output, Callable[[], str | bytes]]], *, quiet: bool = False) -> bool:
    """Write what each of them makes and say on standard error where it went. False: one had to go somewhere else."""
    from scanner.report.write import write_output

    as_asked = True
    for output, make in documents:
        document = make()
        if not document:
            continue
        went = write_output(output.path, document)
        if went is None:
            _to_standard_output(document)
        elif went == Path(output.path).expanduser().resolve():
            if not quiet:
                click.echo(f"{output.format}: {went}", err=True)
        else:
            as_asked = False
            warn(say("{path} could not be written; the document is saved as {went}", path=output.path, went=went))
    return as_asked


def _to_standard_output(document: str | bytes) -> None:
    click.echo(document.encode("utf-8", "backslashreplace") if isinstance(document, str) else document, nl=False)


def redacted_if(run: Run, *, wanted: bool, key: bytes = b"") -> Run:
    """The run under pseudonyms, if that is wanted: those of ``key``, or of one that nobody keeps."""
    if not wanted:
        return run
    import secrets

    from scanner.redact import redacted

    return redacted(run, key or secrets.token_bytes(16))
