"""Carry a change out: backup, files, the owner's programs, the kernel, and the proof that it works. And back again."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.privacy import USE_TEMPADDR, effective
from scanner.model.text import say
from scanner.outgoing import source_to_the_internet
from scanner.privacy import journal
from scanner.privacy.change import Change, Command, Edit
from scanner.privacy.journal import Record
from scanner.privacy.running import Kernel
from scanner.privacy.tree import Tree

COMMAND_SECONDS = 30.0
PATIENCE = 3.0  # seconds for the kernel to make or choose an address
POLL = 0.1


class Outcome(StrEnum):
    """Whether new connections leave from the kind of address that was meant."""

    PROVEN = "proven"
    PENDING = "pending"  # prefers temporary ones, has none yet: the next router advertisement brings it
    NO_ROUTE = "no-route"  # the setting holds, no connection to the Internet is possible now
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class Proof:
    """``running`` is what the kernel says after the change; addresses are "" where there is no route."""

    outcome: Outcome
    running: int | None
    source_before: str
    source_after: str
    words: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it; ``notes`` are programs that failed (the files and the kernel are as they should be)."""

    record: Record
    proof: Proof
    notes: tuple[str, ...]


# Runs one program; returns "" or why it failed.
Runner = Callable[[Command], str]
SourceAddress = Callable[[str], IPv6Address | None]


def run(command: Command) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return say("`{command}` cannot be run ({why})", command=" ".join(command), why=error)
    if done.returncode == 0:
        return ""
    said = (done.stderr or done.stdout).strip().partition("\n")[0]
    return say("`{command}` failed ({said})", command=" ".join(command), said=said or f"exit status {done.returncode}")


def without_programs(command: Command) -> str:
    """For a tree that is not the running system: its programs are not here."""
    return say("`{command}` was not run: the files are not those of the running system", command=" ".join(command))


def apply(
    tree: Tree,
    kernel: Kernel,
    change: Change,
    at: str,
    runner: Runner = run,
    source: SourceAddress = source_to_the_internet,
) -> Applied:
    """Raises EnvironmentFault, with everything put back, where a file or the kernel refuses."""
    running = kernel.value(change.interface, USE_TEMPADDR)
    before = source(change.interface)
    record = journal.begin(tree, change, running, at)
    notes: list[str] = []
    try:
        for edit in change.edits:
            notes.extend(_write(tree, edit, runner))
        notes.extend(_reload(change.reload, runner))
        set_running(kernel, change.interface, change.value)
    except (OSError, EnvironmentFault) as error:
        journal.restore(tree, record)
        _reload(change.reload, runner)
        journal.write(tree, _undone(record))
        raise EnvironmentFault(
            say("the change failed and was taken back ({why})", why=error), say("see what it names")
        ) from error
    proof = prove(kernel, change.interface, change.value, before, source)
    return Applied(journal.finish(tree, record), proof, tuple(notes))


def undo(tree: Tree, kernel: Kernel, record: Record, runner: Runner = run) -> tuple[str, ...]:
    """Files, owner and kernel as before the change; returns notes. Raises InputError where a file has changed since."""
    changed = journal.changed_since(tree, record)
    if changed:
        directory = f"{journal.STATE}/{record.number:0{journal.DIGITS}}"
        raise InputError(
            say("{changed} was changed after `privacy set`", changed=changed),
            say("merge it by hand; the old file is in {directory}", directory=directory),
        )
    journal.restore(tree, record)
    notes = list(_reload(record.reload, runner))
    if record.running is not None:
        try:
            set_running(kernel, record.interface, record.running)
        except (OSError, EnvironmentFault) as error:
            notes.append(say("the running value was not put back ({why})", why=error))
    journal.write(tree, _undone(record))
    return tuple(notes)


def set_running(kernel: Kernel, interface: str, value: int) -> None:
    """Raises EnvironmentFault where the kernel does not take it."""
    path = kernel.conf / interface / USE_TEMPADDR
    try:
        path.write_text(f"{value}\n")
    except OSError as error:
        raise EnvironmentFault(
            say("{path} cannot be written ({why})", path=path, why=error.strerror), say("be root, in no container")
        ) from error


def prove(
    kernel: Kernel,
    interface: str,
    value: int,
    before: IPv6Address | None,
    source: SourceAddress = source_to_the_internet,
) -> Proof:
    """Ask the kernel for the value and for the source address (connect and getsockname, no packet) until they fit."""
    deadline = time.monotonic() + PATIENCE
    while True:
        running = kernel.value(interface, USE_TEMPADDR)
        after = source(interface)
        temporary = kernel.temporary(f"{int(after):032x}") if after else None
        outcome, words = judge(value, running, after, temporary=temporary)
        if outcome in {Outcome.PROVEN, Outcome.NO_ROUTE} or time.monotonic() > deadline:
            return Proof(outcome, running, str(before or ""), str(after or ""), words)
        time.sleep(POLL)


def judge(value: int, running: int | None, after: IPv6Address | None, *, temporary: bool | None) -> tuple[Outcome, str]:
    """Pure. RFC 6724 section 5 rule 7: with 2 the temporary address is the source, with 0 and 1 the stable one."""
    if effective(USE_TEMPADDR, running) != value:
        return Outcome.REFUTED, say(
            "the kernel has use_tempaddr {running}, not {value}: another program set it", running=running, value=value
        )
    if after is None or temporary is None:
        return Outcome.NO_ROUTE, say("no connection to the Internet leaves this interface now, so no address shows")
    kind = "temporary" if temporary else "stable"
    if temporary == (value == 2):  # noqa: PLR2004 - the value that prefers temporary addresses
        return Outcome.PROVEN, say("new connections leave from {after} ({kind})", after=after, kind=kind)
    if not temporary:
        return Outcome.PENDING, say(
            "{after} (stable) is still used: a temporary address comes with the next advertisement", after=after
        )
    return Outcome.REFUTED, say("new connections still leave from {after} (temporary)", after=after)


def _write(tree: Tree, edit: Edit, runner: Runner) -> list[str]:
    """By the owner's program where there is one and it works, else the file itself."""
    failed = runner(edit.program) if edit.program else ""
    if edit.program and not failed:
        return []
    real = journal.real_path(tree, edit.path)
    try:
        status = real.stat()
        mode, owner = status.st_mode & 0o7777, (status.st_uid, status.st_gid)
        journal.write_atomically(real, edit.after.encode(errors="surrogateescape"), mode, owner)
    except FileNotFoundError:
        journal.write_atomically(real, edit.after.encode(errors="surrogateescape"), edit.mode)
    return [say("{failed}; the file was written instead", failed=failed)] if failed else []


def _reload(commands: tuple[Command, ...], runner: Runner) -> list[str]:
    return [failed for command in commands if (failed := runner(command))]


def _undone(record: Record) -> Record:
    return replace(record, state="undone")
