"""What both sources of listeners hand over."""

from dataclasses import dataclass
from typing import Literal

Protocol = Literal["tcp", "udp"]

# protocol -> (IPPROTO_*, the kernel's state of a socket that takes from anybody: TCP_LISTEN, for UDP unconnected
# TCP_CLOSE). A connected UDP socket takes from its peer only.
PROTOCOLS: dict[Protocol, tuple[int, int]] = {"tcp": (6, 10), "udp": (17, 7)}


@dataclass(frozen=True, slots=True)
class Socket:
    """An AF_INET6 socket that takes what comes in. ``inode`` 0 belongs to the kernel itself; ``interface_index`` 0
    is not bound to a device; ``v6only`` None where the source does not tell.
    """

    protocol: Protocol
    bind: str
    port: int
    inode: int
    v6only: bool | None = None
    interface_index: int = 0
