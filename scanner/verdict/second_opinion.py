"""Where nmap and the sweep disagree about a port: what they heard cannot both be true, so the port is probed again.

nmap stands outside and cannot know what arrived inside, so it contradicts a verdict only by what it *heard*: an accept,
a refusal, or neither. ``forged`` and ``intercepted`` are refusals and accepts too, of somebody who is not the host;
nmap reports a router's own RST as "closed, reset" just like the host's (PROBES trap D6).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from scanner.model.verdict import Verdict

V = Verdict


class Heard(StrEnum):
    """What nmap's state and reason say it heard."""

    ACCEPT = "accept"
    RESET = "reset"
    REFUSAL = "refusal"
    NO_ANSWER = "no answer"


# Accepts, in nmap's reasons. In IPv6 it also calls a port open about which somebody sent ICMPv6 parameter problem
# code 0 (trap D8): nobody accepted anything there.
ACCEPTS = ("syn-ack", "split-handshake-syn", "udp-response", "init-ack", "proto-response")

HEARD: Mapping[tuple[str, str], Heard] = {
    **{("open", reason): Heard.ACCEPT for reason in ACCEPTS},
    ("closed", "reset"): Heard.RESET,
    # connect() (-sT) and UDP learn of a refusal by ICMPv6 as well, from whoever sends it.
    ("closed", "conn-refused"): Heard.REFUSAL,
    ("closed", "port-unreach"): Heard.REFUSAL,
    ("closed", ""): Heard.REFUSAL,  # an old nmap folded ports of several reasons
}

# The verdicts that what nmap heard does not contradict. `indeterminate` has heard nothing that could be contradicted,
# and where nobody watches inside every refused port is that; but a port that nmap found open is worth another look.
AGREES: Mapping[Heard, frozenset[Verdict]] = {
    Heard.ACCEPT: frozenset({V.OPEN, V.INTERCEPTED}),
    Heard.RESET: frozenset({V.CLOSED, V.FORGED, V.INDETERMINATE}),
    Heard.REFUSAL: frozenset(
        {V.CLOSED, V.FORGED, V.HOST_REJECTED, V.ROUTER_REJECTED, V.UPSTREAM_REJECTED, V.INDETERMINATE}
    ),
    Heard.NO_ANSWER: frozenset(Verdict) - {V.OPEN, V.CLOSED, V.INTERCEPTED, V.FORGED},
}


class Dissent(NamedTuple):
    """``nmap`` is its state and reason, as in "closed reset"."""

    port: int
    verdict: Verdict
    nmap: str


def disagreements(verdicts: Mapping[int, Verdict], nmap: Mapping[int, tuple[str, str]]) -> tuple[Dissent, ...]:
    """The ports, in order, that both looked at and about which they heard different things.

    ``verdicts`` are the sweep's, ``nmap`` is port -> (state, reason), both of one address and protocol. A port that
    either did not scan is nobody's disagreement.
    """
    return tuple(
        Dissent(port, verdicts[port], f"{state} {reason}".strip())
        for port, (state, reason) in sorted(nmap.items())
        if port in verdicts and verdicts[port] not in AGREES[heard(state, reason)]
    )


def heard(state: str, reason: str) -> Heard:
    """``filtered``, ``open|filtered`` and what nobody can take for an accept or a refusal count as no answer."""
    return HEARD.get((state, reason), Heard.NO_ANSWER)
