"""The routes that may lead to a vantage: those to other machines by more than link-local addresses."""

from ipaddress import IPv6Address, IPv6Network

from scanner.discovery.router import KernelRoute, Neighbour, NeighbourState, host_routes
from scanner.model.address import HostRoute

GATEWAY = IPv6Address("fe80::1")
NAMES = {2: "eth0", 3: "wg0"}


def kernel(network: str, gateway: IPv6Address | None = None, index: int = 2) -> KernelRoute:
    return KernelRoute(IPv6Network(network), gateway, index)


def test_gateways_get_their_mac_where_it_is_known() -> None:
    neighbours = [
        Neighbour(GATEWAY, 2, NeighbourState.STALE, "02:00:00:00:00:01"),
        Neighbour(IPv6Address("fe80::2"), 2, NeighbourState.FAILED, None),
    ]
    routes = [
        kernel("::/0", GATEWAY),
        kernel("::/0", IPv6Address("fe80::2")),
        kernel("2001:db8:a::/64"),
        kernel("2001:db8:b::/48", index=3),
    ]
    assert host_routes(routes, neighbours, NAMES.__getitem__) == (
        HostRoute(IPv6Network("::/0"), "eth0", GATEWAY, "02:00:00:00:00:01"),
        HostRoute(IPv6Network("::/0"), "eth0", IPv6Address("fe80::2"), None),
        HostRoute(IPv6Network("2001:db8:a::/64"), "eth0"),
        HostRoute(IPv6Network("2001:db8:b::/48"), "wg0"),
    )


def test_what_leads_to_no_other_machine_is_left_out() -> None:
    routes = [kernel("fe80::/64"), kernel("ff00::/8"), kernel("ff02::1/128"), kernel("::1/128"), kernel("fe80::/10")]
    assert host_routes(routes, [], NAMES.__getitem__) == ()


def test_a_route_that_is_listed_twice_counts_once() -> None:
    assert len(host_routes([kernel("2001:db8::/64")] * 2, [], NAMES.__getitem__)) == 1
