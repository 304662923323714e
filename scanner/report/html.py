"""Run -> one HTML file that fetches nothing: style, script, pictures and the run document are all inside.

The page forbids itself everything else (Content Security Policy level 3): ``default-src 'none'``, and style and script
only by the hash of exactly what is written here. Every value passes ``clean`` and then HTML escaping.
"""

import base64
import gzip
import hashlib
import lzma
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import scanner
from scanner.codec import run_to_json
from scanner.language import NAMES, SOURCE, in_language, translator
from scanner.model.run import Run
from scanner.report.bilingual import joined
from scanner.report.text import clean
from scanner.report.view import view_of

LARGEST_PLAIN = 1_000_000  # characters of JSON that are embedded readable; more are compressed
LARGEST_FOR_GZIP = 8_000_000  # characters; beyond, gzip does not get it small
LARGEST_GZIP = 1_000_000  # bytes; more are compressed harder, by what browsers cannot read
_KIB = 1024
_NO_WORDS = '<script type="application/json" id="other-words"></script>'  # as the template has it
# what a browser, an editor or a terminal might act on instead of showing
_UNSEEN = re.compile("[<>&\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Embedded:
    """The run document inside the page: ``json`` for a data block, or ``link`` to a gzip or xz file if large."""

    name: str
    size: str
    json: Markup
    link: Markup


def render_html(run: Run, language: str = SOURCE) -> str:
    """The page in ``language``, which changes to the other one at a click. Raises InputError where the document's port
    lists cannot be read, or for a language that nobody speaks here.
    """
    translator(language)
    document = _embedded(run)
    page, words = joined(*(_page(run, document, one) for one in (language, _other(language))))
    return page.replace(_NO_WORDS, _NO_WORDS.replace("><", f">{_UNSEEN.sub(_json_escape, words)}<"), 1)


def _page(run: Run, document: Embedded, language: str) -> str:
    spoken = translator(language)
    environment = environment_for(language)
    style, script = source_of(environment, "report/report.css"), source_of(environment, "report/report.js")
    return environment.get_template("report.html.j2").render(
        view=in_language(view_of(in_language(run, spoken), language), spoken),
        document=document,
        other={"tag": _other(language), "name": NAMES[_other(language)]},
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; "
        "base-uri 'none'; form-action 'none'",
    )


def _other(language: str) -> str:
    """The one that a click changes to."""
    return next(name for name in NAMES if name != language)


def templates() -> Path:
    """The templates: inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(scanner.__file__).parent
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


@cache
def environment_for(language: str = SOURCE) -> Environment:
    """Templates say ``_("message", name=value)`` and ``ngettext("one", "many", count)``; ``lang`` is the tag."""
    environment = Environment(
        loader=FileSystemLoader(templates()),
        autoescape=True,  # select_autoescape() would leave *.html.j2 unescaped
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    spoken = translator(language)
    environment.globals.update(_=spoken.gettext, ngettext=spoken.ngettext, lang=language)
    return environment


def _shown(value: object) -> object:
    """What every ``{{ }}`` passes before it is escaped."""
    return value if isinstance(value, Markup) else clean(str(value))


def source_of(environment: Environment, name: str) -> Markup:
    """Our own style or script, word for word: its hash stands in the policy."""
    return Markup(environment.get_template(name).render().strip())  # noqa: S704


def hash_of(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _embedded(run: Run) -> Embedded:
    text = run_to_json(run)
    name = f"v6expose-{re.sub(r'[^A-Za-z0-9-]+', '-', run.run.id)[:60]}.json"
    size = f"{max(len(text) // _KIB, 1):,} KiB"
    if len(text) <= LARGEST_PLAIN:
        return Embedded(name, size, Markup(_UNSEEN.sub(_json_escape, text)), Markup(""))  # noqa: S704
    # level 2: on port lists smaller than level 6, and three times as fast
    packed = gzip.compress(text.encode(), compresslevel=2, mtime=0) if len(text) <= LARGEST_FOR_GZIP else b""
    if 0 < len(packed) <= LARGEST_GZIP:
        return Embedded(f"{name}.gz", size, Markup(""), _data("gzip", packed))
    # gzip looks back 32 KiB; the same port lists stand in many tables, each of them longer than that
    return Embedded(f"{name}.xz", size, Markup(""), _data("x-xz", lzma.compress(text.encode(), preset=1)))


def _data(kind: str, content: bytes) -> Markup:
    return Markup(f"data:application/{kind};base64,{base64.b64encode(content).decode()}")  # noqa: S704


def _json_escape(found: re.Match[str]) -> str:
    """RFC 8259 section 7: any character may be written as its UTF-16 code units."""
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))
