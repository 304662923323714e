"""What a lab has made, on disk, so that a later one can clean up: namespaces and processes, nothing else."""

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

RUNTIME = Path("/run/v6expose/lab")
GRACE = 1.0  # seconds between SIGTERM and SIGKILL


@dataclass(frozen=True, slots=True)
class Process:
    """A process and the instant it started (clock ticks since boot): the pair is never reused before a reboot."""

    pid: int
    started: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """``owner`` is the process whose ``with Lab()`` this is; None for a lab that outlives its command."""

    name: str
    namespaces: tuple[str, ...]
    owner: Process | None = None
    processes: tuple[Process, ...] = ()
    personality: str = ""
    boot: str = ""  # /proc/sys/kernel/random/boot_id


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_of(pid: int) -> int | None:
    """When ``pid`` started; None where it is gone or only a zombie is left."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # proc(5): the command's name may hold spaces and brackets
    return None if fields[0] in "ZX" else int(fields[19])


def process(pid: int, role: str = "") -> Process | None:
    started = start_of(pid)
    return None if started is None else Process(pid, started, role)


def alive(one: Process) -> bool:
    return start_of(one.pid) == one.started


def path_of(name: str) -> Path:
    return RUNTIME / f"{name}.json"


def save(record: Record) -> None:
    """Write atomically, so that a crash leaves the old record or the new one."""
    RUNTIME.mkdir(parents=True, exist_ok=True)
    path = path_of(record.name)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(asdict(record), indent=1) + "\n")
    draft.replace(path)


def load(name: str) -> Record | None:
    """The record of a lab, None where there is none, or it is of before the last boot, or unreadable as a record."""
    try:
        document = json.loads(path_of(name).read_text())
        record = Record(
            name=document["name"],
            namespaces=tuple(document["namespaces"]),
            owner=Process(**document["owner"]) if document["owner"] else None,
            processes=tuple(Process(**one) for one in document["processes"]),
            personality=document["personality"],
            boot=document["boot"],
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return record if record.boot == boot_id() else None


def forget(name: str) -> None:
    path_of(name).unlink(missing_ok=True)


def end(processes: tuple[Process, ...]) -> None:
    """Terminate exactly these and wait until they are gone; SIGKILL after GRACE seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for one in processes:
            _signal(one, number)
        deadline = time.monotonic() + GRACE
        while any(alive(one) for one in processes) and time.monotonic() < deadline:
            time.sleep(0.005)
    for one in processes:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(one.pid, os.WNOHANG)  # leave no zombie where it was a child of ours


def _signal(one: Process, number: signal.Signals) -> None:
    if alive(one):
        try:
            os.kill(one.pid, number)
        except ProcessLookupError:
            return
