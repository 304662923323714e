"""What to do first: causes before consequences, and never a reassuring word where something was not measured."""

from dataclasses import replace

import pytest

from scanner.findings import exposed, lan, router
from scanner.model.evidence import Default
from scanner.model.finding import Finding, Severity
from scanner.model.run import Cap, LanRecord, Run
from scanner.report.cards import cards_of
from scanner.report.first import AGAIN, MOST_STEPS, Step, again_command, steps_of
from scanner.report.standing import Condition, standing_of

from .sample import SAMPLES, after_fix, before_fix

BASE = before_fix().findings[0]
CAPS = (Cap("F", "", Severity.CRITICAL), Cap("D", "", Severity.HIGH), Cap("B", "", None))


def found(rule: str, severity: Severity, title: str, port: int | None = None) -> Finding:
    return replace(BASE, rule=rule, severity=severity, title=title, port=port, fingerprint=f"{rule}-{port}")


def steps(run: Run) -> tuple[Step, ...]:
    return steps_of(run, standing_of(run), cards_of(run.findings))


def graded(*findings: Finding) -> Run:
    run = before_fix()
    return replace(run, findings=findings, summary=replace(run.summary, caps=CAPS))


UNFILTERED = found(router.UNFILTERED, Severity.HIGH, "The router passes unsolicited traffic")
SMB = found(exposed.RULE, Severity.CRITICAL, "SMB answers", 445)
LAN = found(lan.LAN_OPEN, Severity.HIGH, "Every device is let in")
MAC = found("V6X014", Severity.LOW, "The address shows the MAC")


def test_a_missing_filter_is_mended_once_whatever_listens_behind_it() -> None:
    first, second = steps(graded(SMB, UNFILTERED, LAN, MAC))
    assert first.title == "Let the router drop what nobody inside asked for"
    assert first.command == f"v6expose remedy {UNFILTERED.fingerprint}"
    assert [title for _, title in first.solves] == ["SMB answers", "The router passes unsolicited traffic", LAN.title]
    assert [title for _, title in second.solves] == [MAC.title]


def test_the_grade_that_is_left_is_the_lowest_cap_that_stays() -> None:
    first, second = steps(graded(SMB, UNFILTERED, MAC))
    assert (first.grade, second.grade) == ("B", "B")  # a low finding caps at B, and so does a gap in the measurement
    run = graded(SMB, UNFILTERED)
    (only,) = steps(replace(run, summary=replace(run.summary, caps=CAPS[:2])))
    assert only.grade == "A"


def test_a_hole_in_a_filter_that_works_is_a_step_of_its_own() -> None:
    first, second = steps(graded(SMB, LAN))
    assert first.title == "Mend this: SMB answers"
    assert first.grade == "D"
    assert second.title == "Mend this: Every device is let in"


@pytest.mark.parametrize(("udp", "title"), [("passed", "Let the router drop"), ("unknown", "Mend this: SMB answers")])
def test_where_every_device_is_let_in_the_filter_is_missing(udp: str, title: str) -> None:
    """A sweep of three ports with programs behind them shows no door that is open to nobody."""
    rows = tuple(
        LanRecord("2001:db8:a:1::/64", "inet", protocol, 445, Default(verdict), "")
        for protocol, verdict in (("tcp", "passed"), ("udp", udp))
    )
    first = steps(replace(graded(SMB, LAN), lan=rows))[0]
    assert first.title.startswith(title)


def test_what_needs_no_action_is_no_step() -> None:
    run = graded(replace(MAC, severity=Severity.INFO))
    assert steps(run) == ()
    assert steps(replace(after_fix(), findings=())) == ()


def test_there_are_only_a_few() -> None:
    many = tuple(found(exposed.RULE, Severity.HIGH, f"Port {port} answers", port) for port in range(1, 9))
    assert len(steps(graded(*many))) == MOST_STEPS


@pytest.mark.parametrize("name", ["empty", "refuted", "interrupted", "incomplete", "one-sided"])
def test_a_run_that_is_not_complete_is_measured_again(name: str) -> None:
    run = SAMPLES[name]()
    title = AGAIN[standing_of(run).conditions[0]][0]
    assert title in [step.title for step in steps(run)]


def test_every_doubt_has_its_step() -> None:
    assert set(AGAIN) == set(Condition) - {Condition.COMPLETE}


def test_the_same_scan_can_be_typed_again() -> None:
    run = before_fix()
    strange = replace(run.vantages[0], spec="exec:ssh -J a b; rm -rf /")
    assert again_command(run) == "sudo v6expose scan --vantage netns:inet --profile standard"
    assert "--vantage 'exec:ssh -J a b; rm -rf /' " in again_command(replace(run, vantages=(strange,)))
    assert "ssh:user@host" in again_command(SAMPLES["empty"]())
