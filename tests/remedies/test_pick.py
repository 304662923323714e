"""Which finding is meant."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.remedies.pick import pick
from tests.remedies import sample

RUN = sample.run()
ONE = RUN.findings[0]


@pytest.mark.parametrize("text", ["V6X002", "v6x002", "V6X-002", " V6X002 "])
def test_by_rule(text: str) -> None:
    assert pick(RUN, text) == (sample.WHOLE,)


@pytest.mark.parametrize("text", ["445/tcp", "tcp/445", "445/TCP"])
def test_by_port(text: str) -> None:
    assert {one.address for one in pick(RUN, text)} == {sample.STABLE, sample.TEMPORARY}


def test_by_fingerprint() -> None:
    assert pick(RUN, ONE.fingerprint) == (ONE,)
    assert ONE in pick(RUN, ONE.fingerprint[:10])


def test_a_beginning_that_fits_several_is_refused() -> None:
    twins = tuple(sample.replace(one, fingerprint=f"abcd{number:012x}") for number, one in enumerate(RUN.findings))
    with pytest.raises(InputError, match="more than one fingerprint"):
        pick(sample.replace(RUN, findings=twins), "abcd")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no finding"),
        ("SMB", "names no finding"),
        ("445", "names no finding"),
        ("V6X2", "names no finding"),
        ("V6X999", "has no finding 'V6X999': it has 111/tcp"),
        ("9/tcp", "has no finding"),
        ("99999/tcp", "does not exist"),
        ("0123456789abcdef", "has no finding"),
    ],
)
def test_what_cannot_be_found_is_told(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        pick(RUN, text)


def test_a_run_without_findings_says_so() -> None:
    with pytest.raises(InputError, match="no findings at all"):
        pick(sample.replace(RUN, findings=()), "V6X001")


@given(st.text(max_size=30))
def test_nothing_else_is_ever_raised(text: str) -> None:
    with contextlib.suppress(InputError):
        assert pick(RUN, text)
