"""Ports of this host on which the kernel says nothing, because packets of ours are spoken there by hand.

A raw packet that opens a flow gets an answer, and the kernel, which knows of no flow, would reset or refuse it and with
that end the router's state. A bound socket whose filter drops everything makes it keep silent: no firewall is touched.
"""

import contextlib
import ctypes
import socket
import struct
from ipaddress import IPv6Address

from scanner.witness.ring import SO_ATTACH_FILTER

RETURN = 0x06  # BPF
WELL_KNOWN, LOWEST = 1023, 600  # RFC 6056 section 3.2: below 1024; those that services bind are mostly below 600
UDP_LITE = 136
TRIES = 50


class Hush:
    """Sockets that only hold ports and protocols of one address; ``close`` gives them back."""

    def __init__(self, address: IPv6Address) -> None:
        self.address = address
        self._sockets: list[socket.socket] = []

    def port(self) -> int:
        """A port that is silent on TCP and UDP. Raises OSError where the address is gone or no port is free."""
        for _ in range(TRIES):
            with contextlib.suppress(OSError):
                return self._hold(0)
        return self._hold(0)

    def well_known_port(self) -> int | None:
        """A silent port below 1024, None where none may be held."""
        for port in range(WELL_KNOWN, LOWEST, -1):
            with contextlib.suppress(OSError):
                return self._hold(port)
        return None

    def protocol(self, number: int) -> None:
        """Keep the kernel from calling this next header unknown."""
        with contextlib.suppress(OSError):
            one = socket.socket(socket.AF_INET6, socket.SOCK_RAW, number)
            self._sockets.append(one)
            drop_everything(one)
            one.bind((str(self.address), 0))

    def close(self) -> None:
        for one in self._sockets:
            one.close()
        self._sockets.clear()

    def _hold(self, port: int) -> int:
        tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            for one in (tcp, udp):
                drop_everything(one)
            tcp.bind((str(self.address), port))
            held: int = tcp.getsockname()[1]
            udp.bind((str(self.address), held))
            tcp.listen(1)
        except OSError:
            tcp.close()
            udp.close()
            raise
        self._sockets += [tcp, udp]
        self._hold_udp_lite(held)
        return held

    def _hold_udp_lite(self, port: int) -> None:
        with contextlib.suppress(OSError):  # kernels without it have no port to refuse anything on
            one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, UDP_LITE)
            self._sockets.append(one)
            drop_everything(one)
            one.bind((str(self.address), port))


def drop_everything(one: socket.socket) -> None:
    """Attach a filter that returns 0 (socket(7), SO_ATTACH_FILTER)."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", RETURN, 0, 0, 0))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(code)))
