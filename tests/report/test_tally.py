from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.ports import PortSet
from scanner.model.run import PortTable
from scanner.model.verdict import Verdict
from scanner.report.tally import tally_of, trusted_tables
from scanner.report.words import VERDICTS, Group

from .sample import after_fix, before_fix, refuted

ADDRESSES = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["tcp", "udp"])),
    st.dictionaries(st.integers(1, 30), st.sampled_from(Verdict), max_size=20),
    max_size=6,
)


def tables_of(found: dict[tuple[str, str], dict[int, Verdict]]) -> list[PortTable]:
    tables = []
    for (address, protocol), ports in found.items():
        held = {
            verdict: str(PortSet.of(port for port, other in ports.items() if other is verdict))
            for verdict in ports.values()
        }
        tables.append(PortTable(address, "v", protocol, held))
    return tables


@settings(deadline=None)
@given(ADDRESSES)
def test_every_port_counts_once_by_its_most_exposed_address(found: dict[tuple[str, str], dict[int, Verdict]]) -> None:
    worst = {}
    for (_, protocol), ports in found.items():
        for port, verdict in ports.items():
            key = (protocol, port)
            worst[key] = max(worst.get(key, Group.ROUTER), VERDICTS[verdict].group, key=lambda group: group.rank)
    tally = tally_of(tables_of(found))
    assert tally.scanned == len(worst)
    assert {group: tally.of(group) for group in Group} == {g: list(worst.values()).count(g) for g in Group}
    assert tally.open_ports == tuple(sorted(key for key, group in worst.items() if group is Group.OPEN))


def test_the_story() -> None:
    assert tally_of(before_fix().ports).of(Group.OPEN, Group.PASSED) == 65535 + 24
    assert tally_of(after_fix().ports).open_ports == (("tcp", 22), ("tcp", 80), ("tcp", 443))


def test_a_vantage_inside_counts_for_nothing() -> None:
    assert trusted_tables(refuted()) == ()
