"""The home router's Router Advertisements (RFC 4861 section 4.2): a process of its own, standard library only.

    python -m scanner.lab.advertise INTERFACE PREFIX/64 PREFERRED VALID

Sends one every few seconds and one for each Router Solicitation, so that the *kernel* of the host makes its addresses.
"""

import argparse
import select
import socket
import struct
import time
from ipaddress import IPv6Network

from scanner.lab.capture import say_ready

ROUTER_SOLICITATION = 133
ROUTER_ADVERTISEMENT = 134
ROUTER_LIFETIME = 1800  # seconds
LONGEST_INTERVAL = 30.0  # seconds between unsolicited advertisements
ON_LINK_AND_AUTONOMOUS = 0xC0
ICMP6_FILTER = 1  # socket option, RFC 3542 section 3.2
RETRY = 0.05  # seconds, while the link is coming up


def advertisement(prefix: IPv6Network, preferred: int, valid: int) -> bytes:
    """An RA with one Prefix Information option (RFC 4861 section 4.6.2); the kernel fills the checksum in."""
    header = struct.pack("!BBHBBHII", ROUTER_ADVERTISEMENT, 0, 0, 64, 0, ROUTER_LIFETIME, 0, 0)
    option = struct.pack("!BBBBIII", 3, 4, prefix.prefixlen, ON_LINK_AND_AUTONOMOUS, valid, preferred, 0)
    return header + option + prefix.network_address.packed


def interval(preferred: int) -> float:
    """Seconds between advertisements: three in a preferred lifetime, so that losing one expires nothing."""
    return min(LONGEST_INTERVAL, max(0.5, preferred / 3))


def open_socket(interface: str) -> socket.socket:
    """A raw ICMPv6 socket on ``interface`` that hears Router Solicitations only."""
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    index = socket.if_nametoindex(interface)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)  # RFC 4861 section 6.1.2
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    all_routers = socket.inet_pton(socket.AF_INET6, "ff02::2") + struct.pack("@I", index)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, all_routers)
    words = [0xFFFFFFFF] * 8
    words[ROUTER_SOLICITATION >> 5] &= ~(1 << (ROUTER_SOLICITATION & 31))  # a clear bit passes (Linux)
    raw.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("@8I", *words))
    raw.settimeout(0)
    return raw


def serve(raw: socket.socket, interface: str, packet: bytes, every: float) -> None:
    """Advertise until killed."""
    destination = ("ff02::1", 0, 0, socket.if_nametoindex(interface))
    due = time.monotonic()
    while True:
        readable, _, _ = select.select([raw], [], [], max(0.0, due - time.monotonic()))
        if readable:
            raw.recv(2048)
        try:
            raw.sendto(packet, destination)
            due = time.monotonic() + every
        except OSError:  # the bridge has no carrier yet
            due = time.monotonic() + RETRY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface")
    parser.add_argument("prefix", type=IPv6Network)
    parser.add_argument("preferred", type=int)
    parser.add_argument("valid", type=int)
    arguments = parser.parse_args()
    raw = open_socket(arguments.interface)
    say_ready()
    packet = advertisement(arguments.prefix, arguments.preferred, arguments.valid)
    serve(raw, arguments.interface, packet, interval(arguments.preferred))


if __name__ == "__main__":
    main()
