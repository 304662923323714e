"""Forgetting the flows a node's connection tracking knows, so that a new rule set starts from nothing."""

import ctypes
import os
import socket
import struct
import threading
from pathlib import Path

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
NETLINK_NETFILTER = 12
# linux/netfilter/nfnetlink_conntrack.h: delete without naming a flow deletes them all
CONNTRACK_DELETE = 1 << 8 | 2
REQUEST_AND_ACKNOWLEDGE = 0x1 | 0x4
ERROR = 2  # NLMSG_ERROR; number 0 in it is the acknowledgement


def forget_flows(namespace: str) -> None:
    """Delete every tracked flow in the namespace. Raises EnvironmentFault with the kernel's words."""
    with socket_in(namespace, socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.settimeout(5.0)
        header = struct.pack("=IHHIIBBH", 20, CONNTRACK_DELETE, REQUEST_AND_ACKNOWLEDGE, 1, 0, socket.AF_UNSPEC, 0, 0)
        netlink.send(header)
        answer = netlink.recv(4096)
    kind = struct.unpack_from("=H", answer, 4)[0]
    number = -struct.unpack_from("=i", answer, 16)[0] if kind == ERROR else 0
    if number:
        raise EnvironmentFault(
            say("{namespace}: cannot forget tracked flows: {why}", namespace=namespace, why=os.strerror(number))
        )


def socket_in(namespace: str, family: int, kind: int, protocol: int) -> socket.socket:
    """A socket that belongs to another network namespace; only a short-lived thread of ours ever enters it."""
    made: list[socket.socket | OSError] = []

    def enter_and_open() -> None:
        try:
            with (NAMESPACES / namespace).open("rb") as handle:
                _set_namespace(handle.fileno())
            made.append(socket.socket(family, kind, protocol))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=enter_and_open)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise EnvironmentFault(
            say("network namespace {namespace}: {why}", namespace=namespace, why=made[0].strerror)
        ) from made[0]
    return made[0]


def _set_namespace(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns is Python 3.12's
    if libc.setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
