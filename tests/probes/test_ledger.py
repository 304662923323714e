"""Port by port: every port in exactly one group, trials without bias, the target's own word before anybody's."""

import random
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.evidence import Kind, Place, Where
from scanner.model.ports import PortSet
from scanner.probes.answers import Answer
from scanner.probes.ledger import Book

HOST, ROUTER = IPv6Address("2001:db8::10"), IPv6Address("2001:db8::1")
MAC = bytes.fromhex("020000000001")
TCP, UDP = 6, 17
PORTS = range(1, 41)


def book(protocol: int = TCP, ports: range = PORTS) -> Book:
    return Book(HOST, protocol, PortSet.of(ports))


def answer(port: int, kind: Kind = Kind.REFUSE, sender: IPv6Address = HOST, reason: str = "reset") -> Answer:
    return Answer(HOST.packed, TCP, port, 40_000, kind, reason, sender.packed, 61, 0)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("arrival", "answer", "left", "counted", "place")),
        st.sampled_from(PORTS),
        st.integers(0, 7),
        st.sampled_from((Kind.ACCEPT, Kind.REFUSE, Kind.PROHIBIT)),
        st.sampled_from((HOST, ROUTER)),
    ),
    max_size=80,
)


def perform(one: Book, act: tuple[str, int, int, Kind, IPv6Address]) -> None:
    what, port, attempt, kind, sender = act
    match what:
        case "arrival":
            one.note_arrival(port, attempt, MAC, 61, 2)
        case "answer":
            one.note_answer(answer(port, kind, sender))
        case "left":
            one.note_left(port, attempt, "reset")
        case "counted":
            one.count_attempt(port, attempt)
        case "place":
            one.places[port] = Place(Where.ROUTER, 3, 3, "so")


@given(acts=ACTS, listening=st.sets(st.sampled_from(PORTS)), watched=st.booleans(), limited=st.booleans())
def test_every_port_stands_in_exactly_one_group(
    *, acts: list[tuple[str, int, int, Kind, IPv6Address]], listening: set[int], watched: bool, limited: bool
) -> None:
    one = book()
    for act in acts:
        perform(one, act)
    doubts = {port: "odd" if port % 2 else "" for port in PORTS}
    frozen = one.freeze(doubts.__getitem__, frozenset(listening), watched=watched, errors_limited=limited)
    assert sorted(port for _, group in frozen.groups for port in group) == list(PORTS)
    assert len({facts for facts, _ in frozen.groups}) == len(frozen.groups), "what is alike stands together"
    for facts, group in frozen.groups:
        for port in group:
            assert facts.doubt == doubts[port]
            assert facts.listener == (port in listening)
            assert (facts.arrival is not None) == (port in one.arrived)
            assert (facts.observation is not None) == (port in one.answers)
            assert facts.attempts == one.counted[port]
            assert facts.left == one.left.get(port, "")
            assert facts.place == one.places.get(port)
            assert facts.watched == watched


def test_what_is_frozen() -> None:
    one = book(UDP, range(53, 54))
    one.note_arrival(53, 0, MAC, 61, 2)
    one.note_answer(answer(53, Kind.ACCEPT, HOST, "udp-response"))
    frozen = one.freeze(lambda _: "", frozenset(), watched=True, errors_limited=False)
    (facts, group) = frozen.groups[0]
    assert (str(group), frozen.protocol, frozen.address) == ("53", "udp", HOST)
    assert facts.arrival is not None
    assert (facts.arrival.neighbour, facts.arrival.hop_limit, facts.arrival.interface) == ("02:00:00:00:00:01", 61, 2)
    assert facts.observation is not None
    assert (facts.observation.responder, facts.observation.hop_limit) == (HOST, 61)


@pytest.mark.parametrize("mac", [b"", bytes(6)])
def test_no_neighbour_without_a_link_layer(mac: bytes) -> None:
    one = book()
    one.note_arrival(1, 0, mac, 61, 2)
    facts = next(
        f for f, g in one.freeze(lambda _: "", frozenset(), watched=True, errors_limited=False).groups if 1 in g
    )
    assert facts.arrival is not None
    assert facts.arrival.neighbour == ""


# The best answer decides, in whatever order they come: the target's own first, then an accept before a refusal ...
WORST_TO_BEST = (
    answer(1, Kind.OTHER, ROUTER),
    answer(1, Kind.UNREACHABLE, ROUTER),
    answer(1, Kind.PROHIBIT, ROUTER),
    answer(1, Kind.REFUSE, ROUTER),
    answer(1, Kind.OTHER, HOST),
    answer(1, Kind.UNREACHABLE, HOST),
    answer(1, Kind.PROHIBIT, HOST),
    answer(1, Kind.REFUSE, HOST),
    answer(1, Kind.ACCEPT, HOST),
)


@given(st.lists(st.sampled_from(WORST_TO_BEST), min_size=1))
def test_the_best_answer_decides(answers: list[Answer]) -> None:
    one = book()
    for each in answers:
        one.note_answer(each)
    best = max(answers, key=WORST_TO_BEST.index)
    assert one.answers[1][0] is best.kind
    assert one.answers[1][2] == best.responder


def test_unseen_and_unanswered() -> None:
    one = book(ports=range(1, 5))
    one.note_arrival(1, 0, MAC, 61, 2)
    one.note_arrival(2, 0, MAC, 61, 2)
    one.note_answer(answer(2))
    one.note_left(2, 0, "reset")
    one.note_left(3, 0, "udp-response")
    assert one.unseen() == [3, 4]
    assert one.unanswered() == [1]


def test_departures_are_counted_by_attempt() -> None:
    """A SYN-ACK is sent again until it is answered: that is one answer."""
    one = book()
    for attempt in (0, 0, 0, 2):
        one.note_left(1, attempt, "syn-ack")
    assert one.departures(1) == 2


def test_only_attempts_after_the_first_arrival_are_trials() -> None:
    one = book()
    for attempt in range(4):
        one.count_attempt(1, attempt)  # arrived first in attempt 1: that one made it known, the one before is no trial
        one.count_attempt(2, attempt)  # never arrived: nobody knows whether it passes
        one.count_attempt(3, attempt)
    for port, attempt in ((1, 1), (1, 3), (3, 0)):
        one.note_arrival(port, attempt, MAC, 61, 2)
    assert one.repeats() == (2 + 3, 1 + 0)
    assert one.firsts() == (2, 1)


def test_an_attempt_that_does_not_count_is_no_trial() -> None:
    one = book()
    one.count_attempt(1, 0)
    one.note_arrival(1, 0, MAC, 61, 2)
    one.note_arrival(1, 1, MAC, 61, 2)  # came through in a chunk that did not count
    assert one.repeats() == (0, 0)
    assert one.firsts() == (1, 1)


@pytest.mark.parametrize("loss", [0.01, 0.1, 0.4])
def test_the_trials_show_the_loss_without_bias(loss: float) -> None:
    """Asked as the engine asks: all once, then the silent ones and some of those that were seen."""
    chance = random.Random(6)
    one = book(ports=range(1, 20_001))
    for attempt in range(4):
        asked = list(one.ports) if attempt == 0 else [*one.unseen(), *list(one.arrived)[:3000]]
        for port in asked:
            one.count_attempt(port, attempt)
            if chance.random() >= loss:
                one.note_arrival(port, attempt, MAC, 61, 2)
    sent, seen = one.repeats()
    assert 1 - seen / sent == pytest.approx(loss, abs=4 * (loss * (1 - loss) / sent) ** 0.5)
    sent, seen = one.firsts()
    assert 1 - seen / sent == pytest.approx(loss, abs=4 * (loss * (1 - loss) / sent) ** 0.5 + loss**4)


@pytest.mark.parametrize(
    ("reasons", "limited", "muted"),
    [
        ((), True, ""),
        (("reset", "syn-ack", "udp-response"), True, ""),
        (("port-unreach",), True, "port-unreach"),
        (("port-unreach",), False, ""),
        (("admin-prohibited",), True, "admin-prohibited"),
        (("admin-prohibited", "port-unreach", "udp-response"), True, "port-unreach"),
    ],
)
def test_a_host_that_limits_its_errors_is_muted_where_it_gives_some(
    *, reasons: tuple[str, ...], limited: bool, muted: str
) -> None:
    one = book(UDP)
    for port, reason in enumerate(reasons, 1):
        one.note_left(port, 0, reason)
    assert one.muted(errors_limited=limited) == muted
    frozen = one.freeze(lambda _: "", frozenset(), watched=True, errors_limited=limited)
    assert {facts.muted for facts, _ in frozen.groups} == {muted}


def test_when_a_probe_was_sent() -> None:
    one = book()
    one.note_sent(2, [5, 6], 1000.5)
    assert one.sent_at(2, 5) == 1000.5
    assert one.sent_at(2, 7) is None
    assert one.sent_at(1, 5) is None
