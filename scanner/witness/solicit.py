"""What the inside does for the question about the rest of the LAN: asks who has an address (as duplicate address
detection would), listens for the router asking the same, and speaks once from an unused address as a control.

Nothing here is sent to another device: a neighbour solicitation goes to the multicast group of one unused address, the
control to the vantage.
"""

import contextlib
import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv6Address

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.probes.craft import Flow, udp_packet

NEIGHBOUR_SOLICITATION = 135
HOP_LIMIT = 255  # RFC 4861 section 7.1.1: anything less is discarded
GROUP = IPv6Address("ff02::1:ff00:0").packed[:13]  # RFC 4291 section 2.7.1


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The multicast group in which ``address`` is asked for."""
    return IPv6Address(GROUP + address.packed[13:])


class Solicitor:
    """On one interface. Raises EnvironmentFault without CAP_NET_RAW."""

    def __init__(self, interface: str) -> None:
        try:
            self._index = socket.if_nametoindex(interface)
            self._icmp = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self._raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        except OSError as error:
            raise EnvironmentFault(
                say("neighbours on {interface} cannot be asked for ({why})", interface=interface, why=error),
                say("run with sudo"),
            ) from error
        self._icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOP_LIMIT)
        self._icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self._index)
        self._icmp.settimeout(0)

    def join(self, addresses: Iterable[IPv6Address]) -> None:
        """Listen in the groups of these addresses, so that card and switch let the router's question through."""
        for group in {solicited_node(address) for address in addresses}:
            with contextlib.suppress(OSError):  # the limit of memberships; the control then shows whether it matters
                request = group.packed + struct.pack("@I", self._index)
                self._icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)

    def solicit(self, address: IPv6Address) -> None:
        """Ask the link who has ``address`` (RFC 4861 section 4.3); the kernel fills in the checksum."""
        message = struct.pack("!BBHI", NEIGHBOUR_SOLICITATION, 0, 0, 0) + address.packed
        with contextlib.suppress(OSError):
            self._icmp.sendto(message, (str(solicited_node(address)), 0, 0, self._index))

    def speak_as(self, address: IPv6Address, port: int, to: IPv6Address, to_port: int, payload: bytes) -> None:
        """One UDP datagram from an unused address of the host's own prefix to the vantage."""
        with contextlib.suppress(OSError):
            self._raw.sendto(udp_packet(Flow(address, to, port), to_port, payload), (str(to), 0))

    def close(self) -> None:
        self._icmp.close()
        self._raw.close()
