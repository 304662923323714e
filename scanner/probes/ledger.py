"""What has been sent and seen of each (address, protocol), port by port, while a measurement runs.

Compact on purpose: 131,070 ports, a million probes. ``Book.freeze`` turns it into frozen values at the end.
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address

from scanner.model.evidence import Arrival, Kind, Observation, Place, PortFacts, TargetFacts
from scanner.model.ports import LAST_PORT, PortSet
from scanner.probes.answers import Answer

SIZE = LAST_PORT + 1
NAMES = {6: "tcp", 17: "udp"}
ANSWERED_WITHOUT_ERROR = frozenset({"syn-ack", "reset", "udp-response"})
# The best answer of several decides: the target's own before anybody else's, then by this rank.
RANK = {Kind.ACCEPT: 0, Kind.REFUSE: 1, Kind.PROHIBIT: 2, Kind.UNREACHABLE: 3, Kind.OTHER: 4, Kind.EXPIRED: 5}


class Book:
    """One (address, protocol). Attempts are numbered; each has its own source port, so no 5-tuple is ever reused."""

    def __init__(self, address: IPv6Address, protocol: int, ports: PortSet) -> None:
        self.address = address
        self.protocol = protocol
        self.ports = ports
        self.counted = array("B", bytes(SIZE))  # attempts that count as silence
        self.sent = array("L", bytes(SIZE * array("L").itemsize))  # bit per attempt that counts
        self.arrived: dict[int, int] = {}  # port -> bit per attempt
        self.arrivals: dict[int, tuple[bytes, int, int]] = {}  # port -> (mac, hop limit, interface)
        self.answers: dict[int, tuple[Kind, str, bytes, int]] = {}
        self.left: dict[int, str] = {}  # port -> the first answer the host was seen to send
        self.departed: dict[int, int] = {}  # port -> bit per attempt the host was seen to answer
        self.places: dict[int, Place] = {}
        self._sent_at: dict[int, array[float]] = {}  # attempt -> epoch seconds by port, 0 for not sent

    def note_arrival(self, port: int, attempt: int, mac: bytes, hop_limit: int, interface: int) -> None:
        bits = self.arrived.get(port)
        if bits is None:
            self.arrived[port] = 1 << attempt
            self.arrivals[port] = (mac, hop_limit, interface)
        else:
            self.arrived[port] = bits | 1 << attempt

    def note_left(self, port: int, attempt: int, reason: str) -> None:
        """The host was seen to send an answer."""
        self.left.setdefault(port, reason)
        self.departed[port] = self.departed.get(port, 0) | 1 << attempt

    def note_answer(self, answer: Answer) -> None:
        known = self.answers.get(answer.port)
        ours = answer.responder == answer.target
        if known is None or (not ours, RANK[answer.kind]) < (known[2] != answer.target, RANK[known[0]]):
            self.answers[answer.port] = (answer.kind, answer.reason, answer.responder, answer.hop_limit)

    def note_sent(self, attempt: int, ports: Iterable[int], at: float) -> None:
        """These ports were asked, the last of them at epoch second ``at`` (the vantage's clock)."""
        times = self._sent_at.setdefault(attempt, array("d", bytes(SIZE * 8)))
        for port in ports:
            times[port] = at

    def sent_at(self, attempt: int, port: int) -> float | None:
        times = self._sent_at.get(attempt)
        return times[port] or None if times else None

    def count_attempt(self, port: int, attempt: int) -> None:
        """The attempt counts: it left, controls came through, nothing was dropped by the capture."""
        self.counted[port] += 1
        self.sent[port] |= 1 << attempt

    def unseen(self) -> list[int]:
        """Ports that have not arrived."""
        return [port for port in self.ports if port not in self.arrived]

    def unanswered(self) -> list[int]:
        """Ports that arrived and got no answer back."""
        return [port for port in self.arrived if port not in self.answers]

    def departures(self, port: int) -> int:
        """Attempts the host was seen to answer."""
        return self.departed.get(port, 0).bit_count()

    def muted(self, *, errors_limited: bool) -> str:
        """The ICMPv6 error the host gives and does not give every time, "" where it has no limit or gave none."""
        errors = {reason for reason in self.left.values() if reason not in ANSWERED_WITHOUT_ERROR}
        return min(errors, key=lambda reason: (reason != "port-unreach", reason)) if errors and errors_limited else ""

    def repeats(self) -> tuple[int, int]:
        """Trials of the scanned kind on ports known to pass: (sent, seen). Only attempts after a port's first arrival
        count: whether it is asked again no longer depends on the loss, so their share is the loss without bias.
        """
        sent = seen = 0
        for port, arrived in self.arrived.items():
            later = self.sent[port] & ~((arrived & -arrived) * 2 - 1)  # bits above the lowest of ``arrived``
            sent += later.bit_count()
            seen += (later & arrived).bit_count()
        return sent, seen

    def trials(self, attempt: int) -> tuple[int, int]:
        """Ports known to pass before ``attempt`` and asked in it, and how many of them arrived in it."""
        bit = 1 << attempt
        known = [bits for port, bits in self.arrived.items() if bits & (bit - 1) and self.sent[port] & bit]
        return len(known), sum(1 for bits in known if bits & bit)

    def arrivals_in(self, attempt: int) -> int:
        """Ports that arrived in this attempt."""
        return sum(bits >> attempt & 1 for bits in self.arrived.values())

    def forget_silence(self) -> None:
        """No attempt made so far counts any more; what arrived has arrived."""
        self.counted = array("B", bytes(SIZE))
        self.sent = array("L", bytes(SIZE * array("L").itemsize))

    def firsts(self) -> tuple[int, int]:
        """Ports that pass and were asked in the first pass, and how many of them arrived in it. Those that arrived in
        no attempt at all are missing, so with repeats of little loss this is the loss of the first pass.
        """
        sent = sum(self.sent[port] & 1 for port in self.arrived)
        seen = sum(self.sent[port] & arrived & 1 for port, arrived in self.arrived.items())
        return sent, seen

    def freeze(
        self, doubt_of: Callable[[int], str], listening: frozenset[int], *, watched: bool, errors_limited: bool
    ) -> TargetFacts:
        """Group all ports by what is known of them. ``doubt_of(port)`` says why its silence proves nothing, or "";
        ``errors_limited``: the host limits its ICMPv6 errors.
        """
        muted = self.muted(errors_limited=errors_limited)
        groups: dict[PortFacts, list[int]] = defaultdict(list)
        for key, ports in self._keys(doubt_of, listening):
            groups[self._facts(key, watched=watched, muted=muted)].extend(ports)
        frozen = tuple((facts, PortSet.of(ports)) for facts, ports in groups.items())
        return TargetFacts(self.address, NAMES[self.protocol], self.ports, frozen)

    def _keys(
        self, doubt_of: Callable[[int], str], listening: frozenset[int]
    ) -> Iterable[tuple[tuple[object, ...], list[int]]]:
        keys: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for port in self.ports:
            key = (
                self.answers.get(port),
                self.arrivals.get(port),
                self.left.get(port, ""),
                self.counted[port],
                doubt_of(port),
                port in listening,
                self.places.get(port),
            )
            keys[key].append(port)
        return keys.items()

    def _facts(self, key: tuple[object, ...], *, watched: bool, muted: str) -> PortFacts:
        answer, arrival, left, counted, doubt, listener, place = key
        return PortFacts(
            observation=_observation(answer),
            arrival=_arrival(arrival),
            watched=watched,
            left=str(left),
            attempts=int(counted),  # type: ignore[call-overload]
            doubt=str(doubt),
            listener=bool(listener),
            place=place if isinstance(place, Place) else None,
            muted=muted,
        )


def _observation(answer: object) -> Observation | None:
    if not isinstance(answer, tuple):
        return None
    kind, reason, responder, hop_limit = answer
    return Observation(kind, reason, IPv6Address(responder), hop_limit if hop_limit >= 0 else None)


def _arrival(arrival: object) -> Arrival | None:
    if not isinstance(arrival, tuple):
        return None
    mac, hop_limit, interface = arrival
    return Arrival(mac.hex(":") if any(mac) else "", hop_limit, interface)
