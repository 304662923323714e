"""What several vantages that measure at the same time must share: the rate, Ctrl-C, and who has opened which port.

A control flow opens its own inside port to everybody on a router with endpoint-independent filtering (RFC 6092 REC-11,
17): also to the other vantages. So every vantage asks the inside ports of all flows first, and waits at the gate until
all have done so; only then does any of them open its flows.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from scanner.plan import Plan

Ports = Mapping[IPv6Address, int]


class Gate:
    """Opens when every vantage has come, or gone."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._missing = set(names)
        self._closed = False
        self._lock = threading.Lock()

    def arrive(self, name: str) -> bool:
        """False where the others have gone on already: what was asked until now may have passed by their flows."""
        with self._lock:
            self._missing.discard(name)
            return not self._closed

    def leave(self, name: str) -> None:
        """This vantage will not come (any more)."""
        self.arrive(name)

    def is_open(self) -> bool:
        with self._lock:
            return not self._missing

    def close(self) -> None:
        """Somebody goes on: whoever comes now is late."""
        with self._lock:
            self._closed = True


@dataclass(frozen=True, slots=True)
class Lane:
    """One vantage's own: the inside ports of its flows (None: it chooses), those of the others, and what is shared."""

    name: str = ""
    inside_ports: Ports | None = None
    others: Mapping[IPv6Address, frozenset[int]] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    stop: Callable[[], bool] = field(default=lambda: False)


def make_lanes(
    names: Iterable[str], choose: Callable[[], Ports], stop: Callable[[], bool] = lambda: False
) -> tuple[Lane, ...]:
    """A lane for each name; ``choose`` gives free inside ports by address, those of different lanes differ."""
    ports: dict[str, Ports] = {}
    for name in names:
        ports[name] = _unlike(tuple(ports.values()), choose)
    gate = Gate(ports)
    return tuple(
        Lane(name, own, _joined([other for whose, other in ports.items() if whose != name]), gate, stop)
        for name, own in ports.items()
    )


def shared(plan: Plan, number: int) -> Plan:
    """The plan of one of ``number`` vantages: together they keep the ceiling."""
    rate = max(1, plan.rate // number)
    return replace(plan, rate=rate, start_rate=max(1, min(rate, plan.start_rate // number)))


def _unlike(taken: tuple[Ports, ...], choose: Callable[[], Ports]) -> Ports:
    while True:
        ports = choose()
        if not any(ports[address] == other.get(address) for other in taken for address in ports):
            return ports


def _joined(ports: Iterable[Ports]) -> dict[IPv6Address, frozenset[int]]:
    joined: dict[IPv6Address, frozenset[int]] = {}
    for one in ports:
        for address, port in one.items():
            joined[address] = joined.get(address, frozenset()) | {port}
    return joined
