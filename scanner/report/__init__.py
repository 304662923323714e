"""Run -> document. A new format is one file and one line in FORMATS; what it may use is the run, nothing else.

html      one self-contained page           view      the page as plain values
terminal  a summary of one screen           words     what verdicts, severities and states are called
formats   for machines, and for paper       write     documents onto disk, never lost
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

if TYPE_CHECKING:  # a list of runs is printed without their whole model
    from collections.abc import Callable

    from scanner.model.run import Run

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Format:
    """Where its renderer stands: imported when it is used, for some need half a second. ``spoken``: takes a language;
    ``needs``: a package of an extra.
    """

    module: str
    function: str
    spoken: bool = False
    needs: str = ""

    def load(self) -> Callable[..., bytes | str]:
        renderer: Callable[..., bytes | str] = getattr(importlib.import_module(self.module), self.function)
        return renderer


FORMATS = {
    "html": Format("scanner.report.html", "render_html", spoken=True),
    "json": Format("scanner.codec", "run_to_json"),
    "sarif": Format("scanner.report.formats.sarif", "render_sarif"),
    "junit": Format("scanner.report.formats.junit", "render_junit"),
    "csv": Format("scanner.report.formats.table", "render_csv"),
    "markdown": Format("scanner.report.formats.markdown", "render_markdown"),
    "prometheus": Format("scanner.report.formats.prometheus", "render_prometheus"),
    "ndjson": Format("scanner.report.formats.ndjson", "render_ndjson"),
    "pdf": Format("scanner.report.formats.pdf", "render_pdf", spoken=True, needs="weasyprint"),
}


def require(format: str) -> None:  # noqa: A002
    """Raises EnvironmentFault where a package that ``format`` needs is not installed: before a scan, not after it."""
    needs = FORMATS[format].needs
    if needs and importlib.util.find_spec(needs) is None:
        raise EnvironmentFault(
            say("{format} needs {needs}, which is not installed", format=format, needs=needs),
            say("pip install 'v6expose[{format}]'", format=format),
        )


def render(run: Run, format: str, language: str = ENGLISH) -> bytes | str:  # noqa: A002
    """The run in one of FORMATS. Machines are spoken to in English. Raises InputError for an unknown name."""
    if format not in FORMATS:
        raise InputError(
            say("no such format: {format}", format=format), say("use one of {formats}", formats=", ".join(FORMATS))
        )
    known = FORMATS[format]
    return known.load()(run, language) if known.spoken else known.load()(run)
