"""Which address a new connection to the Internet leaves from. No packet is sent: UDP connect only asks the kernel."""

import socket
from ipaddress import IPv6Address

# Global unicast and assigned to nobody (IANA: 2000::/16 holds no allocation but 2001::/16 and up begin after it), so
# that only scope and label decide (RFC 6724 rules 2, 6 and 7) and no prefix of the host is nearest (rule 8).
DESTINATION = IPv6Address("2000::1")
PORT = 9  # discard


def source_address(interface: str = "") -> IPv6Address | None:
    """None where there is no route, or the interface is gone. Binding to an interface may need privilege."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
        try:
            if interface:
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
            asking.connect((str(DESTINATION), PORT))
        except OSError:
            return None
        ip = IPv6Address(asking.getsockname()[0].partition("%")[0])
    return None if ip.is_link_local or ip.is_unspecified else ip
