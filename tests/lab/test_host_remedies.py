"""What the host can do itself: the settings of real programs, and its own firewall, in force."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6

from scanner.lab import commands, servers
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES
from scanner.lab.topology import LAN_INTERFACE
from scanner.model.address import Kind, Listener
from scanner.model.ports import PortSet
from scanner.remedies import remedies_for
from scanner.remedies.situation import Choice, Keep
from tests.remedies import sample

from .etc import in_its_own_etc
from .prober import accepts, exchange, until

PORTS = {"nginx": 8081, "sshd": 2222, "smbd": 4450}
PROGRAMS = {"nginx": "nginx", "sshd": "/usr/sbin/sshd", "smbd": "smbd"}


def text(lab: Lab, process: str, *, kept: bool) -> str:
    """The remedy for the lab's host, whose stable address is in the run."""
    port = PORTS[process]
    stable = str(address(lab, Kind.STABLE))
    run = sample.run()
    addresses = tuple(replace(one, address=stable) if one.address == sample.STABLE else one for one in run.addresses)
    run = replace(run, addresses=addresses, listeners=(Listener("tcp", "::", port, process, v6only=False),))
    choice = Choice(keep=(Keep("tcp", PortSet.of([port])),) if kept else ())
    found = sample.finding(address=stable, port=port)
    (remedy,) = (one for one in remedies_for(run, found, "generic", choice) if one.router == "host")
    return remedy.text


def address(lab: Lab, kind: Kind) -> IPv6Address:
    return next(one.ip for one in lab.host_addresses() if one.kind is kind)


def nginx(directory: Path, settings: str) -> list[str]:
    whole = servers._nginx_config(directory).replace("listen [::]:80;", f"\n{settings}\n")
    (directory / "nginx.conf").write_text(whole)
    return ["nginx", "-p", str(directory), "-e", str(directory / "error.log"), "-c", str(directory / "nginx.conf")]


def sshd(directory: Path, settings: str) -> list[str]:
    commands.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / "host_key")])
    whole = servers._sshd_config(directory, None).replace("Port 22\nListenAddress ::\n", settings)
    (directory / "sshd_config").write_text(whole)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return ["/usr/sbin/sshd", "-D", "-e", "-f", str(directory / "sshd_config")]


def smbd(directory: Path, settings: str) -> list[str]:
    share = directory / "share"
    share.mkdir()
    whole = servers._smb_config(directory, share).replace("[global]\n", settings)
    (directory / "smb.conf").write_text(whole.replace("445 139", str(PORTS["smbd"])))
    return ["smbd", "-F", "--no-process-group", "-s", str(directory / "smb.conf")]


START: dict[str, Callable[[Path, str], list[str]]] = {"nginx": nginx, "sshd": sshd, "smbd": smbd}


@pytest.mark.skipif(
    Path("/proc/self/uid_map").read_text().split()[2] == "1", reason="the programs need more than one user"
)
@pytest.mark.parametrize(
    ("process", "kept"), [("nginx", True), ("nginx", False), ("sshd", True), ("sshd", False), ("smbd", False)]
)
def test_a_program_answers_where_it_is_meant_to(lab: Lab, tmp_path: Path, process: str, *, kept: bool) -> None:
    if not shutil.which(PROGRAMS[process]):
        pytest.skip(f"{process} is not installed")
    port = PORTS[process]
    server = lab.popen("host", START[process](tmp_path, text(lab, process, kept=kept)), start_new_session=True)
    try:
        near = address(lab, Kind.STABLE) if kept else IPv6Address("::1")
        assert until(lambda: accepts(lab, "host", near, port), timeout=20.0)
        time.sleep(0.05)
        assert accepts(lab, "inet", address(lab, Kind.STABLE), port) is kept
        assert not accepts(lab, "inet", address(lab, Kind.TEMPORARY), port)
    finally:
        os.killpg(server.pid, 15)
        server.wait()


@pytest.mark.parametrize("name", ["nftables-host", "ufw-host"])
def test_the_hosts_own_firewall_keeps_strangers_out(lab: Lab, name: str) -> None:
    if name == "ufw-host" and not shutil.which("ufw"):
        pytest.skip("ufw is not installed")
    stable, temporary = address(lab, Kind.STABLE), address(lab, Kind.TEMPORARY)
    run = sample.run()
    addresses = tuple(replace(one, address=str(stable)) for one in run.addresses if one.address == sample.STABLE)
    choice = Choice(wan=LAN_INTERFACE, keep=(Keep.parse("443/tcp"),))
    (remedy,) = remedies_for(replace(run, addresses=addresses), sample.WHOLE, name, choice)
    lab.listen(tcp="443,445")
    assert until(lambda: accepts(lab, "inet", temporary, 445))
    in_its_own_etc(lab, "host", remedy.text)
    try:
        assert accepts(lab, "inet", stable, 443)
        assert not accepts(lab, "inet", stable, 445)
        assert not accepts(lab, "inet", temporary, 443)
        assert accepts(lab, "printer", stable, 445)  # the own link is trusted
        echo = IPv6(src=str(lab.vantage_address), dst=str(temporary)) / ICMPv6EchoRequest(id=4711)
        _, answers = exchange(lab, [echo], quiet=0.3)
        assert any(ICMPv6EchoReply in packet for packet in answers)
    finally:
        lab.apply(PASSES)
