"""Controls on TCP connections that the inside opened: loss of TCP in both directions."""

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import inet
from scapy.layers.inet6 import IPv6

from scanner.model.evidence import Measurement
from scanner.probes.controls import TcpControlFlow, acknowledgement_in, control_in, control_index, flow_for
from scanner.probes.craft import checksum
from tests.probes.world import (
    ACKNOWLEDGED,
    FLOW_PORT,
    INSIDE_PORT,
    KEY,
    SEQUENCE,
    STABLE,
    TCP,
    TEMPORARY,
    UDP,
    VANTAGE,
    Fate,
    Sent,
    World,
    measure,
    plan_of,
)

FLOW = TcpControlFlow(VANTAGE, FLOW_PORT, STABLE, INSIDE_PORT, STABLE, INSIDE_PORT, SEQUENCE, ACKNOWLEDGED)


def doubts(measurement: Measurement) -> set[str]:
    return {facts.doubt for target in measurement.targets for facts, _ in target.groups}


def test_a_control_repeats_what_the_host_has_had() -> None:
    packet = FLOW.packet(KEY, 7)
    segment = IPv6(packet)[inet.TCP]
    length = len(bytes(segment.payload))
    assert (segment.seq + length) % (1 << 32) == SEQUENCE
    assert (segment.ack, str(segment.flags)) == (ACKNOWLEDGED, "PA")
    said = control_in(packet)
    assert said is not None
    assert said[:3] == (STABLE.packed, TCP, INSIDE_PORT)
    assert control_index(FLOW, KEY, said[3]) == 7
    assert checksum(packet[:56] + bytes(2) + packet[58:]).to_bytes(2, "big") == packet[56:58]


def test_a_udp_control_is_none_of_the_tcp_flows() -> None:
    said = control_in(FLOW.packet(KEY, 7))
    assert said is not None
    other = TcpControlFlow(VANTAGE, FLOW_PORT, STABLE, INSIDE_PORT + 1, STABLE, INSIDE_PORT, SEQUENCE, ACKNOWLEDGED)
    assert control_index(other, KEY, said[3]) is None


@given(st.binary(max_size=120))
def test_any_bytes_are_a_control_or_none(packet: bytes) -> None:
    said = control_in(packet)
    assert said is None or control_index(FLOW, KEY, said[3]) is None
    assert acknowledgement_in(packet) is None or len(packet) >= 60


def test_only_acknowledgements_without_syn_count() -> None:
    def segment(flags: str) -> bytes:
        return bytes(IPv6(src=str(STABLE), dst=str(VANTAGE)) / inet.TCP(sport=1, dport=2, flags=flags))

    assert acknowledgement_in(segment("A")) == (STABLE.packed, 1, 2)
    assert [acknowledgement_in(segment(flags)) for flags in ("SA", "S", "R", "")] == [None] * 4


def test_the_protocol_that_is_judged_measures_where_it_can() -> None:
    world = World(streams=True)
    measure(world, plan_of("1-400", "1-100"))
    controls = {(one.protocol, one.target) for one in world.sent if one.control}
    assert controls == {(TCP, STABLE), (UDP, STABLE)}
    streams = (FLOW,)
    assert flow_for(streams, TEMPORARY, UDP) == FLOW, "another protocol's flow is better than none"


def test_loss_on_the_way_out_is_measured() -> None:
    numbers = iter(range(10_000))

    def fate(one: Sent) -> Fate:
        return Fate(heard=not (one.control and one.protocol == TCP and next(numbers) % 4 == 0))

    measurement = measure(World(fate, streams=True), plan_of("1-400"))
    assert measurement.outward_left > 400
    assert 0.70 < measurement.outward_heard / measurement.outward_left < 0.80
    assert measurement.controls.seen == measurement.controls.sent, "nothing is lost inwards"


def test_tcp_that_is_lost_more_than_udp_asks_for_more_attempts() -> None:
    """A path may treat the two unlike: UDP controls alone would call one lost SYN too little."""
    numbers = iter(range(100_000))

    def fate(one: Sent) -> Fate:
        blocked = not one.control
        lossy = one.protocol == TCP and next(numbers) % 5 == 0
        return Fate(arrives=not (blocked or lossy))

    measurement = measure(World(fate, streams=True), plan_of("1-300"))
    attempts = [facts.attempts for facts, _ in measurement.targets[0].groups]
    assert min(attempts) >= 5
    assert measurement.loss_bound is not None
    assert measurement.loss_bound > 0.1


def test_a_broken_connection_says_nothing_of_the_path() -> None:
    """A middlebox has forgotten it: the UDP flow goes on measuring, and silence still counts."""

    def fate(one: Sent) -> Fate:
        return Fate(arrives=one.control and one.protocol == UDP)

    measurement = measure(World(fate, streams=True), plan_of("1-300"))
    assert measurement.controls.seen == measurement.controls.sent > 0
    assert doubts(measurement) == {""}


def test_a_connection_that_breaks_in_mid_scan() -> None:
    broken = False

    def fate(one: Sent) -> Fate:
        nonlocal broken
        broken = broken or (not one.control and one.port > 4000)
        return Fate(arrives=one.control and not (broken and one.protocol == TCP))

    measurement = measure(World(fate, streams=True), plan_of("1-5000", rate=2000))
    assert doubts(measurement) == {""}
    assert measurement.loss_bound is not None
    assert measurement.loss_bound < 0.05
