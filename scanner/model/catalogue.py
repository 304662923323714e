"""Services that must not be reachable from the Internet: what the rows of data/services.toml become."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from scanner.model.finding import Severity
from scanner.model.ports import PortSet

PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Service:
    """One row. ``why`` is one plain sentence, ``hint`` says how to close it on the host.

    ``passive``: industrial control; only the arrival of a probe may be tested, nothing of its protocol is ever sent.
    ``often_intended``: owners publish it on purpose, so the finding asks before it accuses.
    """

    name: str
    protocols: tuple[str, ...]
    ports: PortSet
    severity: Severity
    why: str
    hint: str
    reference: str = ""
    passive: bool = False
    often_intended: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every (protocol, port) stands in at most one service."""

    services: tuple[Service, ...] = ()
    _by_port: dict[tuple[str, int], Service] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_port = {
            (protocol, port): service
            for service in self.services
            for protocol in service.protocols
            for port in service.ports
        }
        object.__setattr__(self, "_by_port", by_port)  # derived once; the value stays frozen

    def find(self, protocol: str, port: int) -> Service | None:
        return self._by_port.get((protocol, port))

    def ports(self, protocol: str) -> PortSet:
        """Every catalogued port of ``protocol``, the passive ones included."""
        return _ports(service for service in self.services if protocol in service.protocols)

    def passive_ports(self, protocol: str) -> PortSet:
        """The ports on which a probe may arrive but no payload of the service's protocol may be sent."""
        return _ports(service for service in self.services if service.passive and protocol in service.protocols)


def _ports(services: Iterable[Service]) -> PortSet:
    return PortSet.of(port for service in services for port in service.ports)
