"""Cisco IOS: IPv6 access lists in order, with ``reflect`` and ``evaluate``, and the implicit end of every list."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network

from .packet import ICMPV6, IPV4, TCP, UDP, Packet

PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMPV6, "4": IPV4, "ipv6": None}
EVERYWHERE = IPv6Network("::/0")
MESSAGES = {"nd-ns": 135, "nd-na": 136, "router-advertisement": 134}


@dataclass(frozen=True)
class Entry:
    permits: bool
    protocol: int | None
    source: IPv6Network
    destination: IPv6Network
    ports: tuple[int, int] | None = None
    type: int | None = None
    reflect: str = ""
    evaluate: str = ""

    def matches(self, packet: Packet) -> bool:
        return (
            self.protocol in (None, packet.protocol)
            and packet.source in self.source
            and packet.destination in self.destination
            and (self.ports is None or self.ports[0] <= (packet.port or 0) <= self.ports[1])
            and self.type in (None, packet.type)
        )


@dataclass
class Ios:
    lists: dict[str, list[Entry]] = field(default_factory=dict)
    attached: dict[tuple[str, str], str] = field(default_factory=dict)
    reflected: dict[str, set[tuple[object, ...]]] = field(default_factory=dict)

    def passes(self, packet: Packet, interface: str, direction: str) -> bool:
        name = self.attached.get((interface, direction))
        if name is None:
            return True
        for entry in self.lists[name]:
            if entry.evaluate:
                if packet.flow in self.reflected.get(entry.evaluate, ()):
                    return True
            elif entry.matches(packet):
                if entry.reflect:
                    self.reflected.setdefault(entry.reflect, set()).add(packet.answer.flow)
                return entry.permits
        return packet.protocol == ICMPV6 and packet.type in (135, 136)  # the implicit end, then deny


def load(text: str) -> Ios:
    router, name, interface = Ios(), "", ""
    for line in text.splitlines():
        match line.split():
            case ["configure", "terminal"] | ["end"] | ["write", "memory"] | ["remark", *_] | []:
                continue
            case ["ipv6", "access-list", name]:
                router.lists[name] = []
            case ["interface", interface]:
                continue
            case ["ipv6", "traffic-filter", used, "in" | "out" as direction]:
                assert used in router.lists, line
                router.attached[interface, direction] = used
            case ["evaluate", reflected]:
                router.lists[name].append(
                    Entry(permits=True, protocol=None, source=EVERYWHERE, destination=EVERYWHERE, evaluate=reflected)
                )
            case ["permit" | "deny" as action, protocol, *rest]:
                router.lists[name].append(_entry(action == "permit", protocol, rest))
            case _:
                raise AssertionError(f"no command of IOS: {line}")
    return router


def _entry(permits: bool, protocol: str, words: list[str]) -> Entry:  # noqa: FBT001
    source, words = _place(words)
    destination, words = _place(words)
    ports, kind, reflect = None, None, ""
    match words:
        case [] | ["log"]:
            pass
        case ["eq", port]:
            ports = (int(port), int(port))
        case ["range", low, high]:
            ports = (int(low), int(high))
        case ["reflect", reflect, "timeout", _]:
            pass
        case [message] if protocol == "icmp":
            kind = MESSAGES[message] if message in MESSAGES else int(message)
        case _:
            raise AssertionError(words)
    return Entry(permits, PROTOCOLS[protocol], source, destination, ports, kind, reflect)


def _place(words: list[str]) -> tuple[IPv6Network, list[str]]:
    match words:
        case ["any", *rest]:
            return EVERYWHERE, rest
        case ["host", address, *rest]:
            return IPv6Network((IPv6Address(address), 128)), rest
        case [prefix, *rest]:
            return IPv6Network(prefix), rest
    raise AssertionError(words)
