"""What happens to the host's addresses while somebody looks: the kernel's own announcements (RTM_NEWADDR, RTM_DELADDR).

    with AddressWatch() as watch:
        select.select([watch], [], [], 1.0)
        for event in watch.events(): ...

No thread: whoever has a loop polls ``fileno()``. The socket is subscribed before the first reading, so nothing falls in
between; where the kernel had to drop announcements, the addresses are read anew and compared.
"""

import errno
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network
from types import TracebackType
from typing import Any, Self

from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from scanner.discovery import netlink
from scanner.discovery.classify import KernelAddress, Link, classify
from scanner.model.address import Address, Scope, State
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

NETLINK_ROUTE = 0
IPV6_ADDRESSES = 0x100  # RTMGRP_IPV6_IFADDR, linux/rtnetlink.h
LARGEST = 1 << 16  # bytes of one reading; the kernel's are a page or two
ROOM = 1 << 20  # bytes of announcements that may wait
NEW, REMOVED = "RTM_NEWADDR", "RTM_DELADDR"
IDENTIFIER_BITS = 64

Key = tuple[str, IPv6Address]  # interface and address: the same link-local one may stand on two interfaces


class Change(StrEnum):
    BORN = "born"
    PREFERRED = "preferred"  # through duplicate address detection, or announced again
    DEPRECATED = "deprecated"
    REMOVED = "removed"
    RENUMBERED = "renumbered"  # the first global address of a new prefix on an interface that has another


@dataclass(frozen=True, slots=True)
class AddressEvent:
    """``at`` is the monotonic clock in seconds; ``address`` is as it was after the change, or last seen."""

    change: Change
    address: Address
    at: float


def changes(before: Mapping[Key, Address], after: Address | None, key: Key) -> tuple[Change, ...]:
    """What it means that the address at ``key`` is now ``after`` (None: gone). Pure."""
    was = before.get(key)
    if after is None:
        return () if was is None else (Change.REMOVED,)
    if was is None:
        return (Change.BORN, *((Change.RENUMBERED,) if _renumbers(before, after) else ()))
    if was.state is after.state:
        return ()
    named = {State.PREFERRED: Change.PREFERRED, State.DEPRECATED: Change.DEPRECATED}.get(after.state)
    return (named,) if named else ()


def _renumbers(before: Mapping[Key, Address], born: Address) -> bool:
    if born.scope is not Scope.GLOBAL:
        return False
    others = [one for one in before.values() if one.interface == born.interface and one.scope is Scope.GLOBAL]
    return bool(others) and all(_prefix(one) != _prefix(born) for one in others)


def _prefix(address: Address) -> IPv6Network:
    """DHCPv6 notes /128 where the link is a /64."""
    return IPv6Network((address.ip, min(address.prefix_length, IDENTIFIER_BITS)), strict=False)


class AddressWatch:
    """Follows the calling network namespace. Raises EnvironmentFault where netlink is not to be had."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marshal = MarshalRtnl()
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_ROUTE)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            self._socket.bind((0, IPV6_ADDRESSES))
            self._socket.settimeout(0)
        except (OSError, AttributeError) as error:
            raise EnvironmentFault(
                say("changes of addresses cannot be watched ({why})", why=error),
                say("run on Linux, outside of a sandbox that filters it"),
            ) from error
        self._links: Mapping[int, Link] = {}
        self._known: dict[Key, Address] = {}
        self._read_anew()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Readable when there is something to tell."""
        return self._socket.fileno()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """What the host held when the last event had happened, by interface and number."""
        return tuple(self._known[key] for key in sorted(self._known))

    def events(self) -> tuple[AddressEvent, ...]:
        """Everything since the last call, in order; returns at once."""
        told: list[AddressEvent] = []
        while (data := self._receive()) is not None:
            told += self._heard(data) if data else self._read_anew()
        return tuple(told)

    def _receive(self) -> bytes | None:
        """One reading; None when there is nothing more, b"" when the kernel had to drop something."""
        try:
            return self._socket.recv(LARGEST)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno == errno.ENOBUFS:
                return b""
            raise EnvironmentFault(
                say("changes of addresses cannot be watched ({why})", why=error), say("scan again")
            ) from error

    def _heard(self, data: bytes) -> list[AddressEvent]:
        told = []
        for message in self._marshal.parse(data):
            event = message["event"]
            if event in (NEW, REMOVED):
                raw = self._kernel_address(message)
                told += self._set(classify(raw), gone=event == REMOVED)
        return told

    def _kernel_address(self, message: Any) -> KernelAddress:
        if message["index"] not in self._links:
            self._links = netlink.read_links()
        return netlink.address_of(message, self._links, time.monotonic())

    def _read_anew(self) -> list[AddressEvent]:
        self._links = netlink.read_links()
        found = [classify(raw) for raw in netlink.read_addresses()]
        held = {_key(address) for address in found}
        gone = [address for key, address in self._known.items() if key not in held]
        told = [event for address in gone for event in self._set(address, gone=True)]
        return told + [event for address in found for event in self._set(address, gone=False)]

    def _set(self, address: Address, *, gone: bool) -> list[AddressEvent]:
        key = _key(address)
        found = changes(self._known, None if gone else address, key)
        if gone:
            self._known.pop(key, None)
        else:
            self._known[key] = address
        at = self._clock()
        return [AddressEvent(change, address, at) for change in found]


def _key(address: Address) -> Key:
    return address.interface, address.ip
