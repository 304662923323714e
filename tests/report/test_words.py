import re
from enum import Enum

import pytest

from scanner.model.address import Kind, Origin, State
from scanner.model.finding import Severity
from scanner.model.settings import Expectation, Profile
from scanner.model.verdict import PASSED, STOPPED, Verdict
from scanner.report import words
from scanner.report.compare import DIRECTIONS, Direction
from scanner.report.html import templates
from scanner.report.standing import CONDITIONS, Condition
from scanner.report.words import GROUPS, VERDICT_ORDER, VERDICTS, Group, Place

SPRITE = (templates() / "report/icons.svg.j2").read_text()
STYLE = (templates() / "report/report.css").read_text()


@pytest.mark.parametrize(
    ("table", "enum"),
    [
        (VERDICTS, Verdict),
        (GROUPS, Group),
        (words.SEVERITIES, Severity),
        (words.KINDS, Kind),
        (words.STATES, State),
        (words.ORIGINS, Origin),
        (words.PROFILES, Profile),
        (words.EXPECTATIONS, Expectation),
        (CONDITIONS, Condition),
        (DIRECTIONS, Direction),
    ],
    ids=lambda value: getattr(value, "__name__", "table"),
)
def test_every_member_has_its_words(table: dict[Enum, object], enum: type[Enum]) -> None:
    assert set(enum) == set(table)


def test_every_verdict_is_told_once_and_the_most_exposed_first() -> None:
    assert sorted(Verdict) == sorted(VERDICT_ORDER)
    ranks = [VERDICTS[verdict].group.rank for verdict in VERDICT_ORDER]
    assert ranks == sorted(ranks, reverse=True)


def test_no_two_verdicts_share_a_label_or_an_explanation() -> None:
    assert len({entry.label for entry in VERDICTS.values()}) == len(Verdict)
    assert len({entry.says for entry in VERDICTS.values()}) == len(Verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_words_agree_with_the_model(verdict: Verdict) -> None:
    entry = VERDICTS[verdict]
    if verdict in PASSED:
        assert entry.group in {Group.OPEN, Group.PASSED}
        assert entry.place is Place.HOST
    if verdict in STOPPED:
        assert entry.group in {Group.ROUTER, Group.UPSTREAM, Group.BLOCKED}
    if verdict is Verdict.INDETERMINATE:
        assert (entry.group, entry.place) == (Group.UNKNOWN, Place.UNMEASURED)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_the_router_stopped_is_the_routers_merit(verdict: Verdict) -> None:
    expected = verdict in {Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED}
    assert expected == (VERDICTS[verdict].group is Group.ROUTER)
    assert expected == (VERDICTS[verdict].place is Place.ROUTER)


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-([a-z-]+)"', SPRITE))
    named = {entry.icon for entry in VERDICTS.values()}
    for table in (words.SEVERITIES, words.KINDS, CONDITIONS):
        named |= {entry.icon for entry in table.values()}
    named |= {direction.value for direction in Direction} | {"stranger", "upstream", "router", "host", "arrow"}
    assert named <= drawn


@pytest.mark.parametrize("group", Group)
def test_every_group_has_a_colour_and_a_pattern_of_its_own(group: Group) -> None:
    assert f".g-{group.value} {{" in STYLE
    fill = re.search(rf"\.m-{group.value} {{ fill: ([^;]+);", STYLE)
    assert fill
    if group is not Group.OPEN:  # the one that is solid
        assert fill[1] == f"url(#p-{group.value})"
        assert f'<pattern id="p-{group.value}"' in SPRITE
