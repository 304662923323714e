"""The host's firewall, named: the lab's personalities, real ufw, and one probe that the kernel traces."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.name_rules import describe, name_rules
from scanner.hostwall.owners import owners
from scanner.hostwall.read import read_host_rules, read_whence
from scanner.hostwall.run_command import Runner, Said, environment, run_command
from scanner.hostwall.tracing import PREFIX
from scanner.hostwall.walk import decide
from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.personalities import host_firewall, host_rejects, personality
from scanner.lab.topology import LAN_INTERFACE
from scanner.model.run import Evidence, PortTable
from scanner.model.verdict import Verdict

from .conftest import require_root
from .pair import FAR, INTERFACE, NEAR, Pair, pair
from .prober import until

OURS = "nftables ip6 v6expose_lab filter: "


def on_host(lab: Lab) -> Runner:
    def run(argv: Sequence[str]) -> Said:
        return run_command(lab.argv("host", argv))

    return run


def command(lab: Lab, *words: str) -> list[str]:
    return lab.argv("host", [sys.executable, "-m", "scanner.cli.main", "explain", *words])


def explain(lab: Lab, *words: str) -> tuple[int, Any]:
    done = subprocess.run(command(lab, *words, "--json"), capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def tables(lab: Lab) -> str:
    return commands.run(lab.argv("host", ["nft", "list", "tables"]))


@pytest.mark.parametrize(
    ("what", "verdict", "answer", "expected"),
    [
        (host_firewall(), Verdict.HOST_DROPPED, "no-response", OURS + "drop"),
        (
            host_rejects(),
            Verdict.HOST_REJECTED,
            "admin-prohibited",
            OURS + "reject with icmpv6 admin-prohibited",
        ),
    ],
)
def test_the_rule_of_a_personality_is_named(lab: Lab, what: Any, verdict: Verdict, answer: str, expected: str) -> None:
    lab.apply(what)
    address = str(lab.host_addresses()[0].ip)
    row = Evidence("1-21,23-79,81-442,444-65535", verdict, answer, None, None, True, None, 61, 2)  # noqa: FBT003
    table = PortTable(address, "inet", "tcp", {}, (row,))
    whence = read_whence(lab.vantage_address, LAN_INTERFACE, LAN_INTERFACE, on_host(lab))
    (after,) = name_rules((table,), read_host_rules(on_host(lab)), {(address, "inet"): whence})
    assert [(one.ports, one.reason) for one in after.evidence] == [(row.ports, expected)]


def test_a_probe_is_traced_to_the_rule_that_drops_it(lab: Lab) -> None:
    lab.apply(host_firewall())
    status, told = explain(lab, "445", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    assert status == 0
    assert told["rules"]["stopped_by"] == [told["trace"]["stopped_by"]] == [OURS + "drop"]
    assert PREFIX not in tables(lab)


def test_so_is_one_by_udp(lab: Lab) -> None:
    lab.apply(host_rejects())
    _, told = explain(lab, "53/udp", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    assert told["trace"]["stopped_by"] == OURS + "reject with icmpv6 admin-prohibited"


def test_a_port_that_passes_is_said_to_pass(lab: Lab) -> None:
    lab.apply(host_firewall())
    status, told = explain(lab, "80", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    assert status == 0
    assert told["rules"] == {"stopped_by": [], "may_pass": True, "sure": True, "unknown": [], "problems": []}
    assert (told["trace"]["arrived"], told["trace"]["stopped_by"]) == (True, None)


def test_what_the_router_drops_never_meets_a_rule(lab: Lab) -> None:
    lab.apply(personality("stateful-none"))
    status, told = explain(lab, "445", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    assert status == 3
    assert (told["trace"]["arrived"], told["trace"]["packets"]) == (False, 3)


def test_without_consent_nothing_is_sent_and_nothing_is_added(lab: Lab) -> None:
    lab.apply(host_firewall())
    status, told = explain(lab, "445", "--vantage", f"netns:{lab.node('inet')}")
    assert (status, told["trace"]) == (0, None)


def test_a_foreign_address_is_refused(lab: Lab) -> None:
    done = subprocess.run(command(lab, "445", "--address", "2001:db8::99"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is not an address of this host" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_table_goes_however_the_command_ends(lab: Lab, number: signal.Signals) -> None:
    lab.apply(personality("stateful-none"))  # nothing arrives, so that it waits
    words = command(lab, "445", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        assert until(lambda: PREFIX in tables(lab), 15)
        os.kill(child.pid, number)
        child.wait(15)
    finally:
        child.kill()
        child.wait()
    assert until(lambda: PREFIX not in tables(lab))
    assert until(lambda: "monitor" not in _running(lab))


def _running(lab: Lab) -> str:
    pids = commands.processes_in(lab.node("host"))
    return "\n".join(path.read_bytes().decode() for pid in pids if (path := Path(f"/proc/{pid}/cmdline")).exists())


def test_what_a_crash_left_is_removed_by_the_next_run(lab: Lab) -> None:
    lab.apply(host_firewall())
    lab.exec("host", ["nft", "add", "table", "ip6", PREFIX + "dead"])
    explain(lab, "445", "--vantage", f"netns:{lab.node('inet')}", "--yes")
    assert PREFIX not in tables(lab)


@pytest.fixture
def far(unique_name: Callable[[], str]) -> Iterator[Pair]:
    require_root()
    with pair(unique_name()) as one:
        yield one


UFW = """\
set -e
mkdir etc && cp -a /etc/ufw etc/ && cp /etc/default/ufw etc/default
mount --bind etc/ufw /etc/ufw && mount --bind etc/default /etc/default/ufw
ufw --force enable && ufw allow 22/tcp && ufw deny 445/tcp && ufw reject 139/tcp
"""


def test_real_ufw_is_named(far: Pair, tmp_path: Path) -> None:
    if shutil.which("ufw", path=environment()["PATH"]) is None:
        pytest.skip("the package ufw is not installed")
    if Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]:
        pytest.skip("ufw wants to be root of the machine")
    words = ["unshare", "--mount", "ip", "netns", "exec", far.far, "sh", "-c", UFW]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr
    rules = read_host_rules(far.runner, tmp_path / "no-legacy")
    assert rules.problems == ()

    def told(port: int) -> list[str]:
        ends = decide(Flow(Protocol.TCP, FAR, port, NEAR, INTERFACE, INTERFACE), rules)
        return [describe(end, owners(rules)) for end in ends.possible]

    assert told(22) == ["no rule"]
    assert told(445) == ["ufw: chain ufw6-user-input: -p tcp -m tcp --dport 445 -j DROP"]
    assert told(139) == ["ufw: chain ufw6-user-input: -p tcp -m tcp --dport 139 -j REJECT --reject-with tcp-reset"]
    assert told(80) == ["ufw: chain INPUT: policy drop"]
