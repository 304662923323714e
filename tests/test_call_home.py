"""The call home: which source address the kernel chose, and which one showed outside."""

import base64
import socket
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from scanner.call_home import GREETING, call_home, caller_in
from scanner.part import call_record

SHOWN, VANTAGE, LOOPBACK = IPv6Address("2001:db8:9::10"), IPv6Address("2001:db8:f::10"), IPv6Address("::1")
PORT, TOKEN = 40_001, bytes(range(16))


def packet(payload: bytes = GREETING + TOKEN, port: int = PORT) -> bytes:
    return bytes(IPv6(src=str(SHOWN), dst=str(VANTAGE)) / UDP(sport=50_000, dport=port) / Raw(payload))


def heard(*packets: bytes) -> dict[str, Any]:
    return {"e": "heard", "p": [[0.0, base64.b64encode(one).decode()] for one in packets]}


def datagram(payload: bytes, sender: str = str(SHOWN)) -> dict[str, Any]:
    return {"e": "datagram", "d": base64.b64encode(payload).decode(), "from": [sender, 50_000]}


def test_a_captured_call_shows_its_sender() -> None:
    assert caller_in(heard(packet(b"x"), packet()), PORT, TOKEN) == SHOWN


def test_so_does_one_that_an_unprivileged_vantage_reads() -> None:
    assert caller_in(datagram(GREETING + TOKEN), PORT, TOKEN) == SHOWN


@pytest.mark.parametrize(
    "event",
    [
        {"e": "pong"},
        heard(),
        heard(packet(port=PORT + 1)),
        heard(packet(GREETING + bytes(16))),
        heard(packet()[:40]),
        heard(bytes(IPv6(src=str(SHOWN), dst=str(VANTAGE)) / TCP(dport=PORT) / Raw(GREETING + TOKEN))),
        datagram(GREETING),
    ],
)
def test_anything_else_is_nobodys_call(event: dict[str, Any]) -> None:
    assert caller_in(event, PORT, TOKEN) is None


@given(st.binary(max_size=120))
def test_any_bytes_are_no_call(data: bytes) -> None:
    assert caller_in(heard(data), PORT, TOKEN) is None
    assert caller_in(datagram(data), PORT, TOKEN) is None


class Far:
    """A vantage on the loopback that tells what its UDP socket reads; ``deaf``: it hears nothing."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.bind(("::1", 0))
        self.socket.settimeout(0)
        self.deaf = deaf
        self.senders: list[int] = []
        self.kept: list[dict[str, Any]] = []

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def fileno(self) -> int:
        return self.socket.fileno()

    def receive(self) -> list[dict[str, Any]]:
        try:
            data, sender = self.socket.recvfrom(256)
        except BlockingIOError:
            return []
        self.senders.append(sender[1])
        return [] if self.deaf else [{"e": "other"}, datagram(data, sender[0])]

    def put_back(self, events: list[dict[str, Any]]) -> None:
        self.kept += events


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::", 0))
        return int(one.getsockname()[1])


def test_it_leaves_from_the_port_of_the_flow_of_the_address_that_the_kernel_chose() -> None:
    """So that on a router with endpoint-independent filtering it opens nothing that the flow does not."""
    far, port = Far(), free_udp_port()
    call = call_home(far, LOOPBACK, far.port, {LOOPBACK: port})  # type: ignore[arg-type]
    assert (call.kernel, call.seen, call.why) == (LOOPBACK, LOOPBACK, "")
    assert far.senders == [port]
    assert [event["e"] for event in far.kept] == ["other", "datagram"], "nothing is kept from whom it concerns"
    record = call_record(call)
    assert record is not None
    assert (record.kernel, record.seen, record.proven) == ("::1", "::1", True)


def test_what_is_not_seen_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.call_home.WAIT", 0.01)
    far = Far(deaf=True)
    record = call_record(call_home(far, LOOPBACK, far.port, {}))  # type: ignore[arg-type]
    assert record is not None
    assert (record.kernel, record.seen, record.proven) == ("::1", None, False)
    assert record.why == "nothing sent from there was seen at the vantage"


def test_a_port_that_was_taken_meanwhile_proves_nothing() -> None:
    far = Far()
    call = call_home(far, LOOPBACK, far.port, {LOOPBACK: far.port})  # type: ignore[arg-type]
    assert (call.kernel, call.seen) == (None, None)
    assert call.why == "nothing could be sent there (Address already in use)"


def test_nobody_called() -> None:
    assert call_record(None) is None
