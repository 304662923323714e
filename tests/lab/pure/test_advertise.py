"""The Router Advertisement, read back with scapy."""

from ipaddress import IPv6Network

import pytest
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptPrefixInfo

from scanner.lab.advertise import advertisement, interval


def test_the_advertisement_says_what_was_asked() -> None:
    message = ICMPv6ND_RA(advertisement(IPv6Network("2001:db8:1::/64"), 10, 20))
    assert (message.type, message.code, message.routerlifetime, message.M, message.O) == (134, 0, 1800, 0, 0)
    prefix = message[ICMPv6NDOptPrefixInfo]
    assert (prefix.prefix, prefix.prefixlen, prefix.len) == ("2001:db8:1::", 64, 4)
    assert (prefix.L, prefix.A, prefix.preferredlifetime, prefix.validlifetime) == (1, 1, 10, 20)


@pytest.mark.parametrize(("preferred", "seconds"), [(1, 0.5), (6, 2), (86_400, 30)])
def test_it_is_repeated_before_anything_expires(preferred: int, seconds: float) -> None:
    assert interval(preferred) == seconds
