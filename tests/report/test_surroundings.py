from dataclasses import replace

import pytest

from scanner.model.run import Outside, Run
from scanner.report.surroundings import EvidenceRow, address_rows, controls, evidence_views, sureness, vantage_views

from .sample import SAMPLES, STABLE, TEMPORARY, before_fix, vantage


def rows(run: Run) -> list[EvidenceRow]:
    return [row for view in evidence_views(run) for row in view.rows]


def test_what_nobody_watched_is_not_called_absent() -> None:
    assert {row.inside for row in rows(SAMPLES["one-sided"]())} == {"nobody watched"}
    assert "never arrived" in {row.inside for row in rows(SAMPLES["after"]())}


def test_evidence_that_is_the_same_is_told_once_for_both_addresses() -> None:
    views = evidence_views(before_fix())
    assert [[tag.address for tag in view.tags] for view in views] == [[STABLE, TEMPORARY], [STABLE, TEMPORARY]]
    assert [view.protocol for view in views] == ["TCP", "UDP"]


def test_evidence_names_who_answered_and_who_handed_it_over() -> None:
    first, *_ = rows(before_fix())
    assert first.outside == "syn-ack from the address itself, hop limit 61"
    assert first.inside == "arrived by way of 02:00:5e:10:00:01, hop limit 61"
    assert "addr-unreach from 2001:db8:d::3, hop limit 62" in {row.outside for row in rows(SAMPLES["incomplete"]())}


def test_addresses_say_how_long_they_last_and_why_they_were_left_out() -> None:
    stable, temporary, link_local = address_rows(before_fix())
    assert (stable.preferred, stable.valid, stable.scanned) == ("7 d", "30 d", "scanned")
    assert (temporary.preferred, temporary.valid, temporary.kind.label) == ("22 h 35 min", "6 d 22 h", "temporary")
    assert link_local.valid == "for ever"
    assert link_local.scanned == "not scanned: link-local, not reachable from the Internet"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "412 of 412 came through, 0 % lost"),
        ({"loss": None}, "412 of 412 came through, loss could not be measured"),
        ({"controls_sent": 0, "controls_seen": 0}, "none were sent, so loss is not known"),
    ],
)
def test_controls(changes: dict[str, object], expected: str) -> None:
    assert controls(vantage(**changes)) == expected


def test_a_vantage_inside_bounds_nothing() -> None:
    inside = vantage(outside=Outside("refuted"))
    assert "says nothing about strangers" in sureness(inside)
    assert sureness(vantage()) == "at most 1 in 10,000 that a port called blocked was merely lost"


def test_what_the_witness_missed_is_said() -> None:
    run = before_fix()
    watched = dict(vantage_views(replace(run, vantages=(vantage(capture_dropped=3),)))[0].facts)
    assert watched["Capture"] == "the witness missed 3 packets"
    alone = dict(vantage_views(replace(run, run=replace(run.run, witness=False)))[0].facts)
    assert alone["Capture"] == "nobody watched inside"
