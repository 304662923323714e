"""One flow traced by the kernel: a table of our own switches tracing on for exactly that flow and is always removed.

The table belongs to a process ("flags owner"): the kernel itself removes it when that process is gone, however it went.
Where nft or the kernel has no owners, the table is deleted here, and what a crash left is deleted by the next run.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from scanner.hostwall.flow import Protocol
from scanner.hostwall.run_command import Runner, environment, run_command
from scanner.hostwall.trace import Step, deciding, read_steps
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

PREFIX = "v6expose_trace_"
FIRST = -500  # before defragmentation (-400) and whatever may drop
OURS = re.compile(rf"^table ip6 ({PREFIX}[0-9a-f]+)$", re.MULTILINE)
SOCKETS = Path("/proc/net/netlink")
NETFILTER, TRACE_GROUP = "12", 1 << 8  # linux/netlink.h; linux/netfilter/nfnetlink.h: NFNLGRP_NFTRACE is 9
READY = 3.0  # seconds until nft listens
PATIENCE = 3.0  # seconds for a child to end
CANNOT = "the kernel's tracing cannot be used here"


@dataclass(frozen=True, slots=True)
class Probe:
    """The flow to be traced, as it arrives."""

    protocol: Protocol
    source: IPv6Address
    source_port: int
    target: IPv6Address
    port: int


def table_text(name: str, probe: Probe, *, owned: bool) -> str:
    """One line each, as ``nft -i`` and ``nft -f`` take them."""
    flags = " { flags owner; }" if owned else ""
    ports = f"{probe.protocol} sport {probe.source_port} {probe.protocol} dport {probe.port}"
    return (
        f"add table ip6 {name}{flags}\n"
        f"add chain ip6 {name} pre {{ type filter hook prerouting priority {FIRST}; policy accept; }}\n"
        f"add rule ip6 {name} pre ip6 saddr {probe.source} ip6 daddr {probe.target} {ports} meta nftrace set 1\n"
    )


def remove_leftovers(run: Runner = run_command) -> tuple[str, ...]:
    """Delete tables of our own that a crash left behind; those of a living process refuse. Returns what was deleted."""
    names = OURS.findall(run(("nft", "list", "tables")).output)
    return tuple(name for name in names if run(("nft", "delete", "table", "ip6", name)).status == 0)


class Tracing:
    """A trace that is on. Use ``tracing``."""

    def __init__(self, table: str, monitor: subprocess.Popen[bytes]) -> None:
        assert monitor.stdout is not None  # noqa: S101  (stdout=PIPE)
        self.table = table
        self._from = monitor.stdout.fileno()
        self._text = b""

    def steps(self, seconds: float) -> tuple[Step, ...]:
        """Everything traced so far. Waits until a packet was stopped, or came through and was silent, or time is up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._from], [], [], left)[0]:
                break
            data = os.read(self._from, 1 << 16)
            if not data:
                break
            self._text += data
            if deciding(self._read(), self.table)[0] is not None:
                break
        return self._read()

    def _read(self) -> tuple[Step, ...]:
        return read_steps(self._text.decode("utf-8", "replace").splitlines())


@contextmanager
def tracing(probe: Probe, run: Runner = run_command) -> Iterator[Tracing]:
    """Trace ``probe`` while inside. Raises EnvironmentFault where the kernel or nft cannot."""
    remove_leftovers(run)
    name = PREFIX + secrets.token_hex(6)
    with _monitor() as monitor, _table(name, probe, run):
        yield Tracing(name, monitor)


@contextmanager
def _monitor() -> Iterator[subprocess.Popen[bytes]]:
    """``nft monitor trace``, listening; it ends with us."""
    leash = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv", path=environment()["PATH"]) else ()
    before = listeners()
    try:
        child = subprocess.Popen(
            (*leash, "nft", "monitor", "trace"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
    except OSError as error:
        raise EnvironmentFault(
            say("{cannot} (nft: {why})", cannot=CANNOT, why=error.strerror), say("install the package nftables")
        ) from error
    try:
        _wait_until_listening(child, before)
        yield child
    finally:
        _end(child)


def listeners(sockets: Path = SOCKETS) -> int:
    """How many sockets of this network namespace listen to traces."""
    rows = [line.split() for line in sockets.read_text().splitlines()[1:]]
    return sum(row[1] == NETFILTER and bool(int(row[3], 16) & TRACE_GROUP) for row in rows)


def _wait_until_listening(child: subprocess.Popen[bytes], before: int) -> None:
    end = time.monotonic() + READY
    while listeners() <= before:
        if child.poll() is not None or time.monotonic() > end:
            raise EnvironmentFault(say("{cannot} (nft monitor trace did not start)", cannot=CANNOT), say("run as root"))
        time.sleep(0.01)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


@contextmanager
def _table(name: str, probe: Probe, run: Runner) -> Iterator[None]:
    owner = _owner(table_text(name, probe, owned=True))
    try:
        if not _stands(name, run):
            _without_owner(table_text(name, probe, owned=False))
        yield
    finally:
        if owner is not None:
            _end(owner)  # its table goes with it
        if _stands(name, run):
            run(("nft", "delete", "table", "ip6", name))


def _stands(name: str, run: Runner) -> bool:
    """Whether the table is there with its rule."""
    return "nftrace" in run(("nft", "list", "table", "ip6", name)).output


def _owner(text: str) -> subprocess.Popen[bytes] | None:
    """A process that owns the table; None where there is no such thing."""
    child = subprocess.Popen(
        ("nft", "-i"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018  (both are PIPE)
    try:
        child.stdin.write(text.encode() + b"list tables\n")  # whose answer says that all before it is done
        child.stdin.flush()
        select.select([child.stdout], [], [], READY)
    except OSError:  # this nft has no -i and is gone
        _end(child)
        return None
    return child


def _without_owner(text: str) -> None:
    done = subprocess.run(
        ("nft", "-f", "-"), input=text.encode(), capture_output=True, check=False, timeout=PATIENCE, env=environment()
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EnvironmentFault(
            say("{cannot} ({said})", cannot=CANNOT, said=said[0] if said else "nft failed"), say("run as root")
        )
