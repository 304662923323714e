"""Ten thousand runs in one store: how big it is, and how long ``history``, ``diff`` and storing one more take.

    .venv/bin/python bench/store.py [RUNS [FILE]]      bench/results/store.json

The runs are made from a real document's shape: two addresses with every TCP port, the temporary one rotating daily, the
prefix renumbered monthly, listeners that come and go, evidence that differs each time (attempts, hop limits), and a
noisy one of alternating ports in a hundred. Commands are timed as a user runs them, interpreter start included: the
median of five, in seconds of the clock and of the processor. A FILE that holds RUNS runs already is only measured.
"""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scanner.changes import compare, doors  # noqa: E402
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

BASES = {True: sample.before_fix(), False: replace(sample.after_fix(), before=None)}
TEXTS = tuple(str(ports) for ports in ALTERNATING)


def made(number: int, dice: random.Random) -> Run:
    """Run ``number``: one every two hours."""
    base = BASES[dice.random() < 0.3]
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
        verdicts = {Verdict.CLOSED: TEXTS[0], Verdict.ROUTER_DROPPED: TEXTS[1]}
    return replace(table, address=renamed[table.address], evidence=evidence, verdicts=verdicts)


@dataclass(frozen=True)
class Took:
    """Medians: ``cpu`` is what a busy machine changes least."""

    seconds: float
    cpu: float


def timed(*argv: str, store: Path | None = None) -> Took:
    """A whole command, interpreter start included."""
    environment = {"V6EXPOSE_STORE": str(store), "HOME": "/nonexistent"}
    seconds, cpu = [], []
    for _ in range(TIMES):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([sys.executable, *argv], check=False, capture_output=True, cwd=ROOT, env=environment)
        seconds.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if done.returncode not in (0, 1, 3):
            raise SystemExit(done.stderr.decode())
    return Took(round(statistics.median(seconds), 3), round(statistics.median(cpu), 3))


def inside(store: Path) -> dict[str, float]:
    """Seconds of the store's own part, in a process that has everything imported."""
    opened = open_store(str(store))
    newest = opened.load("latest")
    actions = {
        "list 30": lambda: opened.runs(limit=30),
        "load two and compare": lambda: compare(opened.load("1"), opened.load("latest")),
        "first and last sightings": lambda: opened.with_sightings(newest),
        "doors of 30 runs": lambda: doors(opened.looks(newest, 30)),
    }
    found = {}
    for name, action in actions.items():
        started = time.perf_counter()
        action()
        found[name] = round(time.perf_counter() - started, 4)
    return found


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
        each = None if open_store(str(store)).count() == runs else round(fill(store, runs), 4)
        program = ("-m", "scanner.cli.main")
        commands = {
            "import sqlalchemy": timed("-c", "import sqlalchemy"),  # no command can be faster
            "history": timed(*program, "history", store=store),
            "history --json": timed(*program, "history", "--json", store=store),
            "diff A B": timed(*program, "diff", str(runs - 1), str(runs), store=store),
            "report latest --json": timed(*program, "report", "latest", "--json", store=store),
        }
        size = sum(path.stat().st_size for path in store.parent.glob("runs.db*"))
        inner = inside(store)
    figures = {
        "runs": runs,
        "bytes": size,
        "seconds_to_store_one": each,
        "inside": inner,
        "commands": {name: asdict(took) for name, took in commands.items()},
    }
    print(json.dumps(figures, indent=1))
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    (results / "store.json").write_text(json.dumps(figures, indent=1) + "\n")
    slowest = max(commands[name].cpu for name in ("history", "diff A B"))
    print(f"under {GOAL_BYTES // 1_000_000} MB: {size < GOAL_BYTES}; under {GOAL_SECONDS} s: {slowest < GOAL_SECONDS}")


if __name__ == "__main__":
    main()
