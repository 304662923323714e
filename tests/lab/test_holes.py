"""Each hole is there, and only where it says: odd packets that pass, and ordinary ones that do not."""

import sys
from collections.abc import Iterator
from itertools import count

import pytest
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    PadN,
    fragment6,
)
from scapy.packet import Packet, Raw

from scanner.lab.lab import Lab
from scanner.lab.personalities import Personality, late_reject, loss, personality, rate_limit, stateful, stateful_none
from scanner.lab.topology import CPE_OUTSIDE

from .prober import exchange, until

PORT = 445
SOURCE_PORT = count(40_001)  # each flow its own: the router remembers those that passed


@pytest.fixture(scope="module")
def home(lab: Lab) -> Iterator[Lab]:
    lab.listen(tcp="22,445", udp="445")
    return lab


def header(lab: Lab) -> IPv6:
    return IPv6(src=str(lab.vantage_address), dst=str(lab.host_addresses()[0].ip))


def plain(lab: Lab) -> list[Packet]:
    return [header(lab) / TCP(sport=next(SOURCE_PORT), dport=PORT, flags="S")]


def from_port_53(lab: Lab) -> list[Packet]:
    return [header(lab) / TCP(sport=53, dport=PORT, flags="S")]


def in_fragments(lab: Lab) -> list[Packet]:
    whole = header(lab) / IPv6ExtHdrFragment(id=77) / UDP(sport=next(SOURCE_PORT), dport=PORT) / Raw(bytes(2000))
    return list(fragment6(whole, 1280))


def behind_options(lab: Lab) -> list[Packet]:
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
    return [header(lab) / options / TCP(sport=next(SOURCE_PORT), dport=PORT, flags="S")]


def with_ack(lab: Lab) -> list[Packet]:
    return [header(lab) / TCP(sport=next(SOURCE_PORT), dport=PORT, flags="A")]


def echo(lab: Lab) -> list[Packet]:
    return [header(lab) / ICMPv6EchoRequest(id=7, data=b"lab")]


KINDS = (plain, from_port_53, in_fragments, behind_options, with_ack, echo)
# personality -> which kinds of packet reach the host
PASSING = {
    "pass-all": {"plain", "from_port_53", "in_fragments", "behind_options", "with_ack", "echo"},
    "stateful": {"echo"},
    "source-port-53": {"from_port_53", "echo"},
    "fragment-hole": {"in_fragments", "echo"},
    "extension-header-hole": {"behind_options", "echo"},
    "stateless-established": {"with_ack", "echo"},
    "icmpv6-dropped": set(),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_gets_through(home: Lab, name: str) -> None:
    home.apply(personality(name))
    passed = set()
    for kind in KINDS:
        inside, _ = exchange(home, kind(home), quiet=0.05)
        if any(packet.src == str(home.vantage_address) for packet in inside):
            passed.add(kind.__name__)
    assert passed == PASSING[name]


def test_icmpv6_dropped_stops_what_leaves_too(home: Lab) -> None:
    home.apply(personality("icmpv6-dropped"))
    argv = ["nmap", "-6", "-n", "-sn", "-PE", "--max-retries", "0", str(home.vantage_address)]
    text = home.exec("host", argv, capture_output=True, text=True).stdout
    assert "0 hosts up" in text


DIAL = "import socket, sys; socket.create_connection((sys.argv[1], 22), timeout=1).close()"


def dials(lab: Lab) -> bool:
    argv = [sys.executable, "-c", DIAL, str(lab.vantage_address)]
    return lab.exec("host", argv, check=False, capture_output=True).returncode == 0


def test_only_no_outbound_stops_what_the_inside_opens(home: Lab) -> None:
    listener = [sys.executable, "-m", "scanner.lab.services", "--tcp", "22"]
    with home.popen("inet", listener, stdout=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        home.apply(stateful_none())
        assert dials(home)
        home.apply(personality("stateless-established"))
        assert dials(home)
        home.apply(personality("no-outbound"))
        assert not dials(home)
        process.terminate()


def test_an_esp_packet_passes_rfc_6092_only(home: Lab) -> None:
    esp = header(home).copy()
    esp.nh = 50
    for name, expected in (("stateful", 0), ("rfc6092", 1)):
        home.apply(personality(name))
        inside, _ = exchange(home, [esp / Raw(bytes(24))])
        assert sum(packet.nh == 50 for packet in inside) == expected


def arrivals(lab: Lab, what: Personality, sent: int) -> int:
    lab.apply(what)
    packets = [header(lab) / TCP(sport=10_000 + number, dport=PORT, flags="S") for number in range(sent)]
    inside, _ = exchange(lab, packets)
    return sum(TCP in packet and str(packet[TCP].flags) == "S" for packet in inside)


def test_loss_takes_its_share(home: Lab) -> None:
    assert arrivals(home, loss(0), 200) == 200
    assert 60 <= arrivals(home, loss(50), 200) <= 140  # 5.6 standard deviations each way
    assert arrivals(home, loss(0, stateful()), 5) == 0, "it filters beside"


def test_a_rate_limit_passes_the_first_and_drops_the_rest(home: Lab) -> None:
    assert 20 <= arrivals(home, rate_limit(20), 300) <= 60


def test_a_late_reject_is_late(home: Lab) -> None:
    home.apply(late_reject(0.4))
    _, early = exchange(home, plain(home), quiet=0.2)
    assert not any(ICMPv6DestUnreach in packet for packet in early)
    inside, late = exchange(home, plain(home), quiet=0.8)
    errors = [(packet.src, packet[ICMPv6DestUnreach].code) for packet in late if ICMPv6DestUnreach in packet]
    assert (str(CPE_OUTSIDE), 1) in errors
    assert not any(TCP in packet for packet in inside)


def test_echo_is_answered_through_a_stateful_router(home: Lab) -> None:
    home.apply(stateful())
    assert until(lambda: any(ICMPv6EchoReply in packet for packet in exchange(home, echo(home))[1]))
