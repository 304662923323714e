"""One page in two languages: what a click swaps is all that differs, and nothing else is kept twice."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from scanner.report.bilingual import joined


def entries(page: str, other: str) -> tuple[str, list[dict[str, object]]]:
    marked, table = joined(page, other)
    return marked, json.loads(table)


def test_texts_that_differ_are_marked_by_their_number_below_the_element() -> None:
    marked, table = entries("<p>a <b>x</b> c</p>", "<p>あ <b>x</b> う</p>")
    assert marked == '<p data-t="0">a <b>x</b> c</p>'
    assert table == [{"t": {"0": "あ ", "1": " う"}}]


def test_attributes_that_differ_are_kept() -> None:
    marked, table = entries('<p title="a &amp; b" id="1">x</p>', '<p title="あ &amp; い" id="1">x</p>')
    assert marked == '<p title="a &amp; b" id="1" data-t="0">x</p>'
    assert table == [{"a": {"title": "あ & い"}}]


def test_a_sentence_whose_pieces_moved_is_kept_whole() -> None:
    marked, table = entries("<p>set <code>x</code></p>", "<p><code>x</code> を設定</p>")
    assert marked == '<p data-t="0">set <code>x</code></p>'
    assert table == [{"h": "<code>x</code> を設定"}]


def test_what_recurs_is_kept_once_and_what_is_the_same_not_at_all() -> None:
    marked, table = entries("<p>open</p><p>open</p><p>22</p>", "<p>開放</p><p>開放</p><p>22</p>")
    assert marked == '<p data-t="0">open</p><p data-t="0">open</p><p>22</p>'
    assert len(table) == 1


def test_void_and_closed_elements_and_scripts_stay_as_they_are() -> None:
    page = '<meta charset="utf-8"><svg><path d="M0 0h1"/></svg><script>if (1 < 2) { "</p>"; }</script><input>'
    assert entries(page, page) == (page, [])


def test_english_that_nobody_translated_says_so() -> None:
    page = "<li>probes were handed over by somebody</li><code>not for the man who types</code>"
    marked, _ = entries(page, page)
    assert marked.startswith('<li lang="en">')
    assert "<code>" in marked


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_foreign_text_cannot_leave_its_place(one: str, other: str) -> None:
    marked, table = entries(
        f'<p title="{escape(one)}">{escape(one)}</p>', f'<p title="{escape(other)}">{escape(other)}</p>'
    )
    if one == other:
        assert table == []
    else:
        assert table == [{"a": {"title": other}, "t": {"0": other}}]
    assert marked.count("<") == 2


@pytest.mark.parametrize("first", ["en", "ja"])
def test_a_click_makes_it_the_other_page_and_another_one_brings_it_back(visit: object, first: str) -> None:
    other = {"en": "ja", "ja": "en"}[first]
    made, wanted = visit("hostile", first), visit("hostile", other)  # type: ignore[operator]
    before = made.page.inner_text("body")
    made.page.click("#languages")
    assert made.page.inner_text("body") == wanted.page.inner_text("body")
    assert made.page.evaluate("document.documentElement.lang") == other
    assert made.page.title() == wanted.page.title()
    made.page.click("#languages")
    assert made.page.inner_text("body") == before
    assert made.complaints == []


def test_the_search_finds_in_the_language_that_is_shown(visit: object) -> None:
    made = visit("before")  # type: ignore[operator]
    made.page.fill("#search-text", "zzz")
    made.page.click("#languages")
    made.page.fill("#search-text", "ネットワーク zzz")
    made.page.wait_for_function("document.getElementById('search-found').textContent.startsWith('この報告書')")


def test_without_script_the_page_stands_in_its_language(visit: object, file_of: object) -> None:
    text = file_of("before", "ja").read_text()  # type: ignore[operator]
    assert '<html lang="ja"' in text
    assert '<button type="button" id="languages" lang="en" hidden' in text
