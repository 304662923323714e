"""What the vantage listens to while a battery plays: all that can be an answer, and never its own session."""

import struct
from ipaddress import IPv6Address

import pytest

from scanner.probes.bpf import exchange_filter, interpret

HOST, VANTAGE, SECOND = (IPv6Address(f"2001:db8::{number}") for number in (1, 2, 3))
PROGRAM = exchange_filter((VANTAGE, SECOND), (21_000, 26_999), ours=(40_000,), theirs=(445, 80))


def packet(protocol: int, source_port: int, port: int, target: IPv6Address = VANTAGE) -> bytes:
    header = struct.pack("!IHBB", 6 << 28, 20, protocol, 60) + HOST.packed + target.packed
    return header + struct.pack("!HH", source_port, port) + bytes(16)


@pytest.mark.parametrize("target", [VANTAGE, SECOND])
@pytest.mark.parametrize("protocol", [6, 17])
@pytest.mark.parametrize(
    ("source_port", "port"),
    [(9, 21_000), (9, 26_999), (9, 40_000), (445, 53), (80, 22)],
)
def test_answers_are_heard(target: IPv6Address, protocol: int, source_port: int, port: int) -> None:
    assert interpret(PROGRAM, packet(protocol, source_port, port, target)) == 256


@pytest.mark.parametrize("protocol", [6, 17])
@pytest.mark.parametrize(("source_port", "port"), [(51_000, 22), (9, 20_999), (9, 27_000), (51_820, 51_820)])
def test_the_session_itself_is_not(protocol: int, source_port: int, port: int) -> None:
    assert interpret(PROGRAM, packet(protocol, source_port, port)) == 0


def test_what_has_no_ports_is_heard_and_what_is_not_ours_is_not() -> None:
    assert interpret(PROGRAM, packet(58, 0, 0)) == 256
    assert interpret(PROGRAM, packet(44, 0, 0)) == 256
    assert interpret(PROGRAM, packet(58, 0, 0, HOST)) == 0
