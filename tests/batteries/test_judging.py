"""What a trial means: an arrival always speaks, silence only where something shows that it is the filter's doing."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv6Address
from types import SimpleNamespace
from typing import Any

import pytest

from scanner.batteries import icmpv6
from scanner.batteries.derived import ADVICE, judge_advice
from scanner.batteries.evasion_rows import judge, row_of
from scanner.batteries.exchange import Outcome, Shot, Trial
from scanner.batteries.path_control import Reached, control_path, representatives
from scanner.batteries.path_mtu import Experiment
from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import HopSeen, Path
from scanner.model.settings import Expectation
from scanner.probes.cases import fragments, segments
from scanner.probes.cases.craft import Base
from scanner.probes.cases.segments import Build, towards
from scanner.probes.cases.stamp import Stamp
from scanner.probes.pipe import Frame

HOST, VANTAGE = IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:f::2")
ROUTER = IPv6Address("2001:db8:a::1")
KEY = b"k" * 16
WAYS = {case.id: case for case in load_cases(EVASION)}
MESSAGES = {case.id: case for case in load_cases(ICMPV6)}
NULL = WAYS["tcp-null"]
YES, NO, UNKNOWN = Reached(yes=True, how="reached"), Reached(yes=False, how="hop 1 of 3"), Reached(None, "nobody knows")
DOUBT = "too many packets are lost on the way"


def outcome(arrived: int = 0, doubt: str = "", build: Build = segments.CASES["tcp-null"], to: int = 445) -> Outcome:
    """One copy, of which the first ``arrived`` packets came in."""
    shot = Shot("x", HOST, towards(build, Base(to)))
    stamp = Stamp(7, VANTAGE, HOST, 20_000, KEY)
    packets = tuple(shot.build(stamp))
    frames = [Frame(1.0, outgoing=False, interface=2, mac=b"", packet=packet) for packet in packets[:arrived]]
    return Outcome(shot, (Trial(stamp, packets, frames),), doubt)


# -- ways through


@pytest.mark.parametrize(
    ("seen", "reached", "expected"),
    [
        (outcome(), None, Result.STOPPED),
        (outcome(), YES, Result.STOPPED),
        (outcome(), NO, Result.NOT_MEASURABLE),
        (outcome(), UNKNOWN, Result.NOT_MEASURABLE),
        (outcome(doubt=DOUBT), None, Result.NOT_MEASURABLE),
        (outcome(doubt=DOUBT), YES, Result.NOT_MEASURABLE),
        (outcome(1), None, Result.THROUGH),
        (outcome(1, DOUBT), NO, Result.THROUGH),
        (outcome(1, build=fragments.CASES["X32"]), None, Result.PARTIAL),
    ],
)
def test_what_a_trial_of_a_way_means(seen: Outcome, reached: Reached | None, expected: Result) -> None:
    assert judge(NULL, seen, 445, reached)[0] is expected


@pytest.mark.parametrize(("port", "expected"), [(80, Result.STOPPED), (445, Result.THROUGH)])
def test_fragments_that_were_put_together_to_something_else_are_stopped(port: int, expected: Result) -> None:
    """The router let in what came of them; it does not go to the port that is stopped."""
    sent, whole = outcome(build=fragments.CASES["X32"]), outcome(1, build=segments.syn, to=port)
    trial = replace(sent.trials[0], arrived=whole.trials[0].arrived)
    assert judge(WAYS["X32"], Outcome(sent.shot, (trial,)), 445, None)[0] is expected


def test_what_an_earlier_case_opened_is_no_way_of_its_own() -> None:
    assert judge(NULL, outcome(1), 445, None, opened=True)[0] is Result.NOT_MEASURABLE


def test_only_what_arrived_has_a_reaction() -> None:
    assert row_of(NULL, "vps", outcome(1), 445, None, opened=False).reaction == "silent"
    assert row_of(NULL, "vps", outcome(), 445, None, opened=False).reaction == ""


# -- ICMPv6


@pytest.mark.parametrize(
    ("case", "seen", "reached", "expected"),
    [
        ("138", outcome(), YES, Result.CONFORMS),
        ("138", outcome(), NO, Result.NOT_TESTABLE),
        ("138", outcome(), UNKNOWN, Result.NOT_TESTABLE),
        ("138", outcome(doubt=DOUBT), YES, Result.NOT_TESTABLE),
        ("138", outcome(1, DOUBT), NO, Result.VIOLATES),
        ("1-4-flow", outcome(1), None, Result.CONFORMS),
        ("1-4-flow", outcome(), None, Result.VIOLATES),
        ("1-4-flow", outcome(doubt=DOUBT), None, Result.NOT_TESTABLE),
        ("129-flow", outcome(1), None, Result.CONFORMS),
        ("129-flow", outcome(), None, Result.VIOLATES),
        ("129-flow", outcome(doubt=DOUBT), None, Result.NOT_TESTABLE),
        ("128", outcome(), NO, Result.NOT_TESTABLE),
        ("128", outcome(), YES, Result.VIOLATES),
        ("128", outcome(1), None, Result.CONFORMS),
    ],
)
def test_what_a_trial_of_a_message_means(case: str, seen: Outcome, reached: Reached | None, expected: Result) -> None:
    assert icmpv6.judge_case(MESSAGES[case], seen, Expectation.RFC6092, reached)[0] is expected


def test_who_wants_nothing_unsolicited_may_stop_echo_requests() -> None:
    assert icmpv6.judge_case(MESSAGES["128"], outcome(), Expectation.STRICT, YES)[0] is Result.CONFORMS
    assert icmpv6.judge_case(MESSAGES["128"], outcome(), Expectation.STRICT, NO)[0] is Result.NOT_TESTABLE


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (outcome(1), Result.CONFORMS),
        (outcome(), Result.VIOLATES),
        (outcome(doubt=DOUBT), Result.NOT_TESTABLE),
        (outcome(1, DOUBT), Result.CONFORMS),
    ],
)
def test_path_mtu_discovery_is_broken_only_where_silence_counts(seen: Outcome, expected: Result) -> None:
    assert icmpv6.judge_experiment(Experiment(seen, "shown"))[0] is expected


@pytest.mark.parametrize("case", [case for case in MESSAGES.values() if not case.path and case.group == "must-drop"])
def test_what_no_error_answers_is_judged_beside_errors_that_come_in(case: Any) -> None:
    beside = icmpv6.judge_case(case, outcome(), Expectation.STRICT, icmpv6.known_of(case, {}, speaking=True))
    alone = icmpv6.judge_case(case, outcome(), Expectation.STRICT, icmpv6.known_of(case, {}, speaking=False))
    assert (beside[0], alone[0]) == (Result.CONFORMS, Result.NOT_TESTABLE)


@pytest.mark.parametrize("speaks", [YES, NO, UNKNOWN])
def test_a_router_that_answers_not_even_for_an_echo_request_proves_nothing(
    speaks: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    def control(_exchange: Any, _path: Path, shots: Mapping[str, Shot], _errors: float) -> dict[str, Reached]:
        return dict.fromkeys(shots, speaks)

    monkeypatch.setattr(icmpv6, "control_path", control)
    ground: Any = SimpleNamespace(path=Path(), errors=9.0)
    told = {(HOST, "138"): outcome(), (HOST, "139"): outcome(1), (HOST, "140"): outcome(doubt=DOUBT)}
    exchange: Any = None
    assert icmpv6.reached_router(exchange, ground, tuple(MESSAGES.values()), told) == {"138": speaks}


# -- how far it came


class Hops:
    """An exchange in which a packet is answered by the hop where it ends, as far as packets get."""

    def __init__(self, farthest: int, doubt: str = "") -> None:
        self.farthest, self.doubt = farthest, doubt

    def fire(self, shots: Any, _rate: float | None = None) -> tuple[Outcome, ...]:
        return tuple(self.answer(shot) for shot in shots)

    def answer(self, shot: Shot) -> Outcome:
        stamp = Stamp(7, VANTAGE, HOST, 20_000, KEY)
        trial = Trial(stamp, ())
        if shot.hop_limit <= self.farthest:
            source = HOPS[shot.hop_limit - 1].address
            assert source is not None
            head = bytes([0x60, 0, 0, 0, 0, 8, 58, 64]) + source.packed + VANTAGE.packed
            trial.heard.append(SimpleNamespace(at=1.0, packet=head + bytes([3, 0, 0, 0, 0, 0, 0, 0])))  # type: ignore[arg-type]
        return Outcome(shot, (trial,), self.doubt)


HOPS = (HopSeen(1, IPv6Address("2001:db8:1::1")), HopSeen(2, IPv6Address("2001:db8:2::1")), HopSeen(3, ROUTER))


@pytest.mark.parametrize(
    ("hops", "far", "doubt", "yes"),
    [
        (HOPS, 3, "", True),
        (HOPS, 2, "", False),
        (HOPS, 0, "", False),
        (HOPS, 0, DOUBT, None),
        (HOPS[:2], 2, "", None),  # the home router shows no address of its own
    ],
)
def test_what_reaches_the_home_router(hops: tuple[HopSeen, ...], far: int, doubt: str, yes: bool | None) -> None:  # noqa: FBT001
    exchange: Any = Hops(far, doubt)
    shot = outcome().shot
    assert control_path(exchange, Path(3, hops), {"x": shot}, 9.0)["x"].yes is yes


def test_a_case_speaks_for_those_that_name_it() -> None:
    assert representatives({"a": "self", "b": "a", "c": ""}, ["a", "b", "c"]) == {"a": "a", "b": "a"}


# -- what follows for other standards


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((Result.THROUGH, Result.STOPPED), Result.VIOLATES),
        ((Result.PARTIAL, Result.NOT_MEASURABLE), Result.VIOLATES),
        ((Result.STOPPED, Result.NOT_MEASURABLE), Result.CONFORMS),
        ((Result.NOT_MEASURABLE, Result.NOT_MEASURABLE), Result.NOT_TESTABLE),
    ],
)
def test_an_advice_is_kept_where_something_was_seen_to_be_stopped(
    results: tuple[Result, Result], expected: Result
) -> None:
    advice = replace(ADVICE[0], cases=("a", "b"))
    rows = {
        name: ConformanceRow(Standard.EVASION, name, str(HOST), "vps", result, "", "")
        for name, result in zip(advice.cases, results, strict=True)
    }
    assert judge_advice(advice, rows).result is expected
