"""Whose packet it is: by its flow label, by its bytes, or not at all."""

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from scanner.batteries.simple_security.script import Shot, Side
from scanner.batteries.simple_security.seen import Book, Seen
from scanner.probes.cases import gateway
from scanner.probes.cases.gateway import Way

HOST, VANTAGE, ROUTER = (IPv6Address(f"2001:db8:{net}") for net in ("a::10", "f::2", "2c::2"))
OUT = Way(HOST, VANTAGE, 40_001, 50_001, 4711, 1000)
IN = Way(VANTAGE, HOST, 50_001, 40_001, 4712, 2000)


def noted(*shots: Shot) -> tuple[Book, Seen]:
    book, seen = Book(), Seen()
    for shot in shots:
        book.note(seen, shot)
    return book, seen


def relabelled(packet: bytes) -> bytes:
    return packet[:1] + b"\0\0\0" + packet[4:]


def test_both_sides_of_a_shot_of_the_host() -> None:
    packet = gateway.udp(OUT)
    book, seen = noted(Shot("out", Side.INSIDE, packet))
    book.inside(packet, outgoing=True)
    assert seen.left == {"out"}
    assert seen.arrived == {}
    book.outside(packet[:7] + b"\x3d" + packet[8:], 0.0)
    assert seen.arrived == {"out": 61}


def test_a_shot_of_the_vantage_arrives_inside_only() -> None:
    packet = gateway.udp(IN)
    book, seen = noted(Shot("in", Side.OUTSIDE, packet))
    book.inside(packet, outgoing=True)
    assert seen.arrived == {}
    book.inside(packet, outgoing=False)
    assert seen.arrived == {"in": 64}
    assert seen.left == set()


def test_a_lost_flow_label_hides_nothing() -> None:
    packet = gateway.sctp(IN, "init", 0)
    book, seen = noted(Shot("in", Side.OUTSIDE, packet))
    book.inside(relabelled(packet), outgoing=False)
    assert "in" in seen.arrived


def test_a_router_may_change_the_maximum_segment_size() -> None:
    packet = gateway.tcp(IN, "S")
    book, seen = noted(Shot("in", Side.OUTSIDE, packet))
    book.inside(relabelled(packet[:-2] + b"\x04\x00"), outgoing=False)
    assert "in" in seen.arrived


def test_an_answer_is_not_the_opening() -> None:
    """Same ports, same sequence number: the flags tell."""
    book, seen = noted(Shot("syn", Side.OUTSIDE, gateway.tcp(IN, "S")))
    book.inside(relabelled(gateway.tcp(IN, "SA", 5)), outgoing=False)
    assert seen.arrived == {}


def test_a_copy_that_comes_back_is_no_arrival() -> None:
    packet = gateway.udp(OUT)
    book, seen = noted(Shot("out", Side.INSIDE, packet))
    book.inside(packet, outgoing=False)
    assert seen.arrived == {}
    assert seen.left == set()


def test_an_error_tells_of_what_it_quotes() -> None:
    packet = gateway.tcp(IN, "S")
    shot = Shot("in", Side.OUTSIDE, packet)
    book, seen = noted(shot)
    seen.sent_at["in"] = 100.0
    book.outside(gateway.error(Way(ROUTER, VANTAGE, 0, 0, 9), 1, 1, packet), 106.5)
    error = seen.told["in"][0]
    assert (error.kind, error.code, IPv6Address(error.source), error.delay) == (1, 1, ROUTER, 6.5)
    assert seen.settled(shot)


def test_an_error_about_a_stranger_s_packet_is_nobody_s() -> None:
    book, seen = noted(Shot("in", Side.OUTSIDE, gateway.tcp(IN, "S")))
    other = gateway.tcp(Way(VANTAGE, HOST, 1, 2, 99, 3), "S")
    book.outside(gateway.error(Way(ROUTER, VANTAGE, 0, 0, 9), 1, 1, other), 1.0)
    assert seen.told == {}


def test_what_a_service_answers() -> None:
    ask = Way(VANTAGE, ROUTER, 50_002, 53, 4713, 2000)
    shot = Shot("dns", Side.OUTSIDE, gateway.tcp(ask, "S"))
    book, seen = noted(shot)
    answer = gateway.tcp(Way(ROUTER, VANTAGE, 53, 50_002, 8), "SA", 2001)
    book.outside(gateway.tcp(Way(ROUTER, VANTAGE, 54, 50_002, 8), "SA", 2001), 0.0)
    assert seen.replied == {}, "another port"
    book.outside(answer, 0.0)
    assert seen.replied == {"dns": 0x12}
    assert seen.settled(shot)


def test_a_translated_source_is_no_arrival() -> None:
    book, seen = noted(Shot("out", Side.INSIDE, gateway.udp(OUT)))
    book.outside(gateway.udp(Way(ROUTER, VANTAGE, 40_001, 50_001, OUT.label, 1000)), 0.0)
    assert seen.arrived == {}
    assert seen.translated


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read(data: bytes, outgoing: bool) -> None:  # noqa: FBT001
    book, seen = noted(Shot("in", Side.OUTSIDE, gateway.udp(IN)))
    book.inside(data, outgoing=outgoing)
    book.outside(data, 1.0)
    book.outside(gateway.error(OUT, 1, 4, data), 1.0)
    assert seen.arrived == {}


@given(st.integers(0, 90))
def test_a_capture_may_be_cut(length: int) -> None:
    packet = gateway.udp(IN)
    book, seen = noted(Shot("in", Side.OUTSIDE, packet))
    book.inside(packet[:length], outgoing=False)
    assert ("in" in seen.arrived) == (length >= 44), "the flow label is enough"
