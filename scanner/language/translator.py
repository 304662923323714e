"""Messages in one language. English is what the source says; every other language is a gettext catalogue."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from scanner.model.errors import InputError
from scanner.model.text import Text, TextRecord, folded, say

DOMAIN = "v6expose"
SOURCE = "en"
NAMES = {"en": "English", "ja": "日本語"}  # each in its own language, for whoever looks for it
NO_TEXTS: Mapping[str, TextRecord] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Translator:
    """``language`` is a BCP 47 tag as ``lang`` attributes want it."""

    language: str
    catalogue: gettext.NullTranslations

    def translate(self, text: str, texts: Mapping[str, TextRecord] = NO_TEXTS) -> str:
        """``text`` in this language. What it was made of is looked up in ``texts`` (the run's) or asked of the Text
        itself; foreign text, such as a banner, stays as it is.
        """
        if self.language == SOURCE:
            return text
        record = texts.get(text) or (text.record if isinstance(text, Text) else None)
        return self._render(record) if record else text

    def gettext(self, message: str, /, **values: object) -> str:
        """A message of a template; ``values`` that are markup stay it."""
        return _filled(self.catalogue.gettext(message) if message else "", values)

    def ngettext(self, one: str, many: str, count: int, /, **values: object) -> str:
        return _filled(self.catalogue.ngettext(one, many, count), {"count": count, **values})

    def _render(self, record: TextRecord) -> str:
        template = self._template(record)
        if record.items:
            return folded(template, tuple(self._shown(item) for item in record.items))
        values = {name: self._shown(value) for name, value in record.parameters.items()}
        return template.format(**values) if values else template

    def _template(self, record: TextRecord) -> str:
        if record.count is None:
            return self.catalogue.gettext(record.message) if record.message else ""
        return self.catalogue.ngettext(record.message, record.plural, record.count)

    def _shown(self, value: str | float | TextRecord) -> Any:
        return self._render(value) if isinstance(value, TextRecord) else value


def _filled(template: str, values: Mapping[str, object]) -> str:
    if any(hasattr(value, "__html__") for value in values.values()):
        return Markup.escape(template).format(**values)
    return template.format(**values) if values else template


@cache
def translator(language: str) -> Translator:
    """Raises InputError for a language that nobody has translated to."""
    if language not in NAMES:
        raise InputError(
            say("--lang {language!r} is not spoken here", language=language),
            say("use one of {names}", names=", ".join(NAMES)),
        )
    if language == SOURCE:
        return Translator(language, gettext.NullTranslations())
    path = resources.files(__package__).joinpath("locale", language, "LC_MESSAGES", f"{DOMAIN}.mo")
    with path.open("rb") as compiled:
        return Translator(language, gettext.GNUTranslations(compiled))
