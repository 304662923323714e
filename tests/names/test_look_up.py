"""From a name to all answers: finding the servers, following aliases from zone to zone, asking who an address is."""

from ipaddress import IPv6Address

from scanner.model.names import Method, Outcome, Publication, Role, Server
from scanner.names.ask import Asker
from scanner.names.look_up import look_up, point_back
from tests.names.fake import RESOLVER, FakeDns
from tests.names.nameserver import LOOPBACK, NameServer, free_port, silent

R = str(RESOLVER.address)
ASK = Asker(timeout=2)
# home.example is served by two servers, one of which has two addresses; other.example by one
DELEGATIONS = {
    (R, "www.home.example", "SOA"): ["home.example"],
    (R, "home.example", "NS"): ["ns1.home.example", "ns2.home.example"],
    (R, "ns1.home.example", "AAAA"): ["2001:db8:53::1"],
    (R, "ns1.home.example", "A"): ["192.0.2.1"],
    (R, "ns2.home.example", "A"): ["192.0.2.2"],
    (R, "there.other.example", "SOA"): ["other.example"],
    (R, "other.example", "NS"): ["ns.other.example"],
    (R, "ns.other.example", "A"): ["192.0.2.3"],
}


def test_every_name_server_is_asked_and_then_the_resolver() -> None:
    dns = FakeDns(
        DELEGATIONS
        | {
            ("2001:db8:53::1", "www.home.example", "AAAA"): ["2001:db8:a::1"],
            ("192.0.2.2", "www.home.example", "AAAA"): ["2001:db8:a::2"],
            (R, "www.home.example", "AAAA"): ["2001:db8:a::1"],
        }
    )
    record = look_up("www.home.example", (RESOLVER,), dns)
    assert (record.zone, record.problems, record.unanswered) == ("home.example", (), False)
    assert [(str(one.server), [str(ip) for ip in one.addresses]) for one in record.answers] == [
        ("ns1.home.example (2001:db8:53::1)", ["2001:db8:a::1"]),
        ("ns2.home.example (192.0.2.2)", ["2001:db8:a::2"]),
        (R, ["2001:db8:a::1"]),
    ]


def test_a_name_server_is_asked_at_its_other_address_when_the_first_is_dead() -> None:
    dns = FakeDns(
        DELEGATIONS
        | {
            ("2001:db8:53::1", "www.home.example", "AAAA"): ["!unreachable"],
            ("192.0.2.1", "www.home.example", "AAAA"): ["2001:db8:a::1"],
            ("192.0.2.2", "www.home.example", "AAAA"): ["!timeout"],
        }
    )
    record = look_up("www.home.example", (RESOLVER,), dns)
    assert [one.outcome for one in record.of(Role.AUTHORITATIVE)] == [Outcome.ANSWERED, Outcome.TIMEOUT]
    assert record.unanswered


def test_the_zone_of_an_alias_is_its_own_not_that_of_its_target() -> None:
    rows = DELEGATIONS | {
        (R, "www.home.example", "SOA"): ["other.example"],  # the resolver followed the alias
        (R, "home.example", "SOA"): ["home.example"],
        ("2001:db8:53::1", "www.home.example", "AAAA"): ["!nodata", "=there.other.example"],
        ("192.0.2.2", "www.home.example", "AAAA"): ["!nodata", "=there.other.example"],
        ("192.0.2.3", "there.other.example", "AAAA"): ["2001:db8:c::1"],
    }
    record = look_up("www.home.example", (RESOLVER,), FakeDns(rows))
    (answer,) = record.of(Role.AUTHORITATIVE)
    assert record.zone == "home.example"
    assert (answer.question, answer.alias, answer.ttl) == ("www.home.example", "there.other.example", 300)
    assert answer.addresses == (IPv6Address("2001:db8:c::1"),)


def test_what_the_resolver_does_not_tell_is_a_problem_and_leaves_the_question_open() -> None:
    record = look_up("www.home.example", (RESOLVER,), FakeDns({(R, "www.home.example", "SOA"): ["!servfail"]}))
    assert record.problems == (f"the zone of www.home.example is not known: SERVFAIL from {R}",)
    assert record.unanswered
    no_servers = FakeDns({(R, "www.home.example", "SOA"): ["home.example"], (R, "home.example", "NS"): ["!refused"]})
    assert look_up("www.home.example", (RESOLVER,), no_servers).problems == (
        f"the name servers of home.example are not known: REFUSED from {R}",
    )
    no_address = {key: said for key, said in DELEGATIONS.items() if key[1] != "ns2.home.example"}
    partial = look_up("www.home.example", (RESOLVER,), FakeDns(no_address))
    assert partial.problems == ("name server ns2.home.example of home.example has no address that the resolver knows",)
    assert all(answer.settled for answer in partial.answers)
    assert partial.unanswered


def test_the_second_resolver_stands_in_for_the_first() -> None:
    second = Server(LOOPBACK)
    dns = FakeDns({(R, "a.test", "AAAA"): ["!timeout"], ("127.0.0.1", "a.test", "AAAA"): ["2001:db8::1"]})
    record = look_up("a.test", (RESOLVER, second), dns, authoritative=(second,))
    assert record.of(Role.RESOLVER)[0].server == second
    assert not record.unanswered


def test_the_clients_that_keep_the_name_come_with_it() -> None:
    whole = Publication("ddclient", "www.home.example", "/etc/x", 1, Method.STABLE, "", "", "")
    part = Publication("cloudflare-ddns", "www", "/etc/y", 1, Method.STABLE, "", "", "", whole=False)
    other = Publication("ddclient", "ww.home.example", "/etc/x", 2, Method.STABLE, "", "", "")
    record = look_up("www.home.example", (RESOLVER,), FakeDns({}), (RESOLVER,), [whole, part, other])
    assert record.publications == (whole, part)


def test_with_a_real_server(name_server: NameServer) -> None:
    servers = (name_server.server,)
    record = look_up("outside.home.example", servers, ASK, authoritative=servers)
    (answer,), (passed_on,) = record.of(Role.AUTHORITATIVE), record.of(Role.RESOLVER)
    assert (answer.addresses, answer.ttl) == ((IPv6Address("2001:db8:c::1"),), 40)
    assert (passed_on.settled, passed_on.detail) == (False, "it does not follow the alias to there.other.example")
    circle = look_up("loop1.home.example", servers, ASK, authoritative=servers)
    assert circle.unanswered
    assert circle.of(Role.AUTHORITATIVE)[0].detail == "aliases lead in a circle"


def test_one_server_of_three_answers(name_server: NameServer) -> None:
    with silent() as mute:
        servers = (name_server.server, mute, Server(LOOPBACK, free_port()))
        record = look_up("www.home.example", (name_server.server,), Asker(timeout=0.3), authoritative=servers)
    outcomes = [one.outcome for one in record.of(Role.AUTHORITATIVE)]
    assert outcomes == [Outcome.ANSWERED, Outcome.TIMEOUT, Outcome.UNREACHABLE]
    assert record.unanswered


def test_who_an_address_is(name_server: NameServer) -> None:
    known, unknown = point_back(
        [IPv6Address("2001:db8:a::10"), IPv6Address("2001:db8:a::99")], (name_server.server,), ASK
    )
    assert (known.names, known.outcome) == (("www.home.example",), Outcome.ANSWERED)
    assert (unknown.names, unknown.outcome) == ((), Outcome.NXDOMAIN)
