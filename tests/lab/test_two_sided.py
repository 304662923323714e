"""A whole two-sided measurement, port by port, beside the truth that is computed from rule sets and listeners."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import Queue

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES, isp_drops_smb, loss, stateful
from scanner.lab.rules import PASS_ALL, Action, Role, Rule, RuleSet
from scanner.lab.truth import Services
from scanner.model.ports import PortSet
from scanner.model.verdict import PASSED, STOPPED, Verdict

from .conftest import require_root
from .host import Host, Job, Place, Told, differences

V = Verdict
SERVICES = Services(
    tcp=PortSet.parse("22,80,445,3000,40000"), udp=PortSet.parse("53,445,40000"), udp_silent=PortSet.parse("5355,161")
)
SPECIAL = PortSet.parse("1,7,19-25,53,67-69,80,88,111,113,123,135-139,161-162,389,443,445,500,546,593")
MORE = PortSet.parse("1023-1025,1433-1434,1900,2049,3000,3389,5060,5353,5355,7547,8080,11211,33434,40000-40060,65535")
PORTS = SPECIAL | MORE
EXACT = [name for name in PERSONALITIES if name not in ("loss", "rate-limit", "late-reject", "no-outbound")]
LABS = 3  # a measurement mostly waits: so many go on side by side


JOBS = {
    "late-reject": Job(PERSONALITIES["late-reject"], SERVICES, PORTS, PortSet.of([445]), linger=12.0),
    "rate-limit": Job(PERSONALITIES["rate-limit"], SERVICES, PORTS | PortSet.parse("50000-50250"), PortSet()),
    "loss": Job(loss(), SERVICES, PORTS, PORTS),
    "loss beside a filter": Job(loss(beside=stateful()), SERVICES, PORTS, PORTS),
    "no-outbound": Job(PERSONALITIES["no-outbound"], SERVICES, PortSet.parse("22,445"), PortSet.of([53])),
    "isp and router": Job(isp_drops_smb(stateful()), SERVICES, PORTS, PORTS),
    "no lingering": Job(PERSONALITIES["pass-all"], SERVICES, SPECIAL, PortSet(), linger=40.0),
    **{name: Job(PERSONALITIES[name], SERVICES, PORTS, PORTS) for name in EXACT},
}


@pytest.fixture(scope="module")
def told(unique_name: Callable[[], str]) -> Iterator[dict[str, Future[Told]]]:
    """The answer to every job, as soon as it is there."""
    require_root()
    with ExitStack() as stack:
        hosts: Queue[Host] = Queue()
        for _ in range(LABS):
            lab = stack.enter_context(Lab(unique_name()))
            listen(lab)
            hosts.put(stack.enter_context(Host(lab)))
        own = threading.local()  # a lab's daemons live as long as the thread that started them

        def run(job: Job) -> Told:
            if not hasattr(own, "host"):
                own.host = hosts.get_nowait()
            return own.host.measured(job)

        pool = stack.enter_context(ThreadPoolExecutor(LABS))
        yield {name: pool.submit(run, job) for name, job in JOBS.items()}
        pool.shutdown(cancel_futures=True)


def listen(lab: Lab) -> None:
    lab.listen(tcp=str(SERVICES.tcp), udp=str(SERVICES.udp), udp_silent=str(SERVICES.udp_silent))


@pytest.mark.parametrize("name", [*EXACT, "isp and router"])
def test_a_personality_is_told_port_by_port(told: dict[str, Future[Told]], name: str) -> None:
    one = told[name].result()
    assert not differences(one.answer, one.expected)
    assert one.answer.problems == []
    assert not one.answer.late_rejects
    assert one.answer.routers == 3
    assert one.answer.bound is not None
    assert one.answer.bound <= 1e-4


@pytest.mark.parametrize("name", ["loss", "loss beside a filter"])
def test_loss_is_no_block_and_no_lost_reply(told: dict[str, Future[Told]], name: str) -> None:
    """One packet in ten is lost, each way: unknown may be said, wrong may not."""
    one = told[name].result()
    place_unknown = (V.BLOCKED, V.ROUTER_DROPPED)
    assert {place: pair for place, pair in one.wrong.items() if pair != place_unknown} == {}
    sent, seen = one.answer.controls
    assert seen < sent, "else this test tests nothing"
    assert one.answer.loss_bound > 0.05


def test_a_rate_limit_is_no_block(told: dict[str, Future[Told]]) -> None:
    one = told["rate-limit"].result()
    assert one.wrong == {}
    assert set(one.answer.verdicts.values()) & STOPPED == set()


def test_a_late_reject_is_waited_for(told: dict[str, Future[Told]]) -> None:
    """RFC 6092 REC-34: the router drops and says so 6.5 s later."""
    one = told["late-reject"].result()
    assert not differences(one.answer, one.expected)
    assert one.answer.late_rejects


def test_it_lingers_only_for_what_may_still_come(told: dict[str, Future[Told]]) -> None:
    one = told["no lingering"].result()
    assert one.seconds < 35
    assert not differences(one.answer, one.expected)
    assert not one.answer.late_rejects


def test_without_a_flow_from_inside_silence_stays_unknown(told: dict[str, Future[Told]]) -> None:
    answer = told["no-outbound"].result().answer
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


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
    with Host(lab) as one:
        yield one


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
