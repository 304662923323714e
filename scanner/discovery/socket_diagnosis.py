"""Listening sockets through NETLINK_SOCK_DIAG (pyroute2), the interface behind ``ss``."""

from socket import AF_INET6
from typing import Any

from pyroute2 import DiagSocket
from pyroute2.netlink.exceptions import NetlinkError

from scanner.discovery.sockets import PROTOCOLS, Protocol, Socket
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say


def read_sockets(protocol: Protocol) -> tuple[Socket, ...]:
    """The AF_INET6 sockets of ``protocol`` that take what comes in. Raises EnvironmentFault when netlink fails.

    A kernel without the inet_diag module looks like one without listeners (pyroute2 drops the error): whoever gets
    nothing asks a second source.
    """
    number, state = PROTOCOLS[protocol]
    try:
        with DiagSocket() as netlink:
            netlink.bind()
            found = netlink.get_sock_stats(family=AF_INET6, states=1 << state, protocol=number)
    except (NetlinkError, OSError) as error:
        raise EnvironmentFault(
            say("socket diagnosis does not answer ({why})", why=error), say("load the kernel module inet_diag")
        ) from error
    return tuple(_socket(protocol, message) for message in found)


def _socket(protocol: Protocol, message: Any) -> Socket:
    v6only = message.get_attr("INET_DIAG_SKV6ONLY")
    return Socket(
        protocol=protocol,
        bind=message["idiag_src"],
        port=message["idiag_sport"],
        inode=message["idiag_inode"],
        v6only=None if v6only is None else bool(v6only),
        interface_index=message["idiag_if"],
    )
