"""The witness on a wire of its own: what it sees, what it counts when nobody reads, what it says without privilege."""

import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from scanner.model.errors import EnvironmentFault
from scanner.probes.pipe import Frame
from scanner.witness import ring
from scanner.witness.pinhole import HELLO, UdpPinhole, free_port
from scanner.witness.ring import Ring
from scanner.witness.watch import open_witness

from .namespaces import inside

VANTAGE, HOST, STRANGER = (IPv6Address(f"2001:db8:77::{n}") for n in (1, 2, 3))
VANTAGE_MAC, HOST_MAC = "02:00:00:00:77:01", "02:00:00:00:77:02"
SILENT = 59  # "no next header" (RFC 8200 section 4.7): taken and not answered
ICMPV6, NEIGHBOUR = 58, 133  # RFC 4861 section 4: types from 133 on
CLOCKS = 0.5  # seconds that time.time() and the kernel's stamp may differ


@dataclass(frozen=True)
class Wire:
    """Two namespaces and a cable between them."""

    outside: str
    inside: str

    def send(self, *packets: bytes) -> None:
        """From the outside, whole IPv6 packets."""
        raw = inside(self.outside, lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
        with raw:
            for packet in packets:
                raw.sendto(packet, (str(HOST), 0))


@pytest.fixture(scope="module")
def wire(unique_name: Callable[[], str]) -> Iterator[Wire]:
    name = unique_name()
    one = Wire(f"{name}-outside", f"{name}-inside")
    ends = ((one.outside, "out0", VANTAGE, VANTAGE_MAC), (one.inside, "in0", HOST, HOST_MAC))
    try:
        run_batch("", *(f"netns add {space}" for space, *_ in ends))
        cable = f"link add dev out0 address {VANTAGE_MAC} netns {one.outside} type veth"
        run_batch("", f"{cable} peer name in0 address {HOST_MAC} netns {one.inside}")
        for space, link, address, _ in ends:
            run_batch(space, "link set lo up", f"link set {link} up", f"addr add {address}/64 dev {link} nodad")
        run_batch(one.outside, f"addr add {STRANGER}/64 dev out0 nodad preferred_lft 0")
        # Known for good, so that no neighbour discovery comes in between while a test counts frames.
        run_batch(one.outside, f"neigh add {HOST} lladdr {HOST_MAC} dev out0 nud permanent")
        known = [f"neigh add {each} lladdr {VANTAGE_MAC} dev in0 nud permanent" for each in (VANTAGE, STRANGER)]
        run_batch(one.inside, *known)
        yield one
    finally:
        for space, *_ in ends:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


def run_batch(space: str, *lines: str) -> None:
    where = ["-n", space] if space else []
    subprocess.run(["ip", *where, "-6", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


@pytest.fixture
def witness(wire: Wire) -> Iterator[Ring]:
    one = inside(wire.inside, lambda: open_witness([VANTAGE]))
    yield one
    one.close()


def frames(witness: Ring, number: int) -> list[Frame]:
    """Waits until so many are in, and a moment more for any beyond. Neighbour discovery comes when it likes."""
    seen = probes(witness)
    deadline = time.monotonic() + 2.0
    while len(seen) < number and time.monotonic() < deadline:
        select.select([witness.fileno()], [], [], 0.05)
        seen += probes(witness)
    time.sleep(0.02)
    return seen + probes(witness)


def probes(witness: Ring) -> list[Frame]:
    return [frame for frame in witness.receive() if frame.packet[6] != ICMPV6 or frame.packet[40] < NEIGHBOUR]


def packet(number: int = 0, source: IPv6Address = VANTAGE, hop_limit: int = 61) -> bytes:
    return bytes(IPv6(src=str(source), dst=str(HOST), nh=SILENT, hlim=hop_limit, fl=number))


def syn(port: int) -> bytes:
    return bytes(IPv6(src=str(VANTAGE), dst=str(HOST), hlim=61) / TCP(sport=40_000, dport=port, flags="S", seq=7))


def test_what_comes_in_and_what_goes_out(wire: Wire, witness: Ring) -> None:
    before = time.time()
    wire.send(syn(445))
    arrived, answered = frames(witness, 2)
    assert (arrived.outgoing, answered.outgoing) == (False, True)
    assert arrived.packet == syn(445)
    assert arrived.packet[7] == 61, "the hop limit as it arrived"
    assert arrived.mac.hex(":") == VANTAGE_MAC, "who handed it over"
    reset = IPv6(answered.packet)
    assert (reset.src, reset.dst, str(reset[TCP].flags)) == (str(HOST), str(VANTAGE), "RA")
    index = inside(wire.inside, lambda: socket.if_nametoindex("in0"))
    assert arrived.interface == answered.interface == index
    assert before - CLOCKS < arrived.at <= answered.at < time.time() + CLOCKS


def test_a_probe_is_seen_that_the_hosts_own_firewall_drops(wire: Wire, witness: Ring) -> None:
    rules = "table ip6 t {\n chain c {\n type filter hook prerouting priority -400; policy drop;\n }\n}\n"
    argv = ["ip", "netns", "exec", wire.inside, "nft"]
    subprocess.run([*argv, rules], check=True)
    try:
        wire.send(syn(445))
        assert [frame.outgoing for frame in frames(witness, 1)] == [False]
    finally:
        subprocess.run([*argv, "flush", "ruleset"], check=True)


def test_strangers_are_not_watched(wire: Wire, witness: Ring) -> None:
    wire.send(packet(source=STRANGER), packet(1))
    assert [label(frame) for frame in frames(witness, 1)] == [1]


def test_several_vantages_are(wire: Wire) -> None:
    one = inside(wire.inside, lambda: open_witness([STRANGER, VANTAGE]))
    wire.send(packet(1, STRANGER), packet(2))
    assert [label(frame) for frame in frames(one, 2)] == [1, 2]
    one.close()


def label(frame: Frame) -> int:
    return int.from_bytes(frame.packet[1:4], "big") & 0xFFFFF


def test_long_packets_are_cut_behind_their_headers(wire: Wire, witness: Ring) -> None:
    whole = bytes(IPv6(src=str(VANTAGE), dst=str(HOST)) / UDP(sport=40_000, dport=9) / Raw(bytes(range(256)) * 4))
    wire.send(whole)
    arrived = frames(witness, 1)[0]
    assert arrived.packet == whole[:176]


def test_every_packet_of_a_burst_is_seen_in_order(wire: Wire, witness: Ring) -> None:
    burst = [packet(number) for number in range(5000)]
    for _ in range(3):
        wire.send(*burst)
        assert [label(frame) for frame in frames(witness, len(burst))] == list(range(5000))
    assert witness.dropped() == 0


def test_what_nobody_reads_is_counted_not_hidden(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "BLOCKS", 1)  # room for 256 packets
    small = inside(wire.inside, lambda: open_witness([VANTAGE]))
    try:
        wire.send(*(packet(number) for number in range(300)))
        time.sleep(0.05)
        assert small.dropped() == 44
        assert small.dropped() == 44, "asking does not forget"
        assert [label(frame) for frame in small.receive()] == list(range(256))
        wire.send(*(packet(number) for number in range(256 + 6)))
        time.sleep(0.05)
        assert [label(frame) for frame in frames(small, 256)] == list(range(256)), "the ring goes round"
        assert small.dropped() == 50
        wire.send(packet(7))
        assert [label(frame) for frame in frames(small, 1)] == [7], "and goes on"
    finally:
        small.close()


def test_a_limit_leaves_the_rest_for_later(wire: Wire, witness: Ring) -> None:
    wire.send(*(packet(number) for number in range(30)))
    time.sleep(0.05)
    assert [label(frame) for frame in witness.receive(20)] == list(range(20))
    assert [label(frame) for frame in witness.receive()] == list(range(20, 30))


def test_nothing_from_before_the_filter_is_left_in_it(wire: Wire) -> None:
    flood = [packet(number, STRANGER) for number in range(2000)]
    for _ in range(5):
        wire.send(*flood[:200])
        one = inside(wire.inside, lambda: open_witness([VANTAGE]))
        assert frames(one, 0) == []
        one.close()


def test_without_privilege_it_says_so(wire: Wire) -> None:
    nobody = 65_534
    try:
        os.seteuid(nobody)
    except OSError:
        pytest.skip("this user namespace has one user only")
    try:
        with pytest.raises(EnvironmentFault, match="CAP_NET_RAW") as caught:
            open_witness([VANTAGE])
    finally:
        os.seteuid(0)
    assert "sudo" in caught.value.remedy
    assert "\n" not in str(caught.value)


def test_a_filter_the_kernel_refuses_is_a_fault_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.witness.watch.witness_filter", lambda _: [(0xFFFF, 0, 0, 0)])
    with pytest.raises(EnvironmentFault, match="packet capture failed"):
        open_witness([VANTAGE])


# ---- pinholes


def test_a_pinhole_speaks_from_its_own_address(wire: Wire) -> None:
    ear = inside(wire.outside, lambda: bound(VANTAGE, 40_001))
    hole = inside(wire.inside, lambda: UdpPinhole(HOST, 0, VANTAGE, 40_001))
    with ear:
        hole.refresh()
        said, sender = ear.recvfrom(100)
        assert said == HELLO + HOST.packed
        assert (sender[0], sender[1]) == (str(HOST), hole.port)
        hole.refresh()
        assert ear.recvfrom(100)[0] == said
    hole.close()


def test_a_pinhole_keeps_the_port_it_was_given(wire: Wire) -> None:
    port = inside(wire.inside, lambda: free_port(HOST))
    hole = inside(wire.inside, lambda: UdpPinhole(HOST, port, VANTAGE, 40_001))
    assert hole.port == port
    with pytest.raises(OSError, match="Address already in use"):
        inside(wire.inside, lambda: UdpPinhole(HOST, port, VANTAGE, 40_001))
    hole.close()
    inside(wire.inside, lambda: UdpPinhole(HOST, port, VANTAGE, 40_001)).close()


def test_what_comes_back_does_not_pile_up_and_nobody_reading_stops_nothing(wire: Wire, witness: Ring) -> None:
    hole = inside(wire.inside, lambda: UdpPinhole(HOST, 0, VANTAGE, 40_001))
    control = IPv6(src=str(VANTAGE), dst=str(HOST)) / UDP(sport=40_001, dport=hole.port) / Raw(struct.pack("!I", 7))
    wire.send(*[bytes(control)] * 2000)
    seen = frames(witness, 2000)
    assert len(seen) == 2000, "all of them are seen, and the host says nothing about any"
    assert not any(frame.outgoing for frame in seen)
    hole.refresh()
    hole.close()


def test_a_pinhole_of_an_address_that_is_gone(wire: Wire) -> None:
    gone = IPv6Address("2001:db8:77::99")
    with pytest.raises(OSError, match="assign"):
        inside(wire.inside, lambda: free_port(gone))
    with pytest.raises(OSError, match="assign"):
        inside(wire.inside, lambda: UdpPinhole(gone, 0, VANTAGE, 40_001))
    run_batch(wire.inside, f"addr add {gone}/64 dev in0 nodad")
    hole = inside(wire.inside, lambda: UdpPinhole(gone, 0, VANTAGE, 40_001))
    run_batch(wire.inside, f"addr del {gone}/64 dev in0")
    hole.refresh()  # its controls will stay away; that is how it shows
    hole.close()


def bound(address: IPv6Address, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    one.bind((str(address), port))
    one.settimeout(2.0)
    return one
