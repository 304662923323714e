"""Filters: the interpreter beside a plain reading of what they should keep. What the kernel makes of them is in
tests/witness/test_filters_in_kernel.py."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.probes.bpf import (
    JUMP_EQUAL,
    LOAD_BYTE,
    RETURN,
    answers_filter,
    assemble,
    interpret,
    witness_filter,
)

VANTAGES = tuple(IPv6Address(f"2001:db8:{n:x}::2") for n in (0xF, 0xE, 0xD))
HOST = IPv6Address("2001:db8:a::10")
LOW, HIGH = 33_000, 60_000

# Addresses that differ from a vantage in one word only, so that every comparison counts.
NEAR = tuple(IPv6Address(int(VANTAGES[0]) ^ (1 << bit)) for bit in (0, 31, 32, 63, 64, 95, 96, 127))
ADDRESSES = st.sampled_from((*VANTAGES, *NEAR, HOST))
NEXT_HEADERS = st.sampled_from((0, 6, 17, 43, 44, 50, 58, 60)) | st.integers(0, 255)
EDGES = st.sampled_from((0, LOW - 1, LOW, LOW + 1, HIGH - 1, HIGH, HIGH + 1, 65_535)) | st.integers(0, 65_535)
TYPES = st.sampled_from((0, 1, 4, 5, 127, 128, 129, 130, 133, 134, 135, 136, 255))


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    header = bytes([0x60, 0, 0, 0, 0, 0, draw(NEXT_HEADERS), 64])
    start = header + draw(ADDRESSES).packed + draw(ADDRESSES).packed
    rest = bytes([draw(TYPES), 0]) + draw(EDGES).to_bytes(2, "big") + bytes(20)
    return (start + rest)[: draw(st.sampled_from((0, 7, 20, 39, 40, 41, 42, 43, 44, 64)))]


def watches(packet: bytes, vantages: tuple[IPv6Address, ...]) -> bool:
    """What the witness keeps: to or from a vantage; neighbour solicitations and advertisements."""
    known = {vantage.packed for vantage in vantages}
    return packet[8:24] in known or packet[24:40] in known or (packet[6] == 58 and packet[40:41] in (b"\x87", b"\x88"))


def answers(packet: bytes, address: IPv6Address) -> bool:
    """What the vantage keeps: to its address, and an answer by its kind."""
    if len(packet) < 40 or packet[24:40] != address.packed:
        return False
    if packet[6] == 44:
        return True
    if packet[6] in (6, 17):
        return len(packet) >= 44 and LOW <= int.from_bytes(packet[42:44], "big") <= HIGH
    return packet[6] == 58 and len(packet) > 40 and packet[40] in (0, 1, 2, 3, 4, 128, 129)


@given(packets(), st.integers(0, 3))
def test_the_witness_keeps_what_touches_a_vantage(packet: bytes, number: int) -> None:
    whole = packet.ljust(40, b"\0")  # a frame without an IPv6 header never gets as far as a packet socket
    kept = interpret(witness_filter(VANTAGES[:number]), whole)
    assert kept == (176 if watches(whole, VANTAGES[:number]) else 0)


@given(packets())
def test_the_vantage_keeps_what_can_be_an_answer(packet: bytes) -> None:
    kept = interpret(answers_filter(VANTAGES[0], (LOW, HIGH)), packet)
    assert kept == (256 if answers(packet, VANTAGES[0]) else 0)


def test_every_icmpv6_type_and_every_port_at_the_vantage() -> None:
    program = answers_filter(VANTAGES[0], (LOW, HIGH))
    start = bytes(6) + bytes([58, 64]) + HOST.packed + VANTAGES[0].packed
    kept = {kind for kind in range(256) if interpret(program, start + bytes([kind]) + bytes(40))}
    assert kept == {0, 1, 2, 3, 4, 128, 129}
    for next_header in (6, 17):
        start = bytes(6) + bytes([next_header, 64]) + HOST.packed + VANTAGES[0].packed + bytes(2)
        kept = {port for port in range(65_536) if interpret(program, start + port.to_bytes(2, "big"))}
        assert kept == set(range(LOW, HIGH + 1))


@given(st.binary(max_size=80))
def test_any_bytes_are_kept_or_dropped(packet: bytes) -> None:
    assert interpret(witness_filter(VANTAGES), packet) in (0, 176)
    assert interpret(answers_filter(HOST, (LOW, HIGH)), packet) in (0, 256)


def test_other_protocols_on_the_wire_are_not_watched() -> None:
    packet = bytes(8) + VANTAGES[0].packed + HOST.packed + bytes(8)
    assert interpret(witness_filter(VANTAGES[:1]), packet) == 176
    assert interpret(witness_filter(VANTAGES[:1]), packet, protocol=0x0800) == 0


def test_nothing_deeper_than_addresses_decides() -> None:
    """Trap D13: a filter for TCP would not see TCP behind an extension header."""
    for next_header in range(256):
        packet = bytes(6) + bytes([next_header, 64]) + VANTAGES[0].packed + HOST.packed + bytes(8)
        assert interpret(witness_filter(VANTAGES[:1]), packet) == 176


def test_many_vantages_fit() -> None:
    many = [IPv6Address(n) for n in range(1, 14)]
    packet = bytes(8) + HOST.packed + many[-1].packed + bytes(8)
    assert interpret(witness_filter(many), packet) == 176


def test_a_jump_that_is_too_long_is_refused() -> None:
    load, end = ("", LOAD_BYTE, 0, "", ""), ("end", RETURN, 7, "", "")
    longest = assemble([("", JUMP_EQUAL, 0, "end", ""), *[load] * 255, end])
    assert interpret(longest, b"\1") == 7
    steps = [("", JUMP_EQUAL, 0, "end", ""), *[load] * 256, end]
    with pytest.raises(ValueError, match="jump of 256"):
        assemble(steps)


def test_a_program_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="runs off"):
        interpret([(LOAD_BYTE, 0, 0, 0)], b"\0")
