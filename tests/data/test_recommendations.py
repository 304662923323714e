"""The fifty recommendations: all there, in order, each measured or with a reason why not."""

from typing import Any

import pytest

from scanner.data.recommendations import load_recommendations, parse_recommendations
from scanner.model.errors import InputError

GOOD = {"number": 1, "level": "MUST", "title": "A router routes", "how": "look"}


def test_all_fifty_are_there() -> None:
    rows = load_recommendations()
    assert [row.number for row in rows] == list(range(1, 51))
    assert [row.id for row in rows[:2]] == ["REC-1", "REC-2"]


def test_what_takes_forged_sources_is_not_measured() -> None:
    assert "forged" in load_recommendations()[5].untestable


def test_titles_are_statements_of_their_own() -> None:
    titles = [row.title for row in load_recommendations()]
    assert len(set(titles)) == 50
    assert all(title[0].isupper() and not title.endswith(".") for title in titles)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"number": 2}, "number = 1"),
        ({"level": "WOULD"}, "WOULD"),
        ({"title": " "}, "no title"),
        ({"how": ""}, "one of how and untestable"),
        ({"untestable": "too hard"}, "one of how and untestable"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_row_that_does_not_fit_is_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=r"simple_security\.toml: row 1") as error:
        parse_recommendations({"recommendation": [GOOD | change]})
    assert word in str(error.value) + str(error.value.remedy)


def test_a_row_that_fits() -> None:
    assert parse_recommendations({"recommendation": [GOOD]})[0].how == "look"
