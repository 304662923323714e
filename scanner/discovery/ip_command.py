"""Addresses from ``ip -j`` (iproute2): second choice, for machines where netlink does not answer us.

iproute2 before 6.3 does not print IFA_PROTO; then the kernel's tunnel link-local addresses count as typed by hand.
"""

import json
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any

from scanner.discovery.classify import AddressFlag, AddressProtocol, KernelAddress, Link, hardware_addresses
from scanner.discovery.run_command import run_command
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

REMEDY = say("install iproute2 4.16 or newer")
# iproute2's words (ip/ipaddress.c). It prints "dynamic" where PERMANENT is missing.
FLAGS = {
    "temporary": AddressFlag.TEMPORARY,
    "nodad": AddressFlag.NODAD,
    "optimistic": AddressFlag.OPTIMISTIC,
    "dadfailed": AddressFlag.DADFAILED,
    "home": AddressFlag.HOMEADDRESS,
    "deprecated": AddressFlag.DEPRECATED,
    "tentative": AddressFlag.TENTATIVE,
    "mngtmpaddr": AddressFlag.MANAGETEMPADDR,
    "noprefixroute": AddressFlag.NOPREFIXROUTE,
    "autojoin": AddressFlag.MCAUTOJOIN,
    "stable-privacy": AddressFlag.STABLE_PRIVACY,
}
PROTOCOLS = {
    "kernel_lo": AddressProtocol.KERNEL_LOOPBACK,
    "kernel_ra": AddressProtocol.KERNEL_ROUTER_ADVERTISEMENT,
    "kernel_ll": AddressProtocol.KERNEL_LINK_LOCAL,
}


def read_addresses() -> tuple[KernelAddress, ...]:
    """Every IPv6 address of the calling network namespace. Raises EnvironmentFault when ``ip`` fails."""
    return parse_addresses(
        *(run_command(("ip", "-j", *words), REMEDY) for words in (("-6", "addr"), ("link",), ("token",)))
    )


def parse_addresses(addresses: str, links: str, tokens: str) -> tuple[KernelAddress, ...]:
    """The three outputs joined. Raises EnvironmentFault when one of them is not what iproute2 writes."""
    try:
        by_token = {row["ifname"]: IPv6Address(row["token"]) for row in _rows(tokens)}
        by_name = {row["ifname"]: _link(row, by_token.get(row["ifname"])) for row in _rows(links)}
        return tuple(
            _address(entry, by_name.get(row["ifname"], Link(row["ifindex"], row["ifname"])))
            for row in _rows(addresses)
            for entry in row.get("addr_info", ())
            if entry and entry.get("family", "inet6") == "inet6"
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EnvironmentFault(
            say("`ip -j` writes something else than iproute2 does ({why!r})", why=error), REMEDY
        ) from error


def _rows(text: str) -> list[Mapping[str, Any]]:
    """The objects of the outer list; some releases of iproute2 leave empty ones for what the filter took out."""
    return [row for row in json.loads(text or "[]") if row]


def _link(row: Mapping[str, Any], token: IPv6Address | None) -> Link:
    hardware = hardware_addresses(row.get("address"), row.get("permaddr"))
    return Link(row["ifindex"], row["ifname"], hardware, None if token == IPv6Address(0) else token)


def _address(entry: Mapping[str, Any], link: Link) -> KernelAddress:
    flags = AddressFlag(0) if entry.get("dynamic") else AddressFlag.PERMANENT
    for word, flag in FLAGS.items():
        if entry.get(word):
            flags |= flag
    return KernelAddress(
        ip=IPv6Address(entry["local"]),
        prefix_length=int(entry["prefixlen"]),
        link=link,
        flags=flags,
        protocol=PROTOCOLS.get(entry.get("protocol", ""), AddressProtocol.UNSPECIFIED),
        preferred=int(entry["preferred_life_time"]),
        valid=int(entry["valid_life_time"]),
    )
