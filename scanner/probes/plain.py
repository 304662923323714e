"""The same measurement from a vantage without privilege: connect() and plain UDP instead of raw packets.

The witness still sees what arrives; what is missing is the hop-limited locator and the exact ICMPv6 code.
"""

import base64
import time
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any

from scanner.model.evidence import Kind
from scanner.plan import UDP
from scanner.probes.answers import ERRORS, Answer
from scanner.probes.controls import ControlFlow, control_payload
from scanner.probes.engine import Engine
from scanner.probes.ledger import Book
from scanner.probes.surroundings import Chunk

NOBODY = bytes(16)  # an ICMPv6 error whose sender connect() does not tell
CONNECT_SECONDS, SYNS = 3.0, 2  # the kernel repeats a SYN after 1 s
PORTS_AT_ONCE = 1500
UDP_WAIT = 2.0
# What connect() says -> what it amounts to, nmap's reason word, and whether the target itself said it.
CONNECT: dict[str, tuple[Kind, str, bool]] = {
    "open": (Kind.ACCEPT, "syn-ack", True),
    "refused": (Kind.REFUSE, "conn-refused", True),
    "prohibited": (Kind.PROHIBIT, "admin-prohibited", False),
    "unreachable": (Kind.UNREACHABLE, "unreachable", False),
}


class PlainEngine(Engine):
    """Engine whose probes are system calls at the vantage."""

    raw = False

    def _listen(self) -> None:
        self._command({"op": "hold", "port": self.around.outside.flow_port})

    def send_controls(self, number: int) -> None:
        flow = next((flow for flow in self.flows if isinstance(flow, ControlFlow)), None)
        if flow is None:
            return
        indexes = self.controls.take(number, flow)
        self._send_datagrams(flow, indexes)
        self.wait_until(lambda: self.controls.seen_of(indexes) == number, number / self.plan.start_rate + self._settle)

    def _send_datagrams(self, flow: ControlFlow, indexes: range) -> None:
        self._command(
            {
                "op": "datagram",
                "port": self.around.outside.flow_port,
                "to": [str(flow.seen), flow.seen_port],
                "d": [base64.b64encode(control_payload(flow, self.around.key, i)).decode() for i in indexes],
                "interval": 1 / self.plan.start_rate,
            }
        )

    def send_packets(self, packets: object, rate: float) -> None:
        """Nothing ready-made can be sent without privilege; the locator hears no answer and says so."""

    def _send_packets(self, packets: object, interval: float = 0.001) -> None:
        pass

    def _carries_token(self, probe: object, book: Book, attempt: int) -> bool:  # noqa: ARG002
        """The kernel over there chose what the probe carries."""
        return True

    def _chunk_size(self) -> int:
        return PORTS_AT_ONCE

    def _launch(self, chunk: Chunk) -> int:
        if isinstance(chunk.flow, ControlFlow) and len(chunk.controls):
            self._send_datagrams(chunk.flow, chunk.controls)
        if self._first_probe is None:
            self._first_probe = time.monotonic()
        book = chunk.book
        common: dict[str, Any] = {
            "source": str(self.around.outside.address),
            "port": self.source_port(chunk.book, chunk.attempt),
            "address": str(book.address),
            "ports": chunk.ports,
        }
        if book.protocol != UDP:
            return self._command(
                {
                    **common,
                    "op": "connect",
                    "timeout": CONNECT_SECONDS,
                    "parallel": PORTS_AT_ONCE,
                    "rate": chunk.rate / SYNS,
                },
                chunk,
            )
        queries = {port: self._payload(book, port, chunk.attempt) for port in chunk.ports}
        return self._command(
            {
                **common,
                "op": "udp",
                "key": self.around.key.hex(),
                "salt": self._salt(book, chunk.attempt).hex(),
                "payloads": {p: base64.b64encode(query).decode() for p, query in queries.items() if query is not None},
                "rate": self.plan.start_rate,
                "wait": UDP_WAIT,
            },
            chunk,
        )

    def _on_event(self, event: dict[str, Any]) -> None:
        handler: Callable[[dict[str, Any]], None] | None = {
            "connected": self._on_connected,
            "udp": self._on_udp,
            "done": self._on_done,
        }.get(event["e"])
        if handler is None:
            super()._on_event(event)
        else:
            handler(event)

    def _on_connected(self, event: dict[str, Any]) -> None:
        chunk = self.ends.get(event["id"])
        if chunk is None:
            return
        self.probes += 1
        if event["state"] == "failed":
            chunk.failed |= {event["port"]}
        elif "type" in event:
            self._note(chunk, chunk.book, event["port"], _error(event))
        elif event["state"] in CONNECT:
            kind, reason, own = CONNECT[event["state"]]
            said = (kind, reason, chunk.book.address.packed if own else NOBODY)
            self._note(chunk, chunk.book, event["port"], said)

    def _on_udp(self, event: dict[str, Any]) -> None:
        chunk = self.ends.get(event["id"])
        if chunk is None:
            return
        # What comes in on the port may be about an earlier chunk, of another address.
        about = event["address"] if event["kind"] == "answer" else event["target"]
        book = self.books.get((_packed(about), UDP))
        said = (Kind.ACCEPT, "udp-response", _packed(about)) if event["kind"] == "answer" else _error(event)
        if book is not None:
            self._note(chunk, book, event["port"], said)

    def _note(self, chunk: Chunk, book: Book, port: int, said: tuple[Kind, str, bytes]) -> None:
        kind, reason, responder = said
        source_port = self.source_port(book, chunk.attempt)
        if port in book.ports and kind is not Kind.EXPIRED:
            book.note_answer(
                Answer(book.address.packed, book.protocol, port, source_port, kind, reason, responder, -1, -1)
            )

    def _on_done(self, event: dict[str, Any]) -> None:
        chunk = self.ends.pop(event["id"], None)
        if chunk is not None:
            chunk.failed |= frozenset(event.get("failed", ()))
            chunk.done_at = time.monotonic()
            chunk.ended = time.time()


def _error(event: dict[str, Any]) -> tuple[Kind, str, bytes]:
    """What an ICMPv6 error amounts to, nmap's word for it, and who sent it."""
    code = (event["type"], event["code"])
    kind, reason = ERRORS.get(code, (Kind.OTHER, f"icmp-{code[0]}-{code[1]}"))
    return kind, reason, _packed(event["address"])


def _packed(text: str) -> bytes:
    return IPv6Address(text.partition("%")[0]).packed
