"""What each kind of address tells a stranger."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.guess import gives_away
from scanner.guess.patterns import Subject
from scanner.model.address import Kind, Origin

MAC = "00:11:22:33:44:55"
FROM_MAC = "2001:db8::211:22ff:fe33:4455"


def told(text: str, origin: Origin = Origin.MANUAL, own_mac: str = "", kind: Kind = Kind.STABLE) -> str:
    return "; ".join(gives_away(Subject(IPv6Address(text), kind, origin, own_mac), lambda mac: f"maker of {mac}"))


def test_eui64_tells_the_mac_its_vendor_and_that_it_travels() -> None:
    text = told(FROM_MAC, Origin.EUI64, MAC)
    assert text == f"the MAC address {MAC}; vendor maker of {MAC}; the same host in every network that it visits"
    assert "likely" in told(FROM_MAC, Origin.EUI64)


def test_without_a_list_the_vendor_is_not_known() -> None:
    assert "vendor not known here" in gives_away(Subject(IPv6Address(FROM_MAC), own_mac=MAC))


def test_a_mac_that_no_vendor_assigned_is_said_so() -> None:
    text = told("2001:db8::5054:ff:fe12:3456", Origin.EUI64)
    assert "no vendor assigned it" in text
    assert "maker" not in text


def test_a_random_identifier_that_happens_to_look_like_a_mac_tells_none() -> None:
    assert "MAC" not in told(FROM_MAC, Origin.TEMPORARY, kind=Kind.TEMPORARY)
    assert "MAC" not in told(FROM_MAC, Origin.STABLE_PRIVACY)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("2001:db8::c0a8:101", "its IPv4 address 192.168.1.1"),
        ("2001:db8::192:168:1:10", "its IPv4 address 192.168.1.10"),
        ("2001:db8::5efe:c000:201", "its IPv4 address 192.0.2.1"),
        ("2001:db8::1:443", "port 443"),
        ("2001:db8::443:1", "port 443"),
        ("2001:db8::1", "neighbours in the row"),
        # RFC 4380 section 5.1.1's computation: 40000 ^ ffff = 63bf, 192.0.2.45 inverted is 3fff:fdd2
        (
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "IPv4 address 192.0.2.45 and port 40000; its Teredo server 65.54.227.120",
        ),
        ("2001:db8::8c2a:1f03:77b9:d0e4", "the same host as before"),
    ],
)
def test_what_else_shows(text: str, fact: str) -> None:
    assert fact in told(text)


@given(st.integers(0, 2**128 - 1), st.sampled_from(Kind), st.sampled_from(Origin))
def test_something_is_always_said(number: int, kind: Kind, origin: Origin) -> None:
    assert all(gives_away(Subject(IPv6Address(number), kind, origin)))
