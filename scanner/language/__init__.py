"""User-facing text in English and Japanese (gettext). docs/languages.md tells how to write, extract and translate it.

translator   Translator, translator("ja")              messages in one language
values       in_language(run, translator), texts_of    whole values in one language
extract      what babel reads of services.toml and the other catalogues
locale/      the catalogues: v6expose.po for people, v6expose.mo for gettext
"""

from scanner.language.translator import NAMES, SOURCE, Translator, translator
from scanner.language.values import in_language, texts_of

__all__ = ["NAMES", "SOURCE", "Translator", "in_language", "texts_of", "translator"]
