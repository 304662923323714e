"""Remedies in force: each text goes to the lab's router (as its maker's software would load it), the ports are measured
again, and what must pass is seen to pass."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Packet

from scanner.codec import run_from_json, run_to_json
from scanner.lab.flows import forget_flows, socket_in
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, Personality
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.topology import ISP1_ADDRESS
from scanner.lab.truth import Services
from scanner.model.address import Kind
from scanner.model.ports import PortSet
from scanner.model.run import Run
from scanner.remedies import remedies_for
from scanner.remedies.situation import Choice
from tests.remedies.dialects import fw4, routeros, vyos

from .etc import in_its_own_etc
from .host import Host, differences
from .prober import exchange

SERVICES = Services(tcp=PortSet.parse("22,80,443,445,3000"), udp=PortSet.parse("53,5353"))
KEPT = PortSet.parse("22,443")
# RFC 4890 section 4.3.1 lets it in, RFC 6092 REC-10 does not.
EITHER_WAY = {"too big without a flow"}
TCP_PORTS, UDP_PORTS = PortSet.parse("22-25,80,139,443-445,3000-3010"), PortSet.parse("53,111,546,5353")
# What every remedy means: new TCP flows to KEPT at the stable address pass, nothing else does.
MEANT = Personality(
    "meant",
    "",
    {"cpe": RuleSet((Rule("tcp", KEPT, Action.PASS, Role.STABLE),), Action.DROP)},
)


def shell(lab: Lab, text: str) -> None:
    lab.exec("cpe", ["sh", "-eu"], input=text, text=True, capture_output=True)


def load(lab: Lab, ruleset: str) -> None:
    lab.exec("cpe", ["nft", "-f", "-"], input=ruleset, text=True, capture_output=True)


def open_wrt(lab: Lab, text: str) -> None:
    load(lab, fw4.to_nft(fw4.apply(text, fw4.wide_open())))


@dataclass(frozen=True)
class Dialect:
    """How a router of that kind takes a text; ``needs`` is a program, or ""."""

    load: Callable[[Lab, str], None]
    lan: str = "br-lan"
    wan: str = "wan0"
    needs: str = ""


DIALECTS = {
    "nftables": Dialect(shell),
    "ip6tables": Dialect(shell, needs="ip6tables-restore"),
    "ufw": Dialect(lambda lab, text: in_its_own_etc(lab, "cpe", text), needs="ufw"),
    "openwrt": Dialect(open_wrt, "", ""),
    "vyos": Dialect(lambda lab, text: load(lab, vyos.to_nft(text))),
    "edgeos": Dialect(lambda lab, text: load(lab, vyos.to_nft(text))),
    "mikrotik": Dialect(lambda lab, text: load(lab, routeros.to_nft(text)), "", ""),
}


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
    lab.listen(tcp=str(SERVICES.tcp), udp=str(SERVICES.udp))
    with Host(lab) as one:
        yield one


@pytest.fixture(scope="module")
def before(lab: Lab, host: Host, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a scan finds while the router passes everything."""
    lab.apply(PASSES)
    path = tmp_path_factory.mktemp("runs") / "before.json"
    command(lab, 1, "scan", "--vantage", f"netns:{lab.node('inet')}", "--tcp", str(TCP_PORTS), "--udp", str(UDP_PORTS),
            "--profile", "quick", "-o", f"json={path}", "-q", policy=path.with_name("policy.toml"))  # fmt: skip
    return run_from_json(path.read_text())


def command(lab: Lab, status: int, *words: str, policy: Path) -> str:
    policy.write_text(f'[[allow]]\nprotocol = "tcp"\nports = "{KEPT}"\n')
    argv = [sys.executable, "-m", "scanner.cli.main", *words, "--policy", str(policy)]
    environment = os.environ | {"V6EXPOSE_STORE": "none"}
    done = lab.exec("host", argv, capture_output=True, text=True, check=False, env=environment)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == status, (done.stdout, done.stderr)
    return str(done.stdout)


def put_in_force(lab: Lab, run: Run, name: str) -> None:
    dialect = DIALECTS[name]
    if dialect.needs and not shutil.which(dialect.needs):
        pytest.skip(f"{dialect.needs} is not installed")
    finding = next(one for one in run.findings if one.rule == "V6X002")
    choice = Choice(wan=dialect.wan, lan=dialect.lan)
    (remedy,) = remedies_for(run, finding, name, choice)
    lab.apply(PASSES)
    try:
        dialect.load(lab, remedy.text)
    except subprocess.CalledProcessError as error:
        raise AssertionError(error.stderr) from error
    forget_flows(lab.node("cpe"))


@pytest.mark.parametrize("name", DIALECTS)
def test_a_remedy_closes_what_was_found_and_keeps_what_must_pass(lab: Lab, host: Host, before: Run, name: str) -> None:
    put_in_force(lab, before, name)
    try:
        answer = host.ask(tcp=str(TCP_PORTS), udp=str(UDP_PORTS), linger=0.0)
        assert not differences(answer, host.truth(MEANT, SERVICES, TCP_PORTS, UDP_PORTS))
        assert flow_from_inside(lab) == "too big arrived"
        stable, temporary = addresses(lab)
        assert arriving(lab, stable, temporary) - EITHER_WAY == {"echo request", "kept"}
        assert dhcp_arrives(lab)
    finally:
        lab.apply(PASSES)


def addresses(lab: Lab) -> tuple[str, str]:
    held = lab.host_addresses()
    return tuple(next(str(one.ip) for one in held if one.kind is kind) for kind in (Kind.STABLE, Kind.TEMPORARY))  # type: ignore[return-value]


def arriving(lab: Lab, stable: str, temporary: str) -> set[str]:
    """Which of these the host receives; all of them come unsolicited."""

    def to(address: str) -> Packet:
        return IPv6(src=str(lab.vantage_address), dst=address)

    packets = {
        "echo request": to(temporary) / ICMPv6EchoRequest(id=4711),
        "kept": to(stable) / TCP(sport=30_001, dport=443),
        "kept, temporary": to(temporary) / TCP(sport=30_002, dport=443),
        "from 53": to(stable) / TCP(sport=53, dport=445),
        "from 20": to(stable) / TCP(sport=20, dport=3000),
        "UDP from 53": to(stable) / UDP(sport=53, dport=5353) / b"x",
        "ACK": to(stable) / TCP(sport=30_003, dport=445, flags="A"),
        "RST": to(stable) / TCP(sport=30_004, dport=80, flags="R"),
        "behind an option": to(stable) / IPv6ExtHdrDestOpt() / TCP(sport=30_005, dport=445),
        "fragment": to(stable) / IPv6ExtHdrFragment(id=9, m=0) / TCP(sport=30_006, dport=445),
        "DHCPv6 inside": to(stable) / UDP(sport=547, dport=546) / b"x",
        "too big without a flow": to(stable) / ICMPv6PacketTooBig(mtu=1280) / to_quote(stable, lab, 1, 2),
    }
    inside, _ = exchange(lab, packets.values(), quiet=0.3)
    told = {beginning(packet): name for name, packet in packets.items()}
    return {told[beginning(packet)] for packet in inside if beginning(packet) in told}


def beginning(packet: Packet) -> tuple[str, bytes]:
    """What tells one packet from another, behind the header whose hop limit changes."""
    return packet.dst, bytes(packet)[40:60]


def to_quote(host: str, lab: Lab, port: int, to: int) -> Packet:
    return IPv6(src=host, dst=str(lab.vantage_address)) / TCP(sport=port, dport=to)


def flow_from_inside(lab: Lab) -> str:
    """The inside opens a connection, both ends say something; then a router on the way tells it of its small link."""
    with (
        socket_in(lab.node("inet"), socket.AF_INET6, socket.SOCK_STREAM, 0) as listener,
        socket_in(lab.node("host"), socket.AF_INET6, socket.SOCK_STREAM, 0) as client,
    ):
        listener.bind(("::", 0))
        listener.listen(1)
        listening = listener.getsockname()[1]
        listener.settimeout(5)
        client.settimeout(5)
        client.connect((str(lab.vantage_address), listening))
        server, _ = listener.accept()
        with server:
            client.sendall(b"question")
            assert server.recv(100) == b"question"
            server.sendall(b"answer")
            assert client.recv(100) == b"answer"
            name, port = client.getsockname()[:2]
            quoted = to_quote(name, lab, port, listening)
            error = IPv6(src=str(ISP1_ADDRESS), dst=name) / ICMPv6PacketTooBig(mtu=1400) / quoted
            inside, _ = exchange(lab, [error], quiet=0.3)
            return "too big arrived" if any(ICMPv6PacketTooBig in packet for packet in inside) else "nothing arrived"


def dhcp_arrives(lab: Lab) -> bool:
    """A reply of the provider's server, from link-local to link-local address (RFC 8415 section 7.2)."""
    with (
        socket_in(lab.node("cpe"), socket.AF_INET6, socket.SOCK_DGRAM, 0) as client,
        socket_in(lab.node("isp2"), socket.AF_INET6, socket.SOCK_DGRAM, 0) as server,
    ):
        client.bind(("::", 546))
        client.settimeout(2)
        server.bind(("::", 547))
        server.sendto(b"reply", (link_local(lab, "cpe", "wan0"), 546, 0, index(lab, "isp2", "up0")))
        try:
            return client.recv(100) == b"reply"
        except TimeoutError:
            return False


def link_local(lab: Lab, node: str, interface: str) -> str:
    held = json.loads(lab.exec(node, ["ip", "-j", "-6", "addr", "show", "dev", interface], capture_output=True).stdout)
    return next(one["local"] for one in held[0]["addr_info"] if IPv6Address(one["local"]).is_link_local)


def index(lab: Lab, node: str, interface: str) -> int:
    return int(
        json.loads(lab.exec(node, ["ip", "-j", "link", "show", interface], capture_output=True).stdout)[0]["ifindex"]
    )


def test_everything_arrives_where_the_router_passes_all(lab: Lab, host: Host) -> None:
    """The checks of above can fail."""
    lab.apply(PASSES)
    arrived = arriving(lab, *addresses(lab))
    assert {"from 53", "ACK", "behind an option", "DHCPv6 inside", "kept, temporary"} <= arrived


def test_a_finding_is_looked_at_again(lab: Lab, host: Host, before: Run, tmp_path: Path) -> None:
    """The story of an owner: scan, read the remedy, put it in force, see that it is gone."""
    document, policy = tmp_path / "run.json", tmp_path / "policy.toml"
    document.write_text(run_to_json(before))
    put_in_force(lab, before, "nftables")
    try:
        said = command(lab, 0, "recheck", "445/tcp", "--run", str(document), policy=policy)
        assert said.count("GONE: V6X001 SMB file sharing") == 2
        assert "tcp/445 open -> router-dropped" in " ".join(said.split())
    finally:
        lab.apply(PASSES)
