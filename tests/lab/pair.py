"""Two namespaces and a cable, where a kernel is needed and no Internet: probes leave ``near``, ``far`` has rules."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.hostwall.flow import Protocol
from scanner.hostwall.run_command import Runner, Said, environment, run_command
from scanner.lab import commands
from scanner.lab.flows import forget_flows, socket_in
from scanner.probes.craft import Flow, stamp, syn_template, udp_packet

NEAR, FAR = IPv6Address("2001:db8:77::1"), IPv6Address("2001:db8:77::2")
MACS = ("52:54:00:77:00:01", "52:54:00:77:00:02")
INTERFACE = "veth0"
SOURCE_PORT = 40_000


@dataclass(frozen=True)
class Pair:
    near: str
    far: str

    def ask(self, *argv: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program in ``far``."""
        return subprocess.run(
            commands.inside(self.far, argv), input=text, capture_output=True, text=True, check=False, env=environment()
        )

    def run(self, *argv: str, text: str | None = None) -> str:
        done = self.ask(*argv, text=text)
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout

    @property
    def runner(self) -> Runner:
        """Asks programs in ``far``."""

        def run(argv: Sequence[str]) -> Said:
            return run_command(commands.inside(self.far, argv))

        return run

    def send(self, ports: Sequence[int], protocols: Sequence[Protocol], source_port: int = SOURCE_PORT) -> None:
        """One first packet a port and protocol, of flows that ``far`` does not know."""
        forget_flows(self.far)
        flow = Flow(NEAR, FAR, source_port)
        with socket_in(self.near, socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            for protocol in protocols:
                for port in ports:
                    packet = (
                        stamp(syn_template(flow), port, b"12345678")
                        if protocol is Protocol.TCP
                        else udp_packet(flow, port, b"12345678")
                    )
                    raw.sendto(packet, (str(FAR), 0))


@contextmanager
def pair(name: str) -> Iterator[Pair]:
    one = Pair(f"{name}-near", f"{name}-far")
    spaces = (one.near, one.far)
    for space in spaces:
        commands.run(["ip", "netns", "add", space])
    try:
        for space in spaces:
            script = "echo 0 >conf/default/accept_dad; echo 0 >icmp/ratelimit; echo 255 >icmp/ratemask"
            commands.run(commands.inside(space, ["sh", "-c", f"cd /proc/sys/net/ipv6 && {script}"]))
        commands.run(
            ["ip", "-batch", "-"],
            (
                f"link add dev {INTERFACE} address {MACS[0]} netns {one.near} type veth "
                f"peer name {INTERFACE} address {MACS[1]} netns {one.far}\n"
            ),
        )
        for space, own, other, mac in ((one.near, NEAR, FAR, MACS[1]), (one.far, FAR, NEAR, MACS[0])):
            lines = (
                "link set lo up",
                f"link set {INTERFACE} up",
                f"addr add {own}/64 dev {INTERFACE} nodad",
                f"neigh replace {other} lladdr {mac} dev {INTERFACE} nud permanent",
            )
            commands.run(["ip", "-n", space, "-6", "-batch", "-"], "\n".join(lines) + "\n")
        yield one
    finally:
        for space in spaces:
            commands.run(["ip", "netns", "del", space])
