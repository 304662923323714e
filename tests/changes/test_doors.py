"""Doors over many runs."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scanner.changes import Look, doors
from scanner.model.verdict import Verdict

START = datetime(2026, 11, 1, tzinfo=UTC)


def look(day: int, verdict: Verdict | None, port: int = 22, role: str = "stable eth0 eui64") -> Look:
    tables = ((role, "tcp", {verdict: str(port)}),) if verdict else ()
    return Look(START + timedelta(days=day), tables)


def stretches(*verdicts: Verdict | None) -> list[tuple[Verdict | None, int]]:
    (door,) = doors([look(day, verdict) for day, verdict in enumerate(verdicts)])
    return [(stretch.verdict, stretch.runs) for stretch in door.stretches]


def test_runs_that_say_the_same_are_one_stretch() -> None:
    assert stretches(Verdict.OPEN, Verdict.OPEN, Verdict.ROUTER_DROPPED, None, Verdict.OPEN) == [
        (Verdict.OPEN, 2),
        (Verdict.ROUTER_DROPPED, 1),
        (None, 1),
        (Verdict.OPEN, 1),
    ]


def test_a_stretch_knows_its_first_and_last_run() -> None:
    (door,) = doors([look(day, Verdict.OPEN) for day in range(3)])
    assert (door.stretches[0].since, door.stretches[0].until) == (START, START + timedelta(days=2))


def test_a_port_that_never_answered_is_no_door() -> None:
    assert doors([look(0, Verdict.CLOSED), look(1, Verdict.ROUTER_DROPPED)]) == ()


def test_the_most_exposed_address_of_a_role_speaks_for_it() -> None:
    both = Look(START, (look(0, Verdict.ROUTER_DROPPED).tables[0], look(0, Verdict.OPEN).tables[0]))
    assert doors([both])[0].stretches[0].verdict is Verdict.OPEN


def test_what_answers_now_comes_first_and_the_list_is_cut() -> None:
    looks = [
        Look(START, (("r", "tcp", {Verdict.OPEN: "1-100"}),)),
        Look(START, (("r", "tcp", {Verdict.OPEN: "99", Verdict.CLOSED: "1-98"}),)),
    ]
    found = doors(looks, most=10)
    assert len(found) == 10
    assert found[0].port == 99


def test_a_host_that_answers_everywhere_is_no_picture() -> None:
    assert doors([Look(START, (("r", "tcp", {Verdict.OPEN: "1-65535"}),))]) == ()


@given(st.lists(st.sampled_from([None, Verdict.OPEN, Verdict.CLOSED, Verdict.ROUTER_DROPPED]), min_size=1, max_size=40))
def test_every_run_is_in_one_stretch(verdicts: list[Verdict | None]) -> None:
    for door in doors([look(day, verdict) for day, verdict in enumerate(verdicts)]):
        assert sum(stretch.runs for stretch in door.stretches) == len(verdicts)
        assert [v for stretch in door.stretches for v in [stretch.verdict] * stretch.runs] == verdicts
