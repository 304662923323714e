"""Flows the inside opens towards the vantage: a bound UDP socket that sends now and then and never reads, or a TCP
connection that nothing is ever said on.
"""

import contextlib
import errno
import socket
import struct
from ipaddress import IPv6Address

HELLO = b"v6expose control flow from "  # followed by the inside address, 16 bytes
PORT_TRIES = 50


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


class TcpPinhole:
    """A connection from one of the host's own addresses, begun at once; what is at its other end is not this kernel's
    business: flows.py completes it.
    """

    def __init__(self, address: IPv6Address, port: int, vantage: IPv6Address, vantage_port: int) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(0)
            # Closing resets the connection, so that neither this host nor the router keeps state of it.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.bind((str(address), port))
            with contextlib.suppress(BlockingIOError):  # in progress
                self._socket.connect((str(vantage), vantage_port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]

    def is_open(self) -> bool:
        """Whether the handshake is complete."""
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def refresh(self) -> None:
        """Controls and their acknowledgements keep the router's state alive."""

    def close(self) -> None:
        self._socket.close()


def free_port(address: IPv6Address) -> int:
    """A port nobody uses on ``address`` at this moment, by UDP or TCP. Raises OSError where the address is gone."""
    for _ in range(PORT_TRIES):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            udp.bind((str(address), 0))
            port: int = udp.getsockname()[1]
            with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tcp, contextlib.suppress(OSError):
                tcp.bind((str(address), port))
                return port
    raise OSError(errno.EADDRINUSE, "no port is free by UDP and TCP")
