"""V6X018: what passes to the rest of the LAN, and whether the host itself is better off."""

from dataclasses import replace

import pytest

from scanner.findings import evaluate
from scanner.findings.lan import LAN_OPEN
from scanner.model.evidence import Default
from scanner.model.run import LanRecord
from scanner.model.settings import Expectation

from .conftest import facts, only, table

PREFIX = "2001:db8:a::/64"


def rows(**doors: str) -> tuple[LanRecord, ...]:
    """``t445="passed"``: protocol letter and port."""
    return tuple(
        LanRecord(PREFIX, "vps", "tcp" if name[0] == "t" else "udp", int(name[1:]), Default(verdict), "seen")
        for name, verdict in doors.items()
    )


@pytest.mark.parametrize(
    ("lan", "here", "severity", "title"),
    [
        (rows(t445="passed", t80="passed"), {"closed": "80,445"}, "high", "passes everything to every device"),
        (rows(t445="passed", t80="blocked"), {"router_dropped": "80,445"}, "high", "printer is not"),
        (rows(t445="blocked", t80="passed"), {"open": "80", "router_dropped": "445"}, "low", "hold for every device"),
        (rows(t22="passed", t443="unknown"), {"open": "22,443"}, "low", "hold for every device"),
    ],
)
def test_what_passes_is_said(lan: tuple[LanRecord, ...], here: dict[str, str], severity: str, title: str) -> None:
    (finding,) = only(LAN_OPEN, evaluate(replace(facts(table(**here)), lan=lan)))
    assert finding.severity == severity
    assert title in finding.title
    assert PREFIX in finding.why


@pytest.mark.parametrize("verdict", ["blocked", "unknown"])
def test_nothing_is_said_of_what_does_not_pass(verdict: str) -> None:
    assert only(LAN_OPEN, evaluate(replace(facts(table(closed="445")), lan=rows(t445=verdict)))) == []


def test_a_transparent_router_is_meant_to_pass() -> None:
    given = replace(facts(table(closed="445")), lan=rows(t445="passed"), expect=Expectation.TRANSPARENT)
    (finding,) = only(LAN_OPEN, evaluate(given))
    assert finding.severity == "info"
