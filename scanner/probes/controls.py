"""Controls: probes on flows that the inside opened, so that a router with state must pass them. Their loss is the
path's, and only with it does silence mean anything.
"""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address

from scanner.probes.craft import Flow, Template, segment_template, stamp, udp_template
from scanner.probes.tokens import salt_of, token_of

TCP, UDP = 6, 17
PAYLOAD = 12  # index of the control (4 bytes), token (8 bytes)
TCP_HEADER_LENGTH_AT, TCP_FLAGS_AT, SYN, ACK = 52, 53, 0x02, 0x10
SHORTEST = {TCP: 60, UDP: 48}  # IPv6 header and the transport's own


@dataclass(frozen=True, slots=True)
class ControlFlow:
    """A UDP flow opened from inside. ``inside`` is the host's own address and port; ``seen`` is how they look outside,
    which differs where something translates addresses on the way.
    """

    vantage: IPv6Address
    vantage_port: int
    inside: IPv6Address
    inside_port: int
    seen: IPv6Address
    seen_port: int

    @property
    def protocol(self) -> int:
        return UDP

    def packet(self, key: bytes, index: int, hop_limit: int = 64) -> bytes:
        """Control number ``index``."""
        return stamp(_template(self, hop_limit), self.seen_port, control_payload(self, key, index))


@dataclass(frozen=True, slots=True)
class TcpControlFlow:
    """A TCP connection opened from inside. ``sequence`` and ``acknowledged`` are the vantage's next octet and the
    inside's: a control repeats the octets before ``sequence``, which the host takes for a retransmission and answers
    at once (RFC 9293 section 3.10.7.4), so that the way out is measured too.
    """

    vantage: IPv6Address
    vantage_port: int
    inside: IPv6Address
    inside_port: int
    seen: IPv6Address
    seen_port: int
    sequence: int
    acknowledged: int

    @property
    def protocol(self) -> int:
        return TCP

    def packet(self, key: bytes, index: int, hop_limit: int = 64) -> bytes:
        """Control number ``index``."""
        return stamp(_segment(self, hop_limit), self.seen_port, control_payload(self, key, index))


AnyFlow = ControlFlow | TcpControlFlow


@cache
def _segment(flow: TcpControlFlow, hop_limit: int) -> Template:
    route = Flow(flow.vantage, flow.seen, flow.vantage_port)
    before = (flow.sequence - PAYLOAD) % (1 << 32)
    return segment_template(route, before, flow.acknowledged, hop_limit, PAYLOAD)


@cache
def _template(flow: ControlFlow, hop_limit: int) -> Template:
    return udp_template(Flow(flow.vantage, flow.seen, flow.vantage_port), hop_limit, PAYLOAD)


def control_payload(flow: AnyFlow, key: bytes, index: int) -> bytes:
    number = index.to_bytes(4, "big")
    return number + token_of(key, salt_of(flow.inside, flow.protocol, flow.vantage_port) + number, flow.inside_port)


def control_index(flow: AnyFlow, key: bytes, payload: bytes) -> int | None:
    """The number of the control with this payload, None where it is none of ours."""
    if len(payload) < PAYLOAD:
        return None
    index = int.from_bytes(payload[:4], "big")
    return index if control_payload(flow, key, index) == payload[:PAYLOAD] else None


def control_in(packet: bytes) -> tuple[bytes, int, int, bytes] | None:
    """(address, protocol, port, payload) of a packet to a control flow's inside, None for what cannot be one."""
    protocol = packet[6] if len(packet) > TCP_FLAGS_AT else 0
    if protocol not in SHORTEST or len(packet) < SHORTEST[protocol]:
        return None
    at = SHORTEST[UDP]
    if protocol == TCP:
        at = 40 + (packet[TCP_HEADER_LENGTH_AT] >> 4) * 4
        if packet[TCP_FLAGS_AT] & (SYN | ACK) != ACK:
            return None
    return packet[24:40], protocol, int.from_bytes(packet[42:44], "big"), packet[at:]


def acknowledgement_in(packet: bytes) -> tuple[bytes, int, int] | None:
    """(sender, its port, the port it goes to) of a TCP acknowledgement without SYN, None for anything else."""
    if len(packet) < SHORTEST[TCP] or packet[6] != TCP or packet[TCP_FLAGS_AT] & (SYN | ACK) != ACK:
        return None
    return packet[8:24], int.from_bytes(packet[40:42], "big"), int.from_bytes(packet[42:44], "big")


def flow_for(flows: tuple[AnyFlow, ...], address: IPv6Address, protocol: int = UDP) -> AnyFlow | None:
    """The flow to measure with while ``address`` is scanned: another address's where there is one, so that a router
    with endpoint-independent filtering (RFC 6092 REC-11) opens nothing of what is judged; of the same protocol where
    there is one, for a path may treat the two unlike.
    """
    others = [flow for flow in flows if flow.inside != address] or list(flows)
    return next(iter([flow for flow in others if flow.protocol == protocol] or others), None)


class ControlBook:
    """Which controls were sent, on the flow of which inside address, and which the witness saw."""

    def __init__(self) -> None:
        self._next = 0
        self._taken: list[tuple[range, AnyFlow]] = []
        self._seen: set[int] = set()

    def take(self, number: int, flow: AnyFlow) -> range:
        """The next ``number`` control numbers, to be sent on ``flow``."""
        indexes = range(self._next, self._next + number)
        self._next += number
        self._taken.append((indexes, flow))
        return indexes

    def note(self, index: int) -> None:
        if index < self._next:  # the locator's own, hop-limited ones are no controls
            self._seen.add(index)

    def forget(self, inside: IPv6Address) -> None:
        """The address is gone: what was sent on its flow tells nothing of the path's loss."""
        self._taken = [(indexes, flow) for indexes, flow in self._taken if flow.inside != inside]

    def forget_flow(self, flow: AnyFlow) -> None:
        """The flow is broken: what was sent on it tells nothing of the path's loss."""
        self._taken = [(indexes, own) for indexes, own in self._taken if own != flow]

    def seen_of(self, indexes: range) -> int:
        return sum(index in self._seen for index in indexes)

    @property
    def sent(self) -> int:
        return sum(len(indexes) for indexes, _ in self._taken)

    @property
    def seen(self) -> int:
        return sum(self.seen_of(indexes) for indexes, _ in self._taken)
