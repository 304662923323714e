"""How a control flow shows outside: read from captured packets and datagrams, whatever else comes in."""

import base64
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from scanner.flows import Syn, captured_flow, flows_of, read_syn, said_flow
from scanner.measure import control_ports, errors_limited
from scanner.witness.pinhole import HELLO

INSIDE, SHOWN, VANTAGE = (IPv6Address(f"2001:db8:{n}::10") for n in ("a", "9", "f"))
PORT = 40_001
GREETING = HELLO + INSIDE.packed


def captured(payload: bytes = GREETING, port: int = PORT) -> bytes:
    return bytes(IPv6(src=str(SHOWN), dst=str(VANTAGE)) / UDP(sport=50_000, dport=port) / Raw(payload))


def test_a_greeting_tells_the_inside_address_and_how_it_shows() -> None:
    assert captured_flow(captured(), PORT) == {INSIDE: (SHOWN, 50_000)}


@pytest.mark.parametrize(
    "packet",
    [
        captured(port=PORT + 1),
        captured(GREETING + b"!"),
        captured(GREETING[:-1]),
        captured(b"v6expose contro1 flow from " + INSIDE.packed),
        bytes(IPv6(src=str(SHOWN), dst=str(VANTAGE)) / TCP(sport=50_000, dport=PORT) / Raw(GREETING)),
        captured()[:47],
    ],
)
def test_anything_else_tells_nothing(packet: bytes) -> None:
    assert captured_flow(packet, PORT) == {}


@given(st.binary(max_size=120), st.integers(0, 65_535))
def test_any_bytes_are_a_flow_or_none(packet: bytes, port: int) -> None:
    assert captured_flow(packet, port) == {}
    assert said_flow(packet, ("2001:db8::1", port)) == {}


@given(st.integers(0, 110), st.integers(1, 255))
def test_a_bent_greeting_names_an_address_or_nothing(at: int, difference: int) -> None:
    packet = bytearray(captured())
    packet[at % len(packet)] ^= difference
    for inside, (shown, port) in captured_flow(bytes(packet), PORT).items():
        assert isinstance(inside, IPv6Address)
        assert isinstance(shown, IPv6Address)
        assert 0 <= port <= 65_535


def test_both_kinds_of_event_tell_it() -> None:
    heard = {"e": "heard", "p": [[0.0, base64.b64encode(captured()).decode()], [0.0, ""]]}
    datagram = {"e": "datagram", "d": base64.b64encode(GREETING).decode(), "from": [str(SHOWN), 50_000]}
    assert flows_of(heard, PORT) == flows_of(datagram, PORT) == {INSIDE: (SHOWN, 50_000)}
    assert flows_of({"e": "pong"}, PORT) == {}


def test_an_address_that_is_gone_gets_no_control_port() -> None:
    assert control_ports([IPv6Address("2001:db8:dead::1")]) == {}


@pytest.mark.parametrize(("text", "limited"), [("0\n", False), ("1000\n", True), ("100\n", True), ("?\n", True)])
def test_whether_this_host_limits_its_errors(*, tmp_path: Path, text: str, limited: bool) -> None:
    setting = tmp_path / "ratelimit"
    setting.write_text(text)
    assert errors_limited(setting) == limited
    assert errors_limited(tmp_path / "missing"), "what cannot be read is taken for the usual"


@pytest.mark.parametrize(
    ("flags", "port", "found"),
    [("S", PORT, True), ("SEC", PORT, True), ("SA", PORT, False), ("A", PORT, False), ("S", PORT + 1, False)],
)
def test_a_syn_to_the_flow_port_opens_a_connection(*, flags: str, port: int, found: bool) -> None:
    packet = bytes(IPv6(src=str(SHOWN), dst=str(VANTAGE)) / TCP(sport=50_000, dport=port, seq=9, flags=flags))
    assert read_syn(packet, PORT) == (Syn(SHOWN, 50_000, 9) if found else None)


@given(st.binary(max_size=120))
def test_any_bytes_are_a_syn_or_none(packet: bytes) -> None:
    assert read_syn(packet, PORT) is None
