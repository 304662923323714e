"""The host's addresses as its kernel has them: ``ip -j -6 addr`` read into the model's values."""

import json
from ipaddress import IPv6Address
from typing import Any

from scanner.model.address import Address, Kind, Origin, State

FOREVER = 4_294_967_295  # INFINITY_LIFE_TIME, RFC 4861 section 4.6.2


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The global addresses in the output of ``ip -j -6 addr show dev X`` (which holds empty objects too)."""
    return tuple(
        _address(link, one)
        for link in json.loads(text or "[]")
        for one in link.get("addr_info", ())
        if one["scope"] == "global"
    )


def _address(link: dict[str, Any], one: dict[str, Any]) -> Address:
    ip = IPv6Address(one["local"])
    temporary = bool(one.get("temporary"))
    return Address(
        ip=ip,
        prefix_length=one["prefixlen"],
        interface=link["ifname"],
        kind=Kind.TEMPORARY if temporary else Kind.STABLE,
        state=_state(one),
        origin=Origin.TEMPORARY if temporary else _origin(ip, one),
        preferred_lifetime=_seconds(one["preferred_life_time"]),
        valid_lifetime=_seconds(one["valid_life_time"]),
    )


def _state(one: dict[str, Any]) -> State:
    for word, state in (
        ("dadfailed", State.DADFAILED),
        ("tentative", State.TENTATIVE),
        ("deprecated", State.DEPRECATED),
    ):
        if one.get(word):
            return state
    return State.PREFERRED


def _origin(ip: IPv6Address, one: dict[str, Any]) -> Origin:
    if not one.get("dynamic"):
        return Origin.MANUAL
    if one.get("stable-privacy"):
        return Origin.STABLE_PRIVACY
    return Origin.EUI64 if ip.packed[11:13] == b"\xff\xfe" else Origin.UNKNOWN  # RFC 4291 appendix A


def _seconds(lifetime: int) -> int | None:
    return None if lifetime == FOREVER else lifetime
