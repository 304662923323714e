"""V6X020: the vantages saw different things; told once a protocol, with who saw what."""

from dataclasses import replace

from scanner.findings import evaluate
from scanner.findings.differences import WORDS
from scanner.model.finding import Severity
from scanner.model.run import Difference
from scanner.model.verdict import Verdict

from .conftest import STABLE, TEMPORARY, facts, only, table

SEEN = {"vps-a": Verdict.UPSTREAM_DROPPED, "vps-b": Verdict.OPEN}


def test_every_verdict_has_words() -> None:
    assert set(WORDS) == set(Verdict)
    assert len(set(WORDS.values())) == len(WORDS)


def test_one_finding_with_both_addresses() -> None:
    tables = [table(ip, vantage=name, open="445") for ip in (STABLE, TEMPORARY) for name in SEEN]
    rows = (Difference(STABLE, "tcp", "445", SEEN), Difference(TEMPORARY, "tcp", "445", SEEN))
    (finding,) = only("V6X020", evaluate(replace(facts(*tables), differences=rows)))
    assert finding.severity is Severity.INFO
    assert finding.title == "The vantages differ on 1 TCP port: from vps-a dropped upstream, from vps-b open"
    assert finding.evidence.startswith("445 on 2 of 2 addresses")
    assert "best placed vantage" in finding.why


def test_stopped_by_all_but_not_by_the_same() -> None:
    seen = {"vps-a": Verdict.UPSTREAM_DROPPED, "vps-b": Verdict.ROUTER_DROPPED}
    rows = (Difference(STABLE, "udp", "53", seen),)
    given = replace(facts(table(protocol="udp", router_dropped="53")), differences=rows)
    (finding,) = only("V6X020", evaluate(given))
    assert finding.protocol == "udp"
    assert "All were stopped" in finding.why


def test_none_without_a_difference() -> None:
    assert only("V6X020", evaluate(facts(table(open="22")))) == []
