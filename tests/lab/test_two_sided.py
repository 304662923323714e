"""A whole two-sided measurement, port by port, beside the truth that is computed from rule sets and listeners."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES, isp_drops_smb, loss, stateful
from scanner.lab.rules import PASS_ALL, Action, Role, Rule, RuleSet
from scanner.lab.truth import Services
from scanner.model.ports import PortSet
from scanner.model.verdict import PASSED, STOPPED, Verdict

from .host import Host, Place, What, differences

V = Verdict
SERVICES = Services(
    tcp=PortSet.parse("22,80,445,3000,40000"), udp=PortSet.parse("53,445,40000"), udp_silent=PortSet.parse("5355,161")
)
SPECIAL = PortSet.parse("1,7,19-25,53,67-69,80,88,111,113,123,135-139,161-162,389,443,445,500,546,593")
MORE = PortSet.parse("1023-1025,1433-1434,1900,2049,3000,3389,5060,5353,5355,7547,8080,11211,33434,40000-40060,65535")
PORTS = SPECIAL | MORE
EXACT = [name for name in PERSONALITIES if name not in ("loss", "rate-limit", "late-reject", "no-outbound")]


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
    lab.listen(tcp=str(SERVICES.tcp), udp=str(SERVICES.udp), udp_silent=str(SERVICES.udp_silent))
    with Host(lab) as one:
        yield one


def truth_of(host: Host, what: What) -> dict[Place, Verdict]:
    return host.truth(what, SERVICES, PORTS, PORTS)


@pytest.mark.parametrize("name", EXACT)
def test_a_personality_is_told_port_by_port(host: Host, name: str) -> None:
    what = PERSONALITIES[name]
    host.lab.apply(what)
    answer = host.ask(tcp=str(PORTS), udp=str(PORTS))
    assert not differences(answer, truth_of(host, what))
    assert answer.problems == []
    assert not answer.late_rejects
    assert answer.routers == 3
    assert answer.bound is not None
    assert answer.bound <= 1e-4


def test_where_an_isp_and_the_router_both_drop_each_gets_its_own(host: Host) -> None:
    what = isp_drops_smb(stateful())
    host.lab.apply(what)
    assert not differences(host.ask(tcp=str(PORTS), udp=str(PORTS)), truth_of(host, what))


def test_loss_is_no_block_and_no_lost_reply(host: Host) -> None:
    """One packet in ten is lost, each way: unknown may be said, wrong may not."""
    for what in (loss(), loss(beside=stateful())):
        host.lab.apply(what)
        answer = host.ask(tcp=str(PORTS), udp=str(PORTS))
        known = {place: verdict for place, verdict in truth_of(host, what).items() if verdict is not V.INDETERMINATE}
        said = answer.verdicts
        wrong = {place: (said[place], known[place]) for place in known if said[place] != known[place]}
        assert {pair for pair in wrong.values() if pair[0] is not V.INDETERMINATE} == set(), wrong
        assert 0.9 * answer.controls[0] > answer.controls[1] * 0.9
        assert answer.loss_bound > 0.05


def test_a_rate_limit_is_no_block(host: Host) -> None:
    what = PERSONALITIES["rate-limit"]
    host.lab.apply(what)
    ports = PORTS | PortSet.parse("50000-50250")
    answer = host.ask(tcp=str(ports), udp="")
    expected = host.truth(what, SERVICES, ports, ())
    said = answer.verdicts
    assert {said[place] for place in expected} & STOPPED == set()
    assert {(said[p], v) for p, v in expected.items() if said[p] not in (v, V.INDETERMINATE)} == set()
    unknown = [place for place, verdict in said.items() if verdict is V.INDETERMINATE]
    assert all("lost on the way" in answer.evidence(place)["reason"] for place in unknown)


def test_a_late_reject_is_waited_for(host: Host) -> None:
    """RFC 6092 REC-34: the router drops and says so 6.5 s later."""
    what = PERSONALITIES["late-reject"]
    host.lab.apply(what)
    answer = host.ask(tcp=str(PORTS), udp="445", linger=12.0)
    assert not differences(answer, host.truth(what, SERVICES, PORTS, [445]))
    assert answer.late_rejects


def test_it_lingers_only_for_what_may_still_come(host: Host) -> None:
    host.lab.apply(PERSONALITIES["pass-all"])
    started = time.monotonic()
    answer = host.ask(tcp=str(SPECIAL), udp="", linger=12.0)
    assert time.monotonic() - started < 8
    assert not answer.late_rejects


def test_without_a_flow_from_inside_silence_stays_unknown(host: Host) -> None:
    host.lab.apply(PERSONALITIES["no-outbound"])
    answer = host.ask(tcp="22,445", udp="53")
    assert set(answer.verdicts.values()) == {V.INDETERMINATE}
    assert answer.bound is None
    assert any("no control flow could be opened" in problem for problem in answer.problems)
    assert answer.evidence(next(iter(answer.verdicts)))["reason"].startswith("no control came through")


# ---- rule sets drawn at random

FEW = PortSet.parse("22,25,53,80,139,443,445,3000,5355,161,40000,40010-40024")
RULES = st.builds(
    Rule,
    st.sampled_from(("tcp", "udp")),
    st.sets(st.sampled_from(list(FEW)), min_size=1, max_size=12).map(PortSet.of),
    st.sampled_from(Action),
    st.sampled_from(Role),
)
RULE_SETS = st.builds(RuleSet, st.lists(RULES, max_size=4).map(tuple), st.sampled_from(Action))
# Upstream networks filter some ports and pass the rest: else nothing is left for the others to do.
UPSTREAM = st.builds(RuleSet, st.lists(RULES, max_size=3).map(tuple))
FILTERS = st.fixed_dictionaries({}, optional={"isp1": UPSTREAM, "isp2": UPSTREAM, "cpe": RULE_SETS, "host": RULE_SETS})
LISTENING = st.builds(
    lambda tcp, udp, silent: Services(PortSet.of(tcp), PortSet.of(udp), PortSet.of(silent - udp)),
    *(st.sets(st.sampled_from(list(FEW)), max_size=6) for _ in range(3)),
)


def honest(host: Host, filters: dict[str, RuleSet], services: Services) -> dict[Place, Verdict]:
    """The truth as far as it can be known from outside and inside.

    isp2 and the home router both count hops before they filter. That the home router does, so that its silence speaks,
    shows only where it was seen to answer for a port that ends there; without one what isp2 drops is "blocked".
    """
    expected = host.truth(filters, services, FEW, FEW)
    if V.ROUTER_DROPPED in expected.values():
        return expected
    first = host.truth({"isp1": filters.get("isp1", PASS_ALL)}, services, FEW, FEW)
    lost = V.UPSTREAM_DROPPED
    return {p: V.BLOCKED if v is lost and first[p] is not lost else v for p, v in expected.items()}


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(filters=FILTERS, services=LISTENING)
def test_any_rule_sets_are_told_port_by_port(host: Host, filters: dict[str, RuleSet], services: Services) -> None:
    host.lab.listen(tcp=str(services.tcp), udp=str(services.udp), udp_silent=str(services.udp_silent))
    host.lab.apply(filters)
    answer = host.ask(tcp=str(FEW), udp=str(FEW))
    expected = honest(host, filters, services)
    for place, verdict in answer.verdicts.items():
        if expected[place] in PASSED:
            assert verdict not in STOPPED, f"a wrong block: {place}"
    assert not differences(answer, expected)
