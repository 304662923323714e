"""Runs in Japanese: fresh and stored ones read alike, and no English sentence is left."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from scanner.codec import run_from_json, run_to_json
from scanner.findings import Facts
from scanner.language import in_language, translator
from scanner.model.text import say
from scanner.redact.document import redacted
from scanner.report.html import render_html
from scanner.report.terminal import render_terminal

from .runs import FACTS, exposed, run_of

JA = translator("ja")
SENTENCE = re.compile(r"[A-Za-z][a-z]+(?: [a-z]{2,}){2,}")  # three words on end, two of them small
CODE = frozenset({"code", "kbd", "pre", "style", "script"})
# What is the same in every language: commands and settings, and the titles of documents that are cited.
SAME = re.compile(
    r"`[^`]*`|v6expose (?:remedy|recheck|scan|privacy set)[ \w./-]*|bind interfaces only = yes"
    r"|^\s*(?:出典\uff1a|RFC |CWE-|sysctl\.d).*"
)


class Words(HTMLParser):
    """The texts of a page and of the attributes that are read, what is to be typed left out."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "input", "img", "br"):
            self.open.append(tag)
        self.found += [value for name, value in attrs if name in ("aria-label", "title", "placeholder") and value]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the interface of the parser
        self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Holds nothing."""

    def handle_data(self, data: str) -> None:
        if not CODE.intersection(self.open):
            self.found.append(data)


def terminal(run: object, language: str, width: int = 400) -> str:
    stream = StringIO()
    render_terminal(run, Console(file=stream, width=width, height=500), everything=True, language=language)  # type: ignore[arg-type]
    return stream.getvalue()


def english_in(texts: list[str]) -> list[str]:
    return [text.strip() for text in texts if SENTENCE.search(SAME.sub("", text))]


@pytest.mark.parametrize("made", FACTS, ids=lambda made: made.__name__)
def test_no_english_sentence_is_left_in_the_page(made: Callable[[], Facts]) -> None:
    words = Words()
    page = render_html(run_of(made()), "ja")
    words.feed(re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL))
    assert english_in(words.found) == []
    assert '<html lang="ja"' in page


@pytest.mark.parametrize("made", FACTS, ids=lambda made: made.__name__)
def test_no_english_sentence_is_left_on_the_terminal(made: Callable[[], Facts]) -> None:
    assert english_in(terminal(run_of(made()), "ja").splitlines()) == []


@pytest.mark.parametrize("made", FACTS, ids=lambda made: made.__name__)
def test_a_stored_run_reads_as_the_fresh_one(made: Callable[[], Facts]) -> None:
    run = run_of(made())
    stored = run_from_json(run_to_json(run))
    assert stored == run
    assert in_language(stored, JA) == in_language(run, JA)
    assert render_html(stored, "ja") == render_html(run, "ja")


def test_the_run_document_stays_english() -> None:
    run = run_of(exposed())
    assert "answers strangers" in run_to_json(run)
    assert not re.search("[\u3040-\u30ff\u4e00-\u9fff]", run_to_json(run))
    document = re.search(r'id="run-document">(.*?)</script>', render_html(run, "ja"), re.DOTALL)
    assert document is not None
    assert run_from_json(document[1].replace("\\u003c", "<")) == run


def test_english_is_not_touched() -> None:
    run = run_of(exposed())
    assert in_language(run, translator("en")) is run


def test_words_of_enums_that_are_no_texts_stay() -> None:
    run = in_language(run_of(exposed()), JA)
    assert {record.kind for record in run.addresses} == {"stable", "temporary"}


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_of_the_terminal_is_wider_than_it(width: int) -> None:
    from rich.cells import cell_len

    lines = terminal(run_of(exposed()), "ja", width).splitlines()
    assert max(cell_len(line) for line in lines) <= width


def test_a_run_under_pseudonyms_is_told_in_japanese_too() -> None:
    run = redacted(run_of(exposed()), b"key")
    page = Words()
    page.feed(re.sub(r"<(style|script).*?</\1>", "", render_html(run, "ja"), flags=re.DOTALL))
    assert english_in(page.found) == []


@dataclass(frozen=True)
class Page:
    """Something that happens to call a field ``texts``, and is no run."""

    texts: dict[str, str]


def test_only_a_run_s_texts_are_a_table_of_messages() -> None:
    word = say("stable")
    told = in_language(Page({"kind": word}), JA)
    assert told.texts["kind"] == JA.translate(word) != word
