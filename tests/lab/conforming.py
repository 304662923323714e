"""Runs on the lab's host: measures RFC 6092 on demand. One JSON line in is one question, one JSON line out its rows.

    python tests/lab/conforming.py SPEC       (inside the host's network namespace)

A question: {"timing" (fields of Timing), "addresses" (how many)}. The vantage stays connected in between.
"""

import json
import secrets
import sys
import time
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from scanner.batteries.ground import Ground
from scanner.batteries.simple_security.battery import play
from scanner.batteries.simple_security.timing import Timing
from scanner.discovery.inventory import discover
from scanner.measure import Vantage, connect
from scanner.model.evidence import Path
from scanner.vantage.spec import parse_spec


def ground_of(vantage: Vantage, addresses: tuple[IPv6Address, ...]) -> Ground:
    return Ground(vantage, addresses, (), (), Path(), secrets.token_bytes(16))


def main() -> None:
    own = [one.ip for one in discover().addresses if one.scannable]
    vantage = connect(parse_spec(sys.argv[1]), own[0])
    if "--one-address" in sys.argv:  # a vantage as most are
        only = replace(vantage.session.hello, addresses=(vantage.address,))
        vantage.session.hello = only
    say({"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        began = time.monotonic()
        played = play(
            ground_of(vantage, tuple(own[: question.get("addresses", 1)])), Timing(**question.get("timing", {}))
        )
        rows = [[row.standard, row.id, row.address, row.result, row.evidence, row.why] for row in played.rows]
        say({"rows": rows, "problems": played.problems, "seconds": time.monotonic() - began})
    vantage.close()


def say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
