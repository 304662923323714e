"""Texts are strings that remember what they were made of."""

import copy
import pickle
from enum import StrEnum
from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from scanner.model.text import (
    Text,
    TextRecord,
    alternatives,
    capitalised,
    clauses,
    commas,
    enumerated,
    say,
    say_many,
    sentences,
    texts_in,
)


class Colour(StrEnum):
    RED = "red"


def test_it_is_its_english_rendering() -> None:
    text = say("{count:,} of {address}", count=65_535, address=IPv6Address("2001:db8::1"))
    assert text == "65,535 of 2001:db8::1"
    assert hash(text) == hash("65,535 of 2001:db8::1")
    assert text.record == TextRecord("{count:,} of {address}", {"count": 65_535, "address": "2001:db8::1"})


def test_str_forgets_nothing_and_string_operations_do() -> None:
    text = say("open")
    assert isinstance(str(text), Text)
    assert not isinstance(text.upper(), Text)


def test_it_survives_pickle_and_copy() -> None:
    text = say("{a} and {b}", a=say("one"), b=2)
    for other in (pickle.loads(pickle.dumps(text)), copy.deepcopy(text)):  # noqa: S301 - our own bytes
        assert other == text
        assert other.record == text.record


def test_texts_and_words_of_enums_stay_messages_inside() -> None:
    text = say("{colour} {what}", colour=Colour.RED, what=say("door"))
    assert text.record.parameters == {"colour": TextRecord("red"), "what": TextRecord("door")}


def test_what_prints_itself_as_a_text_stays_one_inside() -> None:
    class Place:
        def __str__(self) -> str:
            return say("{ip} ({kind})", ip="::1", kind="stable")

    assert isinstance(say("on {place}", place=Place()).record.parameters["place"], TextRecord)


def test_one_and_many() -> None:
    assert [say_many("{count} port", "{count:,} ports", n) for n in (0, 1, 1000)] == [
        "0 ports",
        "1 port",
        "1,000 ports",
    ]


def test_lists() -> None:
    assert commas(["a", "b", "c"]) == "a, b, c"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert enumerated(["a"]) == "a"
    assert enumerated([]) == ""
    assert alternatives(["a", "b"]) == "a or b"
    assert clauses(["a", "b"]) == "a; b"
    assert sentences(["A.", "", "B."]) == "A. B."
    assert capitalised(say("open")) == "Open"


def test_without_values_braces_are_characters() -> None:
    assert say("listen { on }") == "listen { on }"


@given(st.text(), st.text())
def test_values_are_never_templates(one: str, other: str) -> None:
    assert say("{a}-{b}", a=one, b=other) == f"{one}-{other}"
    assert commas([one, other]) == f"{one}, {other}"


def test_they_are_found_wherever_they_stand() -> None:
    text = say("open")
    assert list(texts_in({"a": (text, ["plain"]), "b": {"c": text}})) == [text, text]
