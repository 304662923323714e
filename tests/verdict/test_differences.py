"""Where vantages differ: told for what they said, never for what one of them could not tell."""

import pytest

from scanner.model.run import Difference, PortTable
from scanner.model.verdict import Verdict
from scanner.verdict.differences import differences

HERE, THERE = "2001:db8:a::10", "2001:db8:a::20"


def table(vantage: str, address: str = HERE, **verdicts: str) -> PortTable:
    words = {verdict: verdicts.get(verdict.value.replace("-", "_"), "") for verdict in Verdict}
    return PortTable(address, vantage, "tcp", words)


def test_ports_that_fared_alike_stand_together() -> None:
    a = table("vps-a", upstream_dropped="25,135-139,445", open="22", closed="80")
    b = table("vps-b", open="22,445", closed="25,80,135-139")
    assert differences((a, b)) == (
        Difference(HERE, "tcp", "25,135-139", {"vps-a": Verdict.UPSTREAM_DROPPED, "vps-b": Verdict.CLOSED}),
        Difference(HERE, "tcp", "445", {"vps-a": Verdict.UPSTREAM_DROPPED, "vps-b": Verdict.OPEN}),
    )


def test_three_vantages_of_which_one_differs() -> None:
    tables = (table("a", open="22"), table("b", open="22"), table("c", router_dropped="22"))
    (row,) = differences(tables)
    assert row.verdicts == {"a": Verdict.OPEN, "b": Verdict.OPEN, "c": Verdict.ROUTER_DROPPED}


@pytest.mark.parametrize(
    "tables",
    [
        (),
        (table("a", open="22"),),
        (table("a", open="22"), table("b", open="22")),
        (table("a", open="22"), table("b", indeterminate="22")),  # not known is no contradiction
        (table("a", open="22"), table("b", closed="23")),  # not asked is none either
        (table("a", open="22"), table("b", THERE, closed="22")),  # another address is another matter
    ],
)
def test_no_difference(tables: tuple[PortTable, ...]) -> None:
    assert differences(tables) == ()
