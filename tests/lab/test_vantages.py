"""Several vantages in one run: together, each with its own verdicts, and none at the cost of another."""

import json
import signal
import subprocess
import time
from typing import Any

import pytest

from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, Personality, stateful_none
from scanner.model.address import Origin

Document = dict[str, Any]
ONE_ISP = Personality(
    "one-isp", "only inet's provider drops SMB", first={"isp1": ('iifname "down1" tcp dport 445 drop',)}
)


@pytest.fixture(scope="module")
def home(lab: Lab) -> Lab:
    lab.listen(tcp="22,445", udp="53")
    return lab


def argv(lab: Lab, vantages: list[str], *more: str) -> list[str]:
    target = next(address.ip for address in lab.host_addresses() if address.origin is Origin.EUI64)
    command = ["v6expose", "scan", "--profile", "quick", "--json", "--fail-on", "never", "--address", str(target)]
    return [*command, *(word for spec in vantages for word in ("--vantage", spec)), *more]


def scan(lab: Lab, router: Personality, vantages: list[str], *more: str) -> tuple[int, Document, str]:
    lab.apply(router)
    done = lab.exec("host", argv(lab, vantages, *more), check=False, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def both(lab: Lab) -> list[str]:
    return [f"netns:{lab.node(node)}" for node in ("inet", "inet2")]


def verdict_of(document: Document, vantage: str, protocol: str, port: str) -> str:
    (table,) = (t for t in document["ports"] if (t["vantage"], t["protocol"]) == (vantage, protocol))
    return next(verdict for verdict, ports in table["verdicts"].items() if port in ports.split(","))


def test_an_isp_that_filters_for_one_of_them(home: Lab) -> None:
    status, document, said = scan(home, ONE_ISP, both(home), "--tcp", "22,23,445", "--udp", "53")
    near, far = (home.node(node) for node in ("inet", "inet2"))
    assert status == 0, said
    assert [v["outside"]["verdict"] for v in document["vantages"]] == ["proven", "proven"]
    assert verdict_of(document, near, "tcp", "445") == "upstream-dropped"
    assert verdict_of(document, far, "tcp", "445") == "open"
    (row,) = document["differences"]
    assert (row["protocol"], row["ports"]) == ("tcp", "445")
    assert row["verdicts"] == {near: "upstream-dropped", far: "open"}
    (finding,) = (finding for finding in document["findings"] if finding["rule"] == "V6X020")
    assert f"from {near} dropped upstream, from {far} open" in finding["title"]
    assert f"{near}: sweep" in said, "the progress names the vantage"
    assert f"{far}: sweep" in said


def test_one_that_fails_loses_nothing_of_the_other(home: Lab) -> None:
    specs = [both(home)[0], f"exec:ip netns exec {home.name}-nowhere"]
    status, document, _ = scan(home, PASSES, specs, "--tcp", "22,445", "--udp", "53")
    assert status == 3
    assert verdict_of(document, home.node("inet"), "tcp", "445") == "open"
    assert document["run"]["complete"] is False
    assert any("nowhere" in problem for problem in document["run"]["problems"])
    assert document["differences"] == []


def test_the_flows_of_one_open_nothing_for_the_other(home: Lab) -> None:
    """A router with endpoint-independent filtering (RFC 6092 REC-11) lets everybody in where the inside has spoken."""
    opened = (
        "ip6 saddr 2001:db8:2120:f400::/56 meta l4proto udp add @opened { ip6 saddr . udp sport }",
        "ip6 daddr . udp dport @opened accept",
    )
    table = (
        "table ip6 v6expose_eif {\n  set opened {\n    type ipv6_addr . inet_service\n    flags dynamic\n"
        "    size 4096\n    timeout 5m\n  }\n"
        "  chain filter {\n    type filter hook forward priority -5; policy accept;\n"
        f"    {opened[0]}\n    {opened[1]} \n    ip6 daddr 2001:db8:2120:f400::/56 meta l4proto udp drop\n  }}\n}}\n"
    )
    # The kernel picks the flows' inside ports from these.
    home.exec("host", ["sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=50000 50999"])
    router = Personality("eif", "endpoint-independent", tables={"cpe": table})
    _, document, said = scan(home, router, both(home), "--tcp", "22", "--udp", "50000-50999")
    assert document["differences"] == [], said
    for rows in document["ports"]:
        if rows["protocol"] == "udp":
            assert {verdict for verdict, ports in rows["verdicts"].items() if ports} == {"router-dropped"}


def test_the_rates_together_keep_the_ceiling(home: Lab) -> None:
    _, document, _ = scan(home, PASSES, both(home), "--tcp", "1-2000", "--udp", "", "--rate", "1000")
    rates = [vantage["rate"] for vantage in document["vantages"]]
    assert all(50 < rate <= 500 for rate in rates), rates


def test_an_interrupt_reaches_all_and_keeps_what_was_measured(home: Lab) -> None:
    home.apply(stateful_none())
    command = argv(home, both(home), "--tcp", "1-20000", "--udp", "", "--rate", "2000")
    with home.popen("host", command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(9)  # well into the sweep, on a busy machine too
        process.send_signal(signal.SIGINT)
        output, said = process.communicate(timeout=20)
    document = json.loads(output)
    assert process.returncode == 130, said
    assert document["run"]["interrupted"] is True
    assert len(document["vantages"]) == 2
    assert {table["vantage"] for table in document["ports"]} == {home.node("inet"), home.node("inet2")}
