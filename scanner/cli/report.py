"""``v6expose report``: a saved run document, told again."""

import lzma
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scanner.cli.memory import named_run, remember
from scanner.cli.options import FORMATS_HELP, language_of, language_option, redact_option, shared
from scanner.cli.output import STANDARD_OUTPUT, parse_outputs, redacted_if, write_outputs
from scanner.model.errors import InputError
from scanner.model.run import Run
from scanner.model.text import say

REMEDY = say("give a file written by -o json=PATH")
LARGEST = 512 * 1024 * 1024  # bytes; ten addresses with every port alternating are 15 MB
_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952 section 2.3.1
_GZIP_WINDOW = 31
_XZ_MAGIC = b"\xfd7zXZ\x00"
_SAVED_ELSEWHERE = 3


@click.command()
@click.argument("file", metavar="RUN")
@click.option("--host", metavar="NAME", help="With latest: the latest run of this host.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT=PATH", help=FORMATS_HELP)
@language_option
@redact_option
@shared
def report(**options: Any) -> None:
    """Render a run again: on the terminal, or into files with -o.

    RUN is a run of the history (its number, its id or the beginning of one, or latest), or a file that -o json=PATH
    wrote or the HTML report offers for download; - is standard input.
    """
    from rich.console import Console

    from scanner.report.terminal import render_terminal

    language = language_of(options["lang"])
    asked = parse_outputs([*options["outputs"], *(["json=-"] if options["as_json"] else [])])
    run, store = named_run(options["file"], options["host"])
    if store is not None:
        run = remember(store, run)
    run = redacted_if(run, wanted=options["redact"])
    as_asked = write_outputs(run, asked, quiet=options["quiet"], language=language)
    if not (asked or options["quiet"]):
        render_terminal(run, Console(file=sys.stdout), everything=options["verbose"], language=language)
    if not as_asked:
        raise SystemExit(_SAVED_ELSEWHERE)


def read_run(file: str) -> Run:
    """Raises InputError where the file cannot be read or holds no run document."""
    from scanner.codec import run_from_json

    try:
        content = sys.stdin.buffer.read() if file == STANDARD_OUTPUT else Path(file).read_bytes()
        return run_from_json(_unpacked(content))
    except OSError as error:
        raise InputError(say("{file} cannot be read: {why}", file=file, why=error.strerror), REMEDY) from error
    except InputError as error:
        raise InputError(say("{file} is {message}", file=file, message=error.message), error.remedy) from error


def _unpacked(content: bytes) -> bytes:
    """The JSON as it was. Raises InputError where it is damaged, or would fill the memory."""
    if content.startswith(_GZIP_MAGIC):
        return _at_most(zlib.decompressobj(_GZIP_WINDOW).decompress, content, "gzip")
    if content.startswith(_XZ_MAGIC):
        return _at_most(lzma.LZMADecompressor().decompress, content, "xz")
    return content


def _at_most(decompress: Callable[[bytes, int], bytes], content: bytes, kind: str) -> bytes:
    try:
        unpacked = decompress(content, LARGEST + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise InputError(say("a damaged {kind} file", kind=kind), REMEDY) from error
    if len(unpacked) > LARGEST:
        raise InputError(say("larger than {largest:,} bytes when unpacked", largest=LARGEST), REMEDY)
    return unpacked
