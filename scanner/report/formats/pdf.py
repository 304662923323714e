"""``-o pdf=``: findings and ranges on A4, by weasyprint (extra ``pdf``)."""

import io
import logging
from typing import Any, Never

from scanner.language import SOURCE, in_language, translator
from scanner.model.errors import EnvironmentFault
from scanner.model.run import Run
from scanner.model.text import say
from scanner.report.html import environment_for
from scanner.report.ranges import listing, read_ranges
from scanner.report.text import clean

MOST_RANGES = 40
LONGEST = 3000  # characters of one text


def render_pdf(run: Run, language: str = SOURCE) -> bytes:
    """Raises EnvironmentFault where weasyprint, or the Pango library it needs, is not installed."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to import
    except (ImportError, OSError) as error:
        raise EnvironmentFault(
            say("a PDF needs weasyprint ({why})", why=error),
            say("pip install 'v6expose[pdf]', and Debian's libpangoft2-1.0-0"),
        ) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    page = environment_for(language).get_template("report/paper.html.j2")
    text = page.render(run=in_language(run, translator(language)), shortened=_shortened, brief=_brief)
    out = io.BytesIO()
    HTML(string=text, url_fetcher=_nothing).write_pdf(out)
    return out.getvalue()


def _nothing(url: str, *_: Any, **__: Any) -> Never:
    """The document names no file; whatever does must not be fetched."""
    raise ValueError(f"{url} is not fetched")


def _brief(text: str) -> str:
    return clean(text, LONGEST)


def _shortened(ports: str) -> str:
    text, left = listing(read_ranges(ports), MOST_RANGES)
    return f"{text} … (+{left})" if left else text
