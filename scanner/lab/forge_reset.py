"""Something on the path that answers every SYN with a reset in the target's name: a process at the ISP.

python -m scanner.lab.forge_reset INTERFACE PREFIX
"""

import argparse
import contextlib
import select
import socket
from ipaddress import IPv6Address, IPv6Network

from scanner.lab.capture import open_capture, say_ready
from scanner.lab.segments import read_syn, reset_for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface")
    parser.add_argument("prefix", type=IPv6Network)
    arguments = parser.parse_args()
    with open_capture(arguments.interface) as capture, open_raw() as raw:
        say_ready()
        serve(capture, raw, arguments.prefix)


def open_raw() -> socket.socket:
    """Sends whole IPv6 packets, whoever they claim to come from."""
    return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)


def serve(capture: socket.socket, raw: socket.socket, prefix: IPv6Network) -> None:
    """Forge until killed."""
    while True:
        select.select([capture], [], [])
        with contextlib.suppress(OSError):
            syn = read_syn(capture.recv(65_536))
            if syn and IPv6Address(syn.destination) in prefix:
                raw.sendto(reset_for(syn), (str(IPv6Address(syn.source)), 0))


if __name__ == "__main__":
    main()
