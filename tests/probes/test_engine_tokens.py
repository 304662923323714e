"""Only what knows a probe's token is its answer, and only what carries it is its arrival."""

from ipaddress import IPv6Address
from typing import Any

import pytest

from scanner.lab.segments import ACK, RST, SYN, Syn, answer_for
from scanner.model.evidence import Kind
from scanner.model.ports import PortSet
from scanner.plan import TCP, UDP, Plan, TargetPlan
from scanner.probes.answers import Answer, read_answer
from scanner.probes.craft import Flow, stamp, syn_template, udp_packet, udp_template
from scanner.probes.engine import Engine
from scanner.probes.payloads import payload
from scanner.probes.pipe import Frame
from scanner.probes.surroundings import Outside, Surroundings
from scanner.probes.tokens import salt_of, token_of

HERE, VANTAGE = IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:f::2")
KEY = bytes(16)
PORTS = tuple(range(40_000, 40_040))
ROUTER = bytes.fromhex("525400640001")
PLAN = Plan(
    targets=(
        TargetPlan(HERE, TCP, PortSet.parse("22,23"), PortSet()),
        TargetPlan(HERE, UDP, PortSet.parse("53,9999"), PortSet()),
    ),
    rate=1000,
    start_rate=1000,
    linger_until=6.5,
    nmap=False,
    locate_all=False,
    lan=False,
    classes=(),
)


class Nothing:
    """A pipe and a witness that are never asked."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


@pytest.fixture
def engine() -> Engine:
    around = Surroundings(
        pipe=Nothing(),  # type: ignore[arg-type]
        witness=Nothing(),  # type: ignore[arg-type]
        outside=Outside(VANTAGE, PORTS, 41_000, 0.01),
        key=KEY,
        open_flows=lambda: ((), ()),
        flow_ports={},
        present=lambda: frozenset({HERE}),
        payload=payload,
        listening={},
        progress=lambda _step: None,
    )
    return Engine(PLAN, around)


def hear(engine: Engine, packet: bytes) -> None:
    answer = read_answer(packet)
    assert answer is not None
    engine._on_answer(answer, 0.0)


def token(protocol: int, port: int) -> bytes:
    return token_of(KEY, salt_of(HERE, protocol, PORTS[0]), port)


def syn(port: int, sequence: int) -> Syn:
    return Syn(VANTAGE.packed, HERE.packed, PORTS[0], port, sequence)


@pytest.mark.parametrize(("flags", "kind"), [(SYN | ACK, Kind.ACCEPT), (RST | ACK, Kind.REFUSE)])
def test_an_answer_that_knows_the_token(engine: Engine, flags: int, kind: Kind) -> None:
    hear(engine, answer_for(syn(22, int.from_bytes(token(TCP, 22)[:4], "big")), flags))
    assert engine.books[HERE.packed, TCP].answers[22][0] is kind
    assert not engine.unexplained


@pytest.mark.parametrize("flags", [SYN | ACK, RST | ACK, RST])
@pytest.mark.parametrize("sequence", [0, 1, int.from_bytes(token(TCP, 23)[:4], "big"), 0xFFFFFFFF])
def test_a_replayed_answer_is_none(engine: Engine, flags: int, sequence: int) -> None:
    hear(engine, answer_for(syn(22, sequence), flags))
    assert 22 not in engine.books[HERE.packed, TCP].answers
    assert len(engine.unexplained) == 1


@pytest.mark.parametrize(("quoted", "counts"), [(token(UDP, 9999)[:4], True), (b"\0\0\0\1", False)])
def test_a_quote_must_be_of_what_was_sent(engine: Engine, quoted: bytes, counts: bool) -> None:  # noqa: FBT001
    number = int.from_bytes(quoted, "big")
    engine._on_answer(
        Answer(HERE.packed, UDP, 9999, PORTS[0], Kind.REFUSE, "port-unreach", HERE.packed, 61, number), 0.0
    )
    assert (9999 in engine.books[HERE.packed, UDP].answers) is counts


def test_a_quoted_query_is_known_by_its_first_word(engine: Engine) -> None:
    query = payload(53, token(UDP, 53))
    assert query is not None
    number = int.from_bytes(query[:4], "big")
    engine._on_answer(Answer(HERE.packed, UDP, 53, PORTS[0], Kind.REFUSE, "port-unreach", HERE.packed, 61, number), 0.0)
    assert 53 in engine.books[HERE.packed, UDP].answers


def test_a_udp_answer_proves_nothing_and_is_believed(engine: Engine) -> None:
    engine._on_answer(Answer(HERE.packed, UDP, 53, PORTS[0], Kind.ACCEPT, "udp-response", HERE.packed, 61, -1), 0.0)
    assert 53 in engine.books[HERE.packed, UDP].answers


def arrive(engine: Engine, packet: bytes) -> None:
    engine._on_frame(Frame(0.0, outgoing=False, interface=2, mac=ROUTER, packet=packet))


FLOW = Flow(VANTAGE, HERE, PORTS[0])
SYN_OF_OURS = stamp(syn_template(FLOW), 22, token(TCP, 22))
UDP_OF_OURS = stamp(udp_template(FLOW), 9999, token(UDP, 9999))
QUERY_OF_OURS = udp_packet(FLOW, 53, payload(53, token(UDP, 53)) or b"")


def without_label(packet: bytes) -> bytes:
    return b"\x60\0\0\0" + packet[4:]


def with_sequence(packet: bytes, sequence: int) -> bytes:
    return packet[:44] + sequence.to_bytes(4, "big") + packet[48:]


@pytest.mark.parametrize(
    ("packet", "ours"),
    [
        (SYN_OF_OURS, True),
        (without_label(SYN_OF_OURS), True),  # a provider cleared the flow label
        (with_sequence(SYN_OF_OURS, 7), True),  # a firewall rewrote the sequence number
        (with_sequence(without_label(SYN_OF_OURS), 7), False),  # another machine's own SYN
        (UDP_OF_OURS, True),
        (UDP_OF_OURS[:50] + b"zzzz" + UDP_OF_OURS[54:], False),
        (QUERY_OF_OURS, True),
        (QUERY_OF_OURS[:60], True),  # cut by the capture
    ],
)
def test_what_arrives_counts_but_proves_only_with_its_token(engine: Engine, packet: bytes, ours: bool) -> None:  # noqa: FBT001
    arrive(engine, packet)
    assert any(book.arrived for book in engine.books.values()), "a rewritten probe is no blocked one"
    assert bool(engine.neighbours) is ours
    assert bool(engine.altered) is not ours
