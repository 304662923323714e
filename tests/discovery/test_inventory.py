"""Discovery on this machine as it is: only what must be true of every Linux is asked."""

import platform
import socket
import subprocess
import sys

import pytest

from scanner.discovery import inventory
from scanner.discovery.inventory import discover, operating_system
from scanner.model.errors import EnvironmentFault


def test_the_host_and_its_loopback_address() -> None:
    with socket.socket(socket.AF_INET6) as one:
        try:
            one.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
        one.listen()
        found = discover()
        port = one.getsockname()[1]
    assert socket.gethostname() == found.host
    assert platform.release() in found.os
    assert "::1" in [str(address.ip) for address in found.addresses]
    assert not any(
        address.scannable for address in found.addresses if address.ip.is_loopback or address.ip.is_link_local
    )
    assert [listener.bind for listener in found.listeners if listener.port == port] == ["::1"]


def test_without_os_release_the_kernel_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)
    assert f"{platform.system()} {platform.release()}" == operating_system()


def test_a_router_that_cannot_be_read_is_a_problem_not_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise EnvironmentFault("netlink does not answer", "run on Linux")

    monkeypatch.setattr(inventory, "read_default_router", failing)
    found = discover()
    assert found.default_router is None
    assert "the default router cannot be read: netlink does not answer: run on Linux" in found.problems


def test_ipv4_networks_that_cannot_be_read_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise EnvironmentFault("netlink does not answer")

    monkeypatch.setattr(inventory.netlink, "read_ipv4_networks", failing)
    assert discover().ipv4 == ()


def test_scapy_and_nmap_stay_out() -> None:
    script = "import sys, scanner.discovery.inventory as i; i.discover(); print({'scapy', 'nmap'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
