"""The engine in a world of one process: every probe's fate is the test's to decide, every verdict follows from it."""

import random
from collections import Counter
from ipaddress import IPv6Address

import pytest
from world import INSIDE_PORT, STABLE, TCP, TEMPORARY, Fate, Sent, World, attempts, measure, plan_of

from scanner.model.evidence import Measurement
from scanner.model.ports import PortSet
from scanner.model.verdict import STOPPED, Verdict
from scanner.verdict.confidence import MOST_ATTEMPTS
from scanner.verdict.judge import judge

V = Verdict
GONE, SILENT, MUTE = Fate(arrives=False), Fate(answered=False), Fate(heard=False)


def verdicts(measurement: Measurement, address: IPv6Address = STABLE, protocol: str = "tcp") -> dict[str, str]:
    table = next(t for t in judge(measurement, "here") if (t.address, t.protocol) == (str(address), protocol))
    return {verdict.value: ports for verdict, ports in table.verdicts.items() if ports}


def reasons(measurement: Measurement) -> set[str]:
    return {row.reason for table in judge(measurement, "here") for row in table.evidence}


def test_what_everybody_sees_is_told() -> None:
    world = World(listening=frozenset({22, 53}))
    measurement = measure(world, plan_of("20-25", "53-54"))
    assert verdicts(measurement) == {"open": "22", "closed": "20-21,23-25"}
    assert verdicts(measurement, protocol="udp") == {"open": "53", "closed": "54"}
    assert set(attempts(world).values()) == {1}, "what has answered is not asked again"


def test_silence_is_repeated_before_it_counts() -> None:
    world = World(lambda one: GONE if one.port == 23 else Fate())
    measurement = measure(world, plan_of("20-25"))
    assert verdicts(measurement) == {"closed": "20-22,24-25", "blocked": "23"}
    assert attempts(world)[STABLE, TCP, 23] >= 2
    assert measurement.loss_bound is not None


def test_no_packet_repeats_another_ones_ports() -> None:
    """Trap D4: state in a router makes the second packet of a flow prove something else than the first."""
    world = World(lambda one: Fate() if one.control else GONE)
    measure(world, plan_of("20-60", "53,60-70", addresses=(STABLE, TEMPORARY)))
    tuples = Counter((one.protocol, one.source_port, one.target, one.port) for one in world.sent if not one.control)
    assert max(tuples.values()) == 1
    sources = {
        target: {s.source_port for s in world.sent if s.target == target and not s.control}
        for target in (STABLE, TEMPORARY)
    }
    assert not sources[STABLE] & sources[TEMPORARY], "what one address lets out opens no way to another"


def test_the_ports_of_control_flows_are_asked_before_there_are_any() -> None:
    world = World()
    measurement = measure(world, plan_of(udp=f"53,{INSIDE_PORT}"))
    asked = [index for index, one in enumerate(world.sent) if one.port == INSIDE_PORT and not one.control]
    first_control = next(index for index, one in enumerate(world.sent) if one.control)
    assert asked
    assert max(asked) < first_control
    assert world.order.index("flows") == max(asked) + 1
    assert verdicts(measurement, protocol="udp") == {"closed": f"53,{INSIDE_PORT}"}


def test_controls_run_on_another_addresss_flow() -> None:
    world = World(lambda one: Fate() if one.control else GONE)
    measure(world, plan_of("20-60", addresses=(STABLE, TEMPORARY)))
    sweeps = [command for command in world.commands if command["op"] == "sweep"]
    controls = Counter(one.target for one in world.sent if one.control)
    assert sweeps
    assert controls[TEMPORARY] >= 10
    assert controls[STABLE] >= 10


# ---- silence that proves nothing


def test_without_controls_nothing_is_called_blocked() -> None:
    world = World(lambda one: GONE if one.port == 23 else Fate())
    measurement = measure(world, plan_of("22-23"), flows=False)
    assert verdicts(measurement) == {"closed": "22", "indeterminate": "23"}
    assert any("no control flow" in problem for problem in measurement.problems)


def test_where_all_controls_are_lost_nothing_is_called_blocked() -> None:
    world = World(lambda _: GONE)
    measurement = measure(world, plan_of("22-23"))
    assert verdicts(measurement) == {"indeterminate": "22-23"}
    assert measurement.controls.seen == 0


def test_a_capture_that_loses_packets_makes_no_block_and_no_forger() -> None:
    """Everything arrives and is answered; the witness sees the controls and misses every probe, and says so."""

    def fate(one: Sent) -> Fate:
        if not one.control:
            world.capture_dropped += 1
        return Fate() if one.control else Fate(seen=False, answer_seen=False)

    world = World(fate)
    measurement = measure(world, plan_of("22-23"))
    assert verdicts(measurement) == {"indeterminate": "22-23"}
    assert reasons(measurement) == {"no probe of it counted"}
    assert measurement.capture_dropped > 0


def test_an_answer_of_the_host_to_what_was_not_seen_to_arrive_is_no_forgery() -> None:
    world = World(lambda one: Fate() if one.control else Fate(seen=False))
    measurement = measure(world, plan_of("22-23"))
    assert verdicts(measurement) == {"indeterminate": "22-23"}
    assert reasons(measurement) == {"the host was seen to answer a probe that was not seen to arrive"}


def test_an_answer_nobody_inside_gave_is_a_forgery() -> None:
    world = World(lambda one: Fate() if one.control else Fate(seen=False, answer_seen=False), frozenset({22}))
    measurement = measure(world, plan_of("22-23"))
    assert verdicts(measurement) == {"intercepted": "22", "forged": "23"}


def test_what_the_vantage_could_not_send_is_not_blocked() -> None:
    world = World(failed=lambda one: one.port in (22, 53) and not one.control)
    measurement = measure(world, plan_of("22-23", "53-54"))
    assert verdicts(measurement) == {"closed": "23", "indeterminate": "22"}
    assert verdicts(measurement, protocol="udp") == {"closed": "54", "indeterminate": "53"}
    assert any("EPERM" in problem for problem in measurement.problems)


@pytest.mark.parametrize("seed", range(3))
def test_loss_is_never_called_a_block(seed: int) -> None:
    chance = random.Random(seed)
    world = World(lambda _: GONE if chance.random() < 0.1 else Fate(heard=chance.random() >= 0.1))
    measurement = measure(world, plan_of("1-400"))
    assert set(verdicts(measurement)) <= {"closed", "indeterminate"}
    assert measurement.loss_bound is not None
    assert measurement.loss_bound > 0.1


def test_loss_of_new_flows_only_is_no_block_either() -> None:
    """A limit on new flows spares the controls; the probes of ports known to pass show it."""
    chance = random.Random(1)
    world = World(lambda one: GONE if not one.control and chance.random() < 0.6 else Fate())
    measurement = measure(world, plan_of("1-200"))
    assert not {Verdict(word) for word in verdicts(measurement)} & STOPPED


# ---- replies


def test_a_reply_that_never_comes_out_is_lost_only_after_many_tries() -> None:
    world = World(lambda one: MUTE if one.port == 22 else Fate(), frozenset({22}))
    measurement = measure(world, plan_of("22-24"))
    assert verdicts(measurement) == {"closed": "23-24", "reply-lost": "22"}
    assert attempts(world)[STABLE, TCP, 22] == MOST_ATTEMPTS


def test_interrupted_after_the_first_try_it_is_not_called_lost() -> None:
    world = World(lambda one: Fate() if one.control else MUTE)
    world.stop = lambda: any(not one.control for one in world.sent)
    measurement = measure(world, plan_of("22-24"))
    assert measurement.interrupted
    assert set(verdicts(measurement)) == {"indeterminate"}
    assert any("too few to tell" in reason for reason in reasons(measurement))


def test_interrupted_after_the_first_try_silence_is_no_block() -> None:
    world = World(lambda one: Fate() if one.control else GONE)
    world.stop = lambda: any(not one.control for one in world.sent)
    measurement = measure(world, plan_of("22-24"))
    assert set(verdicts(measurement)) == {"indeterminate"}


def test_interrupted_before_silence_was_repeated_it_is_no_block() -> None:
    world = World(lambda one: Fate() if one.control else GONE)
    world.stop = lambda: 2 in attempts(world).values()
    measurement = measure(world, plan_of("22-24"))
    assert set(verdicts(measurement)) == {"indeterminate"}
    assert all(reason.startswith("only 1 of the ") for reason in reasons(measurement))


def test_a_udp_answer_from_another_address_than_was_asked_says_nothing_of_that_one() -> None:
    """A program on :: leaves the source to the kernel; the router lets nothing in to the one it takes."""
    world = World(lambda one: Fate() if one.control or one.target == STABLE else GONE, frozenset({5000}))
    world.answers_from = TEMPORARY
    measurement = measure(world, plan_of(udp="5000", addresses=(STABLE, TEMPORARY)))
    assert verdicts(measurement, TEMPORARY, "udp") == {"blocked": "5000"}
    assert verdicts(measurement, STABLE, "udp") == {"open|filtered": "5000"}


def test_a_host_that_says_nothing_drops() -> None:
    world = World(lambda one: SILENT if one.port == 22 else Fate())
    measurement = measure(world, plan_of("22-23", "53"))
    assert verdicts(measurement) == {"closed": "23", "host-dropped": "22"}


def test_a_udp_program_that_says_nothing_may_be_open() -> None:
    world = World(lambda one: SILENT if one.port == 5353 else Fate(), frozenset({5353}))
    measurement = measure(world, plan_of(udp="53,5353"))
    assert verdicts(measurement, protocol="udp") == {"closed": "53", "open|filtered": "5353"}


@pytest.mark.parametrize(("limited", "verdict"), [(True, "closed"), (False, "host-dropped")])
def test_a_host_that_limits_its_errors_may_refuse_in_silence(*, limited: bool, verdict: str) -> None:
    """RFC 4443 section 2.4 (f)."""
    world = World(lambda one: Fate() if one.control or one.port == 60 else SILENT)
    measurement = measure(world, plan_of(udp="60-70"), limited=limited)
    found = verdicts(measurement, protocol="udp")
    assert found == ({"closed": "60-70"} if limited else {"closed": "60", verdict: "61-70"})


# ---- what happens on the way


def test_an_address_that_goes_leaves_the_others_alone() -> None:
    """Its control flow measured for the other one: what was sent on it says nothing any more."""

    def fate(one: Sent) -> Fate:
        if not one.control and one.target == STABLE and TEMPORARY in world.addresses:
            world.addresses = (STABLE,)
        return Fate() if one.control else GONE

    world = World(fate)
    measurement = measure(world, plan_of("20-40", addresses=(STABLE, TEMPORARY)))
    assert verdicts(measurement) == {"blocked": "20-40"}
    assert verdicts(measurement, TEMPORARY) == {"indeterminate": "20-40"}
    assert "the address vanished in mid-scan" in reasons(measurement)
    assert measurement.controls.seen == measurement.controls.sent


def test_a_vantage_that_is_lost_keeps_what_was_measured() -> None:
    world = World(lambda one: Fate(heard=one.port < 100))
    world.dies = lambda: len(attempts(world)) > 150
    measurement = measure(world, plan_of("1-300"))
    assert measurement.lost
    assert measurement.problems == ("the vantage is gone",)
    found = verdicts(measurement)
    assert set(found) == {"closed", "indeterminate"}
    assert len(PortSet.parse(found["closed"])) > 40


def test_nothing_is_sent_faster_than_the_ceiling() -> None:
    world = World(lambda one: Fate() if one.control else GONE)
    measure(world, plan_of("1-3000", "1-60", rate=2500))
    sweeps = [command["rate"] for command in world.commands if command["op"] == "sweep"]
    sends = [1 / command["interval"] for command in world.commands if command["op"] == "send"]
    assert sweeps[0] == 1000, "slowly first"
    assert max(sweeps) == 2500, "faster while controls come through"
    assert max(sends) <= 2500


def test_every_port_is_accounted_for_whatever_happens() -> None:
    chance = random.Random(2)
    fates = (Fate(), GONE, SILENT, MUTE, Fate(seen=False), Fate(answer_seen=False))
    world = World(lambda one: Fate() if one.control else chance.choice(fates), frozenset(range(1, 100)))
    measurement = measure(world, plan_of("1-200", "1-200"))
    for target in measurement.targets:
        assert sorted(port for _, ports in target.groups for port in ports) == list(PortSet.parse("1-200"))
    assert not {Verdict(word) for word in verdicts(measurement)} & STOPPED
