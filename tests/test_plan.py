"""What is sent, to whom, in which order: own global addresses only, every one of them, all counted beforehand."""

from ipaddress import IPv6Address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.address import Address, Inventory, Kind, Listener, Origin, State
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.ports import PortSet
from scanner.model.settings import Profile, Settings
from scanner.plan import TCP, UDP, Plan, TargetPlan, choose_addresses, listening, make_plan, order

STABLE, TEMPORARY, OLD = (IPv6Address(f"2001:db8:a::{n}") for n in (0x10, 0x20, 0x30))
LINK_LOCAL, UNIQUE_LOCAL = IPv6Address("fe80::1"), IPv6Address("fd00::1")
TENTATIVE, DUPLICATE = IPv6Address("2001:db8:a::40"), IPv6Address("2001:db8:a::50")
CATALOGUE = {"tcp": PortSet.parse("23,139,445"), "udp": PortSet.parse("123,161")}


def address(ip: IPv6Address, state: State = State.PREFERRED, kind: Kind = Kind.STABLE) -> Address:
    return Address(ip, 64, "eth0", kind, state, Origin.UNKNOWN, None, None)


ADDRESSES = (
    address(LINK_LOCAL),
    address(STABLE),
    address(UNIQUE_LOCAL),
    address(TEMPORARY, kind=Kind.TEMPORARY),
    address(OLD, State.DEPRECATED, Kind.TEMPORARY),
    address(TENTATIVE, State.TENTATIVE),
    address(DUPLICATE, State.DADFAILED),
)
LISTENERS = (
    Listener("tcp", "::", 22, "sshd", v6only=False),
    Listener("tcp", str(STABLE), 8080, "one-address", v6only=True),
    Listener("tcp", "::1", 631, "cupsd", v6only=True),
    Listener("tcp", "fe80::1%eth0", 5355, "resolved", v6only=True),
    Listener("udp", "::", 5353, "avahi", v6only=False),
)
HOST = Inventory("host", "Linux", ADDRESSES, LISTENERS, None)


def plan(**changes: object) -> Plan:
    return make_plan(HOST, Settings(**changes), CATALOGUE)  # type: ignore[arg-type]


def ports(one: Plan, ip: IPv6Address, protocol: int) -> str:
    return str(next(t.ports for t in one.targets if (t.address, t.protocol) == (ip, protocol)))


def test_every_global_address_is_scanned_the_deprecated_too() -> None:
    assert plan().addresses == (STABLE, TEMPORARY, OLD)


def test_the_quick_profile_asks_catalogue_and_listeners() -> None:
    one = plan(profile=Profile.QUICK)
    assert ports(one, STABLE, TCP) == "22-23,139,445,8080"
    assert ports(one, OLD, TCP) == "22-23,139,445", "a listener on another address is not on this one"
    assert ports(one, STABLE, UDP) == "123,161,5353"
    assert not one.nmap
    assert one.linger_until < 10, "quick promises ten seconds"


def test_the_standard_profile_asks_all_of_tcp() -> None:
    one = plan()
    assert ports(one, OLD, TCP) == "1-65535"
    assert ports(one, OLD, UDP) == "123,161,5353"
    assert one.nmap
    assert one.linger_until >= 10  # RFC 6092 REC-34: 6 s at the earliest; trap D2: listen 10 s


def test_the_full_profile_asks_all_of_udp_too() -> None:
    one = plan(profile=Profile.FULL)
    assert ports(one, TEMPORARY, TCP) == ports(one, TEMPORARY, UDP) == "1-65535"


def test_ports_that_are_given_replace_the_profiles() -> None:
    one = plan(profile=Profile.FULL, tcp=PortSet.parse("80"), udp=PortSet())
    assert [(t.protocol, str(t.ports)) for t in one.targets] == [(TCP, "80")] * 3


def test_no_ports_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no port") as caught:
        plan(tcp=PortSet(), udp=PortSet())
    assert caught.value.remedy


def test_what_matters_is_asked_first() -> None:
    target = next(t for t in plan().targets if (t.address, t.protocol) == (STABLE, TCP))
    assert set(order(target, 1)[:5]) == {22, 23, 139, 445, 8080}


def test_nmap_can_be_left_out() -> None:
    assert not plan(nmap=False).nmap
    assert not any("nmap" in row.name for row in plan(nmap=False).classes)


def test_addresses_that_are_asked_for_are_scanned_once_each_in_that_order() -> None:
    assert plan(addresses=(OLD, STABLE, OLD)).addresses == (OLD, STABLE)


def test_a_foreign_address_is_refused() -> None:
    with pytest.raises(InputError, match="2001:db8:bad::1 is no address of this host") as caught:
        plan(addresses=(STABLE, IPv6Address("2001:db8:bad::1")))
    assert "your own" in caught.value.remedy


@pytest.mark.parametrize(
    ("ip", "reason"),
    [
        (LINK_LOCAL, "link-local"),
        (UNIQUE_LOCAL, "unique-local"),
        (TENTATIVE, "tentative"),
        (DUPLICATE, "dadfailed"),
    ],
)
def test_an_address_nobody_outside_can_reach_is_refused_with_the_reason(ip: IPv6Address, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        plan(addresses=(ip,))
    assert str(ip) in caught.value.message
    assert "\n" not in str(caught.value)


def test_a_host_without_a_global_address_has_nothing_to_scan() -> None:
    inside_only = Inventory("host", "Linux", (address(LINK_LOCAL), address(UNIQUE_LOCAL)), (), None)
    with pytest.raises(EnvironmentFault, match="no global IPv6 address"):
        choose_addresses(inside_only, ())


def test_who_listens_on_an_address() -> None:
    assert str(listening(LISTENERS, "tcp", STABLE)) == "22,8080"
    assert str(listening(LISTENERS, "tcp", OLD)) == "22"
    assert str(listening(LISTENERS, "udp", OLD)) == "5353"


SOME_PORTS = st.sets(st.integers(1, 65_535), min_size=1, max_size=60)


@given(SOME_PORTS, SOME_PORTS, st.integers(0, 2**32))
def test_an_order_is_a_permutation_with_what_matters_ahead(every: set[int], first: set[int], seed: int) -> None:
    target = TargetPlan(STABLE, TCP, PortSet.of(every), PortSet.of(every & first))
    asked = order(target, seed)
    assert sorted(asked) == sorted(every)
    assert set(asked[: len(every & first)]) == every & first
    assert asked == order(target, seed)


def test_the_rest_is_shuffled() -> None:
    target = TargetPlan(STABLE, TCP, PortSet.every(), PortSet())
    asked = order(target, 1)
    neighbours = sum(abs(a - b) == 1 for a, b in pairwise(asked))
    assert neighbours < 50, "a burst of loss must not hit neighbouring ports"
    assert asked != order(target, 2)


@given(st.integers(1, 200_000), st.sampled_from(Profile))
def test_every_class_of_packet_is_stated_with_its_ceiling(rate: int, profile: Profile) -> None:
    one = plan(profile=profile, rate=rate)
    assert one.start_rate == min(1000, rate)
    assert {row.target for row in one.classes} == {str(ip) for ip in one.addresses}
    assert all(0 < row.rate <= max(rate, 1000 if "nmap" in row.name else 0) for row in one.classes)
    for target in one.targets:
        name = "TCP SYN" if target.protocol == TCP else "UDP, sweep"
        sweep = [row for row in one.classes if row.name.startswith(name) and row.target == str(target.address)]
        assert [row.count for row in sweep] == [8 * len(target.ports)]
    locator = [row for row in one.classes if "locator" in row.name]
    assert [(row.count, row.rate) for row in locator] == [(8000, min(rate, 4000))] * len(one.targets)
    assert any("nmap" in row.name for row in one.classes) == one.nmap
