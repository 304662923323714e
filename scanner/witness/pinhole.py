"""Flows the inside opens towards the vantage: a bound UDP socket that sends now and then and never reads."""

import contextlib
import socket
from ipaddress import IPv6Address

HELLO = b"v6expose control flow from "  # followed by the inside address, 16 bytes


class UdpPinhole:
    """From one of the host's own addresses. ``port`` 0 lets the kernel choose."""

    def __init__(self, address: IPv6Address, port: int, vantage: IPv6Address, vantage_port: int) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._to = (str(vantage), vantage_port)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # what comes back is for the witness
            self._socket.bind((str(address), port))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(0)
        self.port: int = self._socket.getsockname()[1]

    def refresh(self) -> None:
        """Keep the router's state alive. An error here shows as controls that stay away."""
        with contextlib.suppress(OSError):
            self._socket.sendto(HELLO + self.address.packed, self._to)

    def close(self) -> None:
        self._socket.close()


def free_port(address: IPv6Address) -> int:
    """A UDP port nobody uses on ``address`` at this moment. Raises OSError where the address is gone."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind((str(address), 0))
        port: int = probe.getsockname()[1]
        return port
