from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.finding import Severity
from scanner.report.cards import cards_of
from scanner.report.cardview import Piece, card_views, passage

from .sample import STABLE, TEMPORARY, before_fix

FINDINGS = before_fix().findings


def test_the_same_port_on_two_addresses_is_one_card() -> None:
    card = next(card for card in cards_of(FINDINGS) if card.target == "445/tcp")
    assert card.addresses == (STABLE, TEMPORARY)
    assert len(card.why) == 1
    assert [addresses for addresses, _ in card.evidence] == [(STABLE,), (TEMPORARY,)]


def test_a_card_is_as_grave_as_the_gravest_of_its_findings() -> None:
    """The same service weighs less on an address that dies."""
    lighter = tuple(
        replace(finding, severity=Severity.LOW) if finding.address == STABLE and finding.port == 445 else finding
        for finding in FINDINGS
    )
    (card,) = (card for card in cards_of(lighter) if card.target == "445/tcp")
    assert card.severity is Severity.CRITICAL
    assert set(card.addresses) == {STABLE, TEMPORARY}


def test_the_most_severe_comes_first() -> None:
    ranks = [card.severity.rank for card in cards_of(FINDINGS)]
    assert ranks == sorted(ranks, reverse=True)
    assert cards_of(FINDINGS)[0].severity is Severity.CRITICAL


def test_nothing_gets_lost_in_grouping() -> None:
    assert sum(len(card.addresses) for card in cards_of(FINDINGS)) == len(FINDINGS)


def test_titles_that_differ_stay_apart_under_anchors_of_their_own() -> None:
    other = replace(FINDINGS[0], title="Another thing on the same port")
    anchors = [card.anchor for card in cards_of((*FINDINGS, other))]
    assert len(set(anchors)) == len(anchors) == len(cards_of(FINDINGS)) + 1


def test_a_remedy_is_told_once_and_then_referred_to() -> None:
    first, second, *_ = card_views(cards_of(FINDINGS), before_fix())
    assert first.remedy
    assert first.same_as is None
    assert second.remedy == ()
    assert second.same_as == (first.anchor, f"{first.title} ({first.target})")


def test_a_target_that_the_title_names_is_not_repeated() -> None:
    named = replace(FINDINGS[0], title="SMB answers strangers on tcp/445")
    views = card_views(cards_of((named, FINDINGS[1])), before_fix())
    assert {view.title: view.target for view in views} == {
        "SMB answers strangers on tcp/445": "",
        "NetBIOS session service answers strangers": "139/tcp",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", (Piece("plain", code=False),)),
        ("set `a = b`, then", (Piece("set ", code=False), Piece("a = b", code=True), Piece(", then", code=False))),
        ("`a`", (Piece("a", code=True),)),
        ("one ` alone", (Piece("one ` alone", code=False),)),
        ("", ()),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, expected: tuple[Piece, ...]) -> None:
    assert passage(text) == expected


@settings(deadline=None)
@given(st.text(alphabet="a` ", max_size=12))
def test_a_passage_loses_no_word(text: str) -> None:
    assert "".join(piece.text for piece in passage(text)).replace("`", "") == text.replace("`", "")
