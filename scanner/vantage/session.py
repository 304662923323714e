"""One live stub at the vantage: commands go out, events come in, both as JSON lines, nothing blocks but ``request``."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import count
from pathlib import Path
from typing import IO, Any

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.vantage.bootstrap import compressed_stub, stub_argv
from scanner.vantage.diagnose import connection_lost, opening_failed
from scanner.vantage.identity import Identity, invoking_user
from scanner.vantage.spec import Spec, SshSpec
from scanner.vantage.transport import transport_argv

HELLO_TIMEOUT = 60.0  # a login may ask for a passphrase or a touch
PING_EVERY = 10.0
SILENT_AFTER = 40.0
LAST_WORDS = 16_384

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hello:
    """What the far end can do. ``raw`` False means connect() and plain UDP only, ``why`` says why."""

    python: str
    system: str
    root: bool
    raw: bool
    why: str | None
    nmap: str | None
    addresses: tuple[IPv6Address, ...]
    clock: float

    @classmethod
    def parse(cls, event: Event) -> Hello:
        return cls(
            python=str(event["python"]),
            system=str(event["system"]),
            root=event["euid"] == 0,
            raw=bool(event["raw"]),
            why=event["why"],
            nmap=event["nmap"],
            addresses=tuple(IPv6Address(row[0]) for row in event["addresses"]),
            clock=float(event["clock"]),
        )


class Session:
    """A process at the near end of a transport, with the stub at the far end. Use ``open_session``."""

    def __init__(self, spec: Spec, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self.spec = spec
        self.hello: Hello
        self._process = process
        self._errors = errors
        self._pending: deque[Event] = deque()
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._numbers = count(1)
        self._heard_at = time.monotonic()
        self._pinged_at = time.monotonic()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  (both are PIPE)
        self._in, self._out = process.stdout.fileno(), process.stdin.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    def fileno(self) -> int:
        return self._in

    def number(self) -> int:
        """A fresh id for a command."""
        return next(self._numbers)

    def submit(self, command: Mapping[str, Any]) -> None:
        """Queue one command. Raises IncompleteError when the pipe is gone."""
        self._outgoing += json.dumps(command, separators=(",", ":")).encode() + b"\n"
        self._flush()

    def receive(self) -> list[Event]:
        """Every event that has come in; does not wait. Raises IncompleteError when the far end is gone."""
        self._flush()
        self._read()
        self._ping()
        events = list(self._pending)
        self._pending.clear()
        return events

    def request(self, command: Mapping[str, Any], timeout: float = 15.0) -> Event:
        """Send one command and wait for its first event; other events stay queued. Seconds."""
        number = self.number()
        self.submit({**command, "id": number})
        deadline = time.monotonic() + timeout
        others: list[Event] = []
        while time.monotonic() < deadline:
            self._wait(deadline)
            for event in self.receive():
                if event.get("id") == number:
                    self.put_back(others)
                    if event["e"] == "error":
                        raise IncompleteError(
                            f"vantage {self.spec} could not {command['op']} ({event['error']})", "see v6expose doctor"
                        )
                    return event
                others.append(event)
        raise IncompleteError(
            f"vantage {self.spec} did not answer within {timeout:.0f} s", "check the connection and run again"
        )

    def put_back(self, events: list[Event]) -> None:
        """Events that were received but are somebody else's; ``receive`` gives them again."""
        self._pending.extendleft(reversed(events))

    def close(self) -> None:
        """End the far end by ending its standard input; it takes its children with it."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._errors.close()

    def last_words(self) -> str:
        """What the transport wrote to standard error, its end."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS))
        return self._errors.read().decode("utf-8", "replace")

    def await_hello(self, timeout: float) -> None:
        """Wait for the stub's first event; noise of login shells before it is passed over."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._wait(deadline)
            try:
                events = self.receive()
            except IncompleteError:
                self._process.wait(timeout=5)
                raise opening_failed(self.spec, self._process.returncode, self.last_words()) from None
            for event in events:
                if event["e"] == "hello":
                    self.hello = Hello.parse(event)
                    return
        raise EnvironmentFault(
            f"vantage {self.spec} did not say hello within {timeout:.0f} s", "try its command by hand with `python3 -V`"
        )

    def _wait(self, deadline: float) -> None:
        writers = [self._out] if self._outgoing else []
        select.select([self._in], writers, [], max(0.0, min(1.0, deadline - time.monotonic())))

    def _flush(self) -> None:
        while self._outgoing:
            try:
                written = os.write(self._out, memoryview(self._outgoing)[:65536])
            except BlockingIOError:
                return
            except (OSError, ValueError) as error:
                raise self._lost() from error
            del self._outgoing[:written]

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._in, 1 << 18)
            except BlockingIOError:
                return
            if not data:
                raise self._lost()
            self._heard_at = time.monotonic()
            self._incoming += data
            *lines, rest = self._incoming.split(b"\n")
            self._incoming = rest
            self._pending.extend(event for event in map(_parse, lines) if event is not None)

    def _ping(self) -> None:
        now = time.monotonic()
        if now - self._heard_at > SILENT_AFTER and hasattr(self, "hello"):
            raise connection_lost(self.spec, None, "")
        if now - self._pinged_at > PING_EVERY:
            self._pinged_at = now
            self.submit({"op": "ping"})

    def _lost(self) -> IncompleteError:
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        return connection_lost(self.spec, self._process.returncode, self.last_words())


def _parse(line: bytes | bytearray) -> Event | None:
    """An event, or None for a line that is none (a login banner, bytes of another program)."""
    if not line.startswith(b"{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("e"), str) else None


class ControlDirectory:
    """A private directory, owned by whoever runs ssh, in which later ssh calls find the first one's connection."""

    def __init__(self) -> None:
        identity = invoking_user(os.environ, os.geteuid())
        self._directory = Path(tempfile.mkdtemp(prefix="v6x-"))
        if identity is not None:
            os.chown(self._directory, identity.uid, identity.gid)
        self.path = self._directory / "ssh"

    def remove(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def open_session(spec: Spec, control_path: Path | None = None, timeout: float = HELLO_TIMEOUT) -> Session:
    """Start the stub at ``spec`` and wait for its hello. Raises EnvironmentFault saying what to do."""
    is_ssh = isinstance(spec, SshSpec)
    argv = transport_argv(spec, stub_argv(try_sudo=is_ssh), control_path)
    identity = invoking_user(os.environ, os.geteuid()) if is_ssh else None
    errors = tempfile.TemporaryFile()  # noqa: SIM115  (the session closes it)
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            start_new_session=not is_ssh,  # ssh keeps the terminal to ask for a passphrase
            **_as_user(identity),
        )
    except OSError as error:
        errors.close()
        raise EnvironmentFault(f"vantage {spec} cannot be started ({error})", f"install {argv[0]!r} or correct the SPEC") from error
    session = Session(spec, process, errors)
    try:
        session._outgoing += compressed_stub()  # noqa: SLF001
        session.await_hello(timeout)
    except BaseException:
        session.close()
        raise
    return session


def _as_user(identity: Identity | None) -> dict[str, Any]:
    if identity is None:
        return {}
    return {
        "user": identity.uid,
        "group": identity.gid,
        "extra_groups": list(identity.groups),
        "env": dict(identity.environment),
    }
