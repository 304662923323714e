"""Who blocked it: random cells against the lab's truth, beside nmap, and the locator with silent hops.

    python bench/attribution.py            2,160 cells, 1,512 located ports; bench/results/attribution.json
    python bench/attribution.py --runs 2   fewer

A cell is {isp1, isp2, router, host} x {pass, drop, admin-prohibited, reset} x {listener or not} x {tcp, udp} x
{stable, temporary, deprecated}. *Wrong* is a verdict that the truth contradicts; *unknown* is an honest `blocked` or
`indeterminate` where the truth names a place. nmap --reason is asked about a sample of the same cells: its "filtered"
names nobody, so what counts there is an open port it does not call open, or the reverse. (nmap's firewalk script is for
IPv4 only.)

A located port is a port dropped by isp1, isp2 or the router while 0 to 3 of the hops never say "time exceeded". *Wrong*
is `router-dropped` or `upstream-dropped` where the other one is true.
"""

import argparse
import json
import os
import random
import re
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

from scanner.lab.lab import Lab
from scanner.lab.personalities import Personality
from scanner.lab.rules import Action, Role, Rule, RuleSet
from scanner.lab.topology import LAN_INTERFACE
from scanner.lab.truth import Services, truth
from scanner.model.address import Kind
from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict

NODES = ("isp1", "isp2", "cpe", "host")
ACTIONS = (Action.PASS, Action.DROP, Action.ADMIN_PROHIBITED, Action.RESET)
ROLES = {Kind.STABLE: Role.STABLE, Kind.TEMPORARY: Role.TEMPORARY}
UNKNOWN = {Verdict.BLOCKED, Verdict.INDETERMINATE}
PORTS = range(2000, 2060)  # of each protocol and address: 360 cells a run
DEPRECATED = "2001:db8:2120:f400:d::1"  # has no preferred lifetime left and still takes what comes (RFC 4862 5.5.4)
LOCATED = range(3000, 3063)
SEED = 6092
SILENT = """table ip6 silent {
  chain out {
    type filter hook output priority 0
    icmpv6 type time-exceeded drop
  }
}
"""


def scan(lab: Lab, tcp: PortSet, udp: PortSet) -> dict[tuple[str, str], dict[int, Verdict]]:
    """(address, protocol) -> port -> verdict, by the whole command."""
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}", "--json", "-q"]
    argv += ["--no-store", "--profile", "quick", "--tcp", str(tcp), "--udp", str(udp)]
    done = lab.exec("host", argv, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"a scan wrote nothing: {done.stderr}")
    tables = json.loads(done.stdout)["ports"]
    return {
        (table["address"], table["protocol"]): {
            port: Verdict(verdict) for verdict, ports in table["verdicts"].items() for port in PortSet.parse(ports)
        }
        for table in tables
    }


def random_filters(rng: random.Random) -> dict[str, RuleSet]:
    """Every cell one device and one action; what no rule names passes."""
    rules: dict[str, list[Rule]] = {node: [] for node in NODES}
    for protocol in ("tcp", "udp"):
        for role in (Role.STABLE, Role.TEMPORARY):
            for port in PORTS:
                rules[rng.choice(NODES)].append(Rule(protocol, PortSet.of([port]), rng.choice(ACTIONS), role))
    return {node: RuleSet(tuple(of)) for node, of in rules.items()}


def cells(lab: Lab, runs: int, rng: random.Random) -> Counter[str]:
    """The cells' tally: right, wrong, unknown; nmap's: asked, wrong."""
    tally: Counter[str] = Counter()
    add = ["ip", "addr", "add", f"{DEPRECATED}/64", "dev", LAN_INTERFACE, "nodad", "preferred_lft", "0"]
    lab.exec("host", add)
    lab.wait_addresses(3, deprecated=1)
    for number in range(runs):
        filters = random_filters(rng)
        tcp, udp, quiet = (PortSet.of(port for port in PORTS if rng.random() < 0.4) for _ in range(3))
        services = Services(tcp, udp, quiet - udp)
        lab.listen(tcp=str(tcp), udp=str(udp), udp_silent=str(quiet - udp))
        lab.apply(filters)
        found = scan(lab, PortSet.of(PORTS), PortSet.of(PORTS))
        for address in lab.host_addresses():
            for protocol in ("tcp", "udp"):
                expected = truth(filters, services, protocol, ROLES[address.kind])
                said = found[str(address.ip), protocol]
                for verdict, ports in expected.items():
                    for port in (port for port in PORTS if port in ports):
                        tally["cells"] += 1
                        tally[
                            "right" if said[port] is verdict else "unknown" if said[port] in UNKNOWN else "wrong"
                        ] += 1
        ask_nmap(lab, filters, services, tally)
        print(f"run {number + 1} of {runs}: {dict(tally)}", flush=True)
    return tally


def ask_nmap(lab: Lab, filters: dict[str, RuleSet], services: Services, tally: Counter[str]) -> None:
    address = next(a for a in lab.host_addresses() if a.kind is Kind.STABLE)
    argv = [
        "nmap",
        "-6",
        "-n",
        "-Pn",
        "-sS",
        "-d3",
        "--reason",
        "-p",
        str(PortSet.of(PORTS)),
        "-oN",
        "-",
        str(address.ip),
    ]
    text = lab.exec("inet", argv, capture_output=True, text=True).stdout
    states = {int(port): state for port, state in re.findall(r"^(\d+)/tcp +(\S+)", text, re.MULTILINE)}
    wanted = truth(filters, services, "tcp", Role.STABLE)
    for port, state in states.items():
        verdict = next(v for v, ports in wanted.items() if port in ports)
        tally["nmap cells"] += 1
        tally["nmap open or not, wrong"] += (state == "open") != (verdict is Verdict.OPEN)
        tally["nmap names who blocked it"] += 0
        tally["nmap filtered"] += state == "filtered"


def located(lab: Lab, rng: random.Random) -> Counter[str]:
    """The locator's tally over every set of silent hops."""
    tally: Counter[str] = Counter()
    hops = ("isp1", "isp2", "cpe")
    lab.listen()
    for silent in (some for number in range(4) for some in combinations(hops, number)):
        dropped: dict[str, list[Rule]] = {node: [] for node in hops}
        where = {}
        for port in LOCATED:
            where[port] = rng.choice(hops)
            dropped[where[port]].append(Rule("tcp", PortSet.of([port]), Action.DROP))
        filters = {node: RuleSet(tuple(rules)) for node, rules in dropped.items()}
        lab.apply(Personality("located", "", filters, tables=dict.fromkeys(silent, SILENT)))
        for said in (v for (_, protocol), v in scan(lab, PortSet.of(LOCATED), PortSet()).items() if protocol == "tcp"):
            for port in LOCATED:
                true = Verdict.ROUTER_DROPPED if where[port] == "cpe" else Verdict.UPSTREAM_DROPPED
                verdict = said[port]
                tally["located"] += 1
                kind = "right" if verdict is true else "unknown" if verdict in UNKNOWN else "wrong"
                tally[kind] += 1
                tally[f"{kind}, {len(silent)} silent"] += 1
        print(f"silent {silent or 'none'}: {dict(tally)}", flush=True)
    return tally


def show(title: str, tally: Counter[str]) -> None:
    print(f"\n{title}")
    for name, number in sorted(tally.items()):
        print(f"  {name:32} {number:7,}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=6, help="random rule sets, 360 cells each")
    runs = arguments.parse_args().runs
    rng = random.Random(SEED)
    with Lab(f"v6x-attr-{os.getpid()}") as lab:
        tallies = {"random cells": cells(lab, runs, rng), "locator": located(lab, rng)}
    for title, tally in tallies.items():
        show(title, tally)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "attribution.json").write_text(json.dumps(tallies, indent=1) + "\n")
    if any(tally["wrong"] for tally in tallies.values()):
        raise SystemExit("a wrong verdict")


if __name__ == "__main__":
    main()
