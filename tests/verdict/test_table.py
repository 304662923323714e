"""The decision table cell by cell, beside docs/ARCHITECTURE.md, and what no cell may ever say."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from facts import ARRIVAL, ISP, LAN_SIDE, PATH, ROUTER, STRANGER, TARGET, UNNAMED, facts, heard
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.evidence import Kind, Path, Place, PortFacts, Where
from scanner.model.verdict import STOPPED, Verdict
from scanner.probes.answers import ERRORS
from scanner.verdict.table import ANSWERED, Arrived, Author, author_of, decide

V = Verdict
SENDERS = {"target": TARGET, "router": ROUTER, "upstream": ISP, "elsewhere": STRANGER}
# One line a cell: arrived inside, what was answered, by whom -> the verdict. "expired" answers nothing: silence holds,
# and that of these facts ends at the router.
CELLS = """
    yes  accept       target     open
    yes  accept       router     host-dropped
    yes  accept       upstream   host-dropped
    yes  accept       elsewhere  host-dropped
    yes  refuse       target     closed
    yes  refuse       router     host-dropped
    yes  refuse       upstream   host-dropped
    yes  refuse       elsewhere  host-dropped
    yes  prohibit     target     host-rejected
    yes  prohibit     router     host-dropped
    yes  prohibit     upstream   host-dropped
    yes  prohibit     elsewhere  host-dropped
    yes  unreachable  target     host-rejected
    yes  unreachable  router     host-dropped
    yes  unreachable  upstream   host-dropped
    yes  unreachable  elsewhere  host-dropped
    yes  other        target     host-rejected
    yes  other        router     host-dropped
    yes  other        upstream   host-dropped
    yes  other        elsewhere  host-dropped
    yes  expired      target     host-dropped
    yes  expired      router     host-dropped
    yes  expired      upstream   host-dropped
    yes  expired      elsewhere  host-dropped

    no   accept       target     intercepted
    no   accept       router     intercepted
    no   accept       upstream   intercepted
    no   accept       elsewhere  intercepted
    no   refuse       target     forged
    no   refuse       router     router-rejected
    no   refuse       upstream   upstream-rejected
    no   refuse       elsewhere  blocked
    no   prohibit     target     forged
    no   prohibit     router     router-rejected
    no   prohibit     upstream   upstream-rejected
    no   prohibit     elsewhere  blocked
    no   unreachable  target     forged
    no   unreachable  router     router-rejected
    no   unreachable  upstream   upstream-rejected
    no   unreachable  elsewhere  blocked
    no   other        target     forged
    no   other        router     router-rejected
    no   other        upstream   upstream-rejected
    no   other        elsewhere  blocked
    no   expired      target     router-dropped
    no   expired      router     router-dropped
    no   expired      upstream   router-dropped
    no   expired      elsewhere  router-dropped

    unwatched  accept       target     open
    unwatched  accept       router     indeterminate
    unwatched  accept       upstream   indeterminate
    unwatched  accept       elsewhere  indeterminate
    unwatched  refuse       target     indeterminate
    unwatched  refuse       router     router-rejected
    unwatched  refuse       upstream   upstream-rejected
    unwatched  refuse       elsewhere  indeterminate
    unwatched  prohibit     target     indeterminate
    unwatched  prohibit     router     router-rejected
    unwatched  prohibit     upstream   upstream-rejected
    unwatched  prohibit     elsewhere  indeterminate
    unwatched  unreachable  target     indeterminate
    unwatched  unreachable  router     indeterminate
    unwatched  unreachable  upstream   indeterminate
    unwatched  unreachable  elsewhere  indeterminate
    unwatched  other        target     indeterminate
    unwatched  other        router     indeterminate
    unwatched  other        upstream   indeterminate
    unwatched  other        elsewhere  indeterminate
    unwatched  expired      target     indeterminate
    unwatched  expired      router     indeterminate
    unwatched  expired      upstream   indeterminate
    unwatched  expired      elsewhere  indeterminate
"""
TABLE = [tuple(line.split()) for line in CELLS.splitlines() if line.strip()]
AT_ROUTER = Place(Where.ROUTER, 3, 3, "so")


def cell(arrived: str, kind: str, sender: str) -> PortFacts:
    return facts(
        observation=heard(Kind(kind), SENDERS[sender]),
        arrival=ARRIVAL if arrived == "yes" else None,
        watched=arrived != "unwatched",
        place=AT_ROUTER,
    )


def verdict(one: PortFacts, protocol: str = "tcp", path: Path = PATH) -> Verdict:
    return decide(one, path, TARGET, protocol)[0]


def test_every_combination_is_written_down() -> None:
    combinations = {(a, k, s) for a in Arrived for k in Kind for s in Author if s is not Author.NOBODY}
    assert {(a, k, s) for a, k, s, _ in TABLE} == {tuple(map(str, c)) for c in combinations}
    assert len(TABLE) == len(combinations)
    assert set(ANSWERED) <= combinations


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("arrived", "kind", "sender", "expected"), TABLE)
def test_each_cell(arrived: str, kind: str, sender: str, expected: str, protocol: str) -> None:
    assert verdict(cell(arrived, kind, sender), protocol) == expected


@pytest.mark.parametrize(("arrived", "kind", "sender", "expected"), TABLE)
def test_each_cell_when_there_is_doubt(arrived: str, kind: str, sender: str, expected: str) -> None:
    """What is proven by what somebody said stands; what rests on silence or on a missing arrival does not."""
    rests_on_silence = expected in ("host-dropped", "router-dropped", "intercepted", "forged", "indeterminate")
    doubted = replace(cell(arrived, kind, sender), doubt="packets were lost")
    said, reason = decide(doubted, PATH, TARGET, "tcp")
    assert said == ("indeterminate" if rests_on_silence else expected)
    assert reason == ("packets were lost" if rests_on_silence else reason)


# Silence: (arrived, protocol, listener, left, muted, doubt, place) -> the verdict
PLACES = {
    "router": AT_ROUTER,
    "upstream": Place(Where.UPSTREAM, 1, 2, "so"),
    "unknown": Place(Where.UNKNOWN, 0, 3, "so"),
}
SILENCE = [
    # it did not arrive
    ("no", "tcp", False, "", "", "", "router", V.ROUTER_DROPPED),
    ("no", "tcp", False, "", "", "", "upstream", V.UPSTREAM_DROPPED),
    ("no", "tcp", False, "", "", "", "unknown", V.BLOCKED),
    ("no", "tcp", False, "", "", "", "", V.BLOCKED),
    ("no", "tcp", True, "", "", "", "router", V.ROUTER_DROPPED),
    ("no", "udp", True, "", "", "", "router", V.ROUTER_DROPPED),
    ("no", "udp", False, "", "port-unreach", "", "router", V.ROUTER_DROPPED),
    ("no", "tcp", False, "", "", "doubt", "router", V.INDETERMINATE),
    ("no", "tcp", False, "", "", "doubt", "upstream", V.INDETERMINATE),
    ("no", "tcp", False, "", "", "doubt", "", V.INDETERMINATE),
    # it arrived
    ("yes", "tcp", False, "", "", "", "", V.HOST_DROPPED),
    ("yes", "tcp", True, "", "", "", "", V.HOST_DROPPED),
    ("yes", "udp", False, "", "", "", "", V.HOST_DROPPED),
    ("yes", "udp", True, "", "", "", "", V.OPEN_FILTERED),
    ("yes", "udp", True, "", "", "doubt", "", V.OPEN_FILTERED),
    ("yes", "tcp", True, "", "", "doubt", "", V.INDETERMINATE),
    ("yes", "udp", False, "", "", "doubt", "", V.INDETERMINATE),
    # ... and the host was seen to answer
    ("yes", "tcp", False, "reset", "", "", "", V.REPLY_LOST),
    ("yes", "tcp", True, "syn-ack", "", "", "", V.REPLY_LOST),
    ("yes", "udp", True, "udp-response", "", "", "", V.REPLY_LOST),
    ("yes", "tcp", True, "syn-ack", "", "doubt", "", V.INDETERMINATE),
    ("yes", "udp", False, "port-unreach", "", "doubt", "", V.INDETERMINATE),
    # ... and the host gives only so many ICMPv6 errors a second
    ("yes", "udp", False, "", "port-unreach", "", "", V.CLOSED),
    ("yes", "udp", True, "", "port-unreach", "", "", V.OPEN_FILTERED),
    ("yes", "udp", False, "", "admin-prohibited", "", "", V.HOST_REJECTED),
    ("yes", "tcp", False, "", "admin-prohibited", "", "", V.HOST_REJECTED),
    ("yes", "udp", False, "", "port-unreach", "doubt", "", V.INDETERMINATE),
    ("yes", "udp", False, "port-unreach", "port-unreach", "", "", V.REPLY_LOST),
    # nobody watched
    ("unwatched", "tcp", True, "", "", "", "", V.INDETERMINATE),
    ("unwatched", "udp", True, "", "", "", "router", V.INDETERMINATE),
    ("unwatched", "udp", False, "", "", "doubt", "", V.INDETERMINATE),
]


@pytest.mark.parametrize(("arrived", "protocol", "listener", "left", "muted", "doubt", "place", "expected"), SILENCE)
def test_silence(
    *, arrived: str, protocol: str, listener: bool, left: str, muted: str, doubt: str, place: str, expected: Verdict
) -> None:
    one = facts(
        arrival=ARRIVAL if arrived == "yes" else None,
        watched=arrived != "unwatched",
        listener=listener,
        left=left,
        muted=muted,
        doubt=doubt,
        place=PLACES.get(place),
    )
    said, reason = decide(one, PATH, TARGET, protocol)
    assert said is expected
    if said is V.INDETERMINATE:
        assert reason, "unknown is said with its reason"


def test_address_unreachable_from_the_router_means_its_filter_passed_the_probe() -> None:
    """RFC 4861 section 7.2.2: it asked for the neighbour first (trap D7)."""
    for sender in (ROUTER, LAN_SIDE):
        one = facts(observation=heard(Kind.UNREACHABLE, sender, "host-unreach"))
        assert verdict(one) is V.NO_NEIGHBOUR
    assert verdict(facts(observation=heard(Kind.UNREACHABLE, ISP, "host-unreach"))) is V.UPSTREAM_REJECTED
    assert verdict(facts(observation=heard(Kind.UNREACHABLE, ROUTER, "no-route"))) is V.ROUTER_REJECTED


@pytest.mark.parametrize(
    ("sender", "path", "author"),
    [
        (TARGET, PATH, Author.TARGET),
        (ROUTER, PATH, Author.ROUTER),
        (LAN_SIDE, PATH, Author.ROUTER),
        (ISP, PATH, Author.UPSTREAM),
        (STRANGER, PATH, Author.ELSEWHERE),
        (ROUTER, Path(), Author.ELSEWHERE),
        (ROUTER, replace(PATH, routers=None), Author.ELSEWHERE),
        (LAN_SIDE, replace(PATH, routers=None), Author.ROUTER),
        (ROUTER, replace(PATH, routers=4), Author.UPSTREAM),
        (UNNAMED, PATH, Author.ELSEWHERE),
    ],
)
def test_who_answered(sender: IPv6Address, path: Path, author: Author) -> None:
    assert author_of(facts(observation=heard(Kind.PROHIBIT, sender)), path, TARGET) is author


def test_nobody_answered() -> None:
    assert author_of(facts(), PATH, TARGET) is Author.NOBODY


def test_what_connect_does_not_name_the_witness_does() -> None:
    prohibited = heard(Kind.PROHIBIT, UNNAMED, "admin-prohibited")
    assert verdict(facts(observation=prohibited, arrival=ARRIVAL, left="admin-prohibited")) is V.HOST_REJECTED
    assert verdict(facts(observation=prohibited)) is V.BLOCKED


def test_a_refusal_that_connect_cannot_tell_from_a_routers_is_not_called_forged() -> None:
    refused = heard(Kind.REFUSE, TARGET, "conn-refused")
    assert verdict(facts(observation=refused)) is V.BLOCKED
    assert verdict(facts(observation=refused, arrival=ARRIVAL)) is V.CLOSED
    assert verdict(facts(observation=refused, doubt="lost")) is V.INDETERMINATE


OBSERVATIONS = st.none() | st.builds(
    lambda word, sender: heard(word[0], sender, word[1]),
    st.sampled_from(
        (
            (Kind.ACCEPT, "syn-ack"),
            (Kind.ACCEPT, "udp-response"),
            (Kind.REFUSE, "reset"),
            (Kind.REFUSE, "conn-refused"),
            *ERRORS.values(),
            (Kind.OTHER, "icmp-4-0"),
        )
    ),
    st.sampled_from((TARGET, LAN_SIDE, ROUTER, ISP, STRANGER, UNNAMED)),
)
FACTS = st.builds(
    PortFacts,
    observation=OBSERVATIONS,
    arrival=st.sampled_from((None, ARRIVAL)),
    watched=st.booleans(),
    left=st.sampled_from(("", "reset", "port-unreach")),
    attempts=st.integers(0, 8),
    doubt=st.sampled_from(("", "lost")),
    listener=st.booleans(),
    place=st.sampled_from((None, *PLACES.values())),
    muted=st.sampled_from(("", "port-unreach", "admin-prohibited")),
)
PATHS = st.sampled_from((PATH, Path(), replace(PATH, hops=()), replace(PATH, home=())))
FALSE_COMFORT = STOPPED | {V.FORGED, V.INTERCEPTED}


@given(FACTS, PATHS, st.sampled_from(("tcp", "udp")))
def test_silence_in_doubt_is_never_called_a_block(one: PortFacts, path: Path, protocol: str) -> None:
    """A wrong "blocked" is the worst error there is."""
    said, reason = decide(one, path, TARGET, protocol)
    silent = one.observation is None or one.observation.kind is Kind.EXPIRED
    if one.doubt and silent:
        assert said not in FALSE_COMFORT
    if one.doubt and one.arrival is None:
        assert said not in (V.FORGED, V.INTERCEPTED)
    if said is V.INDETERMINATE:
        assert reason


@given(FACTS, PATHS, st.sampled_from(("tcp", "udp")))
def test_what_arrived_is_never_called_stopped(one: PortFacts, path: Path, protocol: str) -> None:
    if one.arrival is not None:
        assert decide(one, path, TARGET, protocol)[0] not in FALSE_COMFORT | {V.NO_NEIGHBOUR}


@given(FACTS, PATHS, st.sampled_from(("tcp", "udp")))
def test_what_was_not_watched_is_never_called_a_drop_or_closed(one: PortFacts, path: Path, protocol: str) -> None:
    blind = replace(one, watched=False, arrival=None)
    said = decide(blind, path, TARGET, protocol)[0]
    assert said in (V.OPEN, V.ROUTER_REJECTED, V.UPSTREAM_REJECTED, V.INDETERMINATE)


@given(FACTS, PATHS, st.sampled_from(("tcp", "udp")))
def test_open_needs_the_targets_own_accept(one: PortFacts, path: Path, protocol: str) -> None:
    if decide(one, path, TARGET, protocol)[0] is V.OPEN:
        assert one.observation is not None
        assert one.observation.kind is Kind.ACCEPT
        assert one.observation.responder in (TARGET, UNNAMED)
