"""Measurements that go wrong on the way: what is said stays true, what is not known is said as unknown."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from scanner.lab.commands import processes_in
from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.topology import CPE_OUTSIDE
from scanner.lab.truth import Services
from scanner.model.ports import PortSet
from scanner.model.verdict import STOPPED, Verdict

from .conftest import require_root
from .host import Answer, Host, Job, Place, Told, differences

V = Verdict
SERVICES = Services(tcp=PortSet.parse("22,80,445"), udp=PortSet.parse("53"), udp_silent=PortSet.parse("5355"))
FEW = PortSet.parse("22,25,53,80,139,443,445,3000,5355,40000-40020")
MANY = PortSet.parse("1-8000")
NUMEROUS = PortSet.parse("22,25,53,80,139,445,5355,40000-40012")
CONTROL_PORTS = PortSet.parse("40000-40009")  # of the single address: the kernel must choose among these
LIMITED = ("pass-all", "stateful", "isp-drops-smb", "reject-admin", "host-rejects")
SINGLE = ("stateful", "pass-all")
PLAIN = ("stateful", "host-firewall", "host-rejects", "reject-admin", "reject-reset", "proxy-answers")
# Root without any capability: that works where there is no other user (a user namespace), too.
WITHOUT_PRIVILEGE = "exec:ip netns exec {inet} setpriv --securebits=+noroot --inh-caps=-all --bounding-set=-all"


def limited_jobs() -> dict[str, Job]:
    return {f"limited {name}": Job(PERSONALITIES[name], SERVICES, NUMEROUS, NUMEROUS) for name in LIMITED}


def single_jobs() -> dict[str, Job]:
    tcp, udp, rest = PortSet.parse("22,445"), CONTROL_PORTS | PortSet.of([53]), FEW - CONTROL_PORTS
    jobs = {f"single {name}": Job(PERSONALITIES[name], SERVICES, tcp, udp) for name in SINGLE}
    jobs |= {f"plain {name}": Job(PERSONALITIES[name], SERVICES, rest, rest, spec=WITHOUT_PRIVILEGE) for name in PLAIN}
    stateful = PERSONALITIES["stateful"]
    with_control_port = Job(stateful, SERVICES, PortSet(), udp, spec=WITHOUT_PRIVILEGE)
    return jobs | {"plain stateful, with its control port": with_control_port}


@pytest.fixture(scope="module")
def told(unique_name: Callable[[], str]) -> Iterator[dict[str, Future[Told]]]:
    """Answers from two more labs: every limit on ICMPv6 errors kept, and a host with one address. They are measured
    while the other tests run; each lab by one thread, with which its daemons live.
    """
    require_root()
    with ExitStack() as stack:
        futures: dict[str, Future[Told]] = {}
        for limit, jobs in ((True, limited_jobs()), (False, single_jobs())):
            lab = stack.enter_context(Lab(unique_name(), tempaddr=0, icmp_ratelimit=limit))
            listen(lab)
            ports = str(CONTROL_PORTS).replace("-", " ")
            lab.exec("host", ["sh", "-c", f"echo {ports} >/proc/sys/net/ipv4/ip_local_port_range"])
            host = stack.enter_context(Host(lab))
            pool = stack.enter_context(ThreadPoolExecutor(1))
            stack.callback(pool.shutdown, cancel_futures=True)
            futures |= {name: pool.submit(host.measured, job) for name, job in jobs.items()}
        yield futures


@pytest.fixture(scope="module")
def host(lab: Lab, told: dict[str, Future[Told]]) -> Iterator[Host]:  # told: begun before anything else
    listen(lab)
    with Host(lab, errors=subprocess.PIPE) as one:
        yield one


def listen(lab: Lab) -> None:
    lab.listen(tcp=str(SERVICES.tcp), udp=str(SERVICES.udp), udp_silent=str(SERVICES.udp_silent))


def true_or_unknown(answer: Answer, expected: dict[Place, Verdict]) -> tuple[int, int]:
    """How many ports are told truly and how many are unknown; none may be told wrongly."""
    found = answer.verdicts
    assert found.keys() == expected.keys()
    unknown = [place for place, verdict in found.items() if verdict is V.INDETERMINATE]
    wrong = {place: (found[place], expected[place]) for place in found if found[place] != expected[place]}
    assert not {place: pair for place, pair in wrong.items() if pair[0] is not V.INDETERMINATE}
    assert all(answer.evidence(place)["reason"] for place in unknown[:20])
    return len(found) - len(unknown), len(unknown)


# ---- the vantage


def test_interrupted_it_keeps_what_was_measured(host: Host) -> None:
    host.lab.apply(PERSONALITIES["host-rejects"])
    host.begin(tcp=str(MANY), udp="")
    host.until_it_says("sweep")
    host.interrupt()
    answer = host.end()
    assert answer.interrupted
    assert not answer.lost
    known, unknown = true_or_unknown(answer, host.truth(PERSONALITIES["host-rejects"], SERVICES, MANY, ()))
    assert known > 100
    assert unknown > 1000
    assert any("interrupted" in problem for problem in answer.problems)
    assert host.ask(tcp="22", udp="").verdicts, "and the next measurement works"


def test_interrupted_on_a_filtering_router_it_calls_nothing_blocked_that_it_asked_once(host: Host) -> None:
    host.lab.apply(PERSONALITIES["stateful"])
    host.begin(tcp=str(MANY), udp="")
    host.until_it_says("sweep 1")
    host.interrupt()
    answer = host.end()
    expected = host.truth(PERSONALITIES["stateful"], SERVICES, MANY, ())
    known, _ = true_or_unknown(answer, expected)
    assert known <= sum(verdict not in STOPPED for verdict in expected.values())


def test_a_vantage_that_dies_leaves_what_was_measured(host: Host) -> None:
    host.lab.apply(PERSONALITIES["pass-all"])
    host.begin(tcp=str(MANY), udp="")
    host.until_it_says("sweep")
    for pid in processes_in(host.lab.node("inet")):
        os.kill(pid, signal.SIGKILL)
    answer = host.end()
    assert answer.lost
    assert not answer.interrupted
    known, unknown = true_or_unknown(answer, host.truth(PERSONALITIES["pass-all"], SERVICES, MANY, ()))
    assert known > 100
    assert unknown > 1000
    assert any("lost" in problem or "ended" in problem for problem in answer.problems)


def test_what_the_vantage_may_not_send_is_not_called_blocked(host: Host) -> None:
    """Its own firewall refuses some packets: they never left, so their silence is nobody's merit."""
    host.lab.apply(PERSONALITIES["pass-all"])
    rules = "table ip6 own {\n chain out {\n type filter hook output priority 0;\n tcp dport 445 drop\n"
    rules += " udp dport { 53, 40000 } drop\n }\n}\n"
    host.lab.exec("inet", ["nft", "-f", "-"], input=rules, text=True)
    try:
        answer = host.ask(tcp=str(FEW), udp=str(FEW))
    finally:
        host.lab.exec("inet", ["nft", "flush", "ruleset"])
    expected = host.truth(PERSONALITIES["pass-all"], SERVICES, FEW, FEW)
    stuck = {(address, protocol, port) for address in host.roles() for protocol, port in (("tcp", 445), ("udp", 53))}
    stuck |= {(address, "udp", 40000) for address in host.roles()}
    assert not differences(answer, expected | dict.fromkeys(stuck, V.INDETERMINATE))
    assert {answer.evidence(place)["reason"] for place in stuck} == {"no probe of it counted"}
    assert any("EPERM" in problem for problem in answer.problems)


# ---- the inside


def test_without_a_witness_only_what_answers_is_known(host: Host) -> None:
    host.lab.apply(PERSONALITIES["stateful"])
    answer = host.ask(tcp="22,23,80,445", udp="53", watched=False)
    found = answer.verdicts
    for address in host.roles():
        assert {found[address, "tcp", port] for port in (22, 80)} == {V.OPEN}
        assert {found[address, "tcp", port] for port in (23, 445)} | {found[address, "udp", 53]} == {V.INDETERMINATE}
    assert answer.bound is None


def test_a_capture_that_loses_packets_says_nothing_wrong(host: Host) -> None:
    """A ring with room for 256 packets, and nobody reads it for a while: what is lost in it does not count."""
    what = PERSONALITIES["pass-all"]
    host.lab.apply(what)
    ports = PortSet.parse("1-3000")
    host.begin(tcp=str(ports), udp="", blocks=1)
    host.until_it_says("sweep")
    host.process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    host.process.send_signal(signal.SIGCONT)
    answer = host.end()
    known, unknown = true_or_unknown(answer, host.truth(what, SERVICES, ports, ()))
    assert answer.dropped > 0, "else this test tests nothing"
    assert known > 10 * unknown, "what was lost is asked again"


EXTRA = "2001:db8:2120:f400::99"


@pytest.mark.parametrize("place", [0, 2])
def test_an_address_that_goes_in_mid_scan(host: Host, place: int) -> None:
    """Its own silence is unknown, with the reason; the others are told as ever, though its control flow went too."""
    what = PERSONALITIES["stateful"]
    addresses = list(host.roles())
    change = ["ip", "-n", host.lab.node("host"), "addr", "add", f"{EXTRA}/64", "dev", "lan0"]
    subprocess.run([*change, "nodad"], check=True)
    host.lab.apply(what)
    expected = host.truth(what, SERVICES, MANY, ())
    addresses.insert(place, EXTRA)
    host.begin(tcp=str(MANY), udp="", addresses=addresses)
    host.until_it_says("sweep" if place == 0 else "repeat")
    subprocess.run(["del" if word == "add" else word for word in change], check=True)
    answer = host.end()
    found = answer.verdicts
    wrong = {p: (found[p], v) for p, v in expected.items() if p[0] != EXTRA and found[p] != v}
    assert wrong == {}
    of_gone = {p: verdict for p, verdict in found.items() if p[0] == EXTRA}
    assert set(of_gone.values()) <= {V.OPEN, V.CLOSED, V.INDETERMINATE}
    unknown = [p for p, verdict in of_gone.items() if verdict is V.INDETERMINATE]
    assert len(unknown) > len(MANY) - 10
    assert {answer.evidence(p)["reason"] for p in unknown[::500]} == {"the address vanished in mid-scan"}
    assert any(EXTRA in problem and "vanished" in problem for problem in answer.problems)


ECHO = """
import socket
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as service:
    service.bind(("::", 40010))
    print("ready", flush=True)
    while True:
        data, peer = service.recvfrom(2048)
        service.sendto(b"hello", peer)
"""


def test_a_service_that_answers_from_another_address_than_was_asked(host: Host) -> None:
    """A UDP program on :: leaves the source to the kernel, which takes the temporary address (RFC 6724 rule 7).

    The router drops what is for that one: that an answer comes from it opens nothing, and nobody speaks in its name.
    """
    every = PortSet.every()
    what = {"cpe": RuleSet((Rule("udp", every, Action.DROP, Role.TEMPORARY),))}
    host.lab.apply(what)
    service = host.lab.popen("host", [sys.executable, "-c", ECHO], stdout=subprocess.PIPE)
    try:
        assert service.stdout is not None
        service.stdout.readline()
        answer = host.ask(tcp="", udp="40000-40020")
    finally:
        service.kill()
        service.communicate()
    for address, role in host.roles().items():
        verdict = answer.verdicts[address, "udp", 40010]
        assert verdict is (V.OPEN_FILTERED if role is Role.STABLE else V.ROUTER_DROPPED)
    expected = host.truth(what, SERVICES, (), range(40000, 40021))
    assert not {place for place, v in expected.items() if place[2] != 40010 and answer.verdicts[place] != v}


# ---- hosts and routers of other kinds, measured meanwhile


# Where errors are limited a router's or host's rejection may be silence, and a place unknown.
ALSO = {
    V.ROUTER_DROPPED: {V.BLOCKED},
    V.UPSTREAM_DROPPED: {V.BLOCKED},
    V.ROUTER_REJECTED: {V.ROUTER_DROPPED, V.BLOCKED},
    V.UPSTREAM_REJECTED: {V.UPSTREAM_DROPPED, V.BLOCKED},
    V.HOST_REJECTED: {V.OPEN_FILTERED},  # where a program listens on a UDP port
}


@pytest.mark.parametrize("name", LIMITED)
def test_limits_on_icmpv6_errors_make_nothing_wrong(told: dict[str, Future[Told]], name: str) -> None:
    """RFC 4443 section 2.4 (f): every kernel keeps its limit, as real ones do."""
    one = told[f"limited {name}"].result()
    found = one.answer.verdicts
    assert {p: (found[p], v) for p, v in one.expected.items() if found[p] not in {v} | ALSO.get(v, set())} == {}


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_address_whose_control_port_is_scanned(told: dict[str, Future[Told]], name: str) -> None:
    """Its one control flow runs on a port that is judged too: that port is asked before the flow is opened."""
    one = told[f"single {name}"].result()
    assert len({address for address, _, _ in one.expected}) == 1
    assert not differences(one.answer, one.expected)


# What connect() and plain UDP cannot tell: where silence ends, and whose refusal it was.
UNTOLD = {
    V.ROUTER_DROPPED: V.BLOCKED,
    V.UPSTREAM_DROPPED: V.BLOCKED,
    V.ROUTER_REJECTED: V.BLOCKED,
    V.FORGED: V.BLOCKED,
}


@pytest.mark.parametrize("name", [*PLAIN, "stateful, with its control port"])
def test_a_vantage_without_privilege(told: dict[str, Future[Told]], name: str) -> None:
    one = told[f"plain {name}"].result()
    expected = {place: UNTOLD.get(verdict, verdict) for place, verdict in one.expected.items()}
    assert not differences(one.answer, expected)
    assert not one.answer.privileged
    if name == "reject-admin":  # the kernel over there still tells who sent the ICMPv6 error
        rows = [one.answer.evidence(place) for place in one.expected if one.expected[place] is V.ROUTER_REJECTED]
        assert {(row["answer"], row["responder"]) for row in rows} == {("admin-prohibited", str(CPE_OUTSIDE))}
    assert one.answer.routers is None
