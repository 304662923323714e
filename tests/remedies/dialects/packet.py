"""A packet as access lists see it."""

from dataclasses import dataclass
from ipaddress import IPv6Address

TCP, UDP, ICMPV6, IPV4 = 6, 17, 58, 4


@dataclass(frozen=True)
class Packet:
    """``source_port`` and ``port`` are None for what has none; ``type`` is ICMPv6's; ``flags`` TCP's letters."""

    source: IPv6Address
    destination: IPv6Address
    protocol: int
    source_port: int | None = None
    port: int | None = None
    type: int | None = None
    flags: str = "S"

    @property
    def flow(self) -> tuple[object, ...]:
        return (self.protocol, self.source, self.source_port, self.destination, self.port)

    @property
    def answer(self) -> "Packet":
        """What comes back on the same flow."""
        return Packet(
            self.destination, self.source, self.protocol, self.port, self.source_port, flags="SA" if self.port else ""
        )
