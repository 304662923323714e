"""Facts about Linux and nmap that the design rests on: if a kernel or an nmap changes one, this says so."""

import re
from collections.abc import Iterator

import pytest
from scapy.layers.inet import TCP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6ND_NS, ICMPv6TimeExceeded, IPv6
from scapy.packet import Packet

from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, host_firewall, isp_drops_smb, stateful
from scanner.lab.rules import Action, RuleSet
from scanner.lab.topology import CPE_OUTSIDE, ISP1_ADDRESS, ISP2_ADDRESS, UNUSED_LAN_ADDRESS

from .prober import exchange, quoted

HOME_SERVICES = "22,80,139,443,445,3000,5900,8080"


@pytest.fixture(scope="module")
def home(lab: Lab) -> Iterator[Lab]:
    lab.listen(tcp=HOME_SERVICES)
    return lab


def syn(lab: Lab, port: int, hop_limit: int = 64, target: str = "") -> Packet:
    target = target or str(lab.host_addresses()[0].ip)
    header = IPv6(src=str(lab.vantage_address), dst=target, hlim=hop_limit)
    return header / TCP(sport=40_000 + hop_limit, dport=port, flags="S")


def nmap(lab: Lab) -> str:
    argv = ["nmap", "-6", "-n", "-Pn", str(lab.host_addresses()[0].ip)]
    return str(lab.exec("inet", argv, capture_output=True, text=True).stdout)


def open_ports(text: str) -> list[int]:
    return [int(port) for port in re.findall(r"^(\d+)/tcp +open", text, re.MULTILINE)]


def test_the_capture_sees_a_probe_before_the_hosts_own_filter_drops_it(home: Lab) -> None:
    home.apply(host_firewall())
    inside, outside = exchange(home, [syn(home, 445)])
    assert [packet[TCP].dport for packet in inside if TCP in packet] == [445]
    assert [packet for packet in outside if TCP in packet] == []


def expired_at(lab: Lab, port: int) -> tuple[list[str], bool]:
    """Who says time exceeded for hop limits 1, 2 and 3, and whether a probe of full hop limit arrives."""
    inside, outside = exchange(lab, [syn(lab, port, hop_limit) for hop_limit in (1, 2, 3, 64)])
    hops = [packet.src for packet in outside if ICMPv6TimeExceeded in packet]
    return hops, any(TCP in packet and packet[TCP].dport == port for packet in inside)


def test_a_router_says_time_exceeded_before_its_forward_filter_runs(home: Lab) -> None:
    home.apply(isp_drops_smb(stateful()))
    hops = [str(ISP1_ADDRESS), str(ISP2_ADDRESS), str(CPE_OUTSIDE)]
    assert expired_at(home, 139) == (hops[:1], False), "isp1 drops it: only isp1 speaks"
    assert expired_at(home, 8080) == (hops, False), "cpe drops it: everybody up to cpe speaks"
    assert expired_at(home, 443) == (hops, True)


@pytest.mark.parametrize(("cpe", "asked"), [(RuleSet(), True), (RuleSet(default=Action.DROP), False)])
def test_a_probe_to_an_unused_address_makes_the_router_ask_the_lan(home: Lab, cpe: RuleSet, *, asked: bool) -> None:
    home.apply({"cpe": cpe})
    inside, _ = exchange(home, [syn(home, 80, target=str(UNUSED_LAN_ADDRESS))], quiet=0.3)
    solicited = {packet[ICMPv6ND_NS].tgt for packet in inside if ICMPv6ND_NS in packet}
    assert (str(UNUSED_LAN_ADDRESS) in solicited) is asked


def test_after_three_seconds_it_says_that_nobody_has_the_address(home: Lab) -> None:
    home.apply(PASSES)
    another = str(UNUSED_LAN_ADDRESS + 1)
    _, outside = exchange(home, [syn(home, 80, target=another)], quiet=3.3)
    errors = [packet for packet in outside if ICMPv6DestUnreach in packet and quoted(packet).dst == another]
    assert [(error.src, error[ICMPv6DestUnreach].code) for error in errors] == [(str(CPE_OUTSIDE), 3)]


def test_nmap_without_a_filter(home: Lab) -> None:
    home.apply(PASSES)
    text = nmap(home)
    assert "Not shown: 992 closed tcp ports (reset)" in text
    assert open_ports(text) == [22, 80, 139, 443, 445, 3000, 5900, 8080]


def test_nmap_with_a_filter(home: Lab) -> None:
    home.apply(stateful())
    text = nmap(home)
    assert "Not shown: 997 filtered tcp ports (no-response)" in text
    assert open_ports(text) == [22, 80, 443]


def test_a_second_vantage_has_another_way_in(home: Lab) -> None:
    home.apply(stateful())
    target = str(home.host_addresses()[0].ip)
    argv = ["nmap", "-6", "-n", "-Pn", "-p22,139", "--max-retries", "0", target]
    text = home.exec("inet2", argv, capture_output=True, text=True).stdout
    assert open_ports(text) == [22]
