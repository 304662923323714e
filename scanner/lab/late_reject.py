"""A router that drops a SYN and rejects it some seconds later (RFC 6092 REC-34): a process on the router. The same for
the INIT of SCTP (REC-39).

python -m scanner.lab.late_reject INTERFACE PREFIX DELAY [--protocol tcp|sctp]
"""

import argparse
import contextlib
import select
import socket
import time
from collections import deque
from ipaddress import IPv6Address, IPv6Network

from scanner.lab.capture import open_capture, say_ready
from scanner.lab.segments import opens, prohibited


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface")
    parser.add_argument("prefix", type=IPv6Network)
    parser.add_argument("delay", type=float)
    parser.add_argument("--protocol", choices=("tcp", "sctp"), default="tcp")
    arguments = parser.parse_args()
    with open_capture(arguments.interface) as capture, open_errors() as errors:
        say_ready()
        serve(capture, errors, arguments.prefix, arguments.delay, arguments.protocol)


def open_errors() -> socket.socket:
    return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


def serve(capture: socket.socket, errors: socket.socket, prefix: IPv6Network, delay: float, protocol: str) -> None:
    """Reject until killed. The delay is the same for all, so what came first is due first."""
    waiting: deque[tuple[float, bytes]] = deque()
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([capture], [], [], timeout)
        if readable:
            with contextlib.suppress(BlockingIOError):
                packet = capture.recv(65_536)
                if opens(packet, protocol) and IPv6Address(packet[24:40]) in prefix:
                    waiting.append((time.monotonic() + delay, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            reject(errors, waiting.popleft()[1])


def reject(errors: socket.socket, packet: bytes) -> None:
    source = str(IPv6Address(packet[8:24]))
    with contextlib.suppress(OSError):  # no way back: nothing to tell anybody
        errors.sendto(prohibited(packet), (source, 0))


if __name__ == "__main__":
    main()
