from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.run import Outside
from scanner.report.standing import Condition, Tone, conditions_of, standing_of

from .sample import SAMPLES, after_fix, vantage


@pytest.mark.parametrize(
    ("name", "tone", "conditions"),
    [
        ("before", Tone.BAD, (Condition.COMPLETE,)),
        ("after", Tone.GOOD, (Condition.COMPLETE,)),
        ("one-sided", Tone.CAUTION, (Condition.INCOMPLETE, Condition.ONE_SIDED)),
        ("refuted", Tone.UNKNOWN, (Condition.NOT_OUTSIDE, Condition.INCOMPLETE)),
        ("incomplete", Tone.CAUTION, (Condition.INCOMPLETE,)),
        ("interrupted", Tone.CAUTION, (Condition.INTERRUPTED,)),
        ("empty", Tone.UNKNOWN, (Condition.UNMEASURED, Condition.INCOMPLETE)),
        ("hostile", Tone.BAD, (Condition.UNPROVEN,)),
    ],
)
def test_the_states_of_a_run(name: str, tone: Tone, conditions: tuple[Condition, ...]) -> None:
    standing = standing_of(SAMPLES[name]())
    assert (standing.tone, standing.conditions) == (tone, conditions)


OUTSIDES = st.lists(st.sampled_from(["proven", "refuted", "unproven"]), max_size=3)


@settings(deadline=None)
@given(
    complete=st.booleans(),
    witness=st.booleans(),
    interrupted=st.booleans(),
    outsides=OUTSIDES,
    grade=st.sampled_from([None, *"ABCDEF"]),
    measured=st.booleans(),
)
def test_green_is_earned(
    *, complete: bool, witness: bool, interrupted: bool, outsides: list[str], grade: str | None, measured: bool
) -> None:
    """Whatever is missing, it is not green; an A alone is not enough."""
    run = after_fix()
    run = replace(
        run,
        run=replace(run.run, complete=complete, witness=witness, interrupted=interrupted),
        vantages=tuple(vantage(name=f"v{n}", outside=Outside(found)) for n, found in enumerate(outsides)),
        summary=replace(run.summary, grade=grade),
        ports=run.ports if measured else (),
    )
    earned = (
        complete and witness and not interrupted and measured and grade in ("A", "B")
        and "refuted" not in outsides and not ("unproven" in outsides and "proven" not in outsides)
    )  # fmt: skip
    assert (standing_of(run).tone is Tone.GOOD) == earned


def test_one_vantage_inside_among_others_is_said() -> None:
    run = replace(
        after_fix(), vantages=(vantage(), vantage(name="inside", outside=Outside("refuted")))
    )  # fmt: skip
    assert conditions_of(run) == (Condition.PARTLY_INSIDE,)


def test_without_a_headline_the_state_speaks() -> None:
    assert standing_of(SAMPLES["empty"]()).headline == "Nothing measured."
