"""What every command takes: --json, -q and -v; and what those that write reports share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scanner.cli.speech import speak

FORMATS_HELP = "html, json, sarif, junit, csv, markdown, prometheus, ndjson or pdf; - is standard output; repeatable."
redact_option = click.option(
    "--redact", is_flag=True, help="Pseudonyms for every address, MAC and name in what is written and shown."
)


def _spoken(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    """Kept for whatever is said from now on, an error first of all."""
    if value is not None:
        speak(ctx, value)
    return value


language_option = click.option("--lang", metavar="LANG", help="en or ja.", callback=_spoken, is_eager=True)
# The same for a command that only speaks, and so need not be told.
speaking_option = click.option(
    "--lang", metavar="LANG", help="en or ja.", callback=_spoken, is_eager=True, expose_value=False
)
_SHARED = (
    click.option("-v", "--verbose", is_flag=True, help="Say everything, however long."),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and what was asked for."),
    click.option("--json", "as_json", is_flag=True, help="Write the result as JSON to standard output."),
)


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the parameters ``as_json``, ``quiet`` and ``verbose``."""
    for option in _SHARED:
        command = option(command)
    return command


def language_of(flag: str | None) -> str:
    """--lang, else what the environment or a file says. Raises InputError."""
    from scanner.config import load

    return load({"lang": flag} if flag else {}, os.environ, None, Path.cwd()).lang
