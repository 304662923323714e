"""Numbers, lists and ports as a reader wants them."""

import pytest

from scanner.findings.words import cleaned, counted, listed, port_list, sentence


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [(0, "port", "0 ports"), (1, "port", "1 port"), (65535, "port", "65,535 ports"), (2, "address", "2 addresses")],
)
def test_counted(number: int, noun: str, expected: str) -> None:
    assert counted(number, noun) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_listed(words: list[str], expected: str) -> None:
    assert listed(words, most=3) == expected


def test_short_port_lists_are_whole() -> None:
    assert port_list({443, 22, 80, 81}) == "22,80-81,443"


def test_long_port_lists_are_cut_and_the_rest_is_counted() -> None:
    assert port_list(range(1, 101, 2)).endswith(",37,39 and 30 more")


def test_cleaned_text_is_printable_and_short() -> None:
    assert cleaned("a\x1b[31m\u202eb\n") == "a?[31m?b?"
    assert len(cleaned("x" * 500)) == 60


def test_sentence_leaves_the_rest_alone() -> None:
    assert sentence("an SSH server") == "An SSH server"
    assert sentence("") == ""
