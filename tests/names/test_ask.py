"""Questions to a real name server, a silent one and a closed port: every end has its word."""

from ipaddress import IPv4Address, IPv6Address

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.names import Answer, Outcome, Role, Server
from scanner.names.ask import Asker, read_answer
from tests.names.nameserver import LOOPBACK, NameServer, free_port, silent

ASK = Asker(timeout=2)
SHORT = Asker(timeout=0.2)


def ask(name_server: NameServer, name: str, record: str = "AAAA", role: Role = Role.AUTHORITATIVE) -> Answer:
    return ASK(name_server.server, name, record, role)


def test_addresses_and_their_ttl(name_server: NameServer) -> None:
    answer = ask(name_server, "www.home.example")
    assert answer.outcome is Outcome.ANSWERED
    assert answer.addresses == (IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:a::11"))
    assert (answer.ttl, answer.alias, answer.settled) == (120, "", True)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("nobody.home.example", Outcome.NXDOMAIN),
        ("v4only.home.example", Outcome.NODATA),
        ("www.broken.example", Outcome.SERVFAIL),
        ("www.unknown.test", Outcome.REFUSED),
        ("www.sub.home.example", Outcome.NOT_AUTHORITATIVE),
    ],
)
def test_how_a_question_may_end(name_server: NameServer, name: str, outcome: Outcome) -> None:
    answer = ask(name_server, name)
    assert answer.outcome is outcome
    assert answer.addresses == ()
    assert answer.settled == (outcome in (Outcome.NXDOMAIN, Outcome.NODATA))


def test_a_resolver_that_only_refers_has_not_said_that_there_is_nothing(name_server: NameServer) -> None:
    answer = ask(name_server, "www.sub.home.example", role=Role.RESOLVER)
    assert (answer.outcome, answer.settled) == (Outcome.NOT_AUTHORITATIVE, False)
    assert answer.detail == "it refers to other servers"


def test_aliases_are_followed_as_far_as_the_server_tells(name_server: NameServer) -> None:
    inside = ask(name_server, "inside.home.example")
    assert (inside.outcome, inside.alias, inside.ttl) == (Outcome.ANSWERED, "www.home.example", 90)
    dangling = ask(name_server, "dangling.home.example")
    assert dangling.alias == "nothing.other.example"
    assert dangling.outcome is not Outcome.ANSWERED


def test_what_does_not_fit_a_datagram_is_fetched_over_tcp(name_server: NameServer) -> None:
    assert len(ask(name_server, "many.home.example").addresses) == 100


def test_other_records(name_server: NameServer) -> None:
    assert ask(name_server, "home.example", "NS").names == ("ns1.home.example",)
    assert ask(name_server, "ns1.home.example", "A").addresses == (IPv4Address("127.0.0.1"),)
    assert ask(name_server, "home.example", "SOA").names == ("home.example",)
    assert ask(name_server, "deep.below.home.example", "SOA").names == ("home.example",)
    pointer = IPv6Address("2001:db8:a::10").reverse_pointer
    assert ask(name_server, pointer, "PTR").names == ("www.home.example",)


def test_silence_is_a_timeout() -> None:
    with silent() as server:
        answer = SHORT(server, "www.home.example", "AAAA", Role.RESOLVER)
    assert answer.outcome is Outcome.TIMEOUT
    assert answer.detail == "no answer within 0.2 s, three tries"


def test_a_server_that_only_tcp_reaches_is_heard(name_server: NameServer) -> None:
    """UDP goes into a hole, TCP is handed on to the real server: a firewall that drops UDP port 53."""
    with silent(behind=name_server.server) as server:
        answer = SHORT(server, "www.home.example", "AAAA", Role.AUTHORITATIVE)
    assert (answer.outcome, len(answer.addresses)) == (Outcome.ANSWERED, 2)


def test_a_closed_port_is_unreachable() -> None:
    answer = SHORT(Server(LOOPBACK, free_port()), "www.home.example", "AAAA", Role.RESOLVER)
    assert (answer.outcome, answer.detail) == (Outcome.UNREACHABLE, "Connection refused")


def test_the_records_follow_a_dynamic_update(name_server: NameServer) -> None:
    name_server.update("home.example", "moving.home.example", 30, "2001:db8:d::1")
    assert ask(name_server, "moving.home.example").addresses == (IPv6Address("2001:db8:d::1"),)
    name_server.update("home.example", "moving.home.example", 30)
    assert ask(name_server, "moving.home.example").outcome is Outcome.NXDOMAIN


@given(st.binary(max_size=200))
def test_no_message_breaks_the_reader(tail: bytes) -> None:
    query = dns.message.make_query("www.home.example", "AAAA")
    question = query.to_wire()[12:]
    head = query.id.to_bytes(2) + b"\x84\x00" + b"\x00\x01\x00\x02\x00\x00\x00\x00"
    try:
        message = dns.message.from_wire(head + question + tail, ignore_trailing=True)
    except Exception:  # noqa: BLE001 - what dnspython refuses never reaches the reader
        return
    answer = read_answer(message, Server(LOOPBACK), "www.home.example", "AAAA", Role.AUTHORITATIVE)
    assert answer.outcome in Outcome


def test_an_unusual_return_code_is_named() -> None:
    message = dns.message.make_response(dns.message.make_query("www.home.example", "AAAA"))
    message.set_rcode(4)
    answer = read_answer(message, Server(LOOPBACK), "www.home.example", "AAAA", Role.RESOLVER)
    assert (answer.outcome, answer.detail) == (Outcome.MALFORMED, "it says NOTIMP")


@pytest.mark.parametrize(
    ("role", "outcome"), [(Role.AUTHORITATIVE, Outcome.NOT_AUTHORITATIVE), (Role.RESOLVER, Outcome.ANSWERED)]
)
def test_a_copy_is_not_the_word_of_the_zone(role: Role, outcome: Outcome) -> None:
    """RFC 1035 section 4.1.1: without the AA bit it comes from a cache."""
    message = dns.message.make_response(dns.message.make_query("www.home.example", "AAAA"))
    message.answer.append(dns.rrset.from_text("www.home.example.", 60, "IN", "AAAA", "2001:db8::1"))
    assert read_answer(message, Server(LOOPBACK), "www.home.example", "AAAA", role).outcome is outcome
