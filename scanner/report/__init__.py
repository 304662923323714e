"""Run -> document. A new format is one file and one line in FORMATS; what it may use is the run, nothing else.

html      one self-contained page           view      the page as plain values
json      the run document itself           words     what verdicts, severities and states are called
terminal  a summary of one screen           write     documents onto disk, never lost
"""

from collections.abc import Callable

from scanner.model.errors import InputError
from scanner.model.run import Run

Render = Callable[[Run], bytes | str]


def _html(run: Run) -> str:
    from scanner.report.html import render_html  # noqa: PLC0415  (0.3 s that a list of runs need not wait for)

    return render_html(run)


def _json(run: Run) -> str:
    from scanner.codec import run_to_json  # noqa: PLC0415

    return run_to_json(run)


FORMATS: dict[str, Render] = {
    "html": _html,
    "json": _json,
}


def render(run: Run, format: str) -> bytes | str:  # noqa: A002
    """The run in one of FORMATS. Raises InputError for a name that is not in it."""
    if format not in FORMATS:
        raise InputError(f"no such format: {format}", f"use one of {', '.join(FORMATS)}")
    return FORMATS[format](run)
