"""Routers that cannot be run here, by what their documents say they do with our text: what must pass passes, and the
findings' ports do not, whatever tricks are played with flags and source ports."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

import pytest

from scanner.remedies import remedies_for
from scanner.remedies.situation import Choice
from tests.remedies import sample
from tests.remedies.dialects import cisco, nec, rtx
from tests.remedies.dialects.packet import ICMPV6, IPV4, TCP, UDP, Packet

HOST = IPv6Address(sample.STABLE)
TEMPORARY = IPv6Address(sample.TEMPORARY)
STRANGER = IPv6Address("2001:db8:f::2")
PROVIDER, ROUTER = IPv6Address("fe80::1"), IPv6Address("fe80::2")
AFTR, OWN_END = sample.WITH_TUNNEL.tunnel.remote, sample.WITH_TUNNEL.tunnel.own


@dataclass(frozen=True)
class Router:
    """``passes`` is asked of a packet and ``in`` or ``out``."""

    passes: Callable[[Packet, str], bool]


def yamaha(choice: Choice) -> Router:
    interface = choice.wan or "lan2"
    one = rtx.load(text("yamaha-rtx", choice))
    assert one.saved
    return Router(
        lambda packet, way: one.comes_in(packet, interface) if way == "in" else one.goes_out(packet, interface)
    )


def ios(choice: Choice) -> Router:
    one = cisco.load(text("cisco-ios", choice))
    return Router(lambda packet, way: one.passes(packet, choice.wan or "GigabitEthernet0/0", way))


def univerge(choice: Choice) -> Router:
    one = nec.load(text("nec-ix", choice))
    return Router(lambda packet, way: one.passes(packet, choice.wan or "GigaEthernet0.0", way))


def text(name: str, choice: Choice) -> str:
    return remedies_for(sample.run(), sample.WHOLE, name, choice)[0].text


ROUTERS = {"yamaha-rtx": yamaha, "cisco-ios": ios, "nec-ix": univerge}


def tcp(port: int, source_port: int = 40_000, flags: str = "S", to: IPv6Address = HOST) -> Packet:
    return Packet(STRANGER, to, TCP, source_port, port, flags=flags)


def udp(port: int, source_port: int = 40_000, to: IPv6Address = HOST) -> Packet:
    return Packet(STRANGER, to, UDP, source_port, port, flags="")


def icmp(kind: int, to: IPv6Address = HOST) -> Packet:
    return Packet(STRANGER, to, ICMPV6, type=kind, flags="")


MUST_PASS = {
    "a port that is kept": tcp(443),
    "another": tcp(22),
    "a range that is kept": udp(6005),
    **{f"ICMPv6 type {kind}": icmp(kind) for kind in (1, 2, 3, 4, 128, 129)},
    "neighbour solicitation": Packet(PROVIDER, ROUTER, ICMPV6, type=135, flags=""),
    "neighbour advertisement": Packet(PROVIDER, ROUTER, ICMPV6, type=136, flags=""),
    "router advertisement": Packet(PROVIDER, IPv6Address("ff02::1"), ICMPV6, type=134, flags=""),
    "DHCPv6 reply": Packet(PROVIDER, ROUTER, UDP, 547, 546, flags=""),
    "DHCPv6 reply of a relay": Packet(STRANGER, ROUTER, UDP, 547, 546, flags=""),
}
MUST_NOT = {
    "SMB": tcp(445),
    "SMB, temporary address": tcp(445, to=TEMPORARY),
    "a kept port, temporary address": tcp(443, to=TEMPORARY),
    "SSH, temporary address": tcp(22, to=TEMPORARY),
    "ACK without a flow": tcp(445, flags="A"),
    "SYN-ACK without a flow": tcp(445, flags="SA"),
    "RST without a flow": tcp(445, flags="R"),
    "SYN from 20": tcp(445, 20),
    "SYN from 53": tcp(445, 53),
    "ident": tcp(113),
    "UDP from 53": udp(111, 53),
    "UDP from 123": udp(123, 123),
    "rpcbind": udp(111),
    "beside the range": udp(6011),
    "DHCPv6 to an inside host": udp(546, 547),
    "IPv4 in IPv6": Packet(STRANGER, HOST, IPV4),
    "IPv4 in IPv6 from a stranger to the tunnel": Packet(STRANGER, OWN_END, IPV4),
    "node information": icmp(139),
    "another device": tcp(80, to=IPv6Address("2001:db8:a:1::99")),
}


@pytest.mark.parametrize("name", ROUTERS)
@pytest.mark.parametrize("what", MUST_PASS)
def test_what_must_pass_passes(name: str, what: str) -> None:
    assert ROUTERS[name](sample.CHOICE).passes(MUST_PASS[what], "in")


@pytest.mark.parametrize("name", ROUTERS)
@pytest.mark.parametrize("what", MUST_NOT)
@pytest.mark.parametrize("choice", [sample.CHOICE, sample.WITH_TUNNEL], ids=["plain", "tunnel"])
def test_what_must_not_pass_is_stopped(name: str, what: str, choice: Choice) -> None:
    assert not ROUTERS[name](choice).passes(MUST_NOT[what], "in")


@pytest.mark.parametrize("name", ROUTERS)
@pytest.mark.parametrize(
    "out",
    [
        Packet(HOST, STRANGER, TCP, 50_000, 443),
        Packet(TEMPORARY, STRANGER, TCP, 50_000, 8443),
        Packet(HOST, STRANGER, UDP, 50_000, 53, flags=""),
        Packet(TEMPORARY, STRANGER, UDP, 50_000, 3478, flags=""),
    ],
)
def test_answers_come_back_and_nothing_else_does(name: str, out: Packet) -> None:
    router = ROUTERS[name](sample.CHOICE)
    assert not router.passes(out.answer, "in")
    assert router.passes(out, "out")
    assert router.passes(out.answer, "in")
    assert not router.passes(replace(out.answer, port=50_001), "in")
    assert not router.passes(replace(out.answer, source=AFTR), "in")


@pytest.mark.parametrize("name", ROUTERS)
def test_the_tunnel_passes_both_ways_where_it_was_named(name: str) -> None:
    inwards, outwards = Packet(AFTR, OWN_END, IPV4), Packet(OWN_END, AFTR, IPV4)
    with_tunnel, without = ROUTERS[name](sample.WITH_TUNNEL), ROUTERS[name](sample.CHOICE)
    assert not without.passes(inwards, "in")
    assert with_tunnel.passes(inwards, "in")
    assert with_tunnel.passes(outwards, "out")


@pytest.mark.parametrize("interface", ["pp1", "tunnel1", "lan3"])
def test_a_yamaha_filters_where_the_provider_is(interface: str) -> None:
    router = yamaha(Choice(wan=interface))
    assert not router.passes(tcp(445), "in")
    assert router.passes(icmp(2), "in")


def test_the_interpreter_lets_all_in_without_a_list() -> None:
    """The seed's culprit: an RTX whose interface has no secure filter."""
    assert rtx.Rtx().comes_in(tcp(445), "lan2")


@pytest.mark.parametrize(
    ("line", "packet", "passes"),
    [
        ("pass * * established", tcp(445, flags="A"), True),
        ("pass * * established", tcp(445, flags="R"), False),
        ("pass * * established", tcp(445), False),
        ("pass * * tcp 20 *", tcp(445, 20), True),
        ("pass * * tcp,icmp6 * 80", icmp(139), True),  # a list with TCP: ports do not count for the others
        ("pass * * icmp6 1-4 *", icmp(128), False),
        ("pass * * udp * 546", udp(546), True),
    ],
)
def test_the_interpreter_knows_the_holes_of_usual_lists(line: str, packet: Packet, passes: bool) -> None:  # noqa: FBT001
    one = rtx.load(f"ipv6 filter 1 {line}\nipv6 lan2 secure filter in 1")
    assert one.comes_in(packet, "lan2") is passes


@pytest.mark.parametrize("load", [rtx.load, cisco.load, nec.load])
def test_an_unknown_command_is_told(load: Callable[[str], object]) -> None:
    with pytest.raises(AssertionError):
        load("ipv6 filter everything please")
