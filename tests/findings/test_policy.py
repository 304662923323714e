"""A policy that speaks of vantages, as the rules of a scan see it."""

from scanner.findings import evaluate
from scanner.findings.exposed import RULE
from scanner.model.ports import PortSet
from scanner.policy import Allow, Policy

from .conftest import facts, only, table

OFFICE = Policy((Allow("tcp", PortSet.of([22]), vantages=("office",)),))


def exposed(*seen_from: str) -> list[int | None]:
    tables = [table(vantage=name, open="22", router_dropped="23-100") for name in seen_from]
    return [finding.port for finding in only(RULE, evaluate(facts(*tables, policy=OFFICE)))]


def test_a_port_that_is_reached_from_elsewhere_is_not_allowed() -> None:
    assert exposed("office") == []
    assert exposed("vps") == [22]
    assert exposed("office", "vps") == [22]


def test_a_vantage_that_does_not_reach_it_takes_nothing_away() -> None:
    tables = (table(vantage="office", open="22"), table(vantage="vps", router_dropped="22"))
    assert only(RULE, evaluate(facts(*tables, policy=OFFICE))) == []
