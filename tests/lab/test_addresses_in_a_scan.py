"""Whole scans on a host whose addresses change and whose name is kept by hand: what the run document says of both.

The host's name publishes its temporary address, in a zone that Knot DNS serves on the host's loopback; its resolver is
that server. While the second scan runs, an address is born and lives, another comes and goes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES
from scanner.lab.topology import LAN, LAN_INTERFACE
from scanner.model.address import Kind
from tests.lab.test_names import knot_on

NAME = "www.home.example"
SERVER, MUTE = IPv4Address("127.0.0.4"), IPv4Address("127.0.0.9")
BORN, FLEETING = str(LAN[0x9F3C_71E2_4B8D_6A05]), str(LAN[0x1C2D_3E4F_5A6B_7C8D])
ZONE = f"ns1 A {SERVER}\nwww AAAA {{address}}\nfar AAAA 2001:db8:ffff::1\n"


class Scans:
    """Runs ``v6expose scan`` on the lab's host, whose resolver is ``server``."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab, self.home = lab, home

    def start(self, server: IPv4Address, *arguments: str) -> subprocess.Popen[str]:
        resolvers = self.home / "resolv.conf"
        resolvers.write_text(f"nameserver {server}\n")
        argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{self.lab.node('inet')}"]
        argv += ["--profile", "quick", "--no-nmap", "--tcp", "22,80,443,5000", "--udp", "", "--json", *arguments]
        script = f'mount --bind {resolvers} /etc/resolv.conf && exec "$@"'
        inside = ["unshare", "--mount", "sh", "-c", script, "sh", *argv]
        return self.lab.popen("host", inside, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, server: IPv4Address, *arguments: str) -> dict[str, Any]:
        return finished(self.start(server, *arguments))

    def address(self, kind: Kind) -> str:
        return next(str(one.ip) for one in self.lab.host_addresses() if one.kind is kind)


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    printed, problems = process.communicate(timeout=90)
    assert process.returncode in (0, 1), problems
    document: dict[str, Any] = json.loads(printed)
    return document


@pytest.fixture(scope="module")
def scans(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scans]:
    home = tmp_path_factory.mktemp("scans")
    lab.listen(tcp="22,80")
    one = Scans(lab, home)
    with knot_on(lab, home / "knot", SERVER, ZONE.format(address=one.address(Kind.TEMPORARY))):
        yield one


@pytest.fixture(scope="module")
def plain(scans: Scans) -> dict[str, Any]:
    return scans.run(SERVER, "--name", NAME, "--name", "far.home.example")


def await_stage(process: subprocess.Popen[str], stage: str) -> None:
    assert process.stderr is not None
    while stage not in process.stderr.readline():
        assert process.poll() is None


def change(lab: Lab, verb: str, ip: str) -> None:
    options = ["nodad"] if verb == "add" else []
    lab.exec("host", ["ip", "address", verb, f"{ip}/64", "dev", LAN_INTERFACE, *options])


def rules(document: dict[str, Any]) -> dict[str, str]:
    return {finding["rule"]: finding["title"] for finding in document["findings"]}


def test_a_scan_names_the_temporary_address_in_the_dns(scans: Scans, plain: dict[str, Any]) -> None:
    assert rules(plain)["V6X012"] == f"{NAME} names a temporary address"
    assert rules(plain)["V6X013"] == "far.home.example names somebody else's address"
    www, far = plain["names"]
    assert (www["name"], www["zone"], www["unanswered"]) == (NAME, "home.example", False)
    assert [(one["address"], one["standing"]) for one in www["addresses"]] == [
        (scans.address(Kind.TEMPORARY), "temporary")
    ]
    assert {answer["role"] for answer in www["answers"]} == {"authoritative", "resolver"}
    assert [one["standing"] for one in far["addresses"]] == ["foreign"]


def test_the_name_weighs_on_what_is_open_at_its_address(scans: Scans, plain: dict[str, Any]) -> None:
    at = scans.address(Kind.TEMPORARY)
    (finding,) = [one for one in plain["findings"] if (one["rule"], one["address"], one["port"]) == ("V6X001", at, 80)]
    assert finding["severity"] == "medium"
    assert f"the DNS gives its address as {NAME}" in finding["evidence"]


def test_the_outgoing_address_is_proven_by_what_the_vantage_saw(scans: Scans, plain: dict[str, Any]) -> None:
    """The kernel prefers the temporary one (RFC 6724 rule 7), and that is what arrives."""
    (vantage,) = plain["vantages"]
    temporary = scans.address(Kind.TEMPORARY)
    assert vantage["call_home"] == {
        "destination": str(scans.lab.vantage_address), "kernel": temporary, "seen": temporary, "proven": True, "why": ""
    }  # fmt: skip
    assert {one["address"]: one["seen_at"] for one in plain["addresses"] if one["seen_at"]} == {
        temporary: [vantage["name"]]
    }


def test_a_dead_resolver_delays_a_scan_little_and_fails_nothing(scans: Scans) -> None:
    """Packets to it vanish: a timeout, not a refusal."""
    rules_text = f"table ip quiet {{ chain in {{ type filter hook input priority 0; ip daddr {MUTE} drop; }}; }}"
    scans.lab.exec("host", ["nft", "-f", "-"], input=rules_text, text=True)
    began = time.monotonic()
    document = scans.run(MUTE, "--name", NAME)
    assert time.monotonic() - began < 60
    assert document["run"]["complete"]
    (entry,) = document["names"]
    assert entry["unanswered"]
    assert [answer["outcome"] for answer in entry["answers"]] == ["timeout"]
    assert {"V6X012", "V6X013"}.isdisjoint(rules(document))


def test_what_is_born_in_mid_scan_is_scanned_and_told(scans: Scans) -> None:
    """The vantage is connected to after the addresses were read."""
    process = scans.start(SERVER)
    await_stage(process, "connecting")
    for ip, verb in ((BORN, "add"), (FLEETING, "add"), (FLEETING, "del")):
        change(scans.lab, verb, ip)
    document = finished(process)
    change(scans.lab, "del", BORN)
    told = [(one["change"], one["address"]) for one in document["events"]]
    assert told == [("born", BORN), ("born", FLEETING), ("removed", FLEETING)]
    times = [datetime.fromisoformat(one["at"]) for one in document["events"]]
    started, ended = (datetime.fromisoformat(document["run"][key]) for key in ("started_at", "finished_at"))
    assert [started, *times, ended] == sorted([started, *times, ended])
    scanned = {one["address"]: one["scanned"] for one in document["addresses"]}
    assert scanned[BORN]
    assert FLEETING not in scanned
    tables = {table["address"]: table["verdicts"] for table in document["ports"]}
    assert (tables[BORN]["open"], tables[BORN]["closed"]) == ("22,80", "443,5000")
    assert document["run"]["complete"]
    assert document["vantages"][0]["outside"]["verdict"] == "proven"


def test_an_address_that_went_and_came_back_is_not_judged_by_its_silence(scans: Scans) -> None:
    """A moment is enough: somebody else may have had it, and no look every second would have seen it go."""
    change(scans.lab, "add", BORN)
    scans.lab.apply(PERSONALITIES["stateful-none"])
    process = scans.start(SERVER)
    await_stage(process, "waiting for late answers")
    change(scans.lab, "del", BORN)
    change(scans.lab, "add", BORN)
    printed, problems = process.communicate(timeout=90)
    change(scans.lab, "del", BORN)
    assert process.returncode == 3, problems
    document = json.loads(printed)
    assert [(one["change"], one["address"]) for one in document["events"]] == [("removed", BORN), ("born", BORN)]
    tables = {table["address"]: {k: v for k, v in table["verdicts"].items() if v} for table in document["ports"]}
    assert tables[BORN] == {"indeterminate": "22,80,443,5000"}
    assert tables[scans.address(Kind.STABLE)] == {"router-dropped": "22,80,443,5000"}
    assert any("vanished from the host in mid-scan" in problem for problem in document["run"]["problems"])
