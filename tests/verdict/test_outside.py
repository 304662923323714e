"""Is the vantage outside? Every contradiction refutes, every gap leaves it open, all of it together proves."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from facts import PATH

from scanner.model.address import Address, DefaultRouter, Inventory, Kind, Origin, State
from scanner.model.evidence import Measurement, Path
from scanner.verdict.outside import certify

VANTAGE = IPv6Address("2001:db8:f:1::2")
MAC = "52:54:00:64:00:01"


def address(text: str, prefix_length: int = 64, interface: str = "eth0") -> Address:
    ip = IPv6Address(text)
    return Address(ip, prefix_length, interface, Kind.STABLE, State.PREFERRED, Origin.UNKNOWN, None, None)


ROUTER = DefaultRouter(IPv6Address("fe80::1"), MAC.upper(), "eth0")
HOST = Inventory(
    "host", "Linux", (address("2001:db8:a::10"), address("fe80::2"), address("::1", 128, "lo")), (), ROUTER
)
SEEN = Measurement((), path=PATH, neighbours=((MAC, "eth0"),))


def test_proven() -> None:
    outside = certify(HOST, VANTAGE, SEEN)
    assert outside.verdict == "proven"
    assert len(outside.evidence) == 4
    assert any("3 routers lie between" in line for line in outside.evidence)
    assert any(MAC in line.lower() for line in outside.evidence)


def with_address(text: str, prefix_length: int = 64) -> Inventory:
    return replace(HOST, addresses=(*HOST.addresses, address(text, prefix_length)))


def without_mac() -> Inventory:
    return replace(HOST, default_router=replace(ROUTER, mac=None))


def path(routers: int | None) -> Measurement:
    return replace(SEEN, path=Path(routers=routers))


TRANSLATED = replace(SEEN, translated=((IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:9::10")),))


@pytest.mark.parametrize(
    ("inventory", "measurement", "verdict", "word"),
    [
        # the vantage is this very host
        (with_address(str(VANTAGE), 128), SEEN, "refuted", "one of this host's own"),
        # ... or on its link: global or unique-local, whatever the prefix is called
        (with_address("2001:db8:f:1::99"), SEEN, "refuted", "the host's own link (eth0)"),
        (with_address("2001:db8:f::99", 48), SEEN, "refuted", "2001:db8:f::/48"),
        # ... an address alone makes no link, and a default route no prefix
        (with_address("2001:db8:f:1::99", 128), SEEN, "proven", ""),
        (with_address("2001:db8:f:1::99", 0), SEEN, "proven", ""),
        # its packets came another way than through the router
        (HOST, replace(SEEN, neighbours=(("52:54:00:00:00:66", "eth0"),)), "refuted", "52:54:00:00:00:66"),
        (HOST, replace(SEEN, neighbours=((MAC, "eth0"), ("52:54:00:00:00:66", "eth0"))), "refuted", "66 on eth0"),
        (HOST, replace(SEEN, neighbours=(("", "lo"),)), "refuted", "loopback"),
        (HOST, replace(SEEN, neighbours=((MAC, "eth0"), ("", "tun0"))), "refuted", "tun0"),
        (HOST, path(0), "refuted", "untouched hop limit"),
        # a router without link layer (point to point) is known by its interface
        (
            replace(HOST, default_router=replace(ROUTER, mac=None, interface="ppp0")),
            replace(SEEN, neighbours=(("", "ppp0"),)),
            "unproven",
            "MAC",
        ),
        # what is missing for a proof
        (HOST, replace(SEEN, neighbours=()), "unproven", "no packet of the vantage was seen"),
        (without_mac(), SEEN, "unproven", "MAC is not known"),
        (replace(HOST, default_router=None), SEEN, "unproven", "MAC is not known"),
        (HOST, path(1), "unproven", "only one router"),
        (HOST, path(2), "proven", "2 routers"),
        (HOST, path(None), "unproven", "length of the path"),
        (HOST, TRANSLATED, "unproven", "2001:db8:a::10 shows as 2001:db8:9::10"),
    ],
)
def test_certificates(inventory: Inventory, measurement: Measurement, verdict: str, word: str) -> None:
    outside = certify(inventory, VANTAGE, measurement)
    assert outside.verdict == verdict
    assert any(word in line for line in outside.evidence)
    assert len(set(outside.evidence)) == len(outside.evidence)


def test_what_is_missing_comes_first() -> None:
    outside = certify(HOST, VANTAGE, TRANSLATED)
    assert outside.evidence[0].startswith("addresses are translated")


def test_one_contradiction_outweighs_all_proof() -> None:
    outside = certify(with_address("2001:db8:f:1::99"), VANTAGE, SEEN)
    assert outside.verdict == "refuted"
    assert len(outside.evidence) == 1, "what speaks for it is no comfort then"
