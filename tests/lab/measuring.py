"""Runs on the lab's host: measures on demand. One JSON line in is one question, one JSON line out is its answer.

    python tests/lab/measuring.py        (inside the host's network namespace)

A question: {"spec", "tcp", "udp", "addresses", "linger", "rate", "first"}; the words "interrupted" and the like of the
answer are the measurement's own.
"""

import json
import sys
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Address
from typing import Any

from scanner.discovery.inventory import discover
from scanner.measure import connect, measure
from scanner.model.address import Inventory
from scanner.model.errors import ScanError
from scanner.model.evidence import Measurement
from scanner.model.ports import PortSet
from scanner.model.settings import Settings
from scanner.plan import Plan, make_plan
from scanner.probes.surroundings import Progress
from scanner.vantage.spec import parse_spec
from scanner.verdict.judge import false_blocked_bound, judge
from scanner.verdict.outside import certify
from scanner.witness import ring
from scanner.witness.watch import open_witness

ROOM = ring.BLOCKS


def plan_of(question: dict[str, Any], inventory: Inventory) -> Plan:
    settings = Settings(
        addresses=tuple(IPv6Address(text) for text in question.get("addresses", ())),
        tcp=PortSet.parse(question.get("tcp", "")),
        udp=PortSet.parse(question.get("udp", "")),
        rate=question.get("rate", 10_000),
        nmap=False,
    )
    first = {name: PortSet.parse(question.get("first", "")) for name in ("tcp", "udp")}
    plan = make_plan(inventory, settings, first)
    return replace(plan, linger_until=question.get("linger", 0.0), lan=False)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    inventory = discover()
    plan = plan_of(question, inventory)
    vantage = connect(parse_spec(question["spec"]), plan.addresses[0])
    ring.BLOCKS = question.get("blocks", ROOM)
    witness = open_witness([vantage.address]) if question.get("watched", True) else None
    try:
        measurement = measure(vantage, plan, inventory, witness, partial(tell, question["number"]))
    finally:
        if witness is not None:
            witness.close()
        vantage.close()
    privileged = vantage.session.hello.raw
    return told(measurement) | {
        "privileged": privileged,
        "outside": certify(inventory, vantage.address, measurement).verdict,
    }


def told(measurement: Measurement) -> dict[str, Any]:
    return {
        "tables": [
            {
                "address": table.address,
                "protocol": table.protocol,
                "verdicts": {verdict: ports for verdict, ports in table.verdicts.items() if ports},
                "evidence": [
                    {"ports": row.ports, "verdict": row.verdict, "answer": row.answer, "responder": row.responder}
                    | {"arrived": row.arrived, "attempts": row.attempts, "reason": row.reason}
                    for row in table.evidence
                ],
            }
            for table in judge(measurement, "inet")
        ],
        "bound": false_blocked_bound(measurement),
        "loss_bound": measurement.loss_bound,
        "routers": measurement.path.routers,
        "controls": [measurement.controls.sent, measurement.controls.seen],
        "late_rejects": measurement.late_rejects,
        "seconds": measurement.seconds,
        "probes": measurement.probes_sent,
        "problems": measurement.problems,
        "interrupted": measurement.interrupted,
        "lost": measurement.lost,
        "dropped": measurement.capture_dropped,
    }


def tell(number: int, progress: Progress) -> None:
    sys.stderr.write(f"question {number}: {progress.stage} {progress.done}\n")
    sys.stderr.flush()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    say("ready")
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except ScanError as error:
            said = {"error": str(error)}
        say(json.dumps(said))


if __name__ == "__main__":
    main()
