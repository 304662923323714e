"""What is said: who says it, to whom, and that nobody else can be meant or mistaken."""

from collections import Counter
from ipaddress import IPv6Address

from scanner.batteries.simple_security.acts import acts
from scanner.batteries.simple_security.battery import classes
from scanner.batteries.simple_security.gate import hang_ups
from scanner.batteries.simple_security.script import Side
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.timing import SLOW, STANDARD
from scanner.probes.cases.gateway import identity

from .everything import HOST, ROUTER, SECOND, VANTAGE, cast, every_act, named_shots, shots_of


def source(packet: bytes) -> IPv6Address:
    return IPv6Address(packet[8:24])


def target(packet: bytes) -> IPv6Address:
    return IPv6Address(packet[24:40])


def test_no_name_is_given_twice() -> None:
    names = Counter(shot.name for act in every_act() for shot in shots_of(act))
    assert [name for name, times in names.items() if times > 1] == []


def test_no_packet_can_be_taken_for_another() -> None:
    marks = Counter(mark for shot in named_shots().values() for mark in identity(shot.packet))
    assert max(marks.values()) == 1


def test_packets_go_to_the_host_the_vantage_and_the_router_only() -> None:
    for shot in named_shots().values():
        allowed = {VANTAGE, SECOND} if shot.side is Side.INSIDE else {HOST, ROUTER}
        assert target(shot.packet) in allowed, shot.name


def test_outside_nobody_speaks_under_another_s_name() -> None:
    for shot in named_shots().values():
        if shot.side is Side.OUTSIDE:
            assert source(shot.packet) in {VANTAGE, SECOND}, shot.name


def test_inside_only_the_forged_sources_are_forged() -> None:
    forged = {
        s.name: source(s.packet) for s in named_shots().values() if s.side is Side.INSIDE and source(s.packet) != HOST
    }
    assert set(forged) == {"source.foreign", "source.local", "source.site", "source.orchid"}
    assert forged["source.foreign"] == SECOND, "whoever wonders about it is the vantage"
    assert forged["source.local"].is_private
    assert forged["source.site"].is_site_local


def test_the_foreign_source_without_a_second_address_is_nobody_in_the_vantage_s_network() -> None:
    shots = {shot.name: shot for act in acts(cast(None), STANDARD) for shot in shots_of(act)}
    address = source(shots["source.foreign"].packet)
    assert int(address) >> 64 == int(VANTAGE) >> 64
    assert address != VANTAGE


def test_the_router_is_asked_at_its_own_address_only() -> None:
    asked = {shot.name for shot in named_shots().values() if target(shot.packet) == ROUTER}
    assert asked
    assert all(name.startswith("service.") for name in asked)


def test_what_expires_does_so_at_the_router() -> None:
    for name, shot in named_shots().items():
        assert shot.packet[7] == (3 if name.startswith("reach.") else 64), name


def test_unasked_packets_share_no_port_with_what_the_inside_opens() -> None:
    """Else an endpoint-independent filter would let them in (trap D3)."""
    shots = named_shots().values()
    opened = {(s.packet[6], s.packet[40:42]) for s in shots if s.side is Side.INSIDE and s.packet[6] in (6, 17)}
    unasked = {
        (s.packet[6], s.packet[42:44]) for s in shots if s.name.startswith("unsolicited.") and s.packet[6] in (6, 17)
    }
    assert unasked
    assert opened & unasked == set()


def test_half_open_connections_are_hung_up() -> None:
    seen = Seen(replied={"service.tcp.22": 0x12, "service.tcp.23": 0x14, "service.udp.161": 0})
    asked = tuple(shot for shot in named_shots().values() if shot.name.startswith("service."))
    resets = hang_ups(cast(), ROUTER, seen, asked)
    assert [shot.name for shot in resets] == ["service.tcp.22.reset"]
    syn = named_shots()["service.tcp.22"].packet
    assert resets[0].packet[53] == 0x04
    assert int.from_bytes(resets[0].packet[44:48], "big") == int.from_bytes(syn[44:48], "big") + 1


def test_a_dry_run_counts_at_least_what_is_sent() -> None:
    told = sum(one.count for one in classes(HOST))
    sent = sum(shot.tries for act in every_act() for shot in shots_of(act))
    assert told >= sent
    assert {one.rate for one in classes(HOST)} == {50}


def test_the_slow_battery_waits_for_what_the_standard_says() -> None:
    waits = [sum(step.after for step in act.steps) for act in acts(cast(), SLOW)]
    assert max(waits) == 7435
    assert max(sum(step.after for step in act.steps) for act in acts(cast(), STANDARD)) < 13
