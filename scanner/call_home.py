"""Which address of this host a remote server learns: a datagram from where the kernel chooses, seen at the vantage."""

import base64
import secrets
import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any

from scanner.flows import PAYLOAD_AT, TRIES, UDP, WAIT
from scanner.model.evidence import CalledHome
from scanner.outgoing import source_for
from scanner.vantage.session import Session

GREETING = b"v6expose calls home "  # followed by the token
TOKEN = 16  # bytes, so that nobody else's packet is taken for ours


def call_home(
    session: Session, vantage: IPv6Address, vantage_port: int, inside_ports: Mapping[IPv6Address, int]
) -> CalledHome:
    """Send from an unbound socket, so that the kernel chooses the source (RFC 6724), until it is seen outside.

    Where the chosen address is scanned, the datagram leaves from the port of that address's control flow, to where that
    flow goes: on a router with endpoint-independent filtering it opens nothing that the flow does not (trap D3).
    """
    token = secrets.token_bytes(TOKEN)
    chosen = source_for(vantage, port=vantage_port)
    if chosen is None:
        return CalledHome(vantage, None, None, "this host has no way there")
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as calling:
            calling.settimeout(0)
            calling.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            calling.bind(("::", inside_ports.get(chosen, 0)))
            calling.connect((str(vantage), vantage_port))
            kernel = IPv6Address(calling.getsockname()[0].partition("%")[0])
            seen = _until_seen(session, calling, vantage_port, token)
    except OSError as error:
        return CalledHome(
            vantage, None, None, f"nothing could be sent there ({error.strerror or type(error).__name__})"
        )
    why = "" if seen else "nothing sent from there was seen at the vantage"
    return CalledHome(vantage, kernel, seen, why)


def _until_seen(session: Session, calling: socket.socket, vantage_port: int, token: bytes) -> IPv6Address | None:
    events: list[dict[str, Any]] = []
    seen: IPv6Address | None = None
    for _ in range(TRIES):
        with suppress(OSError):  # an ICMPv6 error about the one before
            calling.send(GREETING + token)
        end = time.monotonic() + WAIT
        while seen is None and time.monotonic() < end:
            select.select([session.fileno()], [], [], 0.02)
            for event in session.receive():
                events.append(event)
                seen = seen or caller_in(event, vantage_port, token)
        if seen is not None:
            break
    session.put_back(events)
    return seen


def caller_in(event: dict[str, Any], vantage_port: int, token: bytes) -> IPv6Address | None:
    """The address that shows as the sender of our datagram, if the event of the vantage tells of it."""
    if event["e"] == "datagram":
        ours = base64.b64decode(event["d"]) == GREETING + token
        return IPv6Address(event["from"][0].partition("%")[0]) if ours else None
    packets = (base64.b64decode(text) for _, text in event["p"]) if event["e"] == "heard" else ()
    return next((IPv6Address(packet[8:24]) for packet in packets if _is_ours(packet, vantage_port, token)), None)


def _is_ours(packet: bytes, vantage_port: int, token: bytes) -> bool:
    return (
        len(packet) >= PAYLOAD_AT
        and packet[6] == UDP
        and int.from_bytes(packet[42:44], "big") == vantage_port
        and packet[PAYLOAD_AT:] == GREETING + token
    )
