"""The answer to the host's own ping (RFC 4890 section 4.3.1): the host says an echo request, the vantage replies."""

import os
import socket
from contextlib import suppress

from scanner.batteries.exchange import Exchange, Heard, Outcome, Shot
from scanner.probes.cases.craft import Base
from scanner.probes.cases.icmpv6 import CASES, ECHO_REQUEST, ICMPV6
from scanner.probes.cases.read import read_packet
from scanner.probes.cases.segments import towards
from scanner.probes.controls import ControlFlow

CASE = "129-flow"
TRIES = 3  # echo requests
LISTEN = 0.4  # seconds
NUMBERS = 4  # bytes: identifier and sequence number
HEAD = bytes([ECHO_REQUEST, 0, 0, 0])  # the kernel fills in the checksum


def ping(exchange: Exchange, flow: ControlFlow) -> Outcome | None:
    """What became of the reply; None where no echo request got as far as the vantage."""
    numbers = os.urandom(2) + bytes([0, 1])
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_RAW, ICMPV6) as speaker:
        speaker.bind((str(flow.inside), 0))
        if any(heard(exchange, speaker, flow, numbers) for _ in range(TRIES)):
            return exchange.fire([Shot(CASE, flow.inside, towards(CASES[CASE], Base(quoted=numbers)))])[0]
    return None


def heard(exchange: Exchange, speaker: socket.socket, flow: ControlFlow, numbers: bytes) -> bool:
    """Whether the vantage heard an echo request of these numbers, once said."""
    exchange.strays.clear()
    speaker.sendto(HEAD + numbers, (str(flow.vantage), 0))
    exchange.watch(LISTEN)
    packets = [one.packet for one in exchange.strays if isinstance(one, Heard)]
    wanted = (flow.seen.packed, ECHO_REQUEST, int.from_bytes(numbers))
    return any((said.source, said.kind, said.word) == wanted for packet in packets if (said := read_packet(packet)))
