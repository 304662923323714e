"""What was seen becomes a judgement: arrivals always speak, silence only beside what worked."""

from collections.abc import Iterable
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.batteries.simple_security.acts import ERRORS
from scanner.batteries.simple_security.facts import Facts, control_names
from scanner.batteries.simple_security.gate import KINDS, SERVICES, Gate
from scanner.batteries.simple_security.judge import JUDGES, when_rejected
from scanner.batteries.simple_security.rows import judge
from scanner.batteries.simple_security.seen import Seen, Told
from scanner.batteries.simple_security.timing import SLOW, STANDARD, Timing
from scanner.data.recommendations import load_recommendations
from scanner.model.conformance import Result

from .everything import named_shots

ROUTER = IPv6Address("2001:db8:2c::2")
FIRST = ("first.open", "first.reply")
EXPIRED, PROHIBITED, REFUSED = (3, 0), (1, 1), (1, 4)
SHOTS = sorted(name for name in named_shots() if not name.startswith("control."))
UNTESTED, CONFORMS, VIOLATES = Result.NOT_TESTABLE, Result.CONFORMS, Result.VIOLATES


def seen(
    arrived: Iterable[str] = (),
    *,
    left: Iterable[str] = (),
    told: dict[str, tuple[int, int, float]] | None = None,
    lost: int = 0,
) -> Seen:
    """Both sides' view: the path works, and ``lost`` of the controls did not come through."""
    one = Seen(left=set(left))
    for name in (*FIRST, *control_names()[lost:], *arrived):
        one.arrived[name] = 61
    for name in (*control_names(), *arrived):
        one.sent[name] = 1
    for name, (kind, code, delay) in (told or {}).items():
        one.tell(name, Told(kind, code, ROUTER.packed, delay))
    return one


def about(reached: Iterable[str] = (), replied: dict[str, int] | None = None, refused: Iterable[str] = ()) -> Seen:
    one = Seen(replied=dict(replied or {}))
    for kind in reached:
        one.tell(f"reach.{kind}", Told(*EXPIRED, ROUTER.packed, 0.01))
    for name in refused:
        one.tell(name, Told(*REFUSED, ROUTER.packed, 0.01))
    return one


def facts(
    inside: Seen, router: Seen | None = None, *, timing: Timing = STANDARD, second: bool = True, trouble: str = ""
) -> Facts:
    return Facts(inside, router or about(KINDS), Gate(3, ROUTER), timing, second, trouble)


def result(number: int, given_facts: Facts) -> Result:
    return JUDGES[number](given_facts).result


# ---- no conclusion without a ground


def test_nothing_seen_says_nothing() -> None:
    nothing = Facts(Seen(), Seen(), None, STANDARD, second=True)
    assert {one.result for one in judge(nothing).values()} == {UNTESTED}


@given(st.sets(st.sampled_from(SHOTS)), st.integers(3, 24))
def test_loss_makes_no_violation_of_silence(arrived: set[str], lost: int) -> None:
    """Where controls are lost, only what arrived may be held against a router: never what did not."""
    told = judge(facts(seen(arrived, lost=lost)))
    guilty = {number for number, one in told.items() if one.result is VIOLATES}
    assert guilty <= {3, 4, 5, 7, 10, 20}, "those are violated by an arrival"


@given(st.sets(st.sampled_from(SHOTS)))
def test_trouble_makes_no_violation_of_silence_either(arrived: set[str]) -> None:
    told = judge(facts(seen(arrived), trouble="a capture lost 3 packets"))
    assert {n for n, one in told.items() if one.result is VIOLATES} <= {3, 4, 5, 7, 10, 20}
    quiet = {n for n in (3, 4, 5, 7, 8, 9, 10, 50) if told[n].result is CONFORMS}
    assert quiet == set(), "those conform by silence"


@given(st.sets(st.sampled_from(SHOTS)), st.sets(st.sampled_from(sorted(KINDS))))
def test_every_judgement_says_why_or_what(arrived: set[str], reached: set[str]) -> None:
    for one in judge(facts(seen(arrived), about(reached))).values():
        assert one.evidence or one.result is UNTESTED
        assert one.why or one.result is CONFORMS or one.evidence


def test_every_recommendation_is_judged_or_has_a_reason() -> None:
    reasons = {one.number for one in load_recommendations() if one.untestable}
    assert reasons | set(JUDGES) == set(range(1, 51))
    assert not reasons & set(JUDGES)


# ---- one by one


def test_a_forged_source_that_came_out() -> None:
    assert result(5, facts(seen(["source.foreign"]))) is VIOLATES
    assert result(5, facts(seen(left=["source.foreign"]))) is CONFORMS


def test_a_forged_source_that_the_host_could_not_send() -> None:
    assert result(5, facts(seen())) is UNTESTED
    assert result(3, facts(seen(left=["source.site"]))) is UNTESTED, "one of two is not both"


@pytest.mark.parametrize("way", ["rh0.in.0", "rh0.in.1", "rh0.out"])
def test_routing_header_0_in_any_way(way: str) -> None:
    assert result(4, facts(seen(["rh0.plain", way]))) is VIOLATES


def test_routing_header_0_that_did_not_get_to_the_router() -> None:
    assert result(4, facts(seen(["rh0.plain"]))) is CONFORMS
    assert result(4, facts(seen(["rh0.plain"]), about())) is UNTESTED
    assert result(4, facts(seen())) is UNTESTED, "the flow without it did not work"


OPEN, RESET = 0x12, 0x14


@pytest.mark.parametrize(
    ("replied", "refused", "reached", "expected"),
    [
        ({"service.udp.53": 0}, [], [], VIOLATES),
        ({"service.tcp.53": OPEN}, [], [], VIOLATES),
        ({"service.tcp.53": RESET}, ["service.udp.53"], [], CONFORMS),
        ({"service.tcp.53": RESET}, [], [], UNTESTED),
        ({"service.tcp.53": RESET}, [], ["udp.53"], CONFORMS),
        ({}, [], ["udp.53", "tcp.53"], CONFORMS),
        ({}, [], ["tcp.53"], UNTESTED),
    ],
)
def test_dns_of_the_router(replied: dict[str, int], refused: list[str], reached: list[str], expected: Result) -> None:
    assert result(8, facts(seen(), about(reached, replied, refused))) is expected


def test_a_dhcp_answer_to_a_relay_counts() -> None:
    assert result(9, facts(seen(), about(["udp.547"]))) is CONFORMS
    assert result(9, facts(seen(), about(["udp.547"], {"service.udp.547.relayed": 0}))) is VIOLATES


def test_a_router_that_did_not_show_is_not_asked() -> None:
    hidden = Facts(seen(), about(), Gate(3, None), STANDARD, second=True)
    assert {result(number, hidden) for number in (8, 9, 50)} == {UNTESTED}


def test_management_wants_every_port_known() -> None:
    every = [f"{protocol}.{port}" for protocol, port in SERVICES]
    assert result(50, facts(seen(), about(every))) is CONFORMS
    assert result(50, facts(seen(), about([one for one in every if one != "tcp.7547"]))) is UNTESTED


def errors(flow: str, *kinds: int) -> list[str]:
    return [f"{flow}.error.{kind}.{code}" for kind, code in ERRORS if kind in kinds]


def test_bogus_errors_are_judged_beside_real_ones() -> None:
    live = errors("tcp", 1, 2)
    assert result(10, facts(seen(live))) is CONFORMS
    assert result(10, facts(seen([*live, "bogus.2.0"]))) is VIOLATES
    assert result(10, facts(seen())) is UNTESTED
    assert result(10, facts(seen(errors("tcp", 1)))) is UNTESTED, "packet too big never came through"


def test_both_kinds_of_error_must_come_in() -> None:
    assert result(18, facts(seen(["udp.open", *errors("udp", 1, 2)]))) is CONFORMS
    assert result(18, facts(seen(["udp.open", *errors("udp", 1)]))) is VIOLATES
    nothing = facts(seen(["udp.open"]), about())
    assert result(18, nothing) is UNTESTED, "no ICMPv6 was seen to get anywhere"


def test_a_flow_that_never_worked_did_not_die_of_an_error() -> None:
    assert result(37, facts(seen(["tcp.open"]))) is UNTESTED
    assert result(37, facts(seen(["tcp.open", "tcp.data"]))) is VIOLATES
    assert result(37, facts(seen(["tcp.open", "tcp.data", "tcp.after"]))) is CONFORMS


SHARED = ("udp.shared.open", "udp.shared.reply")


@pytest.mark.parametrize(
    ("more", "expected", "word"),
    [
        (["udp.other.address", "udp.other.port"], CONFORMS, "endpoint-independent"),
        (["udp.other.port"], CONFORMS, "address-dependent"),
        ([], VIOLATES, "very address and port"),
        (["unsolicited.udp", "udp.other.address"], UNTESTED, ""),
    ],
)
def test_filtering_behaviour(more: list[str], expected: Result, word: str) -> None:
    told = JUDGES[17](facts(seen([*SHARED, *more])))
    assert told.result is expected
    assert word in told.evidence


def test_where_a_default_lets_in() -> None:
    assert result(22, facts(seen(["unsolicited.esp"]))) is CONFORMS
    assert result(22, facts(seen())) is VIOLATES
    assert result(22, facts(seen(), about(set(KINDS) - {"esp"}))) is UNTESTED


@pytest.mark.parametrize(
    ("number", "kind", "names"),
    [(38, "sctp", ("sctp.open", "sctp.crossing.open")), (43, "dccp", ("dccp.open",)), (47, "shim6", ("shim6.open",))],
)
def test_an_answer_that_may_have_ended_before_the_router_is_not_held_against_it(
    number: int, kind: str, names: tuple[str, ...]
) -> None:
    assert result(number, facts(seen(names))) is VIOLATES
    assert result(number, facts(seen(names), about(set(KINDS) - {kind}))) is UNTESTED


def test_udp_on_the_ports_of_udp_lite() -> None:
    assert result(20, facts(seen(["lite.open", "lite.reply"]))) is CONFORMS
    assert result(20, facts(seen(["lite.open", "lite.reply", "lite.udp"]))) is VIOLATES
    both = ["lite.open", "lite.reply", "lite.udp", "unsolicited.udp"]
    assert result(20, facts(seen(both))) is CONFORMS, "any UDP comes in there"


def test_a_window_beyond_which_nothing_comes() -> None:
    assert result(32, facts(seen(["late.open", "late.near", "late.far"]))) is CONFORMS
    assert result(32, facts(seen(["late.open", "late.near"]))) is VIOLATES
    assert result(32, facts(seen(["late.open"]))) is UNTESTED


# ---- rejects


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((*PROHIBITED, 6.2), CONFORMS),
        ((*PROHIBITED, 5.9), VIOLATES),
        ((*PROHIBITED, 0.0), VIOLATES),
        ((*REFUSED, 7.0), VIOLATES),
    ],
)
def test_when_an_opening_is_rejected(told: tuple[int, int, float], expected: Result) -> None:
    assert result(34, facts(seen(told={"unsolicited.tcp.1": told}))) is expected


def test_the_earliest_reject_decides() -> None:
    assert when_rejected([(1, 1, 7.0), (1, 1, 0.1)], 6.0).result is VIOLATES


def test_a_reset_is_no_reject() -> None:
    reset = seen()
    reset.replied["unsolicited.tcp.0"] = RESET
    assert result(34, facts(reset)) is VIOLATES


def test_an_opening_that_came_in_is_not_rejected() -> None:
    assert result(34, facts(seen(["unsolicited.tcp.2"]))) is UNTESTED
    assert result(34, facts(seen())) is VIOLATES
    assert result(34, facts(seen(), about())) is UNTESTED


# ---- timers


def test_a_short_test_can_only_accuse() -> None:
    alive = ["udp.reply", "idle.udp.open", "idle.udp", "idle.udp.fresh", "idle.udp.default"]
    assert result(14, facts(seen(alive))) is UNTESTED
    assert result(14, facts(seen(alive), timing=SLOW)) is CONFORMS
    gone = [name for name in alive if name != "idle.udp"]
    assert result(14, facts(seen(gone))) is VIOLATES
    assert result(14, facts(seen(gone), timing=SLOW)) is VIOLATES


@pytest.mark.parametrize("missing", ["udp.reply", "idle.udp.fresh", "idle.udp.open"])
def test_a_state_is_gone_only_where_others_work(missing: str) -> None:
    there = {"udp.reply", "idle.udp.open", "idle.udp.fresh"} - {missing}
    assert result(14, facts(seen(there))) is UNTESTED


def test_less_than_the_default_is_said() -> None:
    there = ["udp.reply", "idle.udp.open", "idle.udp", "idle.udp.fresh"]
    told = JUDGES[14](facts(seen(there), timing=SLOW))
    assert told.result is CONFORMS
    assert "five minutes" in told.why


OPENED = ("refresh.least.open", "refresh.least.again", "refresh.least.fresh", "idle.udp")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["refresh.least.kept", "refresh.least.left"], UNTESTED),
        (["refresh.least.kept"], CONFORMS),
        ([], VIOLATES),
    ],
)
def test_refreshing(more: list[str], expected: Result) -> None:
    assert result(16, facts(seen([*OPENED, *more]))) is expected


def test_what_dies_faster_than_it_is_refreshed_is_not_judged() -> None:
    assert result(16, facts(seen(OPENED[:-1]))) is UNTESTED


def test_a_longer_rest_tells_of_refreshing_too() -> None:
    long_ = ["refresh.default.again", "refresh.default.fresh", "idle.udp.default"]
    both = ["refresh.least.kept", "refresh.least.left"]
    assert result(16, facts(seen([*OPENED, *both, *long_]))) is VIOLATES
    assert result(16, facts(seen([*OPENED, *both, *long_, "refresh.default.kept"]))) is CONFORMS
