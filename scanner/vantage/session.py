"""One live stub at the vantage: commands go out, events come in, both as JSON lines, nothing blocks but ``request``."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import count
from pathlib import Path
from typing import IO, Any

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.model.text import say
from scanner.vantage.bootstrap import compressed_stub, stub_argv
from scanner.vantage.diagnose import by_hand, connection_lost, last_line, opening_failed
from scanner.vantage.identity import Identity, invoking_user
from scanner.vantage.spec import NetnsSpec, Spec, SshSpec
from scanner.vantage.transport import transport_argv

HELLO_TIMEOUT = 60.0  # a login may ask for a passphrase or a touch
PING_EVERY = 10.0
SILENT_AFTER = 40.0  # seconds without an answer to a ping; ssh itself gives up after 15
LAST_WORDS = 16_384
LONGEST_LINE = 16 << 20
LONGEST_NOISE = 300
READS = 64  # of 256 KiB at most before the caller may look elsewhere
PATIENCE = 3.0  # seconds from the end of its input to SIGTERM, and again to SIGKILL

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hello:
    """What the far end can do. ``raw`` False means connect() and plain UDP only, ``why`` says why. ``clock`` is the far
    end's, in epoch seconds; ``nmap`` its version, None where there is none.
    """

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
        """Raises ValueError, TypeError, KeyError or IndexError for what our stub does not say."""
        return cls(
            python=str(event["python"]),
            system=str(event["system"]),
            root=event["euid"] == 0,
            raw=bool(event["raw"]),
            why=None if event["why"] is None else str(event["why"]),
            nmap=None if event["nmap"] is None else str(event["nmap"]),
            addresses=tuple(IPv6Address(row[0]) for row in event["addresses"]),
            clock=float(event["clock"]),
        )


class Session:
    """A process at the near end of a transport, with the stub at the far end. Use ``open_session``.

    What the far end said before it was gone is handed out first; only then do ``receive`` and ``submit`` raise.
    """

    def __init__(self, spec: Spec, process: subprocess.Popen[bytes], errors: IO[bytes], user: str = "") -> None:
        self.spec = spec
        self.hello: Hello
        self._process = process
        self._errors = errors
        self._user = user
        self._pending: deque[Event] = deque()
        self._incoming = bytearray()
        self._noise: deque[str] = deque(maxlen=20)  # lines before hello that are none of our stub's
        self._outgoing = bytearray()
        self._numbers = count(1)
        self._pinged_at = time.monotonic()
        self._unanswered_since: float | None = None  # when the first ping went out that nothing came in after
        self._ended = False
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  (both are PIPE)
        self._in, self._out = process.stdout, process.stdin
        os.set_blocking(self._in.fileno(), False)
        os.set_blocking(self._out.fileno(), False)

    def fileno(self) -> int:
        return self._in.fileno()

    def number(self) -> int:
        """A fresh id for a command."""
        return next(self._numbers)

    def submit(self, command: Mapping[str, Any]) -> None:
        """Queue one command. Raises IncompleteError when the far end is gone and all it said has been received."""
        self._outgoing += json.dumps(command, separators=(",", ":")).encode() + b"\n"
        self._flush()
        self._raise_if_lost()

    def receive(self) -> list[Event]:
        """Every event that has come in; does not wait. Raises IncompleteError when the far end is gone."""
        self._flush()
        self._read()
        self._ping()
        self._raise_if_lost()
        events = list(self._pending)
        self._pending.clear()
        return events

    def request(self, command: Mapping[str, Any], timeout: float = 15.0) -> Event:
        """Send one command and wait for its first event; other events stay queued. Seconds.

        Raises IncompleteError when the far end cannot do it, does not answer in time or is gone.
        """
        number = self.number()
        self.submit({**command, "id": number})
        deadline = time.monotonic() + timeout
        others: list[Event] = []
        try:
            while time.monotonic() < deadline:
                self._wait(deadline)
                events = self.receive()
                answer = next((event for event in events if event.get("id") == number), None)
                others += (event for event in events if event is not answer)
                if answer is not None:
                    return self._succeeded(command, answer)
        finally:
            self.put_back(others)
        raise IncompleteError(
            say("vantage {spec} did not answer within {timeout:.0f} s", spec=self.spec, timeout=timeout),
            say("check the connection and run again"),
        )

    def keep_alive(self) -> None:
        """Let the far end know we are here while nothing is asked of it. Raises IncompleteError when it is gone."""
        self.put_back(self.receive())
        if self._ended:
            raise connection_lost(self.spec, self._status(), self.last_words())

    def put_back(self, events: list[Event]) -> None:
        """Events that were received but are somebody else's; ``receive`` gives them again."""
        self._pending.extendleft(reversed(events))

    def close(self) -> None:
        """End the far end by ending its standard input; it takes its children with it. May be called again."""
        self._ended = True
        self._out.close()
        self._in.close()  # nobody waits for a full pipe to be read
        patience = PATIENCE if hasattr(self, "hello") else PATIENCE / 10  # it may still be asking for a passphrase
        for end in (self._process.poll, self._process.terminate, self._process.kill):
            with suppress(PermissionError):  # `sudo` as a prefix: not ours to signal, but it has lost its input
                end()
            try:
                self._process.wait(timeout=patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._errors.close()

    def last_words(self) -> str:
        """What the transport wrote to standard error, its end."""
        if self._errors.closed:
            return ""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - LAST_WORDS))
        return self._errors.read().decode("utf-8", "replace")

    def await_hello(self, timeout: float) -> None:
        """Wait for the stub's first event; noise of login shells before it is passed over. Raises EnvironmentFault."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._wait(deadline)
            try:
                events = self.receive()
            except IncompleteError:
                said = "\n".join([*self._noise, self.last_words()])  # nologin and cloud images speak on standard output
                raise opening_failed(self.spec, self._status(), said, self._user) from None
            if self._found_hello(events):
                return
        said = last_line(self.last_words())
        raise EnvironmentFault(
            say(
                "vantage {spec} did not say hello within {timeout:.0f} s{said}",
                spec=self.spec,
                timeout=timeout,
                said=f" ({said})" if said else "",
            ),
            say("see whether `{by_hand}` prints a version without a question", by_hand=by_hand(self.spec)),
        )

    def _found_hello(self, events: list[Event]) -> bool:
        for position, event in enumerate(events):
            with suppress(ValueError, TypeError, KeyError, IndexError):  # noise that looks like an event
                if event["e"] == "hello":
                    self.hello = Hello.parse(event)
                    self.put_back(events[position + 1 :])
                    return True
        return False

    def _succeeded(self, command: Mapping[str, Any], answer: Event) -> Event:
        if answer["e"] == "error":
            raise IncompleteError(
                say("vantage {spec} could not {op} ({why})", spec=self.spec, op=command["op"], why=answer.get("error")),
                say("see v6expose doctor"),
            )
        return answer

    def _wait(self, deadline: float) -> None:
        if self._pending or self._ended:
            return
        writers = [self._out] if self._outgoing else []
        select.select([self._in], writers, [], max(0.0, min(1.0, deadline - time.monotonic())))

    def _flush(self) -> None:
        while self._outgoing and not self._ended:
            try:
                written = os.write(self._out.fileno(), memoryview(self._outgoing)[:65536])
            except BlockingIOError:
                return
            except OSError:
                self._read()  # what it said before it went is in the pipe already
                self._ended = True
                return
            del self._outgoing[:written]

    def _read(self) -> None:
        for _ in range(READS):
            if self._ended:
                return
            try:
                data = os.read(self._in.fileno(), 1 << 18)
            except BlockingIOError:
                return
            self._unanswered_since = None
            self._incoming += data
            *lines, self._incoming = self._incoming.split(b"\n")
            for line in lines if data else [self._incoming]:
                self._take(line)
            self._ended = not data or len(self._incoming) > LONGEST_LINE

    def _take(self, line: bytearray) -> None:
        event = parse_event(line)
        if event is None and not hasattr(self, "hello"):
            self._noise.append(line[:LONGEST_NOISE].decode("utf-8", "replace"))
        elif event is not None and not _is_heartbeat(event):
            self._pending.append(event)

    def _ping(self) -> None:
        now = time.monotonic()
        if self._ended or now - self._pinged_at < PING_EVERY:
            return
        # Judged by what was asked and not answered: we may have been busy elsewhere, and deaf, for minutes.
        if self._unanswered_since is not None and now - self._unanswered_since > SILENT_AFTER:
            self._ended = hasattr(self, "hello")
        self._pinged_at = now
        self._unanswered_since = self._unanswered_since or now
        self._outgoing += b'{"op":"ping"}\n'
        self._flush()

    def _raise_if_lost(self) -> None:
        if self._ended and not self._pending:
            raise connection_lost(self.spec, self._status(), self.last_words())

    def _status(self) -> int | None:
        """The transport's exit status, None where it does not end."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=1.0)
        return None


def _is_heartbeat(event: Event) -> bool:
    """The answer to a ping of our own making, which nobody waits for."""
    return event["e"] == "pong" and event.get("id") is None


def parse_event(line: bytes | bytearray) -> Event | None:
    """An event, or None for a line that is none (a login banner, bytes of another program)."""
    if not line.startswith(b"{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("e"), str) else None


class ControlDirectory:
    """A private directory, owned by whoever runs ssh, in which later ssh calls find the first one's connection."""

    def __init__(self) -> None:
        identity = invoking_user(os.environ, os.geteuid())
        # Not in TMPDIR: it may be root's alone, and too long for the name of a socket (unix(7): 107 bytes).
        self._directory = Path(tempfile.mkdtemp(prefix="v6x-", dir="/tmp"))
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
        with _interrupts_blocked():
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
                start_new_session=isinstance(
                    spec, NetnsSpec
                ),  # the others keep the terminal: they may ask for a secret
                **_as_user(identity),
            )
    except OSError as error:
        errors.close()
        raise EnvironmentFault(
            say("vantage {spec} cannot be started ({program}: {why})", spec=spec, program=argv[0], why=error.strerror),
            say("install {program} or correct the SPEC", program=argv[0]),
        ) from error
    session = Session(spec, process, errors, identity.name if identity else "")
    try:
        session._outgoing += compressed_stub()  # noqa: SLF001
        session.await_hello(timeout)
    except BaseException:
        session.close()
        raise
    return session


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """What is started meanwhile never sees Ctrl-C: a blocked signal stays blocked over exec.

    To end it is our business, once what it still has to say has been taken.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _as_user(identity: Identity | None) -> dict[str, Any]:
    """Popen's words for it. In ``/``, since what ssh starts for the user may look at a directory of root's and fail."""
    if identity is None:
        return {}
    return {
        "user": identity.uid,
        "group": identity.gid,
        "extra_groups": list(identity.groups),
        "env": dict(identity.environment),
        "cwd": "/",
    }
