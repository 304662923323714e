"""What the kernel makes of our filters is what the interpreter makes of them (its own tests: tests/probes)."""

import ctypes
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.probes.bpf import Instruction, answers_filter, interpret, witness_filter

from .namespaces import in_own_namespace

ETH_P_IPV6 = 0x86DD
VANTAGE, OTHER, HOST = (IPv6Address(f"2001:db8:{n}::2") for n in ("f", "e", "a"))
LOW, HIGH = 33_000, 60_000
PROGRAMS = {
    "witness": witness_filter([VANTAGE]),
    "witness of two": witness_filter([VANTAGE, OTHER]),
    "answers": answers_filter(VANTAGE, (LOW, HIGH)),
}
NEAR = [IPv6Address(int(VANTAGE) ^ (1 << bit)) for bit in (0, 31, 32, 64, 96, 127)]
ADDRESSES = st.sampled_from((VANTAGE, VANTAGE, OTHER, HOST, *NEAR))
LENGTHS = st.sampled_from((64, 64, 64, 0, 7, 24, 39, 40, 41, 43, 44))


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    header = bytes([0x60, 0, 0, 0, 0, 0, draw(st.sampled_from((6, 17, 44, 58, 58, 60, 0, 255))), 64])
    kind = draw(st.sampled_from((0, 1, 4, 5, 127, 128, 129, 130, 134, 135, 136, 137)))
    port = draw(st.sampled_from((0, LOW - 1, LOW, HIGH, HIGH + 1, 65_535)))
    whole = header + draw(ADDRESSES).packed + draw(ADDRESSES).packed + bytes([kind, 0]) + port.to_bytes(2, "big")
    return (whole + bytes(20))[: draw(LENGTHS)]


class Loop:
    """Two packet sockets on the loopback of a namespace of their own: what one sends, the other hears if it may."""

    def __init__(self) -> None:
        self.sender = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.hearer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.hearer.bind(("lo", ETH_P_IPV6))
        self.hearer.settimeout(0)

    def attach(self, program: Sequence[Instruction]) -> None:
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
        fprog = struct.pack("HL", len(program), ctypes.addressof(code))
        self.hearer.setsockopt(socket.SOL_SOCKET, 26, fprog)  # SO_ATTACH_FILTER

    def kept(self, packet: bytes, sentinel: bytes) -> int | None:
        """How many bytes of the packet are heard, None where it is dropped. ``sentinel`` passes the filter."""
        heard = []
        for one in (packet, sentinel):
            self.sender.sendto(one, ("lo", ETH_P_IPV6))
        while not heard or heard[-1] != sentinel:
            assert select.select([self.hearer], [], [], 2.0)[0], "the sentinel did not come"
            heard.append(self.hearer.recv(2048))
        return len(heard[0]) if len(heard) == 2 else None


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    one = in_own_namespace(Loop)
    yield one
    one.sender.close()
    one.hearer.close()


SENTINEL = bytes(6) + bytes([17, 0]) + VANTAGE.packed + VANTAGE.packed + bytes(2) + (50_000).to_bytes(2, "big") + b"!!"


@pytest.mark.parametrize("name", PROGRAMS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packet=packets())
def test_the_kernel_agrees_with_the_interpreter(loop: Loop, name: str, packet: bytes) -> None:
    program = PROGRAMS[name]
    loop.attach(program)
    length = interpret(program, packet)
    assert interpret(program, SENTINEL), "the sentinel passes every filter"
    assert loop.kept(packet, SENTINEL) == (min(length, len(packet)) if length else None)


def test_what_is_kept_is_cut_to_what_the_filter_says(loop: Loop) -> None:
    loop.attach(PROGRAMS["witness"])
    packet = SENTINEL + bytes(1000)
    assert loop.kept(packet, SENTINEL) == interpret(PROGRAMS["witness"], packet) == 176
