"""What is said on the terminal, in the language of this invocation: ``--lang``, else what V6EXPOSE_LANG or a
configuration file says, else English.

told("...")   a message in that language              warn("...")   one line on standard error
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.model.text import TextRecord

ENGLISH = "en"
LONGEST_WARNING = 2000
_META = "scanner.cli.speech"


def speak(context: click.Context, language: str) -> None:
    """``--lang`` was given. Raises InputError, said in English, for a language that nobody speaks."""
    from scanner.language import translator

    context.meta[_META] = translator(language).language


def language() -> str:
    """Of this invocation; a configuration that cannot be read is told by who needs it, in the language that is left."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ENGLISH
    if _META not in context.meta:
        context.meta[_META] = _configured()
    return str(context.meta[_META])


def told(text: str, texts: Mapping[str, TextRecord] | None = None) -> str:
    """``text`` in the reader's language; what is no message stays as it is. ``texts`` are those of a stored run."""
    if (spoken := language()) == ENGLISH:
        return text
    from scanner.language import translator

    return translator(spoken).translate(text, texts or {})


def warn(text: str) -> None:
    """One line on standard error. What a file or a far end said may hold escape sequences: they are made visible."""
    from scanner.report.text import one_line

    click.echo(f"v6expose: {one_line(told(text), LONGEST_WARNING)}", err=True)


def padded(text: str, width: int) -> str:
    """``text`` filled up with blanks to so many columns of a terminal, where a letter of Japanese takes two."""
    from rich.cells import cell_len

    return text + " " * (width - cell_len(text))


def _configured() -> str:
    from scanner.config import LANGUAGES, load

    try:
        return load({}, os.environ, None, Path.cwd()).lang
    except InputError:
        asked = os.environ.get("V6EXPOSE_LANG", "")
        return asked if asked in LANGUAGES else ENGLISH
