"""A small two-sided prober, apart from the product's own, to check the lab and its truth with: raw packets outside, a
capture on both sides, and a hop limit that ends at the home router to tell who drops."""

import select
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6TimeExceeded, IPv6
from scapy.packet import Packet

from scanner.lab.flows import socket_in
from scanner.lab.lab import Lab
from scanner.lab.topology import CPE_OUTSIDE
from scanner.lab.truth import Services
from scanner.model.verdict import Verdict

ETH_P_IPV6 = 0x86DD
HOPS_TO_CPE = 3
QUIET = 0.1  # seconds without a packet after which an exchange is over
QUOTE = 48  # an ICMPv6 error quotes from here on: IPv6 header, then eight bytes

V = Verdict


def capture_on(lab: Lab, node: str, interface: str) -> socket.socket:
    capture = socket_in(lab.node(node), socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024 * 1024)
    capture.bind((interface, ETH_P_IPV6))
    return capture


def exchange(lab: Lab, packets: Iterable[Packet], quiet: float = QUIET) -> tuple[list[Packet], list[Packet]]:
    """Send from the vantage; what then arrives at the host, and at the vantage."""
    with (
        capture_on(lab, "host", "lan0") as inside,
        capture_on(lab, "inet", "net0") as outside,
        socket_in(lab.node("inet"), socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw,
    ):
        for packet in packets:
            raw.sendto(bytes(packet), (packet.dst, 0))
        seen: dict[socket.socket, list[Packet]] = {inside: [], outside: []}
        while readable := select.select([inside, outside], [], [], quiet)[0]:
            for capture in readable:
                seen[capture].append(IPv6(capture.recv(65_536)))
        return seen[inside], seen[outside]


@dataclass(frozen=True)
class Table:
    """What is probed: the ports of one address and protocol."""

    target: str
    layer: type[Packet]
    ports: tuple[int, ...]

    def packets(self, source: IPv6Address, first_source_port: int, hop_limit: int) -> list[Packet]:
        header = IPv6(src=str(source), dst=self.target, hlim=hop_limit)
        numbered = enumerate(self.ports, first_source_port)
        if self.layer is TCP:
            return [header / TCP(sport=number, dport=port, flags="S", seq=port) for number, port in numbered]
        return [header / UDP(sport=number, dport=port) / bytes(12) for number, port in numbered]


def probe(lab: Lab, tables: Sequence[Table], services: Services, quiet: float = QUIET) -> list[dict[int, Verdict]]:
    """The verdict of each port of each table, by the decision table; all of them in one exchange."""
    packets = [
        packet
        for table in tables
        for first, hop_limit in ((20_000, 64), (30_000, HOPS_TO_CPE))
        for packet in table.packets(lab.vantage_address, first, hop_limit)
    ]
    inside, outside = exchange(lab, packets, quiet)
    return [judge(table, inside, outside, services) for table in tables]


def judge(table: Table, inside: list[Packet], outside: list[Packet], services: Services) -> dict[int, Verdict]:
    layer = table.layer
    arrived = {p[layer].dport for p in inside if layer in p and p.dst == table.target}
    expired = [quoted(p) for p in outside if ICMPv6TimeExceeded in p and p.src == str(CPE_OUTSIDE)]
    reached = {p[layer].dport for p in expired if layer in p and p.dst == table.target}
    answers = dict(found for p in outside if (found := answer_in(p, table)))
    listened = services.tcp if layer is TCP else services.udp | services.udp_silent
    verdicts = {}
    for port in table.ports:
        if port in answers:
            verdicts[port] = (ARRIVED if port in arrived else NOT_ARRIVED)[answers[port]]
        else:
            verdicts[port] = silence(port in arrived, port in reached, layer is UDP and port in listened)
    return verdicts


ARRIVED = {"accept": V.OPEN, "refuse": V.CLOSED, "reject-target": V.HOST_REJECTED}
NOT_ARRIVED = {
    "accept": V.INTERCEPTED,
    "refuse": V.FORGED,
    "reject-cpe": V.ROUTER_REJECTED,
    "reject-isp": V.UPSTREAM_REJECTED,
}


def silence(arrived: bool, reached_router: bool, listening: bool) -> Verdict:  # noqa: FBT001
    if arrived:
        return V.OPEN_FILTERED if listening else V.HOST_DROPPED
    return V.ROUTER_DROPPED if reached_router else V.UPSTREAM_DROPPED


def quoted(error: Packet) -> Packet:
    """The packet that an ICMPv6 error quotes."""
    return IPv6(error.original[QUOTE:])


def answer_in(packet: Packet, table: Table) -> tuple[int, str] | None:
    """The port that is answered, and how: accept, refuse, or who rejects."""
    if ICMPv6DestUnreach in packet:
        about = quoted(packet)
        if about.dst != table.target or table.layer not in about:
            return None
        who = {table.target: "target", str(CPE_OUTSIDE): "cpe"}.get(packet.src, "isp")
        refused = who == "target" and packet[ICMPv6DestUnreach].code == 4
        return about[table.layer].dport, "refuse" if refused else f"reject-{who}"
    if table.layer not in packet or packet.src != table.target:
        return None
    accepts = table.layer is UDP or str(packet[TCP].flags) == "SA"
    return packet[table.layer].sport, "accept" if accepts else "refuse"


def accepts(lab: Lab, node: str, address: IPv6Address, port: int) -> bool:
    """TCP from ``node`` to that address and port is accepted."""
    with socket_in(lab.node(node), socket.AF_INET6, socket.SOCK_STREAM, 0) as client:
        client.settimeout(1.0)
        return client.connect_ex((str(address), port)) == 0


def until(condition: Callable[[], bool], timeout: float = 15.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
