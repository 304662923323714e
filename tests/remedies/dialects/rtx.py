"""YAMAHA RTX: ``ipv6 filter``, ``ipv6 filter dynamic``, ``ipv6 IF secure filter`` (Command Reference, chapter 30).

The first filter of the list that matches decides; what none matches is discarded. Without a list everything passes.
``established`` is TCP with ACK. Port lists count for TCP and UDP only; ``icmp6`` alone takes types and codes in their
place. A dynamic filter of the out list lets back in what answers a flow that went out through it.
"""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network

from .packet import ICMPV6, IPV4, TCP, UDP, Packet

NUMBERS = {"tcp": TCP, "udp": UDP, "icmp6": ICMPV6, "4": IPV4}
NEIGHBOUR_DISCOVERY = range(133, 137)
ACTIONS = {
    "pass": True,
    "pass-log": True,
    "pass-nolog": True,
    "reject": False,
    "reject-log": False,
    "reject-nolog": False,
}
DYNAMIC = {"tcp": TCP, "udp": UDP, "ftp": TCP, "domain": None}
ANY = "*"


@dataclass(frozen=True)
class Filter:
    passes: bool
    source: str
    destination: str = ANY
    protocol: str = ANY
    source_port: str = ANY
    port: str = ANY

    def matches(self, packet: Packet) -> bool:
        return (
            _address(self.source, packet.source)
            and _address(self.destination, packet.destination)
            and self._protocol(packet)
        )

    def _protocol(self, packet: Packet) -> bool:
        if self.protocol == ANY:
            return True
        if self.protocol == "icmp-nd":
            return packet.protocol == ICMPV6 and packet.type in NEIGHBOUR_DISCOVERY
        if self.protocol == "established":
            return packet.protocol == TCP and "A" in packet.flags
        if packet.protocol not in {NUMBERS[word] for word in self.protocol.split(",")}:
            return False
        if self.protocol == "icmp6":
            return _number(self.source_port, packet.type) and _number(self.port, 0)
        if packet.protocol not in (TCP, UDP):
            return True  # other protocols match as if no ports were given
        return _number(self.source_port, packet.source_port) and _number(self.port, packet.port)


@dataclass
class Rtx:
    filters: dict[int, Filter] = field(default_factory=dict)
    dynamics: dict[int, str] = field(default_factory=dict)
    lists: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)
    triggers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    flows: set[tuple[object, ...]] = field(default_factory=set)
    saved: bool = False

    def comes_in(self, packet: Packet, interface: str) -> bool:
        return packet.flow in self.flows or self._judge(packet, interface, "in")

    def goes_out(self, packet: Packet, interface: str) -> bool:
        passed = self._judge(packet, interface, "out")
        wanted = {DYNAMIC[self.dynamics[number]] for number in self.triggers.get(interface, ())}
        if passed and (packet.protocol in wanted or (None in wanted and packet.port == 53)):
            self.flows.add(packet.answer.flow)
        return passed

    def _judge(self, packet: Packet, interface: str, direction: str) -> bool:
        numbers = self.lists.get((interface, direction))
        if numbers is None:
            return True
        return next((self.filters[n].passes for n in numbers if self.filters[n].matches(packet)), False)


def load(text: str) -> Rtx:
    router, selected = Rtx(), ""
    for line in text.splitlines():
        words = line.split()
        match words:
            case [] | ["#", *_]:
                continue
            case ["ipv6", "filter", "dynamic", number, "*", "*", protocol, "syslog=off"]:
                assert protocol in DYNAMIC, line
                router.dynamics[int(number)] = protocol
            case ["ipv6", "filter", number, action, *rest] if 1 <= len(rest) <= 5:
                assert int(number) not in router.filters, line
                router.filters[int(number)] = Filter(ACTIONS[action], *rest)
            case ["pp" | "tunnel" as kind, "select", number]:
                selected = f"{kind}{number}"
            case ["ipv6", where, "secure", "filter", "in" | "out" as direction, *numbers]:
                _attach(router, selected if where in ("pp", "tunnel") else where, direction, numbers)
            case ["save"]:
                router.saved = True
            case _:
                raise AssertionError(f"no command of an RTX: {line}")
    return router


def _attach(router: Rtx, interface: str, direction: str, numbers: list[str]) -> None:
    static, _, dynamic = " ".join(numbers).partition(" dynamic ")
    router.lists[interface, direction] = tuple(int(number) for number in static.split())
    router.triggers[interface] = (*router.triggers.get(interface, ()), *(int(number) for number in dynamic.split()))
    assert all(number in router.filters for number in router.lists[interface, direction])
    assert all(number in router.dynamics for number in router.triggers[interface])
    # Command Reference 30.7.2: at most 129 of both kinds together
    assert len(numbers) <= 129


def _address(text: str, address: IPv6Address) -> bool:
    return text == ANY or address in IPv6Network(text)


def _number(text: str, number: int | None) -> bool:
    if text == ANY:
        return True
    for part in text.split(","):
        low, _, high = part.partition("-")
        if number is not None and int(low) <= number <= int(high or low):
            return True
    return False
