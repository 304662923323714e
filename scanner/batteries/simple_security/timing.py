"""How long is waited: RFC 6092's own numbers, in seconds. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """``slow`` waits out the whole time for which a state must live, less ``margin``; else ``short`` shows only what is
    forgotten at once. ``patience`` is waited for one packet, ``rate`` is packets a second.
    """

    slow: bool = False
    patience: float = 0.35
    rate: float = 50.0
    short: float = 6.0
    margin: float = 5.0
    generic: float = 120.0  # REC-12
    udp: float = 120.0  # REC-14: never less than two minutes
    udp_default: float = 300.0  # REC-14: five minutes where nobody configured it
    tcp_established: float = 7440.0  # REC-35: two hours four minutes (RFC 5382 REQ-5)
    tcp_transitory: float = 240.0
    sctp_established: float = 7440.0  # REC-40
    sctp_transitory: float = 240.0
    dccp_established: float = 7440.0  # REC-44
    dccp_transitory: float = 480.0
    reject_after: float = 6.0  # REC-34 and REC-39
    reject_until: float = 12.0
    control_every: float = 2.0
    error_every: float = 0.12  # ICMPv6 errors are limited (RFC 4443 section 2.4 f): not faster than a usual limit

    def idle(self, least: float) -> float:
        """How long a state that must live for ``least`` seconds is left alone."""
        return least - self.margin if self.slow else self.short

    @property
    def longest(self) -> float:
        """Seconds after which a run ends whatever is still to be said."""
        states = max(self.tcp_established, self.sctp_established, self.dccp_established, 2 * self.udp_default)
        return max(3 * self.reject_until, states + self.reject_until if self.slow else 0.0)


STANDARD = Timing()
SLOW = Timing(slow=True)
