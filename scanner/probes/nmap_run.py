"""One run of nmap beside whatever else the caller does: start, poll, progress, result, stop. Only stop() waits.

The shim. nmap is run through an executable that stands for it, so that it scans from the vantage. A shim must

- pass its arguments through as they are, ``-V`` included, and never through a shell;
- give nmap's standard output, standard error and exit status as its own, and on standard output nothing else;
- not take the end of its own standard input for a sign: python-nmap closes it at once;
- end nmap when it gets SIGTERM. It is sent to the process group, and SIGKILL two seconds later, so what left the group
  (a remote process, a new session) is the shim's to end when the shim dies;
- append what nmap writes on standard output, as it comes, to the file named by ``V6EXPOSE_NMAP_TEE``, except for
  ``-V``. A run that is killed leaves its measurements there, and progress is read from it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.model.text import say
from scanner.probes.nmap_report import NmapReport, printable
from scanner.probes.nmap_xml import read_report

TEE = "V6EXPOSE_NMAP_TEE"
CHILD = ("-P", "-m", "scanner.probes.nmap_child")  # -P: nothing is imported from the current directory
STATS_EVERY = "1s"
PATIENCE = 4.0  # seconds from the child's SIGTERM to its end; it gives nmap half of them
PAUSE = 0.02
TAIL = 4096  # bytes; several progress lines
PROGRESS = re.compile(rb'<taskprogress [^<>]*?\bpercent="(\d{1,3}(?:\.\d{1,4})?)"')
MOST_PROBLEMS = 8
INSTALL = say("install nmap there (Debian: apt install nmap)")


@dataclass(frozen=True, slots=True)
class NmapRequest:
    """``arguments`` without ``-6``, targets and ports, which are added; ``ports`` in nmap's syntax or None.

    ``timeout``: seconds after which nmap is ended and what it has said is the result.
    """

    shim: Path
    hosts: tuple[IPv6Address, ...]
    arguments: tuple[str, ...]
    ports: str | None = None
    timeout: float = 600.0


class NmapRun:
    """A run of nmap in a child process. Use it as a context manager: leaving ends nmap and removes the files."""

    def __init__(self, request: NmapRequest) -> None:
        self.request = request
        self._directory = tempfile.TemporaryDirectory(prefix="v6expose-nmap-")
        self._path = Path(self._directory.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0.0
        self._stopped = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin. The child's output goes to files, so that nobody has to read while it runs."""
        with (self._path / "reply").open("wb") as reply, (self._path / "errors").open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, *CHILD],
                stdin=subprocess.PIPE,
                stdout=reply,
                stderr=errors,
                env={**os.environ, TEE: str(self._tee)},
                start_new_session=True,  # a Ctrl-C at the terminal is the caller's to handle
            )
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101  (stdin=PIPE above)
        with suppress(BrokenPipeError):  # a child that died says why on standard error
            pipe.write(self._line())
            pipe.flush()

    def poll(self) -> bool:
        """Whether it has ended, by itself or not."""
        process = self._started()
        if process.returncode is None and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            with suppress(ProcessLookupError):  # nothing of its group outlives it; its number is not free yet
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode is not None

    def progress(self) -> float | None:
        """The share of nmap's present task that is done, 0 to 1, as it last said; None before it said anything."""
        if self._process is not None and self.poll():
            return 1.0
        with suppress(OSError), self._tee.open("rb") as tee:
            tee.seek(max(0, self._tee.stat().st_size - TAIL))
            found = PROGRESS.findall(tee.read())
            if found:
                self._seen = min(1.0, float(found[-1]) / 100)
        return self._seen or None

    def stop(self) -> None:
        """End nmap and wait for its end (4 s at most); ``result()`` then has what was measured."""
        process = self._started()
        if self.poll():
            return
        self._stopped = True
        process.terminate()
        end = time.monotonic() + PATIENCE
        while not self.poll():
            if time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(PAUSE)

    def close(self) -> None:
        """Stop if it still runs, and remove its files; ``result()`` must have been asked for before."""
        if self._process is not None:
            self.stop()
            if self._process.stdin is not None:
                with suppress(BrokenPipeError):
                    self._process.stdin.close()
        self._directory.cleanup()

    def result(self) -> NmapReport:
        """What nmap measured: everything, or what there was when it was ended (``truncated``).

        Raises EnvironmentFault where nmap cannot be run at all, IncompleteError where it ended by itself with no target
        scanned (no privilege for raw packets, an option it does not know, targets it skipped).
        """
        self.poll()
        reply = self._reply()
        if reply.get("error") == "no-nmap":
            said = self._last_error() or reply.get("detail", "")
            raise EnvironmentFault(say("nmap cannot be run at the vantage ({said})", said=printable(said)), INSTALL)
        report = read_report(max(self._documents(reply), key=len))
        lines = dict.fromkeys(printable(line.strip()) for line in self._complaints(reply) if line.strip())
        problems = tuple(lines)[:MOST_PROBLEMS]
        ended = bool(reply.get("ended")) or self._stopped
        if not report.hosts and not ended:
            why = problems or report.skipped or ("it said nothing",)
            raise IncompleteError(
                say("nmap scanned nothing: {why}", why=why[0]), say("run it by hand at the vantage to see why")
            )
        return replace(report, truncated=report.truncated or ended or not report.exit, problems=problems)

    # -- small parts

    @property
    def _tee(self) -> Path:
        return self._path / "tee.xml"

    def _line(self) -> bytes:
        request = {
            "hosts": [str(host) for host in self.request.hosts],
            "ports": self.request.ports,
            "arguments": shlex.join(("--stats-every", STATS_EVERY, *self.request.arguments)),
            "search_path": str(self.request.shim),
            "timeout": self.request.timeout,
        }
        return json.dumps(request).encode() + b"\n"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("start() comes first")
        return self._process

    def _reply(self) -> dict[str, Any]:
        """What the child handed back; empty where it was killed before it could."""
        try:
            reply = json.loads((self._path / "reply").read_bytes())
        except (OSError, ValueError):
            return {}
        return reply if isinstance(reply, dict) else {}

    def _documents(self, reply: dict[str, Any]) -> tuple[bytes, bytes]:
        """Of the XML that came back and the shim's copy, the longer one lost less."""
        copy = self._tee.read_bytes() if self._tee.exists() else b""
        return str(reply.get("xml", "")).encode("utf-8", "surrogateescape"), copy

    def _complaints(self, reply: dict[str, Any]) -> list[str]:
        said = str(reply.get("stderr", "")) or str(reply.get("detail", ""))
        return said.splitlines() if reply else [self._last_error()]

    def _last_error(self) -> str:
        """The last line the child or the shim wrote on standard error."""
        lines = (self._path / "errors").read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
