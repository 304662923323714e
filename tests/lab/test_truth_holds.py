"""The computed truth is what really happens: every personality, and rule sets drawn at random."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP

from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES, Personality, late_reject
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.truth import Services, truth
from scanner.model.address import Kind
from scanner.model.ports import PortSet

from .prober import Table, probe

SERVICES = Services(tcp=PortSet.parse("22,80,445,3000"), udp=PortSet.parse("53,445"), udp_silent=PortSet.of([5355]))
PORTS = (21, 22, 25, 53, 80, 135, 139, 443, 445, 500, 3000, 5355, 50_000)
DELAY = 0.3  # seconds, for a late reject that a test can wait for


@pytest.fixture(scope="module")
def listening(lab: Lab) -> Iterator[Lab]:
    lab.listen(tcp=str(SERVICES.tcp), udp=str(SERVICES.udp), udp_silent=str(SERVICES.udp_silent))
    return lab


def compare(lab: Lab, what: Personality | dict[str, RuleSet], quiet: float = 0.1) -> None:
    lab.apply(what)
    tables = [Table(str(address.ip), layer, PORTS) for address in lab.host_addresses() for layer in (TCP, UDP)]
    stable = {str(address.ip) for address in lab.host_addresses() if address.kind is Kind.STABLE}
    for table, found in zip(tables, probe(lab, tables, SERVICES, quiet), strict=True):
        protocol = "tcp" if table.layer is TCP else "udp"
        role = Role.STABLE if table.target in stable else Role.TEMPORARY
        verdicts = truth(what, SERVICES, protocol, role)
        expected = {port: next(v for v, ports in verdicts.items() if port in ports) for port in PORTS}
        assert found == expected, (protocol, role)


@pytest.mark.parametrize("name", [name for name in PERSONALITIES if name not in ("loss", "late-reject")])
def test_every_personality_does_what_it_says(listening: Lab, name: str) -> None:
    compare(listening, PERSONALITIES[name])


def test_a_late_reject_comes_for_who_waits(listening: Lab) -> None:
    compare(listening, late_reject(DELAY), quiet=2 * DELAY)


RULE_SETS = st.builds(
    RuleSet,
    st.lists(
        st.builds(
            Rule,
            st.sampled_from(("tcp", "udp")),
            st.sets(st.sampled_from(PORTS)).map(PortSet.of),
            st.sampled_from(Action),
            st.sampled_from(Role),
        ),
        max_size=4,
    ).map(tuple),
    st.sampled_from(Action),
)
FILTERS = st.dictionaries(st.sampled_from(("isp1", "isp2", "cpe", "host")), RULE_SETS, max_size=4)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(filters=FILTERS)
def test_so_do_rule_sets_drawn_at_random(listening: Lab, filters: dict[str, RuleSet]) -> None:
    compare(listening, filters)
