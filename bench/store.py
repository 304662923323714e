"""Ten thousand runs in one store: how big it is, and how long ``history``, ``diff`` and storing one more take.

    .venv/bin/python bench/store.py [RUNS [FILE]]      bench/results/store.json

The runs are made from a real document's shape: two addresses with every TCP port, the temporary one rotating daily, the
prefix renumbered monthly, listeners that come and go, evidence that differs each time (attempts, hop limits), and a
noisy one of alternating ports in a hundred. Commands are timed as a user runs them, interpreter start included; the
median of five.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scanner.model.address import Kind, Listener  # noqa: E402
from scanner.model.ports import PortSet  # noqa: E402
from scanner.model.run import PortTable, Run  # noqa: E402
from scanner.model.verdict import Verdict  # noqa: E402
from scanner.store import open_store  # noqa: E402
from tests.report import sample  # noqa: E402

RUNS = 10_000
TIMES = 5
GOAL_SECONDS, GOAL_BYTES = 0.5, 200_000_000
ALTERNATING = (PortSet.of(range(1, 65536, 2)), PortSet.of(range(2, 65536, 2)))


def made(number: int, dice: random.Random) -> Run:
    """Run ``number``: one every two hours."""
    base = sample.before_fix() if dice.random() < 0.3 else replace(sample.after_fix(), before=None)
    started = sample.STARTED + timedelta(hours=2 * number)
    prefix = int(IPv6Address("2001:db8::")) + ((number // 360) << 64)
    stable = str(IPv6Address(prefix + 0x5054_00FF_FE12_3456))
    temporary = str(IPv6Address(prefix + random.Random(number // 12).getrandbits(63)))
    renamed = {sample.STABLE: stable, sample.TEMPORARY: temporary}
    extra = Listener("tcp", "::", 20_000 + dice.randrange(40), "worker", v6only=False)
    return replace(
        base,
        run=replace(
            base.run,
            id=f"{started:%Y%m%dT%H%M%SZ}-{number:06x}",
            started_at=started,
            finished_at=started + timedelta(seconds=dice.uniform(20, 90)),
            complete=dice.random() > 0.05,
        ),
        addresses=tuple(
            replace(
                one,
                address=renamed.get(one.address, one.address),
                valid_lifetime=dice.randrange(86_400) if one.kind is Kind.TEMPORARY else one.valid_lifetime,
            )
            for one in base.addresses
        ),
        listeners=(*base.listeners, extra),
        vantages=tuple(replace(one, probes_sent=dice.randrange(130_000, 140_000)) for one in base.vantages),
        ports=tuple(table_of(one, renamed, number, dice) for one in base.ports),
        services=tuple(replace(one, address=renamed[one.address]) for one in base.services),
        findings=tuple(
            replace(one, address=renamed.get(one.address or "", one.address), evidence=f"{one.evidence}, {number}")
            for one in base.findings
        ),
    )


def table_of(table: PortTable, renamed: dict[str, str], number: int, dice: random.Random) -> PortTable:
    evidence = tuple(replace(one, attempts=dice.randrange(1, 9)) for one in table.evidence)
    verdicts = table.verdicts
    if number % 100 == 0 and table.protocol == "tcp":
        verdicts = {Verdict.CLOSED: str(ALTERNATING[0]), Verdict.ROUTER_DROPPED: str(ALTERNATING[1])}
    return replace(table, address=renamed[table.address], evidence=evidence, verdicts=verdicts)


def timed(store: Path, *arguments: str) -> float:
    """Median seconds of the whole command."""
    argv = [sys.executable, "-m", "scanner.cli.main", *arguments]
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        done = subprocess.run(
            argv, check=False, capture_output=True, cwd=ROOT, env={"V6EXPOSE_STORE": str(store), "HOME": "/nonexistent"}
        )
        seconds.append(time.perf_counter() - started)
        if done.returncode not in (0, 1, 3):
            raise SystemExit(done.stderr.decode())
    return round(statistics.median(seconds), 3)


def started_up() -> float:
    """What no command can be faster than: the interpreter and the library that it reads with."""
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import sqlalchemy"], check=True)
        seconds.append(time.perf_counter() - started)
    return round(statistics.median(seconds), 3)


def fill(store: Path, runs: int) -> float:
    """Seconds a run."""
    dice, opened = random.Random(6), open_store(str(store))
    started = time.perf_counter()
    for number in range(runs):
        opened.save(made(number, dice))
    return (time.perf_counter() - started) / runs


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as directory:
        store = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(directory) / "runs.db"
        each = fill(store, runs)
        figures = {
            "runs": runs,
            "python_and_sqlalchemy_seconds": started_up(),
            "seconds_to_store_one": round(each, 4),
            "bytes": sum(path.stat().st_size for path in store.parent.glob("runs.db*")),
            "history_seconds": timed(store, "history"),
            "history_json_of_all_seconds": timed(store, "history", "--json"),
            "diff_seconds": timed(store, "diff", str(runs - 1), str(runs)),
            "diff_of_the_last_two_seconds": timed(store, "diff", "--json"),
            "report_json_seconds": timed(store, "report", "latest", "--json"),
        }
    print(json.dumps(figures, indent=1))
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "store.json").write_text(json.dumps(figures, indent=1) + "\n")
    within = figures["bytes"] < GOAL_BYTES and max(figures["history_seconds"], figures["diff_seconds"]) < GOAL_SECONDS
    print(f"goals (under {GOAL_SECONDS} s and {GOAL_BYTES // 1_000_000} MB): {'met' if within else 'MISSED'}")


if __name__ == "__main__":
    main()
