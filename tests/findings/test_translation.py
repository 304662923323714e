"""V6X019: addresses that show as others outside, many as one or prefix for prefix."""

from dataclasses import replace

import pytest

from scanner.findings import evaluate
from scanner.findings.translation import is_prefix_translation
from scanner.model.finding import Severity
from scanner.model.run import Translation

from .conftest import STABLE, TEMPORARY, facts, only, table, vantage

HIDDEN = (Translation(STABLE, "2001:db8:2c::2"), Translation(TEMPORARY, "2001:db8:2c::2"))


@pytest.mark.parametrize(
    ("inside", "outside", "by_prefix"),
    [
        # RFC 6296 section 3.5's example: fd01:203:405::/48 to 2001:db8:1::/48, subnet 1 becomes d550
        ("fd01:203:405:1::1234", "2001:db8:1:d550::1234", True),
        # a prefix exchanged whole (nft's `snat prefix to`)
        ("2001:db8:a::10", "2001:db8:b::10", True),
        # a /64: the adjusted word is one of the identifier
        ("fd01:203:405:1::1234", "2001:db8:1:1:d54f::1234", True),
        (STABLE, "2001:db8:2c::2", False),
        (TEMPORARY, "2001:db8:2c::2", False),
    ],
)
def test_the_kind_of_translation(inside: str, outside: str, by_prefix: bool) -> None:  # noqa: FBT001
    assert is_prefix_translation(Translation(inside, outside)) is by_prefix


@pytest.mark.parametrize("outside", ["refuted", "unproven"])
def test_nat66_is_told_even_of_a_refuted_vantage(outside: str) -> None:
    given = facts(table(open="22"), vantages=(replace(vantage(outside=outside), translated=HIDDEN),))
    (finding,) = only("V6X019", evaluate(given))
    assert finding.severity is Severity.MEDIUM
    assert "NAT66" in finding.title
    assert f"{STABLE} shows as 2001:db8:2c::2" in finding.evidence


def test_prefix_translation_is_for_information() -> None:
    rows = (Translation("fd01:203:405:1::1234", "2001:db8:1:d550::1234"),)
    given = facts(
        table(open="22"), vantages=(replace(vantage(), translated=rows), replace(vantage("b"), translated=rows))
    )
    (finding,) = only("V6X019", evaluate(given))
    assert (finding.severity, finding.standard) == (Severity.INFO, "RFC 6296")


def test_none_where_nothing_is_translated() -> None:
    assert only("V6X019", evaluate(facts(table(open="22")))) == []
