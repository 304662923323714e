"""Machines that seem to be outside: further namespaces beside a lab's own, wired to where each really stands."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from pathlib import Path

from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.topology import BRIDGE, VANTAGE_ADDRESS

GUEST_NETWORK = "2001:db8:2120:f401::"
OUTER = "2001:db8:2120:f400::99"  # the host's end of tunnels
PUMP = Path(__file__).parent / "tun_pump.py"


def batch(space: str, *lines: str) -> None:
    commands.run(["ip", "-n", space, "-6", "-batch", "-"], "".join(f"{line}\n" for line in lines))


@contextmanager
def namespace(name: str) -> Iterator[str]:
    commands.run(["ip", "netns", "add", name])
    try:
        batch(name, "link set lo up")
        yield name
    finally:
        commands.run(["ip", "netns", "del", name])


@contextmanager
def wired(lab: Lab, node: str, near: str) -> Iterator[str]:
    """A namespace with an interface ``net0`` whose other end is ``near`` on ``node``."""
    with namespace(f"{lab.name}-extra") as space:
        far = lab.node(node)
        commands.run(
            ["ip", "link", "add", "dev", "net0", "netns", space, "type", "veth", "peer", "name", near, "netns", far]
        )
        batch(far, f"link set {near} up")
        batch(space, "link set net0 up")
        yield space


@contextmanager
def guest_network(lab: Lab) -> Iterator[str]:
    """Another /64 of the same site, behind the same router."""
    with wired(lab, "cpe", "guest0") as space:
        batch(lab.node("cpe"), f"addr add {GUEST_NETWORK}1/64 dev guest0 nodad")
        batch(space, f"addr add {GUEST_NETWORK}2/64 dev net0 nodad", f"route add default via {GUEST_NETWORK}1")
        yield space


@contextmanager
def lan_machine(lab: Lab, address: str) -> Iterator[str]:
    """On the LAN, with an address alone: whatever it sends goes to the router, which sends it back onto the LAN."""
    with wired(lab, "cpe", "to-extra") as space:
        # The router says that there is a shorter way; whoever wants to look outside does not listen.
        for deaf in ("accept_ra", "accept_redirects"):
            commands.run(commands.inside(space, ["sysctl", "-q", "-w", f"net.ipv6.conf.net0.{deaf}=0"]))
        batch(lab.node("cpe"), f"link set to-extra master {BRIDGE}", f"route add {address}/128 dev {BRIDGE}")
        batch(space, f"addr add {address}/128 dev net0 nodad", "route add default via fe80::1 dev net0")
        try:
            yield space
        finally:
            batch(lab.node("cpe"), f"route del {address}/128 dev {BRIDGE}")


@contextmanager
def container(lab: Lab, prefix: str) -> Iterator[str]:
    """Behind a bridge of the host, as containers are."""
    host = lab.node("host")
    batch(host, "link add docker0 type bridge", "link set docker0 up", f"addr add {prefix}1/64 dev docker0 nodad")
    try:
        with wired(lab, "host", "veth1") as space:
            batch(host, "link set veth1 master docker0")
            batch(space, f"addr add {prefix}2/64 dev net0 nodad", f"route add default via {prefix}1")
            yield space
    finally:
        batch(host, "link del docker0")


@contextmanager
def tunnel(lab: Lab, kind: str, target: IPv6Address, *, prefix_length: int) -> Iterator[str]:
    """From the lab's Internet to the host: what leaves ``inet`` for ``target`` comes out of ``tunnel0`` of the host."""
    ends = ((lab.node("inet"), str(VANTAGE_ADDRESS), OUTER, "2"), (lab.node("host"), OUTER, str(VANTAGE_ADDRESS), "1"))
    batch(lab.node("host"), f"addr add {OUTER}/128 dev lan0 nodad")
    processes = []
    try:
        for space, local, remote, number in ends:
            if kind == "vxlan":
                words = f"link add tunnel0 type vxlan id 7 local {local} remote {remote} dstport 4789"
                batch(space, words)
            else:
                argv = commands.inside(space, [sys.executable, str(PUMP), "tunnel0", local, remote])
                processes.append(commands.start(argv, stdout=-1))
                assert processes[-1].stdout.readline() == "ready\n"
            batch(space, "link set tunnel0 up", f"addr add 2001:db8:77::{number}/{prefix_length} dev tunnel0 nodad")
        batch(lab.node("inet"), f"route add {target}/128 via 2001:db8:77::1 dev tunnel0 onlink")
        if prefix_length == 128:
            batch(lab.node("host"), "route add 2001:db8:77::2/128 dev tunnel0")
        yield lab.node("inet")
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()
        batch(lab.node("host"), f"addr del {OUTER}/128 dev lan0")
        if kind == "vxlan":
            for space, *_ in ends:
                batch(space, "link del tunnel0")
