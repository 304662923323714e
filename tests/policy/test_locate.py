"""On which line a key stands: for whatever tomllib takes, and nothing is made up or left out."""

import tomllib
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scanner.policy.locate import Path, locate

from .toml_texts import toml_texts

EXAMPLE = '''# [[allow]] in a comment
host = "a # b"

[[allow]] # the first
protocol = "tcp"
ports = """
22,
443"""
from = [ "a",
  # ports = 3
  "b" ]

[[allow]]
"ports" = '[[waive]]'
x.y.z = { p = 1, q = [ 2, 3 ] }

[require.deep]
a = 1979-05-27 07:32:00
'''


def paths_of(value: Any, path: Path = ()) -> set[Path]:
    """Every path in a parsed document but the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} - {()} | {found for key, one in inner for found in paths_of(one, (*path, key))}


def test_every_kind_of_place() -> None:
    assert locate(EXAMPLE) == {
        ("host",): 2,
        ("allow",): 4,
        ("allow", 0): 4,
        ("allow", 0, "protocol"): 5,
        ("allow", 0, "ports"): 6,
        ("allow", 0, "from"): 9,
        ("allow", 0, "from", 0): 9,
        ("allow", 0, "from", 1): 11,
        ("allow", 1): 13,
        ("allow", 1, "ports"): 14,
        ("allow", 1, "x"): 15,
        ("allow", 1, "x", "y"): 15,
        ("allow", 1, "x", "y", "z"): 15,
        ("allow", 1, "x", "y", "z", "p"): 15,
        ("allow", 1, "x", "y", "z", "q"): 15,
        ("allow", 1, "x", "y", "z", "q", 0): 15,
        ("allow", 1, "x", "y", "z", "q", 1): 15,
        ("require",): 17,
        ("require", "deep"): 17,
        ("require", "deep", "a"): 18,
    }


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1", "\r\na = 1"])
def test_small_texts(text: str) -> None:
    assert set(locate(text)) == paths_of(tomllib.loads(text))


def test_nested_arrays_of_tables() -> None:
    text = "[[a]]\n[[a.b]]\n[a.b.c]\nd = 1\n[[a.b]]\n[[a]]\n[[a.b]]\n"
    found = locate(text)
    assert set(found) == paths_of(tomllib.loads(text))
    assert (found["a", 0, "b", 1], found["a", 1], found["a", 1, "b", 0]) == (5, 6, 7)


def parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@settings(deadline=None, max_examples=150)
@given(toml_texts())
def test_it_knows_the_line_of_everything_that_was_written(written: tuple[str, dict[Path, int]]) -> None:
    text, lines = written
    document = parsed(text)
    assume(document is not None)
    assert paths_of(document) == set(lines)  # the writer tells the truth
    assert locate(text) == lines


@settings(deadline=None)
@given(st.text("ab[]{}=.,#'\"\\ \n\r1", max_size=60))
def test_of_any_text_it_ends_and_knows_what_tomllib_knows(text: str) -> None:
    found = locate(text)
    document = parsed(text)
    assert document is None or set(found) == paths_of(document)
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
