import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.report.text import clean, count, doubt, left_off, lifetime, moment, one_line, percent, rfc_link, took

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)  # surrogates and all
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@settings(deadline=None)
@given(ANY_TEXT)
def test_clean_leaves_nothing_invisible(text: str) -> None:
    shown = clean(text)
    assert not [letter for letter in shown if letter != "\n" and unicodedata.category(letter) in UNSEEN]
    shown.encode()


@settings(deadline=None)
@given(ANY_TEXT)
def test_clean_twice_is_clean_once(text: str) -> None:
    assert clean(text) == clean(clean(text))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_clean_leaves_plain_text_alone(text: str) -> None:
    assert clean(text) == text


@settings(deadline=None)
@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("nul\x00", "nul<U+0000>"),
        ("gnp.\u202eexe", "gnp.<U+202E>exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("c1\x9b2J", "c1<U+009B>2J"),
        ("line\u2028separator", "line<U+2028>separator"),
        ("lone\udc80byte", "lone<U+DC80>byte"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("two\nlines", "two\nlines"),
        ("tab\tstop", "tab stop"),
        ("Zürich 東京", "Zürich 東京"),
        ("e\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301x"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_megabyte_is_cut_and_says_so() -> None:
    assert one_line("A" * 1_000_000, 10) == "AAAAAAAAAA … (999,990 more characters)"


@settings(deadline=None)
@given(ANY_TEXT, st.integers(1, 30))
def test_the_limit_counts_what_was_there(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert shown.endswith("more characters)") == (len(text) > limit)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "for ever"),
        (0, "over"),
        (-5, "over"),
        (59, "59 s"),
        (60, "1 min"),
        (3_661, "1 h 1 min"),
        (81_342, "22 h 35 min"),
        (604_800, "7 d"),
        (599_742, "6 d 22 h"),
        (86_401, "1 d"),
    ],
)
def test_lifetime(seconds: int | None, expected: str) -> None:
    assert lifetime(seconds) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.00001, "under 0.1 %"),
        (0.99999, "99.9 %"),
        (0.5, "50 %"),
        (0.085, "8.5 %"),
        (0.0015, "0.1 %"),
    ],
)
def test_percent(share: float, expected: str) -> None:
    assert percent(share) == expected


@settings(deadline=None)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_percent_is_never_all_or_nothing_unless_it_is(share: float) -> None:
    assert percent(share) not in {"0 %", "100 %"}


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        (None, "nothing bounds how likely it is that a port called blocked was merely lost"),
        (float("nan"), "nothing bounds how likely it is that a port called blocked was merely lost"),
        (-1.0, "nothing bounds how likely it is that a port called blocked was merely lost"),
        (0.0, "no port was called blocked because of silence"),
        (1e-4, "at most 1 in 10,000 that a port called blocked was merely lost"),
        (1 / 9_999, "at most 1 in 9,900 that a port called blocked was merely lost"),
        (0.031, "at most 1 in 32 that a port called blocked was merely lost"),
        (1.0, "at most 1 in 1 that a port called blocked was merely lost"),
        (float("inf"), "at most 1 in 1 that a port called blocked was merely lost"),
    ],
)
def test_doubt(bound: float | None, expected: str) -> None:
    assert doubt(bound) == expected


@settings(deadline=None)
@given(st.floats(5e-324, 1.0))
def test_doubt_never_claims_more_than_the_bound(bound: float | None) -> None:
    odds = int(doubt(bound).split(" in ")[1].split(" ")[0].replace(",", ""))
    assert 1 / odds >= bound * 0.999_999


@pytest.mark.parametrize(
    ("standard", "expected"),
    [
        ("RFC 6092 REC-33; RFC 4864", "https://www.rfc-editor.org/rfc/rfc6092"),
        ("see RFC8981", "https://www.rfc-editor.org/rfc/rfc8981"),
        ("our own rule", ""),
        ('RFC "><script>', ""),
    ],
)
def test_rfc_link(standard: str, expected: str) -> None:
    assert rfc_link(standard) == expected


def test_counts_and_times() -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert count(1, "port") == "1 port"
    assert count(65_527, "port") == "65,527 ports"
    assert count(2, "address", "addresses") == "2 addresses"
    assert left_off(0, "finding") == ""
    assert left_off(2, "finding") == "2 more findings, in the run document"
    assert moment(start) == "2026-01-02 03:04 UTC"
    assert took(start, start + timedelta(seconds=24.6)) == "24.6 s"
    assert took(start, start + timedelta(seconds=71)) == "1 min 11 s"
    assert took(start, start - timedelta(seconds=1)) == "0.0 s"
