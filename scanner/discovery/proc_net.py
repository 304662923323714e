"""Listening sockets from /proc/net/tcp6 and udp6: second source; it knows neither v6only nor the bound device."""

import struct
from ipaddress import IPv6Address
from pathlib import Path

from scanner.discovery.sockets import PROTOCOLS, Protocol, Socket
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

# Of the calling thread: /proc/net is that of the main thread, which may live in another network namespace.
FILES: dict[Protocol, Path] = {
    "tcp": Path("/proc/thread-self/net/tcp6"),
    "udp": Path("/proc/thread-self/net/udp6"),
}
LOCAL, STATE, INODE = 1, 3, 9  # columns, net/ipv6/tcp_ipv6.c get_tcp6_sock()
IPV6_DIGITS = 32


def read_sockets(protocol: Protocol) -> tuple[Socket, ...]:
    """The AF_INET6 sockets of ``protocol`` that take what comes in. Raises EnvironmentFault naming the file."""
    path = FILES[protocol]
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return ()  # no IPv6 in this kernel or namespace: nothing can listen on it
    except OSError as error:
        raise EnvironmentFault(
            say("{path} cannot be read ({why})", path=path, why=error.strerror), say("mount /proc")
        ) from error
    return parse_sockets(protocol, text)


def parse_sockets(protocol: Protocol, text: str) -> tuple[Socket, ...]:
    """Raises EnvironmentFault naming the line that is none of the kernel's."""
    wanted = PROTOCOLS[protocol][1]
    found = []
    for line in text.splitlines()[1:]:
        try:
            columns = line.split()
            if int(columns[STATE], 16) != wanted:
                continue
            address, _, port = columns[LOCAL].partition(":")
            found.append(Socket(protocol, str(_address(address)), int(port, 16), int(columns[INODE])))
        except (ValueError, IndexError) as error:
            raise EnvironmentFault(
                say("/proc/net/{protocol}6 has the line {line!r}", protocol=protocol, line=line),
                say("see that /proc is the kernel's"),
            ) from error
    return tuple(found)


def _address(digits: str) -> IPv6Address:
    """Four words of the machine's byte order, printed as numbers."""
    if len(digits) != IPV6_DIGITS:
        raise ValueError(digits)
    words = (int(digits[at : at + 8], 16) for at in range(0, IPV6_DIGITS, 8))
    return IPv6Address(struct.pack("=4I", *words))
