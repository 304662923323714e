"""nmap itself, run by python-nmap through a shim, across a router that filters: what the design rests on."""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from scanner.lab.commands import inside, run
from scanner.model.errors import IncompleteError
from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict
from scanner.probes.nmap_report import NmapPort
from scanner.probes.nmap_run import NmapRequest, NmapRun
from scanner.probes.nmap_scan import Source, service_requests, sweep_request, sweep_top_ports
from scanner.probes.nmap_services import ServiceRuns
from scanner.probes.nmap_xml import read_report
from scanner.verdict.second_opinion import disagreements

HOST = IPv6Address("2001:db8:a::10")
OPEN_HOST = IPv6Address("2001:db8:a::11")  # the router passes everything to it
VANTAGE = IPv6Address("2001:db8:f::2")
ROUTER = IPv6Address("2001:db8:f::1")

RULES = """
table ip6 filter {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    iifname "lan0" accept
    ip6 daddr 2001:db8:a::11 accept
    tcp dport { 22, 80, 443, 8080 } accept
    udp dport { 53, 54 } accept
    tcp dport 100 reject with tcp reset
    tcp dport 101 reject with icmpv6 admin-prohibited
    tcp dport 102 reject with icmpv6 addr-unreachable
    tcp dport 201-206 accept
  }
}
"""
HOST_RULES = """
table ip6 filter {
  chain input {
    type filter hook input priority 0
    tcp dport 201-206 drop
  }
}
"""
# tcp port -> the ICMPv6 error that is sent about a SYN to it
ERRORS = {201: (4, 0), 202: (1, 5), 203: (3, 0), 204: (1, 7), 205: (4, 1), 206: (1, 1)}

SERVANT = f"""
import select, socket
errors = {ERRORS!r}
def listener(kind, port):
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        one.listen(64)
    return one
ssh, evil, silent = (listener(socket.SOCK_STREAM, port) for port in (22, 80, 8080))
echo = listener(socket.SOCK_DGRAM, 53)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86DD))
icmp = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
banners = {{ssh: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\\r\\n",
            evil: b"220 \\x1b[31mevil\\xc2\\x9b2J\\xe2\\x80\\xae ESMTP Postfix\\r\\n"}}
kept = []
print("ready", flush=True)
while True:
    for one in select.select([ssh, evil, silent, echo, wire], [], [])[0]:
        if one is wire:
            packet, address = one.recvfrom(2048)
            if address[2] == 4 or packet[6] != 6 or not packet[53] & 2:
                continue
            error = errors.get(int.from_bytes(packet[42:44], "big"))
            if error:
                prober = socket.inet_ntop(socket.AF_INET6, packet[8:24])
                icmp.sendto(bytes([*error, 0, 0, 0, 0, 0, 0]) + packet, (prober, 0))
        elif one is echo:
            data, sender = one.recvfrom(2048)
            one.sendto(b"echo", sender)
        else:
            connection, _ = one.accept()
            kept.append(connection)
            try:
                connection.sendall(banners.get(one, b""))
            except OSError:
                pass
"""


@dataclass(frozen=True)
class Net:
    """``outside`` - ``router`` - ``host``, and a shim that runs nmap outside."""

    outside: str
    router: str
    host: str
    shim: Path


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    name = f"v6xnm{os.getpid()}"
    directory = tmp_path_factory.mktemp("shim")
    one = Net(f"{name}o", f"{name}r", f"{name}h", directory / "nmap")
    one.shim.write_text(
        "#!/bin/bash\nset -o pipefail\n"
        f'[ "$1" = -V ] && exec ip netns exec {one.outside} nmap -V\n'
        f'ip netns exec {one.outside} nmap "$@" | tee -a "$V6EXPOSE_NMAP_TEE"\n'
    )
    one.shim.chmod(0o700)
    try:
        build(one)
        with subprocess.Popen(inside(one.host, [sys.executable, "-c", SERVANT]), stdout=subprocess.PIPE) as servant:
            assert servant.stdout is not None
            assert servant.stdout.readline() == b"ready\n"
            yield one
            servant.kill()
    finally:
        for namespace in (one.outside, one.router, one.host):
            subprocess.run(["ip", "netns", "del", namespace], check=False, stderr=subprocess.DEVNULL)


def build(net: Net) -> None:
    for namespace in (net.outside, net.router, net.host):
        run(["ip", "netns", "add", namespace])
        for setting in ("conf.all.accept_dad=0", "conf.default.accept_dad=0", "icmp.ratelimit=0"):
            run(inside(namespace, ["sysctl", "-qw", f"net.ipv6.{setting}"]))
    pair(net.outside, "wan0", net.router, "wan0")
    pair(net.router, "lan0", net.host, "lan0")
    run(inside(net.router, ["sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"]))
    for namespace, device, address in (
        (net.outside, "wan0", VANTAGE),
        (net.router, "wan0", ROUTER),
        (net.router, "lan0", "2001:db8:a::1"),
        (net.host, "lan0", HOST),
        (net.host, "lan0", OPEN_HOST),
    ):
        run(["ip", "-n", namespace, "addr", "add", f"{address}/64", "dev", device, "nodad"])
    run(["ip", "-n", net.outside, "route", "add", "default", "via", str(ROUTER)])
    run(["ip", "-n", net.host, "route", "add", "default", "via", "2001:db8:a::1"])
    run(inside(net.router, ["nft", "-f", "-"]), RULES)
    run(inside(net.host, ["nft", "-f", "-"]), HOST_RULES)


def pair(near: str, near_device: str, far: str, far_device: str) -> None:
    run(["ip", "link", "add", near_device, "netns", near, "type", "veth", "peer", "name", far_device, "netns", far])
    run(["ip", "-n", near, "link", "set", near_device, "up"])
    run(["ip", "-n", far, "link", "set", far_device, "up"])


@pytest.fixture(scope="module")
def swept(net: Net) -> dict[int, NmapPort]:
    """One raw scan of every port that a test looks at."""
    ports = PortSet.parse("22,23,80,100-102,201-206,443")
    report = sweep_top_ports(net.shim, [HOST], Source(VANTAGE, "wan0"), ports=ports)
    assert (report.exit, report.truncated) == ("success", False)
    assert report.problems == ("Unexpected ICMPv6 type/code 1/7 unreachable packet:",)
    assert len(report.hosts[0].ports) == len(ports)
    return {port.port: port for port in report.hosts[0].ports}


def said(port: NmapPort) -> tuple[str, str, int | None, IPv6Address | None]:
    return port.state, port.reason, port.reason_ttl, port.responder


def test_open_closed_and_filtered(swept: dict[int, NmapPort]) -> None:
    assert said(swept[22]) == ("open", "syn-ack", 63, None)
    assert said(swept[443]) == ("closed", "reset", 63, None)
    assert said(swept[23]) == ("filtered", "no-response", 0, None)


def test_a_reset_by_the_router_looks_like_the_hosts_but_for_the_hop_limit(swept: dict[int, NmapPort]) -> None:
    assert said(swept[100]) == ("closed", "reset", 64, None)  # D6


def test_a_reject_names_who_sent_it(swept: dict[int, NmapPort]) -> None:
    assert said(swept[101]) == ("filtered", "admin-prohibited", 64, ROUTER)
    assert said(swept[102]) == ("filtered", "host-unreach", 64, ROUTER)


def test_a_parameter_problem_is_called_open_and_is_not_taken_for_it(swept: dict[int, NmapPort]) -> None:
    """D8. The sweep, which heard no accept, is not contradicted."""
    assert said(swept[201])[:2] == ("open", "param-problem")
    state_and_reason = {201: said(swept[201])[:2]}
    assert disagreements({201: Verdict.HOST_REJECTED}, state_and_reason) == ()
    assert disagreements({201: Verdict.OPEN}, state_and_reason) != ()


def test_errors_that_nmap_folds_together_or_ignores(swept: dict[int, NmapPort]) -> None:
    """D9: 1/5 and 1/1 are one word, 3/0 and 1/7 are no answer at all."""
    assert {port: said(swept[port])[:2] for port in range(202, 207)} == {
        202: ("filtered", "admin-prohibited"),
        203: ("filtered", "no-response"),
        204: ("filtered", "no-response"),
        205: ("filtered", "param-problem"),
        206: ("filtered", "admin-prohibited"),
    }


def test_an_unprivileged_vantage_hears_less(net: Net) -> None:
    """No hop limits, no senders; a reject is now and then reported as silence."""
    ports = PortSet.parse("22,100,101,443")
    report = sweep_top_ports(net.shim, [HOST], ports=ports, privileged=False)
    assert [said(port)[0] for port in report.hosts[0].ports] == ["open", "closed", "filtered", "closed"]
    assert report.hosts[0].ports[1].reason == "conn-refused"
    assert {said(port)[2:] for port in report.hosts[0].ports} == {(0, None)}


def test_the_top_thousand_of_two_addresses_are_all_named(net: Net) -> None:
    """-d3 turns folding off; nmap scans both addresses at once."""
    started = time.monotonic()
    report = sweep_top_ports(net.shim, [OPEN_HOST, HOST])
    assert time.monotonic() - started < 60
    states = [report.states(address, "tcp") for address in (OPEN_HOST, HOST)]
    assert [len(one) for one in states] == [1000, 1000]
    assert sum(state == "closed" for state, _ in states[0].values()) == 997
    filtered = [port for port, one in states[1].items() if one == ("filtered", "no-response")]
    assert len(filtered) == 1000 - len({22, 80, 443, 8080, 100})  # of 101, 102, 201-206 none is a common port


def test_the_same_scan_without_d3_is_folded_and_unfolds_to_the_same(net: Net) -> None:
    plain = sweep_request(net.shim, [OPEN_HOST], ports=PortSet.parse("1-200"))
    folded = replace(plain, arguments=tuple(word for word in plain.arguments if word != "-d3"))
    documents = []
    for one in (plain, folded):
        with NmapRun(one) as running:
            while not running.poll():
                time.sleep(0.02)
            documents.append(max(running._documents(running._reply()), key=len))
    assert [b"<extraports" in document for document in documents] == [False, True]
    each, unfolded = (read_report(document).states(OPEN_HOST, "tcp") for document in documents)
    assert each == unfolded
    assert len(each) == 200


def test_python_nmap_loses_what_our_reader_keeps(net: Net) -> None:
    """D10, in a process of its own: of 200 ports two come back, none with a hop limit."""
    code = (
        f"import nmap; s = nmap.PortScanner(nmap_search_path=({str(net.shim)!r},)); "
        f"r = s.scan('{OPEN_HOST}', '1-200', '-6 -n -Pn -sS'); print(r['scan']['{OPEN_HOST}']['tcp'])"
    )
    environment = {**os.environ, "V6EXPOSE_NMAP_TEE": os.devnull}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment, timeout=60)
    ports = ast.literal_eval(done.stdout.decode())
    assert sorted(ports) == [22, 80]
    assert "reason_ttl" not in ports[22]


def test_without_minus_6_nmap_succeeds_and_has_scanned_nothing(net: Net) -> None:
    """Why the child adds it, and what happens if it were lost on the way."""
    careless = net.shim.with_name("careless")
    lines = net.shim.read_text().replace('nmap "$@"', 'nmap "${@/#-6/-n}"')
    careless.write_text(lines)
    careless.chmod(0o700)
    with pytest.raises(IncompleteError, match="-6"):
        sweep_top_ports(careless, [HOST], ports=PortSet.parse("22"))


def test_nmap_killed_in_mid_run_keeps_the_address_that_was_done(net: Net) -> None:
    quick_then_slow = NmapRequest(
        net.shim,
        (OPEN_HOST, HOST),
        ("-n", "-Pn", "-sS", "-d3", "--max-hostgroup", "1", "--max-rate", "200"),
        "1-99,101,300-400",
    )
    with NmapRun(quick_then_slow) as running:
        end = time.monotonic() + 30
        while b"</host>" not in (running._tee.read_bytes() if running._tee.exists() else b""):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert not running.poll()
        running.stop()
        report = running.result()
    assert (report.truncated, report.exit) == (True, "")
    assert [(one.address, len(one.ports), one.complete) for one in report.hosts] == [(OPEN_HOST, 201, True)]
    assert run(["ip", "netns", "pids", net.outside]).split() == []


def test_a_thousand_silent_ports_take_seconds_and_progress_is_told(net: Net) -> None:
    """Without a least rate nmap takes a minute and more where nobody ever answers."""
    started = time.monotonic()
    slow = sweep_request(net.shim, [HOST], ports=PortSet.parse("1000-1999"))
    seen = []
    with NmapRun(slow) as running:
        while not running.poll():
            seen.append(running.progress())
            time.sleep(0.1)
        assert running.progress() == 1.0
        states = running.result().states(HOST, "tcp")
    assert time.monotonic() - started < 30
    assert set(states.values()) == {("filtered", "no-response")}
    said_something = [share for share in seen if share is not None]
    assert said_something
    assert all(0 < share <= 1 for share in said_something)


def test_services_speak_up_and_a_silent_one_costs_its_own_time_only(net: Net) -> None:
    """The banner at 80 tries to write on the reader's terminal."""
    requests = service_requests(net.shim, HOST, PortSet.parse("22,80,8080"), PortSet.parse("53"))
    shorter = [
        replace(one, arguments=tuple("4s" if word == "14s" else word for word in one.arguments)) for one in requests
    ]
    started = time.monotonic()
    with ServiceRuns(shorter) as runs:
        while not runs.poll():
            time.sleep(0.02)
        report = runs.result()
    assert time.monotonic() - started < 15
    (one,) = report.hosts
    services = {(port.protocol, port.port): port.service for port in one.ports}
    ssh = services["tcp", 22]
    assert ssh is not None
    assert (ssh.name, ssh.product, ssh.version) == ("ssh", "OpenSSH", "9.2p1 Debian 2+deb12u3")
    assert one.timed_out
    assert ("tcp", 8080) not in services
    evil = services["tcp", 80]
    assert evil is not None
    assert f"{evil.product}{evil.version}{evil.extrainfo}".isprintable()
    assert evil.product == "Postfix smtpd"
