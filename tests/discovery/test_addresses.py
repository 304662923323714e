"""Which adapter is believed."""

from ipaddress import IPv6Address
from pathlib import Path

import pytest

from scanner.discovery import ip_command, netlink
from scanner.discovery.addresses import ELSEWHERE, READERS, AddressReader, read_addresses
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


def test_the_system_chooses_its_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(ELSEWHERE) == {"Darwin", "Windows"}
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EnvironmentFault, match=r"`ifconfig -L` cannot be run .*: run v6expose on macOS"):
        read_addresses(system="Darwin")
    with pytest.raises(EnvironmentFault, match=r"Get-NetIPAddress .* cannot be run .*: run v6expose on Windows"):
        read_addresses(system="Windows")


@pytest.mark.parametrize("system", ["FreeBSD", "OpenBSD", "SunOS"])
def test_a_system_without_netlink_is_told_so(system: str) -> None:
    with pytest.raises(EnvironmentFault, match=f"of {system} cannot be read: .*netlink.* run v6expose on Linux"):
        read_addresses((answering("2001:db8::1"),), system)


def test_an_ip_without_json_is_told_so_when_netlink_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ip"
    program.write_text('#!/bin/sh\necho "Option \\"-j\\" is unknown" >&2\nexit 255\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(EnvironmentFault, match=r'broken pipe.*Option "-j" is unknown.*install iproute2 4.16 or newer'):
        read_addresses((failing, ip_command.read_addresses), "Linux")
