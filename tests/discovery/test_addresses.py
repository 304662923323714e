"""Which adapter is believed."""

from ipaddress import IPv6Address

import pytest

from scanner.discovery import ip_command, netlink
from scanner.discovery.addresses import READERS, AddressReader, read_addresses
from scanner.discovery.classify import AddressFlag, KernelAddress, Link
from scanner.model.errors import EnvironmentFault


def answering(ip: str) -> AddressReader:
    return lambda: (KernelAddress(IPv6Address(ip), 64, Link(1, "x"), AddressFlag(0), 0, 1, 1),)


def failing() -> tuple[KernelAddress, ...]:
    raise EnvironmentFault("broken pipe", "mend it")


def test_netlink_is_asked_before_ip() -> None:
    assert (netlink.read_addresses, ip_command.read_addresses) == READERS


def test_the_first_that_answers_is_taken() -> None:
    assert [str(a.ip) for a in read_addresses((answering("2001:db8::1"), failing))] == ["2001:db8::1"]
    assert [str(a.ip) for a in read_addresses((failing, answering("2001:db8::2")))] == ["2001:db8::2"]


def test_an_answer_without_addresses_is_an_answer() -> None:
    assert read_addresses((lambda: (), failing)) == ()


def test_when_none_answers_every_reason_is_named() -> None:
    with pytest.raises(EnvironmentFault, match=r"cannot be read: broken pipe: mend it; broken pipe: mend it"):
        read_addresses((failing, failing))
