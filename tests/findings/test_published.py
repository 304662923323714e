"""What a published address is to this host: every standing, by the inventory alone."""

from dataclasses import replace
from ipaddress import IPv6Address, ip_address

import pytest

from scanner.findings.published import absent, best_address, compare, disagreeing, standing_of
from scanner.model.address import Address, Inventory, Kind, Origin, State
from scanner.model.names import Answer, NameRecord, Outcome, Role, Server, Standing

STABLE = Address(IPv6Address("2001:db8:a::10"), 64, "eth0", Kind.STABLE, State.PREFERRED, Origin.EUI64, 14_400, 86_400)
TEMPORARY = replace(
    STABLE, ip=IPv6Address("2001:db8:a::7777"), kind=Kind.TEMPORARY, origin=Origin.TEMPORARY, valid_lifetime=170_000
)
LEASED = replace(STABLE, ip=IPv6Address("2001:db8:d::5"), prefix_length=128, origin=Origin.DHCPV6)
OLD = replace(STABLE, ip=IPv6Address("2001:db8:e::10"), state=State.DEPRECATED, preferred_lifetime=0)
FRESH = replace(STABLE, ip=IPv6Address("2001:db8:a::11"), state=State.TENTATIVE)
DOUBLE = replace(STABLE, ip=IPv6Address("2001:db8:a::12"), state=State.DADFAILED)
LOCAL = replace(STABLE, ip=IPv6Address("fd00:1::10"))
LINK = replace(STABLE, ip=IPv6Address("fe80::10"))
LOOPBACK = replace(STABLE, ip=IPv6Address("::1"), prefix_length=128, interface="lo")
ALL = (STABLE, TEMPORARY, LEASED, OLD, FRESH, DOUBLE, LOCAL, LINK, LOOPBACK)
HOST = Inventory("atom", "Linux", ALL, (), None)


def answer(server: str, *addresses: str, outcome: Outcome | None = None, ttl: int = 300, role: str = "a") -> Answer:
    said = outcome or (Outcome.ANSWERED if addresses else Outcome.NODATA)
    ips = tuple(ip_address(text) for text in addresses)
    side = Role.RESOLVER if role == "r" else Role.AUTHORITATIVE
    return Answer(Server(ip_address(server)), side, "www.example.org", "AAAA", said, ips, ttl=ttl if ips else None)


def record(*answers: Answer) -> NameRecord:
    return NameRecord("www.example.org", "example.org", answers)


@pytest.mark.parametrize(
    ("ip", "standing"),
    [
        ("2001:db8:a::10", Standing.STABLE),
        ("2001:db8:d::5", Standing.STABLE),
        ("2001:db8:a::7777", Standing.TEMPORARY),
        ("2001:db8:e::10", Standing.DEPRECATED),
        ("2001:db8:a::11", Standing.UNUSABLE),
        ("2001:db8:a::12", Standing.UNUSABLE),
        ("fd00:1::10", Standing.UNIQUE_LOCAL),
        ("fdff::1", Standing.UNIQUE_LOCAL),
        ("fe80::10", Standing.LINK_LOCAL),
        ("fe80::99", Standing.LINK_LOCAL),
        ("::1", Standing.NOT_GLOBAL),
        ("::", Standing.NOT_GLOBAL),
        ("ff02::1", Standing.NOT_GLOBAL),
        ("::ffff:192.0.2.1", Standing.NOT_GLOBAL),
        ("64:ff9b::c000:201", Standing.SYNTHESISED),
        ("2001:db8:a::1234", Standing.GONE),
        ("2001:db8:d::6", Standing.GONE),  # the lease says /128, the link is a /64
        ("2001:db8:ffff::1", Standing.FOREIGN),
    ],
)
def test_every_standing(ip: str, standing: Standing) -> None:
    assert standing_of(IPv6Address(ip), HOST) is standing


def test_a_temporary_address_stays_temporary_when_it_is_deprecated() -> None:
    old = replace(TEMPORARY, state=State.DEPRECATED, preferred_lifetime=0)
    host = replace(HOST, addresses=(STABLE, old))
    assert standing_of(old.ip, host) is Standing.TEMPORARY


def test_who_has_an_address_and_for_how_long_it_may_be_cached() -> None:
    found = compare(
        record(
            answer("192.0.2.1", "2001:db8:a::10", "2001:db8:a::7777", ttl=300),
            answer("192.0.2.2", "2001:db8:a::10", ttl=14_401),
            answer("192.0.2.3", outcome=Outcome.TIMEOUT),
            answer("192.0.2.53", "2001:db8:f::1", role="r"),
        ),
        HOST,
    )
    stable, temporary = found
    assert (stable.servers, stable.everywhere, stable.ttl) == (("192.0.2.1", "192.0.2.2"), True, 14_401)
    assert stable.outlives
    assert (temporary.servers, temporary.everywhere, temporary.own) == (("192.0.2.1",), False, TEMPORARY)
    assert not temporary.outlives


def test_the_resolver_stands_in_where_no_authoritative_server_answered() -> None:
    said = record(answer("192.0.2.1", outcome=Outcome.SERVFAIL), answer("192.0.2.53", "2001:db8:f::1", role="r"))
    (published,) = compare(said, HOST)
    assert (published.standing, published.servers) == (Standing.FOREIGN, ("192.0.2.53",))


def test_an_address_without_end_outlives_every_cache() -> None:
    host = replace(HOST, addresses=(replace(STABLE, preferred_lifetime=None, valid_lifetime=None),))
    (published,) = compare(record(answer("192.0.2.1", "2001:db8:a::10", ttl=2**31 - 1)), host)
    assert not published.outlives


def test_the_best_address_is_stable_near_and_lasting() -> None:
    lasting = replace(STABLE, ip=IPv6Address("2001:db8:a::20"), preferred_lifetime=None)
    other = replace(STABLE, ip=IPv6Address("2001:db8:9::1"), interface="wlan0")
    host = replace(HOST, addresses=(*ALL, lasting, other))
    assert best_address(host, "eth0") == lasting
    assert best_address(host, "wlan0") == other
    assert best_address(host, "nowhere") == lasting
    assert best_address(replace(HOST, addresses=(TEMPORARY, OLD, LOCAL, LINK))) is None


def test_servers_that_disagree_are_told_apart() -> None:
    same = record(answer("192.0.2.1", "2001:db8:a::10"), answer("192.0.2.2", "2001:db8:a::10"))
    assert disagreeing(same) == ()
    silent = record(answer("192.0.2.1", "2001:db8:a::10"), answer("192.0.2.2", outcome=Outcome.TIMEOUT))
    assert disagreeing(silent) == ()
    split = record(answer("192.0.2.1", "2001:db8:a::10"), answer("192.0.2.2"), answer("192.0.2.3"))
    assert disagreeing(split) == (("2001:db8:a::10", ("192.0.2.1",)), ("nodata", ("192.0.2.2", "192.0.2.3")))
    cached = record(answer("192.0.2.1", "2001:db8:a::10"), answer("192.0.2.53", "2001:db8:a::11", role="r"))
    assert disagreeing(cached) == ()


def test_nobody_has_an_address_only_where_somebody_said_so() -> None:
    assert absent(record(answer("192.0.2.1"), answer("192.0.2.53", outcome=Outcome.NXDOMAIN, role="r")))
    assert not absent(record(answer("192.0.2.1", outcome=Outcome.TIMEOUT)))
    assert not absent(record(answer("192.0.2.1"), answer("192.0.2.2", "2001:db8:a::10")))
