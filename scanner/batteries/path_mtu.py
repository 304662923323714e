"""A real experiment with path MTU discovery (RFC 8201): the host sends a packet larger than 1,280 bytes, a "packet too
big" comes back from outside, and what the host sends next shows whether it has heard of it.
"""

import socket
from dataclasses import dataclass

from scanner.batteries.exchange import Exchange, Outcome, Shot
from scanner.model.text import say
from scanner.probes.cases.craft import Base
from scanner.probes.cases.icmpv6 import CASES, SMALLEST_MTU
from scanner.probes.cases.read import read_packet
from scanner.probes.cases.segments import towards
from scanner.probes.controls import ControlFlow
from scanner.probes.pipe import Frame

CASE = "2-0-flow"
PAYLOAD = 1272  # makes a packet of 1,320 bytes: more than 1,280, less than every usual access line carries
IPV6_MTU_DISCOVER, IPV6_MTU = 23, 24  # linux/in6.h
PROBE = 3  # IPV6_PMTUDISC_PROBE: send whole, whatever is known of the path
LISTEN = 0.3  # seconds
QUOTED = 128  # bytes of the large packet in the error


@dataclass(frozen=True, slots=True)
class Experiment:
    """``shown``: what the host made of it, in words."""

    outcome: Outcome
    shown: str


def shrink(exchange: Exchange, flow: ControlFlow) -> Experiment:
    """One experiment from the flow's inside address, on a flow of its own."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as speaker:
        speaker.settimeout(0)
        speaker.bind((str(flow.inside), 0))
        speaker.connect((str(flow.vantage), flow.vantage_port))
        before = speaker.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
        speaker.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PROBE)
        large = said(exchange, speaker, flow)
        quoted = large[-1].packet[:QUOTED] if large else b""
        error = Shot(CASE, flow.inside, towards(CASES[CASE], Base(quoted=quoted)))
        outcome = exchange.fire([error])[0]
        after = speaker.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
    return Experiment(outcome, in_words(large=bool(large), before=before, after=after))


def said(exchange: Exchange, speaker: socket.socket, flow: ControlFlow) -> list[Frame]:
    """What the witness saw leave when the host sent a large packet."""
    exchange.strays.clear()
    port = speaker.getsockname()[1]
    speaker.send(bytes(PAYLOAD))
    exchange.watch(LISTEN)
    frames = [one for one in exchange.strays if isinstance(one, Frame) and one.outgoing]
    return [
        one
        for one in frames
        if (p := read_packet(one.packet)) and (p.source_port, p.source) == (port, flow.inside.packed)
    ]


def in_words(*, large: bool, before: int, after: int) -> str:
    if not large:
        return say("the host could not send a packet of more than {smallest} bytes", smallest=SMALLEST_MTU)
    if before <= SMALLEST_MTU:
        return say("the host already kept to packets of {after} bytes on this path", after=after)
    if after < before:
        return say(
            "the host then sent packets of {after} bytes, not {before}, on this path", after=after, before=before
        )
    return say("the host went on sending packets of {before} bytes on this path", before=before)
