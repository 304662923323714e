"""Which address a new connection leaves from: the kernel's own answer, without a packet (RFC 6724).

connect() on a UDP socket makes the kernel choose a route and a source address, and sends nothing.
"""

import socket
from contextlib import suppress
from ipaddress import IPv6Address

PORT = 9  # discard
# Global unicast and assigned to nobody (IANA: 2000::/16 holds no allocation but 2001::/16 and up begin after it), so
# that only scope and label decide (RFC 6724 rules 2, 6 and 7) and no prefix of the host is nearest (rule 8).
NOBODY = IPv6Address("2000::1")


def source_for(destination: IPv6Address, interface: str = "", port: int = PORT) -> IPv6Address | None:
    """The kernel's choice at this moment, None where it has no route or the interface is gone.

    Binding to an interface may need privilege.
    """
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        if interface:
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
        asking.connect((str(destination), port))
        source = IPv6Address(asking.getsockname()[0].partition("%")[0])
        return None if source.is_unspecified else source
    return None


def source_to_the_internet(interface: str = "") -> IPv6Address | None:
    """The same towards everybody; a link-local address leads nowhere and counts as none."""
    source = source_for(NOBODY, interface)
    return None if source is None or source.is_link_local else source
