"""NEC UNIVERGE IX: access lists attached to an interface by sequence number; what none of them permits is discarded."""

from dataclasses import dataclass, field
from ipaddress import IPv6Network

from .packet import ICMPV6, IPV4, TCP, UDP, Packet

PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMPV6, "4": IPV4, "ip": None}
LONGEST_NAME = 15


@dataclass(frozen=True)
class Permit:
    protocol: int | None
    source: IPv6Network
    destination: IPv6Network
    type: int | None = None
    ports: tuple[int, int] = (0, 65_535)

    def matches(self, packet: Packet) -> bool:
        return (
            self.protocol in (None, packet.protocol)
            and packet.source in self.source
            and packet.destination in self.destination
            and self.type in (None, packet.type)
            and self.ports[0] <= (packet.port or 0) <= self.ports[1]
        )


@dataclass
class Ix:
    lists: dict[str, list[Permit]] = field(default_factory=dict)
    dynamic: dict[str, str] = field(default_factory=dict)
    attached: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    flows: set[tuple[object, ...]] = field(default_factory=set)

    def passes(self, packet: Packet, interface: str, direction: str) -> bool:
        if direction == "in" and packet.flow in self.flows:
            return True
        for _, name in sorted(self.attached.get((interface, direction), [])):
            if any(permit.matches(packet) for permit in self.lists[self.dynamic.get(name, name)]):
                if name in self.dynamic:
                    self.flows.add(packet.answer.flow)
                return True
        return (interface, direction) not in self.attached


def load(text: str) -> Ix:
    router, interface = Ix(), ""
    for line in text.splitlines():
        match line.split():
            case [] | ["!", *_] | ["exit"] | ["write", "memory"]:
                continue
            case ["ipv6", "access-list", "dynamic", name, "access", used]:
                assert used in router.lists, line
                router.dynamic[name] = used
            case ["ipv6", "access-list", name, "permit", protocol, *rest]:
                assert len(name) <= LONGEST_NAME, name
                router.lists.setdefault(name, []).append(_permit(protocol, rest))
            case ["interface", interface]:
                continue
            case ["ipv6", "filter", name, number, "in" | "out" as direction]:
                assert name in router.lists or name in router.dynamic, line
                router.attached.setdefault((interface, direction), []).append((int(number), name))
            case _:
                raise AssertionError(f"no command of an IX: {line}")
    return router


def _permit(protocol: str, words: list[str]) -> Permit:
    match words:
        case ["type", kind, "src", source, "dest", destination] if protocol == "icmp":
            return Permit(ICMPV6, _net(source), _net(destination), int(kind))
        case ["src", source, "sport", "any", "dest", destination, "dport", "eq", port]:
            return Permit(PROTOCOLS[protocol], _net(source), _net(destination), ports=(int(port), int(port)))
        case ["src", source, "sport", "any", "dest", destination, "dport", "range", low, high]:
            return Permit(PROTOCOLS[protocol], _net(source), _net(destination), ports=(int(low), int(high)))
        case ["src", source, "dest", destination]:
            return Permit(PROTOCOLS[protocol], _net(source), _net(destination))
    raise AssertionError(words)


def _net(text: str) -> IPv6Network:
    return IPv6Network("::/0" if text == "any" else text)
