"""What the lab's daemons share: a capture of what comes in, and the word that they serve."""

import socket
import sys

ETH_P_IPV6 = 0x86DD
SO_RCVBUFFORCE = 33
BUFFER = 64 * 1024 * 1024  # bytes; a sweep of all ports arrives within a second


def open_capture(interface: str) -> socket.socket:
    """IPv6 packets that arrive on ``interface``, without their link-layer header, never blocking."""
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        capture.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:  # root of a user namespace only: as much as net.core.rmem_max allows
        capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    capture.bind((interface, ETH_P_IPV6))
    capture.settimeout(0)
    return capture


def say_ready() -> None:
    """Tell whoever started this process that it serves from now on."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
