"""Controls: each is known again by its number and token, none is mistaken, and those of a lost flow count no more."""

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6

from scanner.probes.controls import ControlBook, ControlFlow, control_index, control_payload, flow_for

KEY = b"sixteen bytes!!!"
VANTAGE, STABLE, TEMPORARY = (IPv6Address(f"2001:db8::{n}") for n in (2, 0x10, 0x20))
OUTSIDE = IPv6Address("2001:db8:9::10")
INDEXES = st.integers(0, 2**32 - 1)


def flow(inside: IPv6Address = STABLE, seen: IPv6Address | None = None) -> ControlFlow:
    return ControlFlow(VANTAGE, 40_000, inside, 50_000, seen or inside, 50_001)


@given(INDEXES)
def test_a_control_is_known_again(index: int) -> None:
    assert control_index(flow(), KEY, control_payload(flow(), KEY, index)) == index
    assert control_index(flow(), KEY, control_payload(flow(), KEY, index) + b"padding") == index


@given(INDEXES, st.integers(0, 11), st.integers(1, 255))
def test_a_bent_one_is_not(index: int, at: int, difference: int) -> None:
    payload = bytearray(control_payload(flow(), KEY, index))
    payload[at] ^= difference
    assert control_index(flow(), KEY, bytes(payload)) is None


@given(INDEXES, st.integers(0, 11))
def test_a_cut_one_is_not(index: int, length: int) -> None:
    assert control_index(flow(), KEY, control_payload(flow(), KEY, index)[:length]) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_none_of_ours(payload: bytes) -> None:
    assert control_index(flow(), KEY, payload) is None


def test_another_run_or_another_flow_is_another_token() -> None:
    payload = control_payload(flow(), KEY, 7)
    assert control_index(flow(), b"another key", payload) is None
    assert control_index(flow(TEMPORARY), KEY, payload) is None


@given(st.integers(0, 2**31), st.integers(1, 255))
def test_the_packet_goes_where_the_flow_shows_outside(index: int, hop_limit: int) -> None:
    packet = IPv6(flow(STABLE, OUTSIDE).packet(KEY, index, hop_limit))
    assert (packet.src, packet.dst, packet.hlim) == (str(VANTAGE), str(OUTSIDE), hop_limit)
    assert (packet[UDP].sport, packet[UDP].dport) == (40_000, 50_001)
    assert control_index(flow(STABLE), KEY, bytes(packet[UDP].payload)) == index
    claimed = packet[UDP].chksum
    del packet[UDP].chksum
    assert IPv6(bytes(packet))[UDP].chksum == claimed


def test_another_addresss_flow_measures() -> None:
    """RFC 6092 REC-11: what the inside has opened may be open to all, so it must not be what is judged."""
    flows = (flow(STABLE), flow(TEMPORARY))
    assert flow_for(flows, STABLE) == flows[1]
    assert flow_for(flows, TEMPORARY) == flows[0]
    assert flow_for(flows, OUTSIDE) == flows[0]
    assert flow_for(flows[:1], STABLE) == flows[0], "a single address has no other"
    assert flow_for((), STABLE) is None


def test_the_book_counts_what_was_seen_of_what_was_sent() -> None:
    book = ControlBook()
    first, second = book.take(3, flow()), book.take(2, flow())
    assert (list(first), list(second)) == ([0, 1, 2], [3, 4])
    for index in (0, 2, 2, 4):
        book.note(index)
    assert (book.sent, book.seen) == (5, 3)
    assert (book.seen_of(first), book.seen_of(second)) == (2, 1)


def test_hop_limited_controls_are_none() -> None:
    book = ControlBook()
    book.take(1, flow())
    book.note(1)
    book.note(0x4000_0000)
    assert (book.sent, book.seen) == (1, 0)


def test_a_flow_whose_address_is_gone_says_nothing_about_loss() -> None:
    book = ControlBook()
    kept, gone = book.take(10, flow(STABLE)), book.take(10, flow(TEMPORARY))
    for index in (*kept, *gone[:4]):
        book.note(index)
    book.forget(TEMPORARY)
    assert (book.sent, book.seen) == (10, 10)
    book.note(gone[5])
    assert (book.sent, book.seen) == (10, 10), "a late one of it neither"
    assert list(book.take(2, flow(STABLE))) == [20, 21], "numbers are never used twice"
    assert (book.sent, book.seen) == (12, 10)


@given(st.lists(st.tuples(st.sampled_from((STABLE, TEMPORARY)), st.integers(0, 9)), max_size=20), st.randoms())
def test_seen_is_never_more_than_sent(takes: list[tuple[IPv6Address, int]], random: object) -> None:
    book = ControlBook()
    for inside, number in takes:
        for index in book.take(number, flow(inside)):
            if random.random() < 0.7:  # type: ignore[attr-defined]
                book.note(index)
        assert 0 <= book.seen <= book.sent
    book.forget(STABLE)
    assert 0 <= book.seen <= book.sent
    book.forget(TEMPORARY)
    assert (book.sent, book.seen) == (0, 0)
