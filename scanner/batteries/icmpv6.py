"""ICMPv6 through a home router (RFC 4890): what must pass does, what nobody outside has any business with does not."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Address

from scanner.batteries.evasion_rows import evidence_of
from scanner.batteries.exchange import Exchange, Outcome, Shot, open_exchange
from scanner.batteries.ground import Ground, Played
from scanner.batteries.path_control import Reached, control_path, representatives
from scanner.batteries.path_mtu import Experiment, shrink
from scanner.batteries.ping import CASE as ECHO_REPLY
from scanner.batteries.ping import ping
from scanner.batteries.reading import in_any
from scanner.data.cases import ICMPV6, load_cases
from scanner.flows import open_flows
from scanner.measure import control_ports
from scanner.model.cases import Case
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.settings import Expectation
from scanner.model.text import clauses, say
from scanner.probes.cases import icmpv6
from scanner.probes.cases.craft import Base
from scanner.probes.cases.segments import towards
from scanner.probes.controls import ControlFlow
from scanner.probes.craft import Flow, udp_packet
from scanner.witness.pinhole import HELLO

NAME = "icmpv6"
STAGE = "ICMPv6 through the router"
PACKET_TOO_BIG = "2-0-flow"
NO_FLOW = say("no flow could be opened from inside, so there is nothing an error could be about")
NO_ERRORS = say("errors about the host's own connections do not come in either, so nothing tells who stops these")
ERRORS_THAT_PASS = frozenset(case for case in icmpv6.CASES if case.endswith("-flow") and case != ECHO_REPLY)
NO_PING = say("no echo request of the host reached the vantage, so there is nothing to reply to")
SPEAKER = "128"  # the case that shows whether the home router answers for ICMPv6 at all


def play(ground: Ground) -> Played:
    """Every case of the catalogue at every address."""
    cases = load_cases(ICMPV6)
    with open_exchange(
        ground.vantage,
        ground.addresses,
        ground.key,
        pace=ground.pace,
        prior=ground.prior,
        present=ground.present,
        tick=lambda done, total: ground.progress(STAGE, done, total, ground.pace.rate),
    ) as exchange:
        return measured(exchange, ground, cases)


def measured(exchange: Exchange, ground: Ground, cases: Sequence[Case]) -> Played:
    """Path MTU discovery first, as long as the host has not been told of a smaller one; then everything else."""
    flows, pinholes = open_flows(
        ground.vantage.session, ground.vantage.address, exchange.flow_port, control_ports(ground.addresses)
    )
    try:
        flow_of = {flow.inside: flow for flow in flows}
        experiments = {address: shrink(exchange, flow) for address, flow in flow_of.items()}
        pings = {(address, ECHO_REPLY): ping(exchange, flow) for address, flow in flow_of.items()}
        wanted = [
            (address, case)
            for case in cases
            for address in ground.addresses
            if case.id not in (PACKET_TOO_BIG, ECHO_REPLY) and (case.base != "flow" or address in flow_of)
        ]
        outcomes = exchange.fire(shot_of(case, address, flow_of.get(address)) for address, case in wanted)
    finally:
        for pinhole in pinholes:
            pinhole.close()
    told = {(address, case.id): outcome for (address, case), outcome in zip(wanted, outcomes, strict=True)}
    told |= {key: outcome for key, outcome in pings.items() if outcome is not None}
    reached = reached_router(exchange, ground, cases, told)
    speaking = {address for (address, case), outcome in told.items() if case in ERRORS_THAT_PASS and in_any(outcome)}
    rows = tuple(
        row_for(
            case,
            address,
            ground,
            told.get((address, case.id)),
            experiments.get(address),
            known_of(case, reached, speaking=address in speaking),
        )
        for address in ground.addresses
        for case in cases
    )
    return Played(rows, exchange.problems, exchange.interrupted)


def shot_of(case: Case, address: IPv6Address, flow: ControlFlow | None) -> Shot:
    quoted = quoted_packet(flow) if flow is not None else b""
    return Shot(case.id, address, towards(icmpv6.CASES[case.id], Base(quoted=quoted)))


def quoted_packet(flow: ControlFlow) -> bytes:
    """What the inside has said on its flow, as a router on the way would quote it."""
    out = Flow(flow.seen, flow.vantage, flow.seen_port)
    return udp_packet(out, flow.vantage_port, HELLO + flow.inside.packed, hop_limit=60)


def reached_router(
    exchange: Exchange, ground: Ground, cases: Sequence[Case], told: Mapping[tuple[IPv6Address, str], Outcome]
) -> dict[str, Reached]:
    """Whether what was silent reaches the home router; only of messages that may be answered by an error. Where it does
    not even answer for an echo request, nobody knows of the others either.
    """
    by_id = {case.id: case for case in cases}
    silent = {case: a for (a, case), outcome in told.items() if not in_any(outcome) and not outcome.doubt}
    speakers = representatives({case.id: case.path for case in cases}, list(silent))
    if not speakers:
        return {}
    first = next(iter(silent.values()))
    probe = control_path(exchange, ground.path, {SPEAKER: shot_of(by_id[SPEAKER], first, None)}, ground.errors)
    if not probe[SPEAKER].yes:
        return dict.fromkeys(speakers, probe[SPEAKER])
    shots = {speaker: shot_of(by_id[speaker], silent[case], None) for case, speaker in speakers.items()}
    found = control_path(exchange, ground.path, shots, ground.errors)
    return {case: found[speaker] for case, speaker in speakers.items()}


def known_of(case: Case, reached: Mapping[str, Reached], *, speaking: bool) -> Reached | None:
    """What is known of the way of a case. One that no error may answer is seen only beside errors that come in
    (``speaking``), for then such messages get as far.
    """
    return reached.get(case.id) if case.path or speaking else Reached(None, NO_ERRORS)


# -- what it means


def row_for(
    case: Case,
    address: IPv6Address,
    ground: Ground,
    outcome: Outcome | None,
    experiment: Experiment | None,
    reached: Reached | None,
) -> ConformanceRow:
    if case.id == PACKET_TOO_BIG and experiment is not None:
        return row(case, address, ground, *judge_experiment(experiment))
    if outcome is None:
        why = NO_PING if case.id == ECHO_REPLY else NO_FLOW
        return row(case, address, ground, Result.NOT_TESTABLE, say("nothing was sent"), why)
    return row(case, address, ground, *judge_case(case, outcome, ground.expect, reached))


def judge_case(case: Case, outcome: Outcome, expect: Expectation, reached: Reached | None) -> tuple[Result, str, str]:
    """(result, evidence, why). A part of a message that arrived has passed."""
    arrived = in_any(outcome)
    seen = evidence_of(outcome)
    if not arrived and outcome.doubt:
        return Result.NOT_TESTABLE, seen, outcome.doubt
    if not arrived and case.base != "flow" and reached is not None and not reached.yes:
        return Result.NOT_TESTABLE, seen, reached.how
    if case.group == "policy":
        return judge_policy(seen, expect, arrived=arrived)
    good = arrived == (case.group != "must-drop")
    return (Result.CONFORMS if good else Result.VIOLATES), seen, WHY[case.group, good]


WHY = {
    ("must-pass", True): say("errors about your own connections must reach you"),
    ("must-pass", False): say("errors about your own connections are lost: they fail slowly, or for no visible reason"),
    ("reply", True): say("the answer to your own ping comes back"),
    ("reply", False): say("the answer to your own ping does not come back: you cannot test whether others are reached"),
    ("must-drop", True): say("nobody beyond the router has any business with it"),
    ("must-drop", False): say("nobody beyond the router has any business with it, and the router passes it on"),
}


def judge_policy(seen: str, expect: Expectation, *, arrived: bool) -> tuple[Result, str, str]:
    """RFC 4890 wants echo requests to pass; who wants nothing unsolicited in (``strict``) may stop them."""
    if arrived:
        return Result.CONFORMS, seen, say("echo requests pass, as RFC 4890 section 4.3.1 wants")
    if expect is Expectation.STRICT:
        return (
            Result.CONFORMS,
            seen,
            say("echo requests are stopped, as befits a router that lets nothing unsolicited in"),
        )
    return (
        Result.VIOLATES,
        seen,
        say("RFC 4890 section 4.3.1 wants echo requests to pass; that they do not harms nobody"),
    )


def judge_experiment(experiment: Experiment) -> tuple[Result, str, str]:
    seen = evidence_of(experiment.outcome)
    seen = clauses([seen, experiment.shown])
    if in_any(experiment.outcome):
        return Result.CONFORMS, seen, say("path MTU discovery works")
    if experiment.outcome.doubt:
        return Result.NOT_TESTABLE, seen, experiment.outcome.doubt
    return (
        Result.VIOLATES,
        seen,
        say("path MTU discovery is broken: behind a link that carries less than yours, connections hang"),
    )


def row(case: Case, address: IPv6Address, ground: Ground, result: Result, evidence: str, why: str) -> ConformanceRow:
    return ConformanceRow(
        Standard.RFC4890, case.id, str(address), ground.vantage.name, result, evidence, why, case.name
    )


def rows_unasked(ground: Ground, why: str) -> Iterable[ConformanceRow]:
    """Every case, where none can be tried at all."""
    nothing = say("nothing was sent")
    return (
        row(case, address, ground, Result.NOT_TESTABLE, nothing, why)
        for address in ground.addresses
        for case in load_cases(ICMPV6)
    )
