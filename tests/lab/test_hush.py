"""Silent ports and protocols: the kernel says nothing of its own there, inside (hush) and at the vantage (stub)."""

import socket
from collections.abc import Iterator
from ipaddress import IPv6Address

import pytest
from vantage.local import collect

from scanner.lab.flows import socket_in
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES
from scanner.probes.cases import gateway
from scanner.probes.cases.gateway import Way
from scanner.vantage.session import Session, open_session
from scanner.vantage.spec import NetnsSpec
from scanner.witness.hush import WELL_KNOWN, Hush

from .prober import capture_on

LO = IPv6Address("::1")
UNKNOWN = 253


def test_a_hushed_port_takes_no_connection_and_refuses_none() -> None:
    hush = Hush(LO)
    try:
        port = hush.port()
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
            client.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.connect((str(LO), port))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.settimeout(0.1)
            client.connect((str(LO), port))
            client.send(b"?")
            with pytest.raises(TimeoutError):  # and not ConnectionRefusedError
                client.recv(1)
    finally:
        hush.close()


def test_ports_are_given_back() -> None:
    hush = Hush(LO)
    port = hush.port()
    hush.close()
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as again:
        again.bind((str(LO), port))


def test_ports_differ_and_a_low_one_is_low() -> None:
    hush = Hush(LO)
    try:
        assert len({hush.port() for _ in range(20)}) == 20
        low, lower = hush.well_known_port(), hush.well_known_port()
        assert low is not None
        assert lower is not None
        assert lower < low <= WELL_KNOWN
    finally:
        hush.close()


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        Hush(IPv6Address("2001:db8:dead::1")).port()


@pytest.fixture
def session(lab: Lab) -> Iterator[Session]:
    lab.apply(PASSES)
    one = open_session(NetnsSpec(lab.node("inet")))
    yield one
    one.close()


def answers_of_the_vantage(lab: Lab, packet: bytes) -> list[bytes]:
    """What the host hears of the vantage after one packet of its own."""
    with (
        capture_on(lab, "host", "lan0") as capture,
        socket_in(lab.node("host"), socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw,
    ):
        raw.sendto(packet, (str(lab.vantage_address), 0))
        capture.settimeout(0.5)
        heard = []
        try:
            while True:
                heard.append(capture.recv(2048))
        except (TimeoutError, BlockingIOError):
            return [one for one in heard if one[8:24] == lab.vantage_address.packed]


def test_the_vantage_calls_an_absorbed_protocol_unknown_to_nobody(lab: Lab, session: Session) -> None:
    way = Way(lab.host_addresses()[0].ip, lab.vantage_address, 0, 0, 5, 6)
    packet = gateway.opaque(way, UNKNOWN)
    assert [one[40] for one in answers_of_the_vantage(lab, packet)] == [4], "a parameter problem"
    assert session.request({"op": "absorb", "protocols": [UNKNOWN]})["e"] == "absorbed"
    assert session.request({"op": "absorb", "protocols": [UNKNOWN]})["e"] == "absorbed", "again is no error"
    assert answers_of_the_vantage(lab, packet) == []


def test_the_vantage_says_nothing_on_a_muted_port(lab: Lab, session: Session) -> None:
    port = session.request({"op": "reserve", "address": str(lab.vantage_address), "count": 1})["ports"][0]
    syn = gateway.tcp(Way(lab.host_addresses()[0].ip, lab.vantage_address, 40_000, port, 5, 6), "S")
    assert [one[53] & 4 for one in answers_of_the_vantage(lab, syn)] == [4], "a reset"
    session.submit({"op": "mute", "port": port, "id": 3})
    collect(session, "muted")
    assert answers_of_the_vantage(lab, syn) == []
