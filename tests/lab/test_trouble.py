"""Measurements that go wrong on the way: what is said stays true, what is not known is said as unknown."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from scanner.lab.commands import processes_in
from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.truth import Services
from scanner.model.ports import PortSet
from scanner.model.verdict import STOPPED, Verdict

from .host import Answer, Host, Place, differences

V = Verdict
SERVICES = Services(tcp=PortSet.parse("22,80,445"), udp=PortSet.parse("53"), udp_silent=PortSet.parse("5355"))
FEW = PortSet.parse("22,25,53,80,139,443,445,3000,5355,40000-40020")
MANY = PortSet.parse("1-8000")
COMFORT = STOPPED | {V.FORGED, V.INTERCEPTED}


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[Host]:
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


# A login of its own would have a PATH of its own; ours may lead where nobody else may go.
UNPRIVILEGED = "env PATH=/usr/local/bin:/usr/bin:/bin setpriv --reuid 65534 --regid 65534 --clear-groups"
# What connect() and plain UDP cannot tell: where silence ends, and whose refusal it was.
UNTOLD = {
    V.ROUTER_DROPPED: V.BLOCKED,
    V.UPSTREAM_DROPPED: V.BLOCKED,
    V.ROUTER_REJECTED: V.BLOCKED,
    V.FORGED: V.BLOCKED,
}


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


# ---- hosts and routers of other kinds


@pytest.fixture(scope="module")
def limited(unique_name: Callable[[], str]) -> Iterator[Host]:
    """Every kernel keeps its limit on ICMPv6 errors (RFC 4443 section 2.4 (f)), as real ones do."""
    with Lab(unique_name(), tempaddr=0, icmp_ratelimit=True) as lab:
        listen(lab)
        with Host(lab) as one:
            yield one


NUMEROUS = PortSet.parse("22,25,53,80,139,445,5355,40000-40012")
# Where errors are limited a router's or host's rejection may be silence, and a place unknown.
ALSO = {
    V.ROUTER_DROPPED: {V.BLOCKED},
    V.UPSTREAM_DROPPED: {V.BLOCKED},
    V.ROUTER_REJECTED: {V.ROUTER_DROPPED, V.BLOCKED},
    V.UPSTREAM_REJECTED: {V.UPSTREAM_DROPPED, V.BLOCKED},
    V.HOST_REJECTED: {V.OPEN_FILTERED},  # where a program listens on a UDP port
}


@pytest.mark.parametrize("name", ["pass-all", "stateful", "isp-drops-smb", "reject-admin", "host-rejects"])
def test_limits_on_icmpv6_errors_make_nothing_wrong(limited: Host, name: str) -> None:
    what = PERSONALITIES[name]
    limited.lab.apply(what)
    answer = limited.ask(tcp=str(NUMEROUS), udp=str(NUMEROUS))
    expected = limited.truth(what, SERVICES, NUMEROUS, NUMEROUS)
    found = answer.verdicts
    wrong = {p: (found[p], v) for p, v in expected.items() if found[p] != v and found[p] not in ALSO.get(v, set())}
    assert wrong == {}


CONTROL_PORTS = PortSet.parse("40000-40009")


@pytest.fixture(scope="module")
def single(unique_name: Callable[[], str]) -> Iterator[Host]:
    with Lab(unique_name(), tempaddr=0) as lab:
        listen(lab)
        # The kernel then has to take the control flow's port from among those that are scanned.
        lab.exec("host", ["sh", "-c", f"echo {CONTROL_PORTS} | tr - ' ' >/proc/sys/net/ipv4/ip_local_port_range"])
        with Host(lab) as one:
            yield one


@pytest.mark.parametrize("name", ["stateful", "pass-all"])
def test_a_single_address_whose_control_port_is_scanned(single: Host, name: str) -> None:
    """Its one control flow runs on a port that is judged too: that port is asked before the flow is opened."""
    what = PERSONALITIES[name]
    single.lab.apply(what)
    assert len(single.roles()) == 1
    answer = single.ask(tcp="22,445", udp="53,40000-40009")
    assert not differences(answer, single.truth(what, SERVICES, [22, 445], [53, *range(40000, 40010)]))


@pytest.mark.parametrize("name", ["stateful", "host-rejects", "reject-admin", "reject-reset", "proxy-answers"])
def test_a_vantage_without_privilege(single: Host, name: str) -> None:
    what = PERSONALITIES[name]
    single.lab.apply(what)
    spec = f"exec:ip netns exec {single.lab.node('inet')} {UNPRIVILEGED}"
    ports = FEW - CONTROL_PORTS
    answer = single.ask(spec=spec, tcp=str(ports), udp=str(ports))
    expected = single.truth(what, SERVICES, ports, ports)
    assert not differences(answer, {place: UNTOLD.get(verdict, verdict) for place, verdict in expected.items()})
    assert answer.routers is None


def test_without_privilege_its_control_port_too(single: Host) -> None:
    what = PERSONALITIES["stateful"]
    single.lab.apply(what)
    spec = f"exec:ip netns exec {single.lab.node('inet')} {UNPRIVILEGED}"
    answer = single.ask(spec=spec, tcp="", udp="53,40000-40009")
    expected = single.truth(what, SERVICES, (), [53, *range(40000, 40010)])
    assert not differences(answer, {place: UNTOLD.get(verdict, verdict) for place, verdict in expected.items()})


def test_it_does_not_take_long(single: Host) -> None:
    single.lab.apply(PERSONALITIES["pass-all"])
    started = time.monotonic()
    single.ask(tcp="22", udp="53")
    assert time.monotonic() - started < 10
