"""The page about the standards: what got in stands alone, the rest is gathered."""

from collections.abc import Iterable
from dataclasses import replace

from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.report.conformanceview import BAD, RESULTS, TONES, conformance_view, counts_of, told

from .sample import before_fix

FIRST, SECOND = "2001:db8::1", "2001:db8::2"


def row(case: str, result: Result, address: str = FIRST, why: str = "why") -> ConformanceRow:
    return ConformanceRow(Standard.EVASION, case, address, "vps", result, "seen", why, f"case {case}")


def view(rows: Iterable[ConformanceRow]):  # noqa: ANN201
    return conformance_view(replace(before_fix(), conformance=tuple(rows)))


def test_every_result_has_words_and_a_tone() -> None:
    assert set(RESULTS) == set(TONES) == set(Result)
    assert set(BAD) < set(Result)


def test_nothing_without_a_battery() -> None:
    assert view(()) is None


def test_what_got_in_is_told_once_for_addresses_that_fared_alike() -> None:
    (standard,) = view([row("a", Result.THROUGH), row("a", Result.THROUGH, SECOND), row("b", Result.STOPPED)]).standards
    assert [(one.id, one.result) for one in standard.rows] == [("a", "gets through")]
    assert [(one.cases, one.result, one.why) for one in standard.gathered] == [("b", "stopped", "")]


def test_cases_that_fared_alike_are_told_together() -> None:
    rows = [row("a", Result.THROUGH), row("b", Result.THROUGH), row("c", Result.PARTIAL)]
    (standard,) = view(rows).standards
    assert [(one.id, one.title) for one in standard.rows] == [("a, b", ""), ("c", "case c")]


def test_what_is_meant_to_pass_is_no_way_through() -> None:
    (standard,) = view([replace(row("a", Result.THROUGH, why="pass"), meant=True)]).standards
    assert (standard.rows, standard.counts) == ((), ())
    assert [(one.cases, one.why) for one in standard.gathered] == [("a", "pass")]


def test_what_could_not_be_told_is_gathered_by_its_reason() -> None:
    rows = [row(case, Result.NOT_MEASURABLE, why=why) for case, why in (("a", "one"), ("b", "other"), ("c", "one"))]
    (standard,) = view(rows).standards
    assert [(one.cases, one.why) for one in standard.gathered] == [("a, c", "one"), ("b", "other")]


def test_a_case_counts_by_its_worst_address() -> None:
    rows = [row("a", Result.STOPPED), row("a", Result.THROUGH, SECOND), row("b", Result.STOPPED)]
    assert counts_of(rows) == {Result.THROUGH: 1, Result.STOPPED: 1}
    assert told(rows) == "gets through: 1, stopped: 1"


def test_every_row_of_a_standard_with_few_stands_alone() -> None:
    (standard,) = view([replace(row("S-1", Result.CONFORMS), standard=Standard.RFC7084)]).standards
    assert [one.id for one in standard.rows] == ["S-1"]
    assert standard.gathered == ()


def test_names_of_strangers_are_made_visible() -> None:
    (standard,) = view([replace(row("a", Result.THROUGH), evidence="\x1b[31mred")]).standards
    assert "\x1b" not in standard.rows[0].evidence
