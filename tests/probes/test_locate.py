"""Where silent probes end: hops that count before they filter, hops that limit their errors, paths that lose."""

import random
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest
from world import HOPS, STABLE, TEMPORARY, Sent, World, measure, plan_of

from scanner.model.evidence import Measurement
from scanner.model.ports import PortSet
from scanner.plan import LOCATOR_PACKETS, LOCATOR_ROUNDS, Plan
from scanner.probes.engine import Engine
from scanner.probes.locate import Locator

ISP, ISP2, ROUTER = HOPS


class Between(Locator):
    """A locator with nothing to do between the passes."""

    def between(self) -> None: ...


def located(world: World, plan: Plan, **more: Any) -> Measurement:
    def finder(engine: Engine) -> Between:
        return Between(engine, plan)

    return measure(world, plan, finder=finder, **more)


def places(measurement: Measurement, address: IPv6Address = STABLE) -> dict[str, str]:
    """Where the silent ports end, in words -> ports."""
    target = next(t for t in measurement.targets if t.address == address)
    found: dict[str, set[int]] = {}
    for facts, ports in target.groups:
        if facts.place is not None:
            found.setdefault(facts.place.where.value, set()).update(ports)
    return {where: str(PortSet.of(ports)) for where, ports in found.items()}


def reasons(measurement: Measurement) -> str:
    return "\n".join(facts.place.how for t in measurement.targets for facts, _ in t.groups if facts.place)


def stops(ports: str, hop: int) -> Callable[[Sent], int]:
    stopped = frozenset(PortSet.parse(ports))
    return lambda one: hop if one.port in stopped and not one.control else 0


def test_the_path_is_traced() -> None:
    measurement = located(World(), plan_of("22"))
    assert measurement.path.routers == 3
    assert [hop.address for hop in measurement.path.hops] == list(HOPS)


def test_what_the_home_router_drops() -> None:
    measurement = located(World(stopped_at=stops("23-30", 3)), plan_of("20-40"))
    assert places(measurement) == {"router": "23-30"}


def test_what_an_isp_drops_is_not_the_routers_merit() -> None:
    measurement = located(World(stopped_at=stops("25,135-139", 1)), plan_of("20-200"))
    assert places(measurement) == {"upstream": "25,135-139"}


def test_both_at_once() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control or one.port == 22 else 2 if one.port in (25, 445) else 3

    measurement = located(World(stopped_at=stopped), plan_of("20-30,445"))
    assert places(measurement) == {"router": "20-21,23-24,26-30", "upstream": "25,445"}


def test_the_hop_before_the_router_may_be_its_own_filter_at_work() -> None:
    """Nothing shows that this home router counts hops before it filters: then it may be the one that drops."""
    measurement = located(World(stopped_at=stops("25", 2)), plan_of("20-30"))
    assert places(measurement) == {"unknown": "25"}
    assert "before it counts hops" in reasons(measurement)


def test_hops_that_never_answer() -> None:
    silent = World(stopped_at=stops("25", 3), tells=lambda _one, hop: hop != ROUTER)
    measurement = located(silent, plan_of("20-30"))
    assert places(measurement) == {"unknown": "25"}
    assert [hop.address for hop in measurement.path.hops] == [ISP, ISP2, None]
    hidden = World(stopped_at=stops("25", 3), tells=lambda _one, hop: hop == ROUTER)
    assert places(located(hidden, plan_of("20-30"))) == {"router": "25"}


def test_without_a_flow_a_port_that_passes_shows_the_path() -> None:
    """Silence is not judged then, but the path is known all the same."""
    measurement = located(World(), plan_of("22"), flows=False)
    assert measurement.path.routers == 3


def test_where_nothing_arrives_there_is_no_path() -> None:
    measurement = located(World(stopped_at=lambda _: 3), plan_of("22"))
    assert measurement.path.routers is None
    assert places(measurement) == {}


class Bucket:
    """So many errors at once, then so many a second: what Linux allows each destination."""

    def __init__(self, world: World, burst: float = 6, rate: float = 10) -> None:
        self.world, self.burst, self.rate = world, burst, rate
        self.left, self.since = burst, 0.0

    def __call__(self, _one: Sent, _hop: IPv6Address) -> bool:
        now = self.world.clock.now
        self.left = min(self.burst, self.left + (now - self.since) * self.rate)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def test_a_hop_that_limits_its_errors_is_not_taken_for_one_that_saw_nothing() -> None:
    world = World(stopped_at=stops("1-200", 3))
    world.tells = Bucket(world)
    measurement = located(world, plan_of("1-210"))
    assert "upstream" not in places(measurement)
    assert len(PortSet.parse(places(measurement)["router"])) > 20


@pytest.mark.parametrize("seed", range(6))
def test_on_a_path_that_loses_no_place_is_wrong(seed: int) -> None:
    """One in ten is lost each way: a hop's silence then means little, its answer still everything."""
    chance = random.Random(seed)

    def stopped(one: Sent) -> int:
        return 1 if chance.random() < 0.1 else 3 if one.port <= 300 and not one.control else 0

    world = World(stopped_at=stopped, tells=lambda _one, _hop: chance.random() > 0.1)
    measurement = located(world, plan_of("1-320"))
    assert set(places(measurement)) <= {"router", "unknown"}


def test_many_silent_ports_are_sampled_and_the_rest_inferred_but_for_the_telling_ones() -> None:
    """Ports that upstream networks are known to filter are looked for one by one."""
    world = World(stopped_at=stops("1-12000", 3))
    measurement = located(world, plan_of("1-12010", rate=1500))
    assert places(measurement) == {"router": "1-12000"}
    assert "that were located" in reasons(measurement)
    asked = {one.port for one in world.sent if one.packet[7] == 3 and not one.control}
    assert len(asked) < 3000
    assert {19, 23, 25, 53, 445, 3389, 11211} <= asked


def test_an_isp_that_drops_one_telling_port_among_many_silent_ones_is_found() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control else 1 if one.port == 445 else 3

    measurement = located(World(stopped_at=stopped), plan_of("1-9000", rate=1000))
    assert places(measurement) == {"router": "1-444,446-9000", "upstream": "445"}


def test_a_sample_that_does_not_agree_infers_nothing() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control else 1 if one.port % 2 else 3

    measurement = located(World(stopped_at=stopped), plan_of("1-9000", rate=500))
    told = {where: PortSet.parse(ports) for where, ports in places(measurement).items()}
    assert all(port % 2 for port in told["upstream"])
    assert not any(port % 2 for port in told["router"])
    assert len(told["unknown"]) > 5000


def test_everything_can_be_located() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control else 1 if one.port % 2 else 3

    plan = replace(plan_of("1-600", rate=100), locate_all=True)
    measurement = located(World(stopped_at=stopped), plan)
    told = {where: PortSet.parse(ports) for where, ports in places(measurement).items()}
    assert set(told) == {"upstream", "router"}
    assert len(told["upstream"]) == len(told["router"]) == 300


def test_it_sends_no_more_than_dry_run_says_and_no_faster() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control else 1

    world = World(stopped_at=stopped)
    measure_before = plan_of("1-9000", rate=2000)
    located(world, measure_before)
    hop_limited = [one for one in world.sent if one.packet[7] < 64]
    fast = LOCATOR_ROUNDS * int(2000 * 1.5)
    assert len(hop_limited) <= LOCATOR_PACKETS + fast + fast // 50 + 40
    assert max(1 / command["interval"] for command in world.commands if command["op"] == "send") <= 2000


def test_another_router_that_answers_in_its_place_proves_nothing() -> None:
    """Packets take several ways: where the passing flow meets the last hop, another one meets somebody else."""
    stranger = IPv6Address("2001:db8:bad::1")

    class Forked(World):
        def _expire(self, one: Sent, hop: IPv6Address) -> None:
            super()._expire(one, stranger if hop == ROUTER and not one.control else hop)

    measurement = located(Forked(stopped_at=stops("25", 3)), plan_of("20-30"))
    assert places(measurement) == {"unknown": "25"}
    assert "several ways" in reasons(measurement)


def test_each_address_has_its_places() -> None:
    def stopped(one: Sent) -> int:
        return 0 if one.control or one.target == TEMPORARY else 3

    measurement = located(World(stopped_at=stopped), plan_of("20-30", addresses=(STABLE, TEMPORARY)))
    assert places(measurement) == {"router": "20-30"}
    assert places(measurement, TEMPORARY) == {}


@pytest.mark.parametrize("passing", ["", "22"])
def test_where_no_datagram_gets_out_there_may_be_no_path(passing: str) -> None:
    """TCP controls bound the loss; only a port that passes can then show the path."""

    def stopped(one: Sent) -> int:
        return 0 if one.control or str(one.port) == passing else 3

    measurement = located(World(stopped_at=stopped, streams=True, datagrams=False), plan_of("22-60"))
    assert set(places(measurement)) == ({"router"} if passing else set())
    assert bool(measurement.path.hops) == bool(passing)
    assert measurement.loss_bound is not None
