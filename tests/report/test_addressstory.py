"""What is told of addresses beside their lives: proofs, events, names. Hostile words are made harmless."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scanner.model.address import Kind, State
from scanner.model.names import Method, Outcome, Role, Standing
from scanner.model.run import CallHome, EventRecord, Run
from scanner.model.run_names import NameAddress, NameAnswer, NameEntry, NameKeeper
from scanner.report.addressstory import CHANGES, MOST_EVENTS, proof_of, story_of
from scanner.report.html import render_html
from scanner.report.names import STANDINGS, name_rows
from tests.findings.conftest import vantage
from tests.report.sample import after_fix

AT = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
BORN = EventRecord(AT, "born", "2001:db8:a::7", "eth0", Kind.TEMPORARY, State.PREFERRED)
HERE, THERE = "2001:db8:a::1", "2001:db8:9::1"
ANSWER = NameAnswer("192.0.2.53", Role.RESOLVER, "www.home.example", "AAAA", Outcome.TIMEOUT, detail="no answer")
KEEPER = NameKeeper("ddclient", "/etc/ddclient.conf", 3, Method.OUTGOING, "use=web")
ENTRY = NameEntry(
    "www.home.example",
    "home.example",
    unanswered=True,
    addresses=(NameAddress("2001:db8:a::7", Standing.TEMPORARY, "eth0", 60, 120, 300, everywhere=True),),
    answers=(ANSWER,),
    kept_by=(KEEPER,),
)


def run() -> Run:
    return replace(after_fix(), names=(), events=())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (None, ""),
        (CallHome("x", HERE, HERE, proven=True), f"Proven at vps: what this host sends arrives there from {HERE}."),
        (
            CallHome("x", HERE, THERE, proven=True),
            f"Proven at vps: what this host sends from {HERE} arrives there from {THERE}.",
        ),
        (
            CallHome("x", HERE, None, proven=False, why="nothing was seen"),
            f"Not proven at vps: the kernel would use {HERE}, but nothing was seen.",
        ),
        (CallHome("x", None, None, proven=False, why="no route"), "No call home to vps: no route."),
    ],
)
def test_what_a_server_learns_is_told_as_proven_or_not(call: CallHome | None, said: str) -> None:
    assert proof_of(replace(vantage(), call_home=call)) == said


def test_a_run_without_any_of_it_tells_nothing() -> None:
    silent = tuple(replace(one, call_home=None) for one in run().vantages)
    assert story_of(replace(run(), vantages=silent)) is None


def test_every_change_has_a_sentence() -> None:
    for change in CHANGES:
        story = story_of(replace(run(), events=(replace(BORN, change=change),)))  # type: ignore[arg-type]
        assert story is not None
        assert story.events[0].startswith("12:00:05 UTC 2001:db8:a::7 ")
        assert story.events[0].endswith("(temporary, on eth0)")


def test_many_events_are_counted() -> None:
    story = story_of(replace(run(), events=(BORN,) * (MOST_EVENTS + 2)))
    assert story is not None
    assert len(story.events) == MOST_EVENTS
    assert "2" in story.left_off


def test_every_standing_has_words() -> None:
    assert set(STANDINGS) == set(Standing)


def test_a_name_with_its_address_its_keeper_and_who_stayed_silent() -> None:
    (row,) = name_rows((ENTRY,))
    assert row.addresses == (("2001:db8:a::7", "TEMPORARY (TTL 300 s)"),)
    assert row.silent == ("192.0.2.53: no answer",)
    assert row.kept_by == ("ddclient, by /etc/ddclient.conf:3",)


def test_the_report_holds_all_of_it_and_no_markup_of_others() -> None:
    evil = replace(ENTRY, name="<script>x</script>", answers=(replace(ANSWER, detail="\x1b[2J<b>"),))
    text = render_html(replace(run(), names=(ENTRY, evil), events=(BORN,)))
    assert "was born (temporary, on eth0)" in text
    assert "TEMPORARY (TTL 300 s)" in text
    assert "<script>x" not in text
    assert "\x1b" not in text
