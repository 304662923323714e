"""Whole values in another language: every Text in a tree of frozen dataclasses."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from scanner.language.translator import NO_TEXTS, SOURCE, Translator
from scanner.model.run import Run, RunDigest
from scanner.model.text import Text, TextRecord, texts_in

T = TypeVar("T")


def in_language(value: T, language: Translator, texts: Mapping[str, TextRecord] = NO_TEXTS) -> T:
    """``value`` with its Texts translated. A run, and an earlier run in it, goes by the ``texts`` of its own, so that
    one that was stored and read back reads as the fresh one does.
    """
    return value if language.language == SOURCE else _said(value, language, texts)


def texts_of(value: object) -> dict[str, TextRecord]:
    """What the Texts of a value were made of, by their English rendering: ``Run.texts``."""
    return {text[:]: text.record for text in texts_in(value)}


def _said(value: Any, language: Translator, texts: Mapping[str, TextRecord]) -> Any:
    if isinstance(value, str):
        return language.translate(value, texts) if type(value) in (str, Text) else value  # an enum's word is no text
    if dataclasses.is_dataclass(value):
        own = value.texts if isinstance(value, (Run, RunDigest)) else None
        return _fields(value, language, own or texts)
    if isinstance(value, (tuple, list)):
        return type(value)(_said(one, language, texts) for one in value) if type(value) in (tuple, list) else value
    if isinstance(value, dict):
        return {key: _said(one, language, texts) for key, one in value.items()}
    return value


def _fields(value: Any, language: Translator, texts: Mapping[str, TextRecord]) -> Any:
    changed = {}
    for one in dataclasses.fields(value):
        before = getattr(value, one.name)
        if one.init and before is not texts:
            after = _said(before, language, texts)
            if after is not before and after != before:
                changed[one.name] = after
    return dataclasses.replace(value, **changed) if changed else value
