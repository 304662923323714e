"""Discovery in a namespace whose addresses the kernel made: two adapters, one truth."""

import itertools
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest

from scanner.model.address import Address, DefaultRouter, Inventory, Kind, Listener, Origin, State

MAC, ROUTER_MAC = "02:aa:bb:00:00:01", "02:aa:bb:00:00:ff"
ROUTER = "fe80::aa:bbff:fe00:ff"
LIVE, OLD = "2001:db8:1::", "2001:db8:2::"

# Router advertisement (RFC 4861 section 4.2) with one prefix option, sent from the router's side of `eui`.
ADVERTISE = """
import socket, struct, sys
interface, prefix, valid, preferred = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
header = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, valid, preferred, 0) + socket.inet_pton(socket.AF_INET6, prefix)
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    raw.sendto(header + option, ("ff02::1", 0, 0, socket.if_nametoindex(interface)))
"""
LOOK = """
import pickle, sys
from scanner.discovery import ip_command, netlink, proc_net, socket_diagnosis
from scanner.discovery.addresses import read_addresses
from scanner.discovery.inventory import discover
from scanner.discovery.listeners import read_listeners
netlink_only, ip_only = (netlink.read_addresses,), (ip_command.read_addresses,)
{setup}
inventory = discover()
pickle.dump({{
    "inventory": inventory,
    "netlink": read_addresses(netlink_only),
    "ip": read_addresses(ip_only),
    "proc": read_listeners((proc_net.read_sockets,)),
}}, sys.stdout.buffer)
"""


@dataclass(frozen=True)
class Link:
    """Two namespaces, host and router, with two veth pairs: `eui` (addr_gen_mode 0) and `opaque` (mode 3)."""

    host: str
    router: str

    def on_host(self, *argv: str) -> subprocess.CompletedProcess[bytes]:
        return run("ip", "netns", "exec", self.host, *argv)

    def on_router(self, *argv: str) -> subprocess.CompletedProcess[bytes]:
        return run("ip", "netns", "exec", self.router, *argv)

    def advertise(self, interface: str, prefix: str, valid: int, preferred: int) -> None:
        self.on_router(sys.executable, "-c", ADVERTISE, interface, prefix, str(valid), str(preferred))

    def look(self, setup: str = "") -> dict[str, Any]:
        printed = self.on_host(sys.executable, "-c", LOOK.format(setup=setup)).stdout
        seen: dict[str, Any] = pickle.loads(printed)  # noqa: S301  (our own script wrote it)
        return seen

    def inventory(self) -> Inventory:
        inventory: Inventory = self.look()["inventory"]
        return inventory


_NUMBERS = itertools.count(1)


def own_name() -> str:
    """A namespace's name that no other process has; the last letters are left free."""
    return f"v6xd{os.getpid()}x{next(_NUMBERS)}"


def run(*argv: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr.decode()}"
    return done


def wire(link: Link) -> None:
    for interface, mode in (("eui", 0), ("opaque", 3)):
        pair = ["type", "veth", "peer", "name", interface, "netns", link.router]
        run("ip", "-n", link.host, "link", "add", interface, *pair)
        tree = f"net.ipv6.conf.{interface}"
        link.on_host("sysctl", "-q", f"{tree}.addr_gen_mode={mode}", f"{tree}.use_tempaddr=2", f"{tree}.accept_dad=0")
        link.on_router("sysctl", "-q", f"{tree}.accept_dad=0", f"{tree}.accept_ra=0")
    run("ip", "-n", link.host, "link", "set", "eui", "address", MAC)
    run("ip", "-n", link.router, "link", "set", "eui", "address", ROUTER_MAC)
    for namespace in (link.host, link.router):
        for interface in ("lo", "eui", "opaque"):
            run("ip", "-n", namespace, "link", "set", interface, "up")
    for namespace in (link.host, link.router):
        wait_until(lambda name=namespace: link_local_ready(name) == 2)


def link_local_ready(namespace: str) -> int:
    return run("ip", "-n", namespace, "-6", "addr", "show", "scope", "link", "-tentative").stdout.count(b"fe80::")


def wait_until(settled: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not settled():
        assert time.monotonic() < deadline, "the kernel did not make the addresses in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    name = own_name()
    one = Link(f"{name}h", f"{name}r")
    try:
        run("ip", "netns", "add", one.host)
        run("ip", "netns", "add", one.router)
        wire(one)
        populate(one)
        yield one
    finally:
        for namespace in (one.host, one.router):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def populate(link: Link) -> None:
    for interface in ("eui", "opaque"):
        link.advertise(interface, LIVE, 600, 300)
        link.advertise(interface, OLD, 600, 300)
        wait_until(
            lambda name=interface: (
                link.on_host("ip", "-6", "addr", "show", name, "temporary").stdout.count(b"2001") == 2
            )
        )
        link.advertise(interface, OLD, 600, 0)  # RFC 4862 section 5.5.3: preferred lifetime 0 deprecates at once
    add = ("ip", "-n", link.host, "addr", "add")
    run(*add, "2001:db8:3::10/64", "dev", "eui")
    run(*add, "2001:db8:3::1000/128", "dev", "eui", "valid_lft", "600", "preferred_lft", "300", "noprefixroute")
    run(*add, "2001:db8:3::1064/64", "dev", "eui", "valid_lft", "600", "preferred_lft", "300", "noprefixroute")
    run(*add, "2001:db8:4::1", "peer", "2001:db8:4::2/128", "dev", "eui")
    run(*add, "fd00:db8::1/64", "dev", "eui")
    wait_until(lambda: link.on_host("ip", "-6", "addr").stdout.count(b"deprecated") == 4)


@pytest.fixture(scope="module")
def seen(link: Link) -> dict[str, Any]:
    return link.look()


def pick(addresses: tuple[Address, ...], interface: str, network: str, kind: Kind) -> Address:
    (found,) = (
        one for one in addresses if one.interface == interface and one.ip in IPv6Network(network) and one.kind is kind
    )
    return found


# interface, network, kind -> origin, state
MADE = {
    ("lo", "::1/128", Kind.STABLE): (Origin.MANUAL, State.PREFERRED),
    ("eui", "fe80::/64", Kind.STABLE): (Origin.EUI64, State.PREFERRED),
    ("eui", f"{LIVE}/64", Kind.STABLE): (Origin.EUI64, State.PREFERRED),
    ("eui", f"{LIVE}/64", Kind.TEMPORARY): (Origin.TEMPORARY, State.PREFERRED),
    ("eui", f"{OLD}/64", Kind.STABLE): (Origin.EUI64, State.DEPRECATED),
    ("eui", f"{OLD}/64", Kind.TEMPORARY): (Origin.TEMPORARY, State.DEPRECATED),
    ("opaque", "fe80::/64", Kind.STABLE): (Origin.STABLE_PRIVACY, State.PREFERRED),
    ("opaque", f"{LIVE}/64", Kind.STABLE): (Origin.STABLE_PRIVACY, State.PREFERRED),
    ("opaque", f"{LIVE}/64", Kind.TEMPORARY): (Origin.TEMPORARY, State.PREFERRED),
    ("opaque", f"{OLD}/64", Kind.STABLE): (Origin.STABLE_PRIVACY, State.DEPRECATED),
    ("eui", "2001:db8:3::10/128", Kind.STABLE): (Origin.MANUAL, State.PREFERRED),
    ("eui", "2001:db8:3::1000/128", Kind.STABLE): (Origin.DHCPV6, State.PREFERRED),
    ("eui", "2001:db8:3::1064/128", Kind.STABLE): (Origin.UNKNOWN, State.PREFERRED),
    ("eui", "2001:db8:4::1/128", Kind.STABLE): (Origin.MANUAL, State.PREFERRED),
    ("eui", "fd00:db8::1/128", Kind.STABLE): (Origin.MANUAL, State.PREFERRED),
}


@pytest.mark.parametrize("which", MADE, ids="-".join)
@pytest.mark.parametrize("adapter", ["netlink", "ip"])
def test_what_the_kernel_made(seen: dict[str, Any], adapter: str, which: tuple[str, str, Kind]) -> None:
    found = pick(seen[adapter], *which)
    assert (found.origin, found.state) == MADE[which]


def without_seconds(addresses: tuple[Address, ...]) -> list[Address]:
    """A second may pass between two readings; None and 0 are told apart from running lifetimes."""

    def coarse(seconds: int | None) -> int | None:
        return seconds and 1

    return [
        replace(
            one,
            preferred_lifetime=coarse(one.preferred_lifetime),
            valid_lifetime=coarse(one.valid_lifetime),
            age=None,  # `ip -j` does not tell it
        )
        for one in addresses
    ]


def test_both_adapters_say_the_same(seen: dict[str, Any]) -> None:
    assert without_seconds(seen["netlink"]) == without_seconds(seen["ip"])
    assert len(seen["netlink"]) == 16
    for ours, theirs in zip(seen["netlink"], seen["ip"], strict=True):
        assert abs((ours.valid_lifetime or 0) - (theirs.valid_lifetime or 0)) <= 2


def test_lifetimes(seen: dict[str, Any]) -> None:
    running = pick(seen["netlink"], "eui", f"{LIVE}/64", Kind.STABLE)
    assert 0 < running.preferred_lifetime <= 300 < running.valid_lifetime <= 600
    deprecated = pick(seen["netlink"], "eui", f"{OLD}/64", Kind.TEMPORARY)
    assert 0 == deprecated.preferred_lifetime < deprecated.valid_lifetime
    manual = pick(seen["netlink"], "eui", "2001:db8:3::10/128", Kind.STABLE)
    assert (manual.preferred_lifetime, manual.valid_lifetime) == (None, None)


def test_the_age_of_an_address_is_the_time_since_the_kernel_made_it(link: Link) -> None:
    began = time.monotonic()
    run("ip", "-n", link.host, "addr", "add", "2001:db8:8::1/64", "dev", "eui", "nodad")
    time.sleep(0.3)
    found = pick(link.look()["netlink"], "eui", "2001:db8:8::/64", Kind.STABLE)
    spent = time.monotonic() - began
    run("ip", "-n", link.host, "addr", "del", "2001:db8:8::1/64", "dev", "eui")
    assert found.age is not None
    assert 0.2 < found.age < spent + 5.0  # the stamp counts the kernel's ticks, and a virtual machine loses some


def test_every_global_address_is_scannable_deprecated_ones_too(seen: dict[str, Any]) -> None:
    inventory = seen["inventory"]
    left_out = {str(one.ip) for one in inventory.addresses} - {str(one.ip) for one in inventory.scannable()}
    assert {"::1", "fd00:db8::1"} == {text for text in left_out if not text.startswith("fe80")}
    assert len(inventory.scannable()) == 12


def test_tentative_and_failed_addresses_are_listed_but_not_scannable(link: Link) -> None:
    """The router's side holds 2001:db8:5::1, so the host's duplicate address detection fails."""
    run("ip", "-n", link.router, "addr", "add", "2001:db8:5::1/64", "dev", "eui", "nodad")
    tree = "net.ipv6.conf.eui"
    link.on_host("sysctl", "-q", f"{tree}.accept_dad=1", f"{tree}.dad_transmits=20")
    run("ip", "-n", link.host, "addr", "add", "2001:db8:5::2/64", "dev", "eui")
    run("ip", "-n", link.host, "addr", "add", "2001:db8:5::1/64", "dev", "eui")
    wait_until(lambda: b"dadfailed" in link.on_host("ip", "-6", "addr").stdout)
    seen = link.look()
    assert without_seconds(seen["netlink"]) == without_seconds(seen["ip"])
    states = {str(one.ip): (one.state, one.scannable) for one in seen["netlink"]}
    assert states["2001:db8:5::1"] == (State.DADFAILED, False)
    assert states["2001:db8:5::2"] == (State.TENTATIVE, False)
    for ip in ("2001:db8:5::1/64", "2001:db8:5::2/64"):
        run("ip", "-n", link.host, "addr", "del", ip, "dev", "eui")
    link.on_host("sysctl", "-q", f"{tree}.accept_dad=0", f"{tree}.dad_transmits=1")


def test_a_token_is_typed_by_hand_even_where_the_interface_makes_opaque_identifiers(link: Link) -> None:
    run("ip", "-n", link.host, "link", "add", "tok", "type", "veth", "peer", "name", "tok", "netns", link.router)
    for namespace in (link.host, link.router):
        run("ip", "netns", "exec", namespace, "sysctl", "-q", "net.ipv6.conf.tok.accept_dad=0")
    link.on_host("sysctl", "-q", "net.ipv6.conf.tok.addr_gen_mode=3")
    for namespace in (link.host, link.router):
        run("ip", "-n", namespace, "link", "set", "tok", "up")
    run("ip", "-n", link.host, "token", "set", "::53", "dev", "tok")
    wait_until(lambda: link_local_ready(link.host) == link_local_ready(link.router) == 3)
    link.advertise("tok", "2001:db8:6::", 600, 300)
    wait_until(lambda: b"2001:db8:6::53" in link.on_host("ip", "-6", "addr").stdout)
    seen = link.look()
    run("ip", "-n", link.host, "link", "del", "tok")
    for adapter in ("netlink", "ip"):
        assert pick(seen[adapter], "tok", "2001:db8:6::/64", Kind.STABLE).origin == Origin.MANUAL


SOCKETS = """
import socket
held = []
def bind(kind, address, port, v6only=0, device=b""):
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if device: one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    one.bind((address, port))
    held.append(one)
    return one
bind(socket.SOCK_STREAM, "::", 8001).listen()
bind(socket.SOCK_STREAM, "::1", 8002, 1, b"lo").listen()
bind(socket.SOCK_STREAM, "::", 8003)                               # bound, does not listen
bind(socket.SOCK_STREAM, "::ffff:127.0.0.1", 8004).listen()        # IPv4 only
bind(socket.SOCK_DGRAM, "::", 8005)
bind(socket.SOCK_DGRAM, "::1", 8006).connect(("::1", 8005))        # takes from its peer only
four = socket.socket(); four.bind(("127.0.0.1", 8007)); four.listen(); held.append(four)
out = socket.create_connection(("::1", 8001), source_address=("::1", 8008)); held.append(out)
"""


def test_listeners(link: Link) -> None:
    seen = link.look(SOCKETS)
    python = seen["inventory"].listeners[0].process
    assert python.startswith("python")
    assert (
        Listener("tcp", "::", 8001, python, v6only=False),
        Listener("tcp", "::1", 8002, python, v6only=True, interface="lo"),
        Listener("udp", "::", 8005, python, v6only=False),
    ) == seen["inventory"].listeners
    assert seen["inventory"].problems == ()


def test_the_second_source_finds_the_same_without_the_finer_points(link: Link) -> None:
    seen = link.look(SOCKETS)
    coarse = tuple(replace(one, v6only=None, interface="") for one in seen["inventory"].listeners)
    assert (coarse, ()) == seen["proc"]


@pytest.fixture
def own_routes(link: Link) -> Iterator[Link]:
    """Routes of the test's own beside the advertised ones (metric 1024); they are removed afterwards."""
    yield link
    run("ip", "-n", link.host, "-6", "route", "flush", "proto", "static")
    subprocess.run(["ip", "-n", link.host, "-6", "neigh", "flush", "all", "nud", "permanent"], check=False)


def route(link: Link, *words: str) -> None:
    run("ip", "-n", link.host, "-6", "route", "add", "proto", "static", *words)


def test_the_advertised_router_without_a_neighbour_entry_has_no_mac_and_looking_makes_none(own_routes: Link) -> None:
    run("ip", "-n", own_routes.host, "-6", "neigh", "flush", "dev", "eui")
    route(own_routes, "default", "via", ROUTER, "dev", "eui", "metric", "512")
    assert DefaultRouter(IPv6Address(ROUTER), None, "eui") == own_routes.inventory().default_router
    assert ROUTER.encode() not in own_routes.on_host("ip", "-6", "neigh", "show", "dev", "eui").stdout


def test_an_advertised_default_route_is_found(link: Link) -> None:
    router = link.inventory().default_router
    assert router is not None
    assert router.interface in ("eui", "opaque")
    assert router.address.is_link_local


def test_its_mac_is_the_neighbour_tables(own_routes: Link) -> None:
    route(own_routes, "default", "via", ROUTER, "dev", "eui", "metric", "512")
    neigh = ("ip", "-n", own_routes.host, "neigh", "replace", ROUTER, "dev", "eui")
    run(*neigh, "lladdr", ROUTER_MAC, "nud", "stale")
    assert own_routes.inventory().default_router.mac == ROUTER_MAC
    run(*neigh, "lladdr", ROUTER_MAC, "nud", "failed")
    assert own_routes.inventory().default_router.mac is None


def test_multipath_names_a_router_and_the_lowest_metric_wins(own_routes: Link) -> None:
    hops = ("nexthop", "via", "fe80::1", "dev", "eui", "nexthop", "via", "fe80::2", "dev", "eui")
    route(own_routes, "default", "metric", "600", *hops)
    router = own_routes.inventory().default_router
    assert router in (DefaultRouter(IPv6Address(f"fe80::{n}"), None, "eui") for n in (1, 2))
    route(own_routes, "default", "via", "fe80::7", "dev", "opaque", "metric", "100")
    assert DefaultRouter(IPv6Address("fe80::7"), None, "opaque") == own_routes.inventory().default_router


def test_an_unreachable_default_and_one_without_router_are_no_router(own_routes: Link) -> None:
    route(own_routes, "unreachable", "default", "metric", "10")
    assert own_routes.inventory().default_router is not None  # the advertised one
    route(own_routes, "default", "dev", "eui", "metric", "20")
    assert own_routes.inventory().default_router is None


def test_an_empty_namespace_is_quick_and_says_nothing() -> None:
    name = own_name()
    run("ip", "netns", "add", name)
    try:
        started = time.monotonic()
        inventory = Link(name, name).inventory()
        assert time.monotonic() - started < 10  # the goal is under 1 s; two shared cores are slow
    finally:
        run("ip", "netns", "del", name)
    assert (
        inventory.addresses,
        inventory.listeners,
        inventory.default_router,
        inventory.problems,
    ) == ((), (), None, ())


def test_the_networks_of_ipv4_addresses_for_whoever_embeds_one() -> None:
    name = own_name()
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "addr", "add", "203.0.113.7/24", "dev", "lo")
        run("ip", "-n", name, "addr", "add", "203.0.113.8/24", "dev", "lo")
        assert [str(network) for network in Link(name, name).inventory().ipv4] == ["203.0.113.0/24"]
    finally:
        run("ip", "netns", "del", name)


FORGE = """
from pyroute2 import IPRoute
with IPRoute() as netlink:
    netlink.bind()
    index = netlink.link_lookup(ifname="eui")[0]
    netlink.addr("add", index=index, address="2001:db8:7::1", prefixlen=64, flags=0x801)
"""


def test_a_program_cannot_claim_what_only_the_kernel_makes(link: Link) -> None:
    """TEMPORARY and STABLE_PRIVACY asked for by a program are dropped by the kernel: the flags are proof."""
    link.on_host(sys.executable, "-c", FORGE)
    found = pick(link.look()["netlink"], "eui", "2001:db8:7::/64", Kind.STABLE)
    run("ip", "-n", link.host, "addr", "del", "2001:db8:7::1/64", "dev", "eui")
    assert found.origin is Origin.MANUAL
