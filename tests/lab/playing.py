"""Runs on the lab's host: plays a battery on demand. One JSON line in is one question, one JSON line out is its rows.

    python tests/lab/playing.py SPEC       (inside the host's network namespace)

A question: {"battery", "blocked", "allowed", "udp", "addresses" (how many), "expect", "only" (ids, all where empty)}.
The vantage stays connected from one question to the next.
"""

import json
import secrets
import sys
import time
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from scanner.batteries import evasion, icmpv6
from scanner.batteries.exchange import Pace
from scanner.batteries.ground import Ground
from scanner.discovery.inventory import discover
from scanner.lab.topology import CPE_OUTSIDE, ISP1_ADDRESS, ISP2_ADDRESS
from scanner.measure import connect
from scanner.model.address import Kind
from scanner.model.evidence import HopSeen, Path
from scanner.model.run import PortTable
from scanner.model.settings import Expectation
from scanner.model.verdict import Verdict
from scanner.vantage.spec import parse_spec

PLAYS = {"evasion": evasion.play, "icmpv6": icmpv6.play}
HOPS = tuple(HopSeen(at, where) for at, where in enumerate((ISP1_ADDRESS, ISP2_ADDRESS, CPE_OUTSIDE), 1))
FAST = Pace(rate=1500.0, settle=0.25)


def tables_of(question: dict[str, Any], addresses: tuple[IPv6Address, ...]) -> tuple[PortTable, ...]:
    nothing = dict.fromkeys(Verdict, "")
    return tuple(
        PortTable(str(address), "inet", protocol, nothing | verdicts)
        for address in addresses
        for protocol, verdicts in (
            ("tcp", {Verdict.ROUTER_DROPPED: question.get("blocked", ""), Verdict.OPEN: question.get("allowed", "")}),
            ("udp", {Verdict.ROUTER_DROPPED: question.get("udp", "")}),
        )
    )


def main() -> None:
    inventory = discover()
    own = sorted((one for one in inventory.addresses if one.scannable), key=lambda one: one.kind is Kind.TEMPORARY)
    vantage = connect(parse_spec(sys.argv[1]), own[0].ip)
    say({"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        addresses = tuple(one.ip for one in own[: question.get("addresses", 1)])
        ground = Ground(
            vantage=vantage,
            addresses=addresses,
            tables=tables_of(question, addresses),
            listeners=inventory.listeners,
            path=Path(3, HOPS[: question.get("hops", 3)]),
            key=secrets.token_bytes(16),
            prior=(2000, 2000),
            expect=Expectation(question.get("expect", "strict")),
            pace=replace(FAST, rate=question.get("rate", FAST.rate)),
            errors=question.get("errors", 1500.0),
        )
        began = time.monotonic()
        played = PLAYS[question["battery"]](ground)
        rows = [[row.id, row.address, row.result, row.reaction, row.evidence, row.why] for row in played.rows]
        say({"rows": rows, "problems": played.problems, "seconds": time.monotonic() - began})
    vantage.close()


def say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
