"""Names at the end of a scan: whatever the DNS does, the time and the questions are bounded and nothing is raised."""

import time
from ipaddress import IPv4Address, IPv6Address

from scanner.model.address import Inventory
from scanner.model.names import Answer, Method, NameRecord, Outcome, Publication, Role, Server, Standing
from scanner.names.at_scan import A_TRY, MOST_NAMES, NO_TIME, Bounded, ask_names, find_names
from scanner.names.ddns import ddclient
from scanner.names.ddns.reading import Reading
from scanner.names.entries import entry_of
from tests.findings.conftest import STABLE, TEMPORARY, inventory

RESOLVER = Server(IPv4Address("192.0.2.53"))
KEPT = Publication(
    "ddclient", "www.home.example", "/etc/ddclient.conf", 3, Method.OUTGOING, "usev6=webv6", "fix", "man"
)
PART = Publication("ddns-go", "www", "/etc/ddns.yaml", 9, Method.INTERFACE, "eth0", "fix", "man", whole=False)
HOST: Inventory = inventory()


def answering(server: Server, name: str, record: str, role: Role) -> Answer:
    """A zone whose one server has the temporary address of every name."""
    words = {"SOA": ("home.example",), "NS": ("ns1.home.example",), "PTR": ("www.home.example",)}
    addresses = {"AAAA": (IPv6Address(TEMPORARY),), "A": ()}.get(record, ())
    outcome = Outcome.NODATA if record == "A" else Outcome.ANSWERED
    return Answer(server, role, name, record, outcome, addresses, words.get(record, ()), ttl=60)


def silent(server: Server, name: str, record: str, role: Role) -> Answer:
    return Answer(server, role, name, record, Outcome.TIMEOUT, detail="no answer")


def test_names_asked_for_come_before_those_that_clients_keep_each_once() -> None:
    names, reading = find_names(("a.example.org", "www.home.example"), lambda: Reading((KEPT, PART)))
    assert names == ("a.example.org", "www.home.example")
    assert reading.publications == (KEPT, PART)
    assert find_names((), lambda: Reading((KEPT, PART)))[0] == ("www.home.example",)


def test_without_a_name_nobody_is_asked() -> None:
    def never(*_: object) -> Answer:
        raise AssertionError("asked")

    assert ask_names((), Reading(problems=("x",)), (), (RESOLVER,), never).problems == ("x",)


def test_a_name_with_its_keeper_and_the_pointer_of_the_address_it_has() -> None:
    own = [IPv6Address(STABLE), IPv6Address(TEMPORARY)]
    known = ask_names(("www.home.example",), Reading((KEPT, PART)), own, (RESOLVER,), answering)
    (record,) = known.records
    assert record.publications == (KEPT, PART)
    assert [answer.question for answer in known.pointers] == [IPv6Address(TEMPORARY).reverse_pointer]
    entry = entry_of(record, HOST, known.pointers)
    assert [(one.address, one.standing, one.interface) for one in entry.addresses] == [
        (TEMPORARY, Standing.TEMPORARY, "eth0")
    ]
    assert [one.names for one in entry.pointers] == [("www.home.example",)]
    assert [(one.client, one.line) for one in entry.kept_by] == [("ddclient", 3), ("ddns-go", 9)]


def test_a_name_without_an_answer_is_a_problem_of_the_run() -> None:
    known = ask_names(("www.home.example",), Reading(problems=("x",)), (), (RESOLVER,), silent)
    assert known.problems == ("x", "www.home.example: a question stayed unanswered")
    assert ask_names(("www.home.example",), Reading(), (), (RESOLVER,), answering).problems == ()


def test_silence_is_a_typed_outcome() -> None:
    known = ask_names(("www.home.example",), Reading(), (), (RESOLVER,), silent)
    entry = entry_of(known.records[0], HOST)
    assert entry.unanswered
    assert {answer.outcome for answer in entry.answers} == {Outcome.TIMEOUT}
    assert entry.addresses == ()


def test_more_names_than_a_scan_asks_for_are_counted() -> None:
    names = [f"n{number}.example.org" for number in range(MOST_NAMES + 3)]
    known = ask_names(names, Reading(), (), (RESOLVER,), silent)
    assert len(known.records) == MOST_NAMES
    assert known.problems[MOST_NAMES:] == ("3 names were not looked up: a scan asks for 32 at most",)


def test_no_question_is_asked_after_the_time() -> None:
    now, tries = [0.0], []

    def asker(seconds: float) -> object:
        tries.append(seconds)
        now[0] += 4
        return silent

    bounded = Bounded(until=10.0, clock=lambda: now[0], asker=asker)  # type: ignore[arg-type]
    details = [bounded(RESOLVER, "a.example.org", "AAAA", Role.RESOLVER).detail for _ in range(5)]
    assert details == ["no answer"] * 3 + [NO_TIME] * 2
    assert tries == [A_TRY, A_TRY, 0.5], "the last tries share what is left"


def test_no_more_questions_than_allowed() -> None:
    bounded = Bounded(until=time.monotonic() + 60, left=2, asker=lambda _: silent)
    outcomes = [bounded(RESOLVER, "a.example.org", "AAAA", Role.RESOLVER).detail for _ in range(4)]
    assert outcomes == ["no answer", "no answer", NO_TIME, NO_TIME]


def test_an_entry_of_a_name_nobody_could_be_asked_about() -> None:
    entry = entry_of(NameRecord("www.home.example", "", (), problems=("no zone",)), HOST)
    assert (entry.unanswered, entry.problems, entry.answers) == (True, ("no zone",), ())


def test_a_line_that_goes_on_into_an_empty_one_is_no_unfinished_file() -> None:
    """So Debian's own ddclient.conf ends; a file that stops after the backslash is cut."""
    assert ddclient.parse("use=web \\\npassword='x' \\\n\n", "d").problems == ()
    assert ddclient.parse("use=web \\\n", "d").problems == ("d:1: the file ends where a line should go on",)
