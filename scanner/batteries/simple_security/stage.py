"""Both ends at once: sends what a side says, from a raw socket of the host or through the pipe to the vantage, and
notes what the witness and the vantage saw of it. The host's and the vantage's kernels are kept silent on our ports.
"""

from __future__ import annotations

import base64
import contextlib
import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any

from scanner.batteries.simple_security.script import Shot, Side
from scanner.batteries.simple_security.seen import Book, Seen
from scanner.measure import Vantage
from scanner.model.errors import IncompleteError
from scanner.probes.bpf import exchange_filter, witness_filter
from scanner.vantage.session import Session
from scanner.witness.hush import Hush
from scanner.witness.ring import Ring

CAPTURE = 256  # bytes
# What is spoken by hand beside TCP and UDP; the kernels would call some of these unknown
PROTOCOLS = (33, 50, 51, 132, 135, 136, 139, 140)


@dataclass(slots=True)
class Stage:
    """``ports`` are the vantage's two, silent ones."""

    session: Session
    witness: Ring
    raw: dict[IPv6Address, socket.socket]
    vantage: IPv6Address
    second: IPv6Address | None
    ports: tuple[int, int]
    book: Book = field(default_factory=Book)
    _sending: dict[int, tuple[Seen, Shot]] = field(default_factory=dict)
    _dropped: int = 0

    def send(self, host: IPv6Address, seen: Seen, shot: Shot) -> None:
        """One copy of a shot. What the host's kernel refuses does not leave, and the witness will not see it."""
        self.book.note(seen, shot)
        seen.sent[shot.name] = seen.sent.get(shot.name, 0) + 1
        if shot.side is Side.INSIDE:
            with contextlib.suppress(OSError):
                self.raw[host].sendto(shot.packet, (str(IPv6Address(shot.packet[24:40])), 0))
            return
        number = self.session.number()
        seen.unsent[shot.name] += 1
        self._sending[number] = (seen, shot)
        source = str(IPv6Address(shot.packet[8:24]))
        packets = [base64.b64encode(shot.packet).decode()]
        self.session.submit({"op": "send", "id": number, "source": source, "packets": packets})

    def take_in(self, timeout: float) -> None:
        """What both sides report within ``timeout`` seconds. Raises IncompleteError when the far end is gone."""
        select.select([self.session.fileno(), self.witness.fileno()], [], [], timeout)
        for frame in self.witness.receive():
            self.book.inside(frame.packet, outgoing=frame.outgoing)
        for event in self.session.receive():
            self._take(event)

    def dropped(self) -> int:
        """Packets that either capture has lost."""
        return self._dropped + self.witness.dropped()

    def _take(self, event: dict[str, Any]) -> None:
        if event["e"] == "heard":
            for at, text in event["p"]:
                self.book.outside(base64.b64decode(text), at)
        elif event["e"] == "sent":
            self._dropped = max(self._dropped, event.get("dropped", 0))
            if event["id"] in self._sending:
                self._confirm(*self._sending.pop(event["id"]), event)

    def _confirm(self, seen: Seen, shot: Shot, event: dict[str, Any]) -> None:
        """The vantage has sent a copy, or its kernel would not."""
        seen.unsent[shot.name] -= 1
        if not event["errors"]:
            seen.sent_at.setdefault(shot.name, event["t0"])


def second_address(vantage: Vantage) -> IPv6Address | None:
    """Another address of the vantage on the same network: what answers from there takes the same way."""
    network = int(vantage.address) >> 64
    others = (a for a in vantage.session.hello.addresses if a != vantage.address and int(a) >> 64 == network)
    return next(others, None)


@contextmanager
def open_stage(
    vantage: Vantage, hosts: Sequence[IPv6Address], unknown: Sequence[int]
) -> Iterator[tuple[Stage, dict[IPv6Address, Hush]]]:
    """The stage and the host's silent ports, by address: those that it still has. ``unknown`` are further protocols
    that are spoken.

    Raises IncompleteError where the far end cannot, OSError where this host may not.
    """
    session, second = vantage.session, second_address(vantage)
    with contextlib.suppress(IncompleteError):
        session.receive()  # what an earlier measurement did not wait for
    ports = session.request({"op": "reserve", "address": str(vantage.address), "count": 2})["ports"]
    for port in ports:
        session.request({"op": "mute", "port": port})
    session.request({"op": "absorb", "protocols": [*PROTOCOLS, *unknown]})
    sources = (vantage.address, *([second] if second else ()))
    session.request(
        {"op": "listen", "filter": exchange_filter(sources, (ports[0], ports[0]), ports[1:]), "caplen": CAPTURE}
    )
    with ExitStack() as stack:
        witness = Ring(witness_filter(sources))
        stack.callback(witness.close)
        raw, hushes = {}, {}
        for host in hosts:
            with contextlib.suppress(OSError):  # gone meanwhile: the others go on
                raw[host] = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW))
                raw[host].bind((str(host), 0))
                hushes[host] = hush(host, (*PROTOCOLS, *unknown), stack)
        yield Stage(session, witness, raw, vantage.address, second, (ports[0], ports[1])), hushes


def hush(host: IPv6Address, protocols: Sequence[int], stack: ExitStack) -> Hush:
    """Silence for an address, until the stack unwinds."""
    one = Hush(host)
    stack.callback(one.close)
    for protocol in protocols:
        one.protocol(protocol)
    return one
