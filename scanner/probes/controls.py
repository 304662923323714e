"""Controls: probes on flows that the inside opened, so that a router with state must pass them. Their loss is the
path's, and only with it does silence mean anything.
"""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address

from scanner.probes.craft import Flow, Template, stamp, udp_template
from scanner.probes.tokens import salt_of, token_of

UDP = 17
PAYLOAD = 12  # index of the control (4 bytes), token (8 bytes)
PAYLOAD_AT = 48


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

    def packet(self, key: bytes, index: int, hop_limit: int = 64) -> bytes:
        """Control number ``index``."""
        return stamp(_template(self, hop_limit), self.seen_port, control_payload(self, key, index))


@cache
def _template(flow: ControlFlow, hop_limit: int) -> Template:
    return udp_template(Flow(flow.vantage, flow.seen, flow.vantage_port), hop_limit, PAYLOAD)


def control_payload(flow: ControlFlow, key: bytes, index: int) -> bytes:
    number = index.to_bytes(4, "big")
    return number + token_of(key, salt_of(flow.inside, UDP, flow.vantage_port) + number, flow.inside_port)


def control_index(flow: ControlFlow, key: bytes, payload: bytes) -> int | None:
    """The number of the control with this payload, None where it is none of ours."""
    if len(payload) < PAYLOAD:
        return None
    index = int.from_bytes(payload[:4], "big")
    return index if control_payload(flow, key, index) == payload[:PAYLOAD] else None


def flow_for(flows: tuple[ControlFlow, ...], address: IPv6Address) -> ControlFlow | None:
    """The flow to measure with while ``address`` is scanned: another address's where there is one, so that a router
    with endpoint-independent filtering (RFC 6092 REC-11) opens nothing of what is judged.
    """
    others = [flow for flow in flows if flow.inside != address]
    return next(iter(others or flows), None)


class ControlBook:
    """Which controls were sent, on the flow of which inside address, and which the witness saw."""

    def __init__(self) -> None:
        self._next = 0
        self._taken: list[tuple[range, IPv6Address]] = []
        self._seen: set[int] = set()

    def take(self, number: int, flow: ControlFlow) -> range:
        """The next ``number`` control numbers, to be sent on ``flow``."""
        indexes = range(self._next, self._next + number)
        self._next += number
        self._taken.append((indexes, flow.inside))
        return indexes

    def note(self, index: int) -> None:
        if index < self._next:  # the locator's own, hop-limited ones are no controls
            self._seen.add(index)

    def forget(self, inside: IPv6Address) -> None:
        """The address is gone: what was sent on its flow tells nothing of the path's loss."""
        self._taken = [(indexes, owner) for indexes, owner in self._taken if owner != inside]

    def seen_of(self, indexes: range) -> int:
        return sum(index in self._seen for index in indexes)

    @property
    def sent(self) -> int:
        return sum(len(indexes) for indexes, _ in self._taken)

    @property
    def seen(self) -> int:
        return sum(self.seen_of(indexes) for indexes, _ in self._taken)
