"""templates/remedies/*.j2 -> text. The templates get parsed values only, so there is nothing to escape."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import scanner
from scanner.language import SOURCE, translator

FOLDER = "remedies"


def render(template: str, language: str = SOURCE, /, **values: object) -> str:
    """``template`` is a name under templates/remedies/ without its ending. Ends in one newline."""
    return _environment(language).get_template(f"{template}.j2").render(**values).strip("\n") + "\n"


def has_template(template: str) -> bool:
    return (_templates() / f"{template}.j2").is_file()


@cache
def _environment(language: str) -> Environment:
    """Templates say ``_("message", name=value)``; ``lang`` is the tag."""
    spoken = translator(language)
    environment = Environment(
        loader=FileSystemLoader(_templates()),
        autoescape=False,  # noqa: S701 - configuration, not HTML; the report escapes it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(_=spoken.gettext, ngettext=spoken.ngettext, lang=spoken.language)
    return environment


def _templates() -> Path:
    """Inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(scanner.__file__).parent
    installed = package / "_templates" / FOLDER
    return installed if installed.is_dir() else package.parent / "templates" / FOLDER
