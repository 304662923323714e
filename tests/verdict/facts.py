"""Builders of what the verdict is made from; every value the smallest that fits."""

from ipaddress import IPv6Address, IPv6Network
from typing import Any

from scanner.model.evidence import Arrival, HopSeen, Kind, Observation, Path, PortFacts

TARGET = IPv6Address("2001:db8:a::10")
LAN_SIDE = IPv6Address("2001:db8:a::1")  # the home router's address on the host's own link
ROUTER = IPv6Address("2001:db8:2c::2")
ISP = IPv6Address("2001:db8:12::2")
STRANGER = IPv6Address("2001:db8:bad::1")
UNNAMED = IPv6Address("::")
PATH = Path(
    routers=3,
    hops=(HopSeen(1, IPv6Address("2001:db8:f:1::1")), HopSeen(2, ISP), HopSeen(3, ROUTER)),
    home=(IPv6Network("2001:db8:a::/64"),),
)
ARRIVAL = Arrival("02:00:00:00:00:01", 61, 2)


def heard(kind: Kind, sender: IPv6Address = TARGET, reason: str = "said") -> Observation:
    return Observation(kind, reason, sender, 61)


def facts(**changes: Any) -> PortFacts:
    """Silence that two counted attempts have proven, watched from inside."""
    values: dict[str, Any] = {
        "observation": None,
        "arrival": None,
        "watched": True,
        "left": "",
        "attempts": 2,
        "doubt": "",
        "listener": False,
    }
    return PortFacts(**(values | changes))
