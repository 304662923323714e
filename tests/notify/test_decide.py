"""Sequences of runs -> what is told after each. A letter a run; no I/O."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.finding import Severity
from scanner.notify.decide import FORGET, decide
from scanner.notify.pulse import MOST_CHANGES, WINDOW, beat
from scanner.notify.values import Absence, Found, HostState, Look, NewsKind, Pulse, Said

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def found(fingerprint: str = "ssh", severity: Severity = Severity.HIGH) -> Found:
    return Found(fingerprint, severity, Said(f"{fingerprint} answers"), ("2001:db8::1",), "tcp", 22, ("r",), ("vps",))


# there; proven away; found away as a whole; not looked at; not measured; ended by the owner; graver
LOOKS = {
    "P": Look((found(),)),
    "p": Look((found(),), measured=False, why=Said("half of it")),
    "C": Look((found(severity=Severity.CRITICAL),)),
    "-": Look(absent={"ssh": Absence.SHUT}),
    "g": Look(absent={"ssh": Absence.GONE}),
    "n": Look(),
    "x": Look(measured=False, why=Said("vps cannot be reached")),
    "i": Look(measured=None),
}


def told(sequence: str, step: timedelta = HOUR, state: HostState | None = None) -> tuple[str, HostState]:
    """What is told after each run, by words; runs are parted by spaces."""
    state, words = state or HostState(), []
    for number, letter in enumerate(sequence):
        state, news = decide(state, LOOKS[letter], BEGAN + number * step)
        words.append("+".join(one.kind.value for one in news) or ".")
    return " ".join(words), state


@pytest.mark.parametrize(
    ("sequence", "expected"),
    [
        # known is no news
        ("PPP", "new . ."),
        # closed after two complete runs in a row that proved it, and once
        ("P---", "new . shut ."),
        ("Pggg", "new . gone ."),
        ("P-P", "new . ."),
        # a run that did not look, or was not complete, closes nothing and does not begin anew either
        ("Pnnn", "new . . ."),
        ("P-n-", "new . . shut"),
        ("Pxx", "new unmeasured ."),
        ("P-x-", "new . unmeasured shut+measured"),
        # back only after it was told as closed
        ("P--P", "new . shut back"),
        ("P-nP", "new . . ."),
        # graver than told, not as grave as it was once
        ("PCPC", "new graver . ."),
        ("CP", "new ."),
        ("C--PC", "new . shut back graver"),
        # found by a run that was not complete
        ("p", "new+unmeasured"),
        # not measured: once, until it is again
        ("xxxP", "unmeasured . . new+measured"),
        ("nxxn", ". unmeasured . measured"),
        # ended by the owner, who knows
        ("nin", ". . ."),
        ("xiin", "unmeasured . . measured"),
    ],
)
def test_what_is_told(sequence: str, expected: str) -> None:
    assert told(sequence)[0] == expected


def test_a_flapping_port_is_told_once_and_muted() -> None:
    """On the fourth change within 24 hours: there, away, there, away."""
    words, state = told("P-" * 20)
    assert words == " ".join(["new", ".", ".", "flapping", *["."] * 36])
    assert state.known["ssh"].pulse.muted
    words, _ = told("PP--" * 12)
    assert words.split() == ["new", ".", ".", "shut", "back", ".", "flapping", *["."] * 41]


def test_changes_that_are_far_apart_are_no_flapping() -> None:
    words, _ = told("PP--PP--PP--", step=timedelta(hours=9))
    assert words == "new . . shut back . . shut back . . shut"


@pytest.mark.parametrize(("ending", "last"), [("P", "steady"), ("-", "shut"), ("g", "gone")])
def test_after_a_quiet_day_it_is_told_how_it_stands(ending: str, last: str) -> None:
    words, state = told("P-P-P" + ending * 30)
    said = [word for word in words.split() if word != "."]
    assert said == ["new", "flapping", last]
    assert words.split().index(last) >= 5 + 23
    assert not state.known["ssh"].pulse.muted
    assert told(ending * 3, state=state)[0] == ". . ."


def test_quiet_without_a_look_is_not_quiet_enough_to_say_it_is_closed() -> None:
    words, _ = told("P-P-" + "x" * 30 + "--")
    assert words.split()[-2:] == ["shut+measured", "."]
    words, _ = told("P-P-" + "n" * 30 + "P")
    assert words.split()[-1] == "."  # that is another change


def test_graver_breaks_through_the_mute() -> None:
    words, _ = told("P-P-P-C-C-C")
    assert words == "new . . flapping . . graver . . . ."


def test_measuring_that_flaps_is_told_once_and_muted() -> None:
    words, _ = told("nx" * 20)
    assert words == " ".join([".", "unmeasured", "measured", "unmeasured", "unsteady", *["."] * 35])
    words, _ = told("nxnxn" + "n" * 30)
    assert [word for word in words.split() if word != "."] == [
        "unmeasured", "measured", "unmeasured", "unsteady", "measured",
    ]  # fmt: skip


def test_the_first_run_starts_the_memory_even_if_it_finds_nothing() -> None:
    assert told("n")[1].started
    assert told("p")[1].started
    assert not told("x")[1].started


def test_what_no_run_has_had_for_long_is_forgotten() -> None:
    _, state = told("P")
    after, _ = decide(state, LOOKS["n"], BEGAN + FORGET)
    assert after.known == {}
    _, news = decide(after, LOOKS["P"], BEGAN + FORGET + HOUR)
    assert [one.kind for one in news] == [NewsKind.NEW]


def test_news_stand_by_kind_and_severity() -> None:
    _, state = told("P--")
    look = Look((found("b", Severity.LOW), found("a", Severity.HIGH), found("ssh")), measured=False, why=Said("half"))
    _, news = decide(state, look, BEGAN + 3 * HOUR)
    assert [(one.kind, one.title.text) for one in news] == [
        (NewsKind.NEW, "a answers"),
        (NewsKind.NEW, "b answers"),
        (NewsKind.BACK, "ssh answers"),
        (NewsKind.UNMEASURED, "half"),
    ]
    assert news[0].addresses == ("2001:db8::1",)


@given(st.text(alphabet="P-ngx", max_size=60), st.sampled_from([1, 15, 60, 400]))
def test_whatever_happens_within_a_day_is_few_messages(sequence: str, minutes: int) -> None:
    """Of one finding: the changes before it flaps, one that says so, one at the end of a day."""
    step = timedelta(minutes=minutes)
    state, at = HostState(), list[timedelta]()
    for number, letter in enumerate(sequence):
        state, news = decide(state, LOOKS[letter], BEGAN + number * step)
        at += [number * step for one in news if one.severity]
    for one in at:
        assert sum(one <= other < one + WINDOW for other in at) <= MOST_CHANGES + 2


@given(st.text(alphabet="P-ngxi", max_size=40))
def test_closed_is_told_only_after_two_runs_in_a_row_that_proved_it(sequence: str) -> None:
    state, proofs = HostState(), 0
    for number, letter in enumerate(sequence):
        state, news = decide(state, LOOKS[letter], BEGAN + number * timedelta(hours=30))
        proofs = 0 if letter == "P" else proofs + (letter in "-g")
        if any(one.kind in (NewsKind.SHUT, NewsKind.GONE) for one in news):
            assert proofs >= 2
            assert letter in "-g"


@given(st.lists(st.tuples(st.integers(-100, 100), st.booleans()), max_size=30))
def test_a_pulse_keeps_no_change_that_is_older_than_a_day_whatever_the_clock_does(
    steps: Iterable[tuple[int, bool]],
) -> None:
    pulse, now = Pulse(), BEGAN
    for hours, changed in steps:
        now += timedelta(hours=hours)
        pulse, _ = beat(pulse, now, changed=changed)
        assert all(timedelta(0) <= now - at < WINDOW for at in pulse.changes)
