"""Waivers: a reason and a last day. What has expired fails."""

from datetime import date

import pytest

from scanner.checklist.values import Checklist, Status

from .runs import FAIL, NOT_MEASURED, PASS, dropped, item, judge, run

WAIVER = '[[waive]]\nitem = "{}"\nreason = "moving house"\nuntil = 2026-11-24\n'
OPEN = run(*dropped(open_ports="445"))


def waived(name: str, today: date = date(2026, 11, 24)) -> Checklist:
    return judge(WAIVER.format(name), OPEN, today)


def test_a_waived_item_keeps_its_status_and_does_not_count() -> None:
    checklist = waived("tcp/445")
    found = item(checklist, "tcp/445")
    assert (found.status, found.counts_as) == (FAIL, PASS)
    assert found.waiver is not None
    assert (checklist.status, checklist.waived, checklist.count(Status.FAIL)) == (PASS, 1, 0)
    mark = item(checklist, "waiver tcp/445")
    assert (mark.status, mark.line) == (PASS, 1)
    assert mark.evidence == "until 2026-11-24, 0 days left: moving house"


def test_it_holds_on_its_last_day_and_not_on_the_next() -> None:
    checklist = waived("tcp/445", date(2026, 11, 25))
    assert item(checklist, "tcp/445").waiver is None
    mark = item(checklist, "waiver tcp/445")
    assert (mark.status, mark.evidence) == (FAIL, "it ended on 2026-11-24: moving house")
    assert (checklist.status, checklist.count(Status.FAIL)) == (FAIL, 2)


def test_an_expired_waiver_fails_though_nothing_needs_it() -> None:
    checklist = judge(WAIVER.format("tcp/80"), run(), date(2026, 11, 25))
    assert [one.id for one in checklist.items if one.status is FAIL] == ["waiver tcp/80"]


def test_a_waiver_that_nothing_needs_does_no_harm() -> None:
    checklist = waived("tcp/80")
    assert item(checklist, "waiver tcp/80").evidence.startswith("no item of its own needs it now")
    assert checklist.status is FAIL


def test_an_item_that_passes_is_not_waived() -> None:
    checklist = waived("complete_run")
    assert item(checklist, "complete_run").waiver is None
    assert item(checklist, "waiver complete_run").evidence.startswith("no item of its own needs it now")
    assert checklist.waived == 0


@pytest.mark.parametrize("name", ["complete_run", "unlisted_tcp", "unlisted_udp"])
def test_facts_can_be_waived(name: str) -> None:
    judged = run(dropped()[0], header={"complete": False}) if name != "unlisted_tcp" else run(dropped()[1])
    found = item(judge(WAIVER.format(name), judged), name)
    assert (found.status, found.counts_as) == (NOT_MEASURED, PASS)
