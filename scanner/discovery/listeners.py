"""What listens on IPv6, and which program it is."""

import socket
from collections.abc import Callable
from ipaddress import IPv6Address

from scanner.discovery import proc_net, socket_diagnosis
from scanner.discovery.processes import names_by_inode
from scanner.discovery.sockets import PROTOCOLS, Protocol, Socket
from scanner.model.address import Listener
from scanner.model.errors import EnvironmentFault
from scanner.model.text import clauses, say

# The interface of a source: the AF_INET6 sockets of a protocol that take what comes in, or EnvironmentFault.
SocketReader = Callable[[Protocol], tuple[Socket, ...]]

READERS: tuple[SocketReader, ...] = (socket_diagnosis.read_sockets, proc_net.read_sockets)


def read_listeners(readers: tuple[SocketReader, ...] = READERS) -> tuple[tuple[Listener, ...], tuple[str, ...]]:
    """The listeners, by protocol and port, and what could not be read, a line each."""
    sockets: list[Socket] = []
    problems: list[str] = []
    for protocol in PROTOCOLS:
        try:
            sockets += read_sockets(protocol, readers)
        except EnvironmentFault as fault:
            problems.append(str(fault))
    reachable = [found for found in sockets if found.port and not _is_ipv4(found)]
    names = names_by_inode({found.inode for found in reachable} - {0})
    nameless = sum(1 for found in reachable if found.inode and not names.get(found.inode))
    if nameless:
        problems.append(
            say(
                "the programs behind {count} listening sockets cannot be named: run as root (sudo v6expose ...)",
                count=nameless,
            )
        )
    listeners = {_listener(found, names.get(found.inode, "")) for found in reachable}
    return tuple(sorted(listeners, key=_order)), tuple(problems)


def read_sockets(protocol: Protocol, readers: tuple[SocketReader, ...]) -> tuple[Socket, ...]:
    """From the first source that finds any. That there are none is believed of the last one only: the first may be
    blind. Raises EnvironmentFault with the reasons where nothing can be believed.
    """
    reasons = []
    for read in readers:
        try:
            found = read(protocol)
        except EnvironmentFault as fault:
            reasons.append(str(fault))
            continue
        if found or read is readers[-1]:
            return found
    raise EnvironmentFault(
        say("what listens on {protocol} cannot be read", protocol=protocol.upper()), clauses(reasons)
    )


def _is_ipv4(found: Socket) -> bool:
    """RFC 4291 section 2.5.5.2: a socket bound to ::ffff:a.b.c.d takes IPv4 only."""
    return IPv6Address(found.bind).ipv4_mapped is not None


def _listener(found: Socket, process: str) -> Listener:
    return Listener(
        protocol=found.protocol,
        bind=found.bind,
        port=found.port,
        process=process,
        v6only=found.v6only,
        interface=interface_name(found.interface_index) if found.interface_index else "",
    )


def interface_name(index: int) -> str:
    """The interface's name, or its number where it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return str(index)


def _order(listener: Listener) -> tuple[str, int, str, str, str]:
    return listener.protocol, listener.port, listener.bind, listener.interface, listener.process
