"""Rule sets and listeners -> verdicts, cell by cell, and against a slow reading of the same rules."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.lab.personalities import PERSONALITIES, personality
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.truth import Services, truth
from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict

V, A = Verdict, Action
PORT = 445
HERE = PortSet.of([PORT])
LISTENING = Services(tcp=HERE, udp=HERE)
SILENT = Services(udp_silent=HERE)
DESERTED = Services()


def verdict_of(
    filters: dict[str, RuleSet], services: Services, protocol: str = "tcp", role: Role = Role.STABLE
) -> Verdict:
    return next(v for v, ports in truth(filters, services, protocol, role).items() if PORT in ports)


@pytest.mark.parametrize(
    ("node", "action", "tcp", "udp"),
    [
        ("isp1", A.DROP, V.UPSTREAM_DROPPED, V.UPSTREAM_DROPPED),
        ("isp2", A.DROP, V.UPSTREAM_DROPPED, V.UPSTREAM_DROPPED),
        ("isp1", A.ADMIN_PROHIBITED, V.UPSTREAM_REJECTED, V.UPSTREAM_REJECTED),
        ("isp2", A.PORT_UNREACHABLE, V.UPSTREAM_REJECTED, V.UPSTREAM_REJECTED),
        ("isp1", A.RESET, V.FORGED, V.UPSTREAM_DROPPED),
        ("cpe", A.DROP, V.ROUTER_DROPPED, V.ROUTER_DROPPED),
        ("cpe", A.ADMIN_PROHIBITED, V.ROUTER_REJECTED, V.ROUTER_REJECTED),
        ("cpe", A.PORT_UNREACHABLE, V.ROUTER_REJECTED, V.ROUTER_REJECTED),
        ("cpe", A.RESET, V.FORGED, V.ROUTER_DROPPED),
        ("host", A.DROP, V.HOST_DROPPED, V.OPEN_FILTERED),
        ("host", A.ADMIN_PROHIBITED, V.HOST_REJECTED, V.HOST_REJECTED),
        ("host", A.PORT_UNREACHABLE, V.CLOSED, V.CLOSED),
        ("host", A.RESET, V.CLOSED, V.OPEN_FILTERED),
    ],
)
def test_what_each_node_makes_of_a_port_that_is_listened_on(
    node: str, action: Action, tcp: Verdict, udp: Verdict
) -> None:
    filters = {node: RuleSet(default=action)}
    assert verdict_of(filters, LISTENING) == tcp
    assert verdict_of(filters, LISTENING, "udp") == udp


@pytest.mark.parametrize(
    ("services", "tcp", "udp"),
    [(LISTENING, V.OPEN, V.OPEN), (SILENT, V.CLOSED, V.OPEN_FILTERED), (DESERTED, V.CLOSED, V.CLOSED)],
)
def test_what_a_host_says_that_everything_reaches(services: Services, tcp: Verdict, udp: Verdict) -> None:
    assert (verdict_of({}, services), verdict_of({}, services, "udp")) == (tcp, udp)


def test_a_host_that_drops_udp_where_nobody_listens() -> None:
    assert verdict_of({"host": RuleSet(default=A.DROP)}, DESERTED, "udp") == V.HOST_DROPPED


def test_the_first_node_on_the_path_decides() -> None:
    everywhere = {node: RuleSet(default=A.DROP) for node in ("isp1", "cpe", "host")}
    assert verdict_of(everywhere, LISTENING) == V.UPSTREAM_DROPPED
    del everywhere["isp1"]
    assert verdict_of(everywhere, LISTENING) == V.ROUTER_DROPPED


def test_stable_only_leaves_the_temporary_address_open() -> None:
    services = Services(tcp=PortSet.of([22, 445]))
    stable = truth(personality("stable-only"), services, "tcp", Role.STABLE)
    temporary = truth(personality("stable-only"), services, "tcp", Role.TEMPORARY)
    assert str(stable[V.OPEN]) == "22"
    assert str(stable[V.CLOSED]) == "80,443"
    assert str(temporary[V.OPEN]) == "22,445"
    assert V.ROUTER_DROPPED not in temporary


def test_what_daemons_answer_comes_first() -> None:
    services = Services(tcp=PortSet.of([22, 80]))
    proxied = truth(personality("proxy-answers"), services, "tcp", Role.STABLE)
    assert (str(proxied[V.INTERCEPTED]), str(proxied[V.OPEN])) == ("80", "22")
    assert list(truth(personality("forged-reset"), services, "tcp", Role.STABLE)) == [V.FORGED]
    assert list(truth(personality("forged-reset"), services, "udp", Role.STABLE)) == [V.ROUTER_DROPPED]
    assert list(truth(personality("late-reject"), services, "tcp", Role.STABLE)) == [V.ROUTER_REJECTED]


@pytest.mark.parametrize(("name", "protocol"), list(product(PERSONALITIES, ("tcp", "udp"))))
def test_every_port_has_exactly_one_verdict(name: str, protocol: str) -> None:
    tables = truth(personality(name), LISTENING, protocol, Role.TEMPORARY)
    assert sorted(port for ports in tables.values() for port in ports) == list(range(1, 65_536))


RULES = st.lists(
    st.builds(
        Rule,
        st.sampled_from(("tcp", "udp")),
        st.sets(st.integers(PORT - 2, PORT + 2)).map(PortSet.of),
        st.sampled_from(Action),
        st.sampled_from(Role),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(RULES, st.sampled_from(Action), st.sampled_from(("tcp", "udp")), st.sampled_from((Role.STABLE, Role.TEMPORARY)))
def test_the_first_matching_rule_decides(rules: list[Rule], default: Action, protocol: str, role: Role) -> None:
    """The same rules read slowly: a router that does this is a router whose every port does this."""
    first = next((r for r in rules if r.protocol == protocol and PORT in r.ports and r.role in (Role.ALL, role)), None)
    alone = {"cpe": RuleSet(default=first.action if first else default)}
    assert verdict_of({"cpe": RuleSet(tuple(rules), default)}, LISTENING, protocol, role) == verdict_of(
        alone, LISTENING, protocol, role
    )
