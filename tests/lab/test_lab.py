"""Up, down, and what happens when something goes wrong in between."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanner.lab import commands, state, topology
from scanner.lab.lab import Lab
from scanner.lab.personalities import stateful
from scanner.lab.rules import Action, RuleSet
from scanner.model.address import Kind, Origin, State
from scanner.model.errors import EnvironmentFault, InputError

from .prober import until

Name = Callable[[], str]

KEEPER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from scanner.lab.lab import Lab
with Lab(sys.argv[1]) as lab:
    lab.listen(tcp="22")
    lab.popen("host", ["sleep", "600"])
    print("up", flush=True)
    time.sleep(600)
"""


@contextmanager
def keeper(name: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has a lab of this name up."""
    process = subprocess.Popen(
        [sys.executable, "-c", KEEPER, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def left_of(name: str) -> list[str]:
    return sorted(space for space in commands.existing_namespaces() if space.startswith(f"{name}-"))


def own_links() -> set[str]:
    links = json.loads(commands.run(["ip", "-j", "link", "show"]))
    return {link["ifname"] for link in links if link.get("link_netnsid") is not None}


def test_the_kernel_makes_a_stable_and_a_temporary_address(lab: Lab) -> None:
    by_kind = {address.kind: address for address in lab.host_addresses()}
    assert {address.state for address in by_kind.values()} == {State.PREFERRED}
    assert by_kind[Kind.STABLE].origin is Origin.EUI64
    assert str(by_kind[Kind.STABLE].ip) == "2001:db8:2120:f400:5054:ff:fe64:10"
    assert by_kind[Kind.TEMPORARY].ip in topology.LAN
    assert by_kind[Kind.TEMPORARY].ip != by_kind[Kind.STABLE].ip


def test_up_and_down_are_quick_and_complete(unique_name: Name) -> None:
    name, links, started = unique_name(), own_links(), time.monotonic()
    with Lab(name):
        assert time.monotonic() - started < 10  # about one on a quiet machine
        assert left_of(name) == sorted(topology.namespaces(name))
        assert own_links() == links, "nothing may appear in the machine's own namespace"
    assert (left_of(name), state.load(name)) == ([], None)


def test_nothing_leads_out(lab: Lab) -> None:
    """Every interface's other end is in a namespace of the lab, and no IPv4 route exists."""
    for node in topology.NODES:
        links = json.loads(commands.run(["ip", "-n", lab.node(node), "-j", "-d", "link", "show"]))
        kinds = {link["ifname"]: link.get("linkinfo", {}).get("info_kind") for link in links}
        wired = {end for link in topology.LINKS for end in (link[0:2], link[3:5]) if end[0] == node}
        assert {name for name, kind in kinds.items() if kind == "veth"} == {name for _, name in wired}
        assert {kind for name, kind in kinds.items() if name != "lo"} <= {"veth", "bridge"}
        assert json.loads(commands.run(["ip", "-n", lab.node(node), "-j", "-4", "route", "show"]) or "[]") == []


@pytest.mark.parametrize("node", topology.NODES)
def test_every_node_has_its_namespace_and_no_icmp_limit(lab: Lab, node: str) -> None:
    done = lab.exec(node, ["cat", "/proc/sys/net/ipv6/icmp/ratelimit"], capture_output=True, text=True)
    assert done.stdout == "0\n"


def test_one_node_reaches_another_from_within(lab: Lab) -> None:
    """A scan inside the host starts its vantage by ``ip netns exec``."""
    inner = lab.argv("inet", ["ip", "-6", "-br", "addr", "show", "dev", "net0"])
    done = lab.exec("host", inner, capture_output=True, text=True)
    assert str(lab.vantage_address) in done.stdout


def test_unknown_nodes_are_named_with_the_known_ones(lab: Lab) -> None:
    with pytest.raises(InputError, match="no node 'toaster' in the lab: known are inet, inet2, isp1"):
        lab.node("toaster")


def test_stable_privacy_without_temporary_addresses(unique_name: Name) -> None:
    with Lab(unique_name(), tempaddr=0, addr_gen="stable-privacy", lifetimes=(600, 1200)) as lab:
        (only,) = lab.host_addresses()
    assert (only.kind, only.origin, only.state) == (Kind.STABLE, Origin.STABLE_PRIVACY, State.PREFERRED)
    assert 590 <= (only.preferred_lifetime or 0) <= 600
    assert 1190 <= (only.valid_lifetime or 0) <= 1200


def test_temporary_addresses_grow_old_by_themselves(unique_name: Name) -> None:
    with Lab(unique_name(), temporary_lifetimes=(4, 60)) as lab:
        addresses = lab.wait_addresses(3, deprecated=1)
    old = [address for address in addresses if address.state is State.DEPRECATED]
    assert {address.kind for address in old} == {Kind.TEMPORARY}
    assert {address.state for address in addresses if address.kind is Kind.STABLE} == {State.PREFERRED}


def test_a_short_advertised_lifetime_is_renewed(unique_name: Name) -> None:
    with Lab(unique_name(), tempaddr=0, lifetimes=(3, 6)) as lab:
        time.sleep(4)
        (only,) = lab.host_addresses()
    assert only.state is State.PREFERRED


def test_the_printer_counts_what_comes_from_outside(lab: Lab) -> None:
    before = lab.printer_packets()
    target = str(topology.PRINTER_ADDRESS)
    for node, expected in (("host", 0), ("inet", 1)):
        lab.exec(node, [sys.executable, "-c", SEND_ONE, target])
        assert until(lambda expected=expected: lab.printer_packets() - before == expected)


SEND_ONE = "import socket, sys; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], 9))"


def test_a_new_personality_forgets_the_flows_of_the_old_one(lab: Lab) -> None:
    def tracked() -> int:
        counted = ["cat", "/proc/sys/net/netfilter/nf_conntrack_count"]
        return int(lab.exec("cpe", counted, capture_output=True, text=True).stdout)

    lab.apply({"cpe": RuleSet(default=Action.DROP)})
    lab.exec("host", [sys.executable, "-c", SEND_ONE, str(lab.vantage_address)])
    assert until(lambda: tracked() > 0)
    lab.apply(stateful())
    assert tracked() == 0


def test_down_twice_and_without_up(unique_name: Name) -> None:
    lab = Lab(unique_name())
    lab.down()
    lab.up()
    lab.down()
    lab.down()
    assert left_of(lab.name) == []
    with pytest.raises(EnvironmentFault, match="is up: start it with"):
        lab.require_up()


def test_up_again_replaces_what_is_there(unique_name: Name) -> None:
    lab = Lab(unique_name())
    try:
        lab.up()
        first = state.load(lab.name)
        lab.up()
        second = state.load(lab.name)
    finally:
        lab.down()
    assert first is not None
    assert second is not None
    assert not any(state.alive(one) for one in first.processes)
    assert len(second.processes) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_takes_everything_down(unique_name: Name, number: signal.Signals) -> None:
    name = unique_name()
    with keeper(name) as process:
        process.send_signal(number)
        assert process.wait(10) != 0
        assert (left_of(name), state.load(name)) == ([], None)


def test_after_a_kill_the_daemons_die_and_the_next_up_cleans(unique_name: Name) -> None:
    name = unique_name()
    with keeper(name) as process:
        record = state.load(name)
        inhabitants = commands.processes_in(f"{name}-host")
        process.kill()
        process.wait()
    assert record is not None
    assert until(lambda: not any(state.alive(one) for one in record.processes)), "daemons outlive their owner"
    assert left_of(name) == sorted(topology.namespaces(name)), "nobody was left to delete the namespaces"
    assert any(state.start_of(pid) for pid in inhabitants), "what was started by hand in a node lives on until then"
    with Lab(name):
        assert not any(state.start_of(pid) for pid in inhabitants)
    assert left_of(name) == []


def test_the_lab_of_a_living_process_is_not_taken_over(unique_name: Name) -> None:
    name = unique_name()
    with keeper(name) as process:
        with pytest.raises(EnvironmentFault, match=f"a lab named {name} belongs to process {process.pid}"):
            Lab(name).up()
        assert left_of(name) == sorted(topology.namespaces(name))
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def test_a_namespace_that_no_lab_made_is_left_alone(unique_name: Name) -> None:
    name = unique_name()
    commands.run(["ip", "netns", "add", f"{name}-cpe"])
    try:
        with pytest.raises(EnvironmentFault, match=f"network namespace {name}-cpe exists and no lab made it"):
            Lab(name).up()
        Lab(name).down()
        assert left_of(name) == [f"{name}-cpe"]
    finally:
        commands.run(["ip", "netns", "del", f"{name}-cpe"])


def test_a_failure_on_the_way_up_leaves_nothing(
    unique_name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "nft"
    broken.write_text("#!/bin/sh\necho 'Error: this kernel has no tables' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    name = unique_name()
    with pytest.raises(EnvironmentFault, match="this kernel has no tables"), Lab(name):
        pytest.fail("it came up")
    assert (left_of(name), state.load(name)) == ([], None)


def test_a_daemon_that_cannot_start_says_why(lab: Lab) -> None:
    with pytest.raises(EnvironmentFault, match=r"did not start: .*Cannot assign requested address"):
        lab.listen(tcp="80", bind="2001:db8::bad")
