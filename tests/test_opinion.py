"""Pure parts of the second opinion: who is behind a door, what a dispute changes, what it never changes."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.address import Listener
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, NmapRow, PortTable
from scanner.model.verdict import PASSED, Verdict
from scanner.opinion import disputed, doors_of, open_to_nmap, open_to_sweep, prefer_later, settled, with_nmap
from scanner.probes.nmap_report import NmapHost, NmapPort, NmapReport

V = Verdict
HERE = "2001:db8::10"
THERE = "2001:db8::20"


def table(address: str = HERE, **verdicts: str) -> PortTable:
    ports = {verdict: verdicts.get(verdict.value.replace("-", "_"), "") for verdict in Verdict}
    rows = tuple(
        Evidence(ports=p, verdict=v, answer="", responder=None, hop_limit=None, arrived=None, neighbour=None,
                 arrival_hop_limit=None, attempts=1)
        for v, p in ports.items() if p
    )  # fmt: skip
    return PortTable(address, "vps", "tcp", ports, rows)


def report(*ports: tuple[int, str, str]) -> NmapReport:
    rows = tuple(NmapPort("tcp", port, state, reason) for port, state, reason in ports)
    return NmapReport("7.93", "", (NmapHost(IPv6Address(HERE), rows),))


def test_nmap_stands_beside_the_sweep_in_its_own_words() -> None:
    row = with_nmap(table(open="22"), report((22, "open", "syn-ack"), (23, "closed", "reset"), (25, "closed", "reset")))
    assert row.nmap == NmapRow({"open": {"syn-ack": "22"}, "closed": {"reset": "23,25"}})
    assert with_nmap(table(THERE), report((22, "open", "syn-ack"))).nmap is None


def test_a_dispute_is_what_cannot_both_be_true() -> None:
    row = with_nmap(
        table(open="22", router_dropped="80,443", closed="25"),
        report(
            (22, "open", "syn-ack"), (80, "open", "syn-ack"), (443, "filtered", "no-response"), (99, "open", "syn-ack")
        ),
    )
    assert disputed(row) == {80: (V.ROUTER_DROPPED, "open syn-ack")}


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        (V.ROUTER_DROPPED, V.OPEN, True),
        (V.ROUTER_DROPPED, V.CLOSED, True),
        (V.CLOSED, V.OPEN, True),
        (V.INDETERMINATE, V.ROUTER_DROPPED, True),
        (V.OPEN, V.ROUTER_DROPPED, False),
        (V.OPEN, V.CLOSED, False),
        (V.CLOSED, V.ROUTER_DROPPED, False),
        (V.ROUTER_DROPPED, V.INDETERMINATE, False),
        (V.OPEN, V.OPEN, False),
    ],
)
def test_the_second_look_counts_only_where_it_saw_more(first: Verdict, later: Verdict, expected: bool) -> None:  # noqa: FBT001
    assert prefer_later(first, later) is expected


@given(st.sampled_from(Verdict), st.sampled_from(Verdict))
def test_what_passed_once_has_passed(first: Verdict, later: Verdict) -> None:
    if first in PASSED and prefer_later(first, later):
        assert later is V.OPEN


@given(st.dictionaries(st.integers(1, 200), st.sampled_from(Verdict), min_size=1), st.data())
def test_settling_moves_ports_and_loses_none(first: dict[int, Verdict], data: st.DataObject) -> None:
    before = table(**{v.value.replace("-", "_"): str(PortSet.of(p for p in first if first[p] is v)) for v in Verdict})
    again = {port: data.draw(st.sampled_from(Verdict)) for port in first if port % 3 == 0}
    second = table(**{v.value.replace("-", "_"): str(PortSet.of(p for p in again if again[p] is v)) for v in Verdict})
    disputes = {port: (first[port], "open syn-ack") for port in again}
    after = settled(before, disputes, {(HERE, "tcp"): second})
    ports = [port for text in after.verdicts.values() for port in PortSet.parse(text)]
    assert sorted(ports) == sorted(first)
    assert sorted(port for row in after.evidence for port in PortSet.parse(row.ports)) == sorted(first)
    assert {row.port: row.again for row in after.disagreements} == again
    for port, verdict in again.items():
        expected = verdict if prefer_later(first[port], verdict) else first[port]
        assert port in PortSet.parse(after.verdicts[expected])


def test_a_program_on_every_address_is_asked_once_a_bound_one_by_itself() -> None:
    listeners = (Listener("tcp", "::", 22, "sshd", v6only=False), Listener("tcp", HERE, 80, "nginx", v6only=True))
    ports = [(HERE, "tcp", 22), (THERE, "tcp", 22), (HERE, "tcp", 80), (THERE, "tcp", 80)]
    doors = list(doors_of(ports, listeners))
    assert [door.process for door in doors] == ["sshd", "sshd", "nginx", ""]
    assert doors[0].asked == doors[1].asked
    assert len({door.asked for door in doors}) == 3


def test_open_is_what_accepted() -> None:
    found = open_to_nmap(report((22, "open", "syn-ack"), (80, "open", "param-problem"), (25, "closed", "reset")))
    assert list(found) == [(HERE, "tcp", 22)]
    assert list(open_to_sweep([table(open="22,80", closed="25")])) == [(HERE, "tcp", 22), (HERE, "tcp", 80)]
