"""Nothing that a reader is told is missing from the Japanese catalogue, and what stands in it can be used."""

import io
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "scanner" / "language" / "locale" / "ja" / "LC_MESSAGES"
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "say": None,
    "say_many": (1, 2),
    "mark": None,
    "_": None,
    "ngettext": (1, 2),
}
# What stays as it is in Japanese: patterns of values alone, and names.
SAME = re.compile(r"[\W\d_]*(\{\w+(:[^}]*)?\}[\W\d_]*)*")
NAMES = re.compile(r"[A-Za-z0-9 ./()+!-]*(\{\w+\})?|pip install '[^']*'")


@cache
def catalogue() -> Catalog:
    return read_po((PLACE / "v6expose.po").open("rb"), locale="ja")


@cache
def extracted() -> frozenset[str]:
    """The message ids of the source, the singular of those that count."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS, directory_filter=_is_ours)
    return frozenset(message if isinstance(message, str) else message[0] for _, _, message, _, _ in found)


def _is_ours(path: str) -> bool:
    top = Path(path).relative_to(ROOT).parts[:1]
    return top in ((), ("scanner",), ("templates",))


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_every_message_of_the_source_is_in_the_catalogue() -> None:
    assert len(extracted()) > 1_000
    missing = extracted() - {key(message) for message in messages()}
    assert not missing, "run `make messages` and translate"


def test_no_message_is_untranslated_or_unsure() -> None:
    assert [key(message) for message in messages() if not all(forms(message))] == []
    assert [key(message) for message in messages() if message.fuzzy] == []


def test_no_message_of_the_catalogue_is_gone_from_the_source() -> None:
    assert {key(message) for message in messages()} <= extracted()
    assert list(catalogue().obsolete) == []


def test_translations_hold_the_same_placeholders() -> None:
    wrong = []
    for message in messages():
        if isinstance(message.id, str):
            wanted = fields(message.id) if "python-brace-format" in message.flags else set()
        else:
            wanted = fields(message.id[1])
        if wanted:
            wrong += [(key(message), form) for form in forms(message) if fields(form) != wanted]
    assert wrong == []


def test_commands_in_backticks_stay_word_for_word() -> None:
    for message in messages():
        commands = set(re.findall("`([^`]+)`", key(message)))
        for form in forms(message):
            assert set(re.findall("`([^`]+)`", form)) == commands, key(message)


def test_translations_are_japanese() -> None:
    """A translation equal to its source is a pattern or a name, and whole sentences end as Japanese ones do."""
    for message in messages():
        source = key(message)
        if forms(message)[0] == source:
            assert SAME.fullmatch(source) or NAMES.fullmatch(source) or source == "{one} + {next}", source
        if re.search(r"[a-z]{2}\.$", source) and " " in source:
            assert forms(message)[0].endswith(("。", "\uff1a")), source


@pytest.mark.parametrize("path", ["v6expose.mo"])
def test_the_compiled_catalogue_is_that_of_the_text(path: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    assert (PLACE / path).read_bytes() == compiled.getvalue(), "run `make messages`"
