"""RFC 6092 in the lab: a router that keeps to all of it, and one for each recommendation that breaks that one only.

Every run measures everything and is compared row by row: exactly the row of the mistake flips. Times are a hundredth of
the standard's, in the lab's routers and in the battery alike.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any, Self

import pytest

from scanner.batteries.simple_security.timing import Timing
from scanner.lab.gateways import EARLY_REJECT, MUTANTS, Lives, gateway
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, Daemon, Personality, no_outbound, personality, stateful_none

from .conftest import require_root

CONFORMING = Path(__file__).with_name("conforming.py")
LABS = 3  # a measurement mostly waits: so many go on side by side
FAST = {"patience": 0.25, "rate": 1000.0, "reject_after": 0.6, "reject_until": 1.3, "control_every": 0.25}
QUICK = Timing(**FAST, short=0.9, margin=0.1, error_every=0.01)
WHOLE = Timing(
    **FAST,
    slow=True,
    short=1.1,
    margin=0.1,
    error_every=0.01,
    generic=1.2,
    udp=1.2,
    udp_default=2.0,
    tcp_established=2.4,
    tcp_transitory=1.2,
    sctp_established=2.4,
    sctp_transitory=1.2,
    dccp_established=2.4,
    dccp_transitory=1.2,
)
QUICK_LIVES = Lives(reject=0.75)
WHOLE_LIVES = Lives(udp=2.5, tcp=10, sctp=10, dccp=10, other=10, reject=0.75)
TIMERS = (12, 14, 15, 16, 35, 40, 44)

NEVER = {1, 2, 6, 13, 29, 48}  # no packet would tell, see data/simple_security.toml
REFERENCE = dict.fromkeys(range(1, 51), "conforms") | dict.fromkeys((*NEVER, 49), "not-testable")
BY_DEFAULT = REFERENCE | dict.fromkeys(set(TIMERS) - {15}, "not-testable")  # their minutes are not waited out
# A timer of less than a second, as REC-14 forbids, is over before the refreshing of REC-16 can be told from it.
COUPLED = {14: {16: "not-testable"}}
ABOUT_THE_ROUTER = {8, 9, 50}

Rows = dict[int, str]


@dataclass(frozen=True)
class Job:
    what: Personality
    timing: Timing = QUICK
    addresses: int = 1
    options: tuple[str, ...] = ()
    spec: str = "netns:{inet}"
    times: int = 1  # measured so often while the router forgets nothing; the last counts


@dataclass(frozen=True)
class Told:
    """What was said: rows as (standard, id, address, result, evidence, why)."""

    rows: list[list[str]]
    problems: list[str]
    seconds: float

    @property
    def recommendations(self) -> Rows:
        """Of the first address and its router."""
        first: Rows = {}
        for standard, name, _, result, *_ in self.rows:
            if standard == "rfc6092":
                first.setdefault(int(name.removeprefix("REC-")), result)
        return first

    def row(self, name: str) -> list[str]:
        return next(row for row in self.rows if row[1] == name)


class Place:
    """A lab and the process on its host that measures; kept while the options stay the same."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.process: subprocess.Popen[str] | None = None
        self.called: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.communicate()

    def measured(self, job: Job) -> Told:
        self.lab.apply(job.what)
        return [Told(**self._ask(job)) for _ in range(job.times)][-1]

    def _ask(self, job: Job) -> dict[str, Any]:
        called = (job.spec.format(inet=self.lab.node("inet")), *job.options)
        if self.called != called:
            self.__exit__(None, None, None)
            argv = [sys.executable, str(CONFORMING), *called]
            self.process = self.lab.popen("host", argv, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.called = called
            assert self.process.stdout is not None
            assert json.loads(self.process.stdout.readline()) == {"ready": True}
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"timing": asdict(job.timing), "addresses": job.addresses}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


def mutant(number: int) -> Job:
    """The router that breaks a recommendation; where that is a timer, times are waited out."""
    if number in TIMERS:
        return Job(gateway(MUTANTS[number], WHOLE_LIVES), WHOLE)
    return Job(gateway(MUTANTS[number], QUICK_LIVES))


def upstream(rule: str) -> Personality:
    """The reference behind a provider that has a rule of its own."""
    base = gateway(lives=QUICK_LIVES)
    chain = (
        "table ip6 v6expose_upstream {\n  chain forward {\n    type filter hook forward priority filter;\n"
        f"    {rule}\n  }}\n}}\n"
    )
    return Personality("upstream", rule, tables={**base.tables, "isp1": chain}, daemons=base.daemons)


def serving(protocol: str, ports: str) -> Personality:
    """A router with no filter of its own that offers something."""
    return Personality("serving", "", daemons=(Daemon("cpe", "services", (f"--{protocol}", ports)),))


EARLY = {"early reject": Job(gateway(EARLY_REJECT, QUICK_LIVES))}
OTHERS = {
    "reference": Job(gateway(lives=QUICK_LIVES), addresses=2),
    "reference, whole times": Job(gateway(lives=WHOLE_LIVES), WHOLE),
    "one source address": Job(gateway(lives=QUICK_LIVES), options=("--one-address",)),
    "transparent": Job(PASSES),
    "linux": Job(stateful_none()),
    "linux, again": Job(stateful_none(), times=2),
    "no way out": Job(no_outbound()),
    "no ICMPv6": Job(personality("icmpv6-dropped")),
    "provider drops ESP": Job(upstream("meta l4proto 50 drop")),
    "provider drops DNS": Job(upstream("udp dport 53 drop")),
    "provider drops RH0": Job(upstream("rt type 0 drop")),
    "provider loses a third": Job(upstream("numgen random mod 3 == 0 drop")),
    "telnet and SNMP": Job(serving("tcp", "23,80")),
    "no raw sockets": Job(PASSES, spec="exec:ip netns exec {inet} setpriv --inh-caps=-all --bounding-set=-all"),
}


@pytest.fixture(scope="module")
def told(unique_name: Callable[[], str]) -> Iterator[dict[Any, Future[Told]]]:
    """The answer to every job, as soon as it is there."""
    require_root()
    with ExitStack() as stack:
        places: Queue[Place] = Queue()
        for _ in range(LABS):
            places.put(stack.enter_context(Place(stack.enter_context(Lab(unique_name())))))
        own = threading.local()  # a lab's daemons live as long as the thread that started them

        def run(job: Job) -> Told:
            if not hasattr(own, "place"):
                own.place = places.get_nowait()
            return own.place.measured(job)

        pool = stack.enter_context(ThreadPoolExecutor(LABS))
        jobs = {**OTHERS, **EARLY, **{number: mutant(number) for number in MUTANTS}}
        yield {name: pool.submit(run, job) for name, job in jobs.items()}
        pool.shutdown(cancel_futures=True)


def differing(one: Told, expected: Rows) -> dict[int, tuple[str, str, list[str]]]:
    """Rows that are not as expected, with what was said."""
    rows = one.recommendations
    assert set(rows) == set(range(1, 51)), "every recommendation has a row"
    return {n: (rows[n], expected[n], one.row(f"REC-{n}")[4:]) for n in rows if rows[n] != expected[n]}


@pytest.mark.parametrize("number", MUTANTS)
def test_a_mistake_flips_its_recommendation_and_nothing_else(told: dict[Any, Future[Told]], number: int) -> None:
    base = REFERENCE if number in TIMERS else BY_DEFAULT
    assert differing(told[number].result(), base | {number: "violates"} | COUPLED.get(number, {})) == {}


def test_the_reference_conforms_to_all_that_can_be_seen_at_once(told: dict[Any, Future[Told]]) -> None:
    one = told["reference"].result()
    assert differing(one, BY_DEFAULT) == {}
    assert sum(result != "not-testable" for result in one.recommendations.values()) == 37
    assert one.problems == []


def test_the_reference_conforms_to_all_that_can_be_waited_for(told: dict[Any, Future[Told]]) -> None:
    one = told["reference, whole times"].result()
    assert differing(one, REFERENCE) == {}
    assert sum(result != "not-testable" for result in one.recommendations.values()) == 43


def test_every_address_has_its_rows_and_the_router_one(told: dict[Any, Future[Told]]) -> None:
    rows = [row for row in told["reference"].result().rows if row[0] == "rfc6092"]
    by_address = {address: [row[1] for row in rows if row[2] == address] for address in {row[2] for row in rows}}
    assert sorted(map(len, by_address.values())) == [3, 47, 47]
    assert len({(row[1], row[2]) for row in rows}) == len(rows), "no row twice"


def test_what_two_more_standards_ask_for_is_said_too(told: dict[Any, Future[Told]]) -> None:
    kin = {(row[0], row[1]): row[3] for row in told["reference"].result().rows if row[0] != "rfc6092"}
    assert set(kin.values()) == {"conforms"}
    assert len(kin) == 9
    assert "outbound only" in told["reference"].result().row("5 policy")[4]
    assert "open" in told["transparent"].result().row("5 policy")[4]
    assert {row[1] for row in told[18].result().rows if row[0] == "rfc9099" and row[3] == "violates"} == {"3.1 ICMPv6"}


def test_an_early_reject_breaks_openings_from_both_sides(told: dict[Any, Future[Told]]) -> None:
    one = told["early reject"].result()
    assert differing(one, BY_DEFAULT | {34: "violates"}) == {}
    assert "earlier than" in one.row("REC-34")[5]


def test_with_one_source_address_another_port_tells(told: dict[Any, Future[Told]]) -> None:
    one = told["one source address"].result()
    assert differing(one, BY_DEFAULT) == {}
    assert "another port" in one.row("REC-17")[4]


def test_a_transparent_router_is_no_filter(told: dict[Any, Future[Told]]) -> None:
    """Its default is permitted (REC-49); what only a filter can do is not held against it, nor for it."""
    unfiltered = dict.fromkeys((11, 17, 33, 34, 39), "not-testable") | {49: "conforms"}
    wrong = dict.fromkeys((3, 4, 5, 7, 10), "violates")
    assert differing(told["transparent"].result(), BY_DEFAULT | unfiltered | wrong) == {}


@pytest.mark.parametrize("name", ["linux", "linux, again"])
def test_the_usual_linux_router(told: dict[Any, Future[Told]], name: str) -> None:
    """Connection tracking: the very port only, no IPsec, no late reject. It takes valid UDP-Lite and what goes to a
    care-of address for broken, because it computes their checksums otherwise than RFC 3828 and RFC 6275 do. What one
    measurement leaves in the router's memory does not change the next.
    """
    expected = dict.fromkeys((4, 17, 20, 21, 22, 24, 26, 27, 33, 34, 39), "violates")
    assert differing(told[name].result(), BY_DEFAULT | expected) == {}


def test_where_nothing_comes_out_nothing_is_judged(told: dict[Any, Future[Told]]) -> None:
    one = told["no way out"].result()
    assert set(one.recommendations.values()) == {"not-testable"}
    assert one.row("REC-17")[5] == "nothing that the host sent reached the vantage"


def test_without_raw_sockets_nothing_is_judged(told: dict[Any, Future[Told]]) -> None:
    one = told["no raw sockets"].result()
    assert set(one.recommendations.values()) == {"not-testable"}
    assert "raw sockets" in one.row("REC-17")[5]


def test_silence_of_errors_speaks_only_beside_errors_that_arrive(told: dict[Any, Future[Told]]) -> None:
    rows = told["no ICMPv6"].result().recommendations
    assert rows[10] == "not-testable"
    assert {rows[number] for number in (18, 23, 30, 36, 41, 45)} == {"violates"}


# ---- what a network before the router drops is not the router's


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("provider drops ESP", {22: "not-testable", 25: "not-testable"}),
        ("provider drops RH0", {4: "not-testable"}),
    ],
)
def test_what_ends_before_the_router_is_not_held_against_it(
    told: dict[Any, Future[Told]], name: str, unknown: Rows
) -> None:
    assert differing(told[name].result(), BY_DEFAULT | unknown) == {}


def test_a_refusal_that_cannot_come_is_not_awaited(told: dict[Any, Future[Told]]) -> None:
    """The provider drops DNS: that the router is silent about it proves nothing."""
    one = told["provider drops DNS"].result()
    assert differing(one, BY_DEFAULT | {8: "not-testable"}) == {}
    assert "udp/53" in one.row("REC-8")[5]


def test_loss_is_no_violation_and_no_conformance(told: dict[Any, Future[Told]]) -> None:
    """What arrives has arrived; no silence counts."""
    rows = told["provider loses a third"].result().recommendations
    assert "violates" not in rows.values()
    assert {rows[number] for number in (3, 5, 7, 10)} <= {"not-testable"}


def test_services_of_the_router_are_named(told: dict[Any, Future[Told]]) -> None:
    one = told["telnet and SNMP"].result()
    assert one.recommendations[50] == "violates"
    assert "tcp/23, tcp/80" in one.row("REC-50")[4]
