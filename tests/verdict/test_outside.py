"""Is the vantage outside? Every contradiction refutes, every gap leaves it open, all of it together proves."""

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest
from facts import ARRIVAL, PATH, TARGET, facts, heard

from scanner.model.address import Address, DefaultRouter, HostRoute, Interface, Inventory, Kind, Origin, State
from scanner.model.evidence import HopSeen, Measurement, Path, PortFacts, TargetFacts
from scanner.model.evidence import Kind as Answered
from scanner.model.ports import PortSet
from scanner.verdict.case import Case
from scanner.verdict.outside import CONTRADICTIONS, GAPS, PROOFS, Check, certify

VANTAGE = IPv6Address("2001:db8:f:1::2")
MAC, OTHER_MAC = "52:54:00:64:00:01", "52:54:00:00:00:66"
GATEWAY = IPv6Address("fe80::1")


def address(text: str, prefix_length: int = 64, interface: str = "eth0") -> Address:
    ip = IPv6Address(text)
    return Address(ip, prefix_length, interface, Kind.STABLE, State.PREFERRED, Origin.UNKNOWN, None, None)


def route(
    network: str, interface: str = "eth0", gateway: IPv6Address | None = None, mac: str | None = None
) -> HostRoute:
    return HostRoute(IPv6Network(network), interface, gateway, mac)


ROUTER = DefaultRouter(GATEWAY, MAC.upper(), "eth0")
KINDS = ("wireguard", "tun", "sit", "ip6tnl", "gre", "ip6gre", "ipip", "vxlan")
HOST = Inventory(
    "host",
    "Linux",
    (address(str(TARGET)), address("fe80::2"), address("::1", 128, "lo")),
    (),
    ROUTER,
    routes=(route("2001:db8:a::/64"), route("::/0", gateway=GATEWAY, mac=MAC)),
    interfaces=(
        Interface("lo", ""),
        Interface("eth0", ""),
        Interface("docker0", "bridge"),
        Interface("veth1", "veth"),
        *(Interface(f"{kind}0", kind) for kind in KINDS),
    ),
)
SEEN = Measurement((), path=PATH, neighbours=((MAC, "eth0"),), called_home=(TARGET,))


def test_proven() -> None:
    outside = certify(HOST, VANTAGE, SEEN)
    assert outside.verdict == "proven"
    assert len(outside.evidence) == len(PROOFS)
    assert any("3 routers lie between, 3 said so" in line for line in outside.evidence)
    assert any(MAC in line.lower() for line in outside.evidence)


# -- changes of the host


def with_address(text: str, prefix_length: int = 64) -> Inventory:
    return replace(HOST, addresses=(*HOST.addresses, address(text, prefix_length)))


def with_route(network: str, interface: str = "eth0", gateway: IPv6Address | None = None) -> Inventory:
    return replace(HOST, routes=(*HOST.routes, route(network, interface, gateway, MAC if gateway else None)))


def second_router(mac: str | None) -> Inventory:
    return replace(HOST, routes=(*HOST.routes, route("::/0", gateway=IPv6Address("fe80::9"), mac=mac)))


WITHOUT_MAC = replace(
    HOST, default_router=replace(ROUTER, mac=None), routes=(route("2001:db8:a::/64"), route("::/0", gateway=GATEWAY))
)
WITHOUT_ROUTER = replace(HOST, default_router=None, routes=(route("2001:db8:a::/64"),))
POINT_TO_POINT = replace(WITHOUT_ROUTER, routes=(route("::/0", "wireguard0"),))
BEHIND_BRIDGE = replace(
    HOST,
    default_router=replace(ROUTER, interface="docker0"),
    routes=(route("::/0", "docker0", gateway=GATEWAY, mac=MAC),),
)

# -- changes of what was measured


def neighbours(*pairs: tuple[str, str]) -> Measurement:
    return replace(SEEN, neighbours=pairs)


def path(routers: int | None, *hops: HopSeen) -> Measurement:
    return replace(SEEN, path=Path(routers, hops or PATH.hops[: routers or 0], PATH.home))


def hop(distance: int, text: str = "") -> HopSeen:
    return HopSeen(distance, IPv6Address(text) if text else None)


def tcp(*groups: tuple[PortFacts, str]) -> Measurement:
    ports = PortSet.parse("1-100")
    return replace(
        SEEN, targets=(TargetFacts(TARGET, "tcp", ports, tuple((one, PortSet.parse(p)) for one, p in groups)),)
    )


TRANSLATED = replace(SEEN, translated=((TARGET, IPv6Address("2001:db8:9::10")),))
SILENT = facts()
ARRIVED = facts(arrival=ARRIVAL)
ACCEPTED = facts(observation=heard(Answered.ACCEPT))
RESET = facts(observation=heard(Answered.REFUSE))
OPEN = facts(observation=heard(Answered.ACCEPT), arrival=ARRIVAL)
DOUBTED = facts(observation=heard(Answered.ACCEPT), doubt="the capture lost packets")
BY_ROUTER = facts(observation=heard(Answered.PROHIBIT, IPv6Address("2001:db8:2c::2")))

REFUTED = [
    # the vantage is this very host
    (with_address(str(VANTAGE), 128), SEEN, "one of this host's own"),
    # ... or on its link: global or unique-local, whatever the prefix is called, and even where nobody calls it so
    (with_address("2001:db8:f:1::99"), SEEN, "the host's own link (eth0)"),
    (with_address("2001:db8:f::99", 48), SEEN, "2001:db8:f::/48"),
    (with_address("2001:db8:f:1::99", 128), SEEN, "the same /64 as the host's 2001:db8:f:1::99"),
    (with_address("2001:db8:f:1::99", 0), SEEN, "the same /64"),
    # ... or behind a door of its own
    (with_route("2001:db8:f:1::/64"), SEEN, "2001:db8:f:1::/64 through eth0"),
    (with_route("2001:db8:f::/48", "docker0"), SEEN, "docker0 (a bridge of this host"),
    (with_route("2001:db8:f:1::2/128", "wireguard0"), SEEN, "a wireguard tunnel that ends on this host"),
    (with_route("2001:db8:f::/48", gateway=IPv6Address("fe80::9")), SEEN, "a route of its own"),
    # ... or in what the router announces as the site (RFC 4191)
    (with_route("2001:db8::/32", gateway=GATEWAY), SEEN, "its own site"),
    # ... or in the same site, by the length of the way
    (with_address("2001:db8:f:2::99"), path(1), "share 2001:db8:f::/48 and one router"),
    # its packets came another way than through the router
    (HOST, neighbours((OTHER_MAC, "eth0")), OTHER_MAC),
    (HOST, neighbours((MAC, "eth0"), (OTHER_MAC, "eth0")), "66 on eth0"),
    (HOST, neighbours((MAC, "docker0")), "docker0 (a bridge of this host"),
    (HOST, neighbours((OTHER_MAC, "veth1")), "veth1 (a veth of this host"),
    (HOST, neighbours(("", "lo")), "loopback"),
    (HOST, neighbours((MAC, "eth0"), ("", "tun0")), "tun0 (a tun tunnel that ends on this host)"),
    *((HOST, neighbours(("", f"{kind}0")), f"a {kind} tunnel") for kind in KINDS),
    (WITHOUT_ROUTER, neighbours(("", "sit0")), "sit0 (a sit tunnel"),
    (HOST, path(0), "untouched hop limit"),
    (HOST, path(3, hop(1, "2001:db8:2c::2"), hop(2), hop(3, "2001:db8:2c::2")), "is hop 1 and hop 3"),
    # something stands between
    (HOST, TRANSLATED, "2001:db8:a::10 shows as 2001:db8:9::10"),
    (HOST, tcp((ACCEPTED, "1-100")), "100 of 100 TCP probes were answered in the host's name"),
    (HOST, tcp((ACCEPTED, "22"), (RESET, "23-100"), (SILENT, "1-21")), "79 of 100"),
    (HOST, replace(SEEN, unexplained=8), "answers for 8 ports do not know what was asked"),
]
UNPROVEN = [
    (HOST, neighbours(), "no packet of the vantage was seen"),
    (WITHOUT_MAC, SEEN, "MAC is not known"),
    (WITHOUT_ROUTER, SEEN, "MAC is not known"),
    (second_router(None), neighbours((OTHER_MAC, "eth0")), "MAC is not known"),
    # a router without link layer (point to point) is known by its interface
    (replace(WITHOUT_MAC, default_router=replace(ROUTER, mac=None, interface="ppp0")), neighbours(("", "ppp0")), "MAC"),
    # the way to the Internet is itself a tunnel: no home router was passed
    (POINT_TO_POINT, neighbours(("", "wireguard0")), "not a home router"),
    (HOST, path(1), "only one router"),
    (HOST, path(None), "length of the path"),
    (HOST, path(2, hop(1), hop(2, "2001:db8:2c::2")), "no router before yours said"),
    (HOST, path(3, hop(1), hop(2), hop(3)), "no router before yours said"),
    (HOST, path(3, hop(1, "2001:db8:a::1"), hop(2), hop(3, "2001:db8:2c::2")), "hop 1 (2001:db8:a::1) answers"),
    (with_address("2001:db8:f:2::99"), SEEN, "share 2001:db8:f::/48"),
    (with_route("2001:db8:f::/48", gateway=GATEWAY), SEEN, "a route to 2001:db8:f::/48"),
    (HOST, replace(tcp((OPEN, "1-100")), called_home=()), "the call home from 2001:db8:a::10 was not heard"),
    (HOST, tcp((ACCEPTED, "80"), (SILENT, "1-79,81-100")), "1 TCP probes were answered"),
    (HOST, replace(SEEN, altered=3), "the probes of 3 ports did not arrive as they were sent"),
    (HOST, replace(SEEN, unexplained=1), "answers for 1 ports"),
]
PROVEN = [
    (HOST, path(2)),
    (HOST, path(3, hop(1, "2001:db8:f:1::1"), hop(2), hop(3))),
    # a VPN that takes everything has routes in pieces; what came in by the router is judged all the same
    (with_route("2000::/3", "tun0"), SEEN),
    (second_router(OTHER_MAC), neighbours((MAC, "eth0"), (OTHER_MAC, "eth0"))),
    # a bridge that is the way to the router is no container's
    (BEHIND_BRIDGE, neighbours((MAC, "docker0"))),
    (replace(HOST, routes=(), interfaces=()), SEEN),
    # one port that something else answers, while others arrive: that port's verdict says so
    (HOST, tcp((ACCEPTED, "80"), (OPEN, "22"), (ARRIVED, "1-21,23-79,81-100"))),
    (HOST, tcp((DOUBTED, "80"), (SILENT, "1-79,81-100"))),
    (HOST, tcp((RESET, "1-100"))),  # forged resets alone are no proxy
    (HOST, tcp((BY_ROUTER, "1-100"))),
]


@pytest.mark.parametrize(("inventory", "measurement", "word"), REFUTED)
def test_what_refutes(inventory: Inventory, measurement: Measurement, word: str) -> None:
    outside = certify(inventory, VANTAGE, measurement)
    assert outside.verdict == "refuted"
    assert any(word in line for line in outside.evidence), outside.evidence
    assert len(set(outside.evidence)) == len(outside.evidence)


@pytest.mark.parametrize(("inventory", "measurement", "word"), UNPROVEN)
def test_what_is_missing_for_a_proof(inventory: Inventory, measurement: Measurement, word: str) -> None:
    outside = certify(inventory, VANTAGE, measurement)
    assert outside.verdict == "unproven", outside.evidence
    assert word in outside.evidence[0], "what is missing comes first"


@pytest.mark.parametrize(("inventory", "measurement"), PROVEN)
def test_what_takes_nothing_away(inventory: Inventory, measurement: Measurement) -> None:
    outside = certify(inventory, VANTAGE, measurement)
    assert outside.verdict == "proven", outside.evidence


@pytest.mark.parametrize("text", ["fd00::2", "fe80::2", "::1"])
def test_an_address_that_is_not_on_the_internet(text: str) -> None:
    host = replace(HOST, addresses=(address(str(TARGET)),))
    outside = certify(host, IPv6Address(text), SEEN)
    assert outside.verdict == "refuted"
    assert "is no address of the Internet" in outside.evidence[0]


def test_one_contradiction_outweighs_all_proof() -> None:
    outside = certify(with_address("2001:db8:f:1::99"), VANTAGE, SEEN)
    assert outside.verdict == "refuted"
    assert len(outside.evidence) == 1, "what speaks for it is no comfort then"


@pytest.mark.parametrize("check", [*CONTRADICTIONS, *GAPS], ids=lambda check: check.__name__)
def test_every_check_speaks_somewhere_and_never_of_the_honest_vantage(check: Check) -> None:
    cases = [Case(inventory, VANTAGE, measurement) for inventory, measurement, _ in (*REFUTED, *UNPROVEN)]
    cases.append(Case(HOST, IPv6Address("fd00::2"), SEEN))
    assert any(list(check(case)) for case in cases)
    assert list(check(Case(HOST, VANTAGE, SEEN))) == []
