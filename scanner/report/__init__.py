"""Run -> document. A new format is one file and one line in FORMATS; what it may use is the run, nothing else.

html      one self-contained page           view      the page as plain values
json      the run document itself           words     what verdicts, severities and states are called
terminal  a summary of one screen           write     documents onto disk, never lost
"""

from collections.abc import Callable

from scanner.codec import run_to_json
from scanner.model.errors import InputError
from scanner.model.run import Run
from scanner.report.html import render_html

Render = Callable[[Run], bytes | str]

FORMATS: dict[str, Render] = {
    "html": render_html,
    "json": run_to_json,
}


def render(run: Run, format: str) -> bytes | str:  # noqa: A002
    """The run in one of FORMATS. Raises InputError for a name that is not in it."""
    if format not in FORMATS:
        raise InputError(f"no such format: {format}", f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](run)
