"""Which of the kernel's routes leads out, and what is believed of the neighbour table."""

from ipaddress import IPv6Address

import pytest

from scanner.discovery.router import Neighbour, NeighbourState, Route, best_route, default_router, mac_of
from scanner.model.address import DefaultRouter

ONE, TWO = IPv6Address("fe80::1"), IPv6Address("fe80::2")
MAC = "02:00:00:00:00:01"


def names(index: int) -> str:
    return f"eth{index}"


def test_lowest_metric_wins() -> None:
    assert Route(TWO, 3, 100) == best_route([Route(ONE, 2, 1024), Route(TWO, 3, 100)])


@pytest.mark.parametrize(("better", "worse"), [(1, 0), (0, 3), (1, 3), (2, 3), (1, 2)])
def test_among_equal_metrics_the_advertised_preference_decides(better: int, worse: int) -> None:
    best, other = Route(ONE, 2, 1024, better), Route(TWO, 2, 1024, worse)
    assert best == best_route([other, best])


def test_a_dead_next_hop_does_not_count() -> None:
    assert Route(TWO, 3, 1024) == best_route(
        [Route(ONE, 2, 1, flags=1), Route(ONE, 2, 1, flags=16), Route(TWO, 3, 1024)]
    )


def test_of_equal_next_hops_the_first_is_named() -> None:
    assert Route(ONE, 2, 1024) == best_route([Route(ONE, 2, 1024), Route(TWO, 2, 1024)])


def test_no_route_and_a_route_without_router_are_none() -> None:
    assert default_router([], [], names) is None
    assert default_router([Route(None, 2, 1), Route(ONE, 3, 1024)], [], names) is None


@pytest.mark.parametrize("state", list(NeighbourState))
def test_a_mac_is_believed_in_these_states_only(state: NeighbourState) -> None:
    known = state not in (NeighbourState.INCOMPLETE, NeighbourState.FAILED)
    assert (MAC if known else None) == mac_of(ONE, 2, [Neighbour(ONE, 2, state, MAC)])


def test_no_state_is_no_mac() -> None:
    assert mac_of(ONE, 2, [Neighbour(ONE, 2, 0, MAC)]) is None


def test_the_neighbour_is_looked_up_on_the_routers_own_link() -> None:
    elsewhere = Neighbour(ONE, 9, NeighbourState.REACHABLE, "02:00:00:00:00:99")
    here = Neighbour(ONE, 2, NeighbourState.STALE, MAC)
    assert DefaultRouter(ONE, MAC, "eth2") == default_router([Route(ONE, 2, 1024)], [elsewhere, here], names)
    assert DefaultRouter(ONE, None, "eth2") == default_router([Route(ONE, 2, 1024)], [elsewhere], names)
