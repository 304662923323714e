"""What both sides saw of one case, in one word: how the host took it, how much of it arrived. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from scanner.batteries.exchange import Outcome, Trial, lost_pieces, missing
from scanner.model.text import Text, say
from scanner.probes.cases.read import ICMPV6, TCP, UDP, Said, read_packet

SYN, RST, ACK = 0x02, 0x04, 0x10
DESTINATION_UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM, ECHO_REPLY = 1, 3, 4, 129
PORT_UNREACHABLE = 4


class Reaction(StrEnum):
    """What the host made of it, the most telling first."""

    SYN_ACK = "syn-ack"
    UDP = "udp"
    ECHO_REPLY = "echo-reply"
    RESET = "reset"
    PORT_UNREACHABLE = "port-unreachable"
    PARAMETER_PROBLEM = "param-problem"
    REJECTED = "rejected"
    SILENT = "silent"


# The host's stack took the packet for what it pretends to be, be a program there or not.
TAKEN = frozenset({Reaction.SYN_ACK, Reaction.UDP, Reaction.ECHO_REPLY, Reaction.RESET, Reaction.PORT_UNREACHABLE})
WORDS: dict[Reaction, Text] = {
    Reaction.SYN_ACK: say("the host answered with SYN-ACK: a program takes the connection"),
    Reaction.UDP: say("a program on the host answered"),
    Reaction.ECHO_REPLY: say("the host answered the echo request"),
    Reaction.RESET: say("the host answered with a reset"),
    Reaction.PORT_UNREACHABLE: say("the host answered with port unreachable"),
    Reaction.PARAMETER_PROBLEM: say("the host refused its headers (ICMPv6 parameter problem)"),
    Reaction.REJECTED: say("the host rejected it"),
    Reaction.SILENT: say("the host did not answer"),
}


def reaction_of(outcome: Outcome, port: int | None = None) -> Reaction:
    """The most telling answer that the host was seen to send, to any copy; from ``port``, where it is TCP or UDP."""
    packets = [frame.packet for trial in outcome.trials for frame in trial.left]
    found = {
        kind
        for packet in packets
        if (said := read_packet(packet)) and said.source_port in (-1, port or said.source_port)
        if (kind := reaction_in(said))
    }
    return next((kind for kind in Reaction if kind in found), Reaction.SILENT)


def reaction_in(said: Said) -> Reaction | None:
    """What one packet of the host's says; None for what is no answer."""
    if said.protocol == TCP and said.flags >= 0:
        if said.flags & RST:
            return Reaction.RESET
        return Reaction.SYN_ACK if said.flags & (SYN | ACK) == SYN | ACK else None
    if said.protocol == UDP:
        return Reaction.UDP
    if said.protocol != ICMPV6:
        return None
    if said.kind == DESTINATION_UNREACHABLE:
        return Reaction.PORT_UNREACHABLE if said.code == PORT_UNREACHABLE else Reaction.REJECTED
    return {ECHO_REPLY: Reaction.ECHO_REPLY, PARAMETER_PROBLEM: Reaction.PARAMETER_PROBLEM}.get(said.kind)


def came_out(outcome: Outcome) -> bool:
    """Whether an answer of the host was heard outside."""
    target = outcome.shot.target.packed
    packets = [heard.packet for trial in outcome.trials for heard in trial.heard]
    return any(said.source == target and reaction_in(said) for packet in packets if (said := read_packet(packet)))


def expired_at(trials: Iterable[Trial]) -> list[bytes]:
    """Who said that the hop limit of a copy ran out, as packed addresses."""
    said = [read_packet(heard.packet) for trial in trials for heard in trial.heard]
    return [one.source for one in said if one and (one.kind, one.code) == (TIME_EXCEEDED, 0)]


def share(outcome: Outcome) -> tuple[int, int]:
    """(packets that arrived, packets sent) of the copy of which most arrived."""
    best = outcome.best
    if best is None:
        return 0, 0
    number = len(best.packets)
    return number - missing(best.packets, [frame.packet for frame in best.arrived]), number


def in_any(outcome: Outcome) -> bool:
    """Anything of any copy arrived."""
    return any(trial.arrived for trial in outcome.trials)


def through(outcome: Outcome) -> bool:
    """A whole copy arrived."""
    return any(trial.whole for trial in outcome.trials)


def leads_elsewhere(outcome: Outcome, port: int) -> bool:
    """What arrived is not what was sent, and nothing of it goes to ``port``: the router put fragments together to
    something else that it lets in, or passed only those that go somewhere else.
    """
    best = outcome.best
    if best is None or exactly(best):
        return False
    said = [one for frame in best.arrived if (one := read_packet(frame.packet))]
    elsewhere = [one for one in said if one.kind >= 0 or one.port not in (-1, port)]
    return bool(elsewhere) and not any(one.port == port for one in said)


def exactly(trial: Trial) -> bool:
    """Every packet of a copy arrived as it was sent."""
    return lost_pieces(trial.packets, [frame.packet for frame in trial.arrived]) == 0


def first_arrival(outcome: Outcome) -> float:
    """When the first packet of it arrived, epoch seconds; infinite where none did."""
    return min((frame.at for trial in outcome.trials for frame in trial.arrived), default=float("inf"))
