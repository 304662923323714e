"""The one module that imports python-nmap: a process of its own, ``python -P -m scanner.probes.nmap_child``.

scapy is GPL-2.0-only and python-nmap GPL-3.0-or-later, so the two never meet in one process: nothing here imports
scapy, and nothing else imports this. One JSON line comes in on standard input, one JSON document goes out on standard
output.

    in   {"hosts": [..], "ports": ".." | null, "arguments": "..", "search_path": "path to the shim", "timeout": seconds}
    out  {"xml": .., "stderr": .., "ended": "" | "stopped" | "timeout", "error": "" | "no-nmap" | "failed",
          "detail": ..}

Standard input stays open as long as the caller lives. When it ends, on SIGTERM and after ``timeout`` seconds, nmap is
ended with its whole process group and what it had said by then is the answer. Bytes that are no UTF-8 travel as lone
surrogates (PEP 383).

python-nmap drives; it does not read. Its own reader is not guarded against entity bombs and loses what a cut document
holds, so ``get_nmap_last_output()`` is handed back as it is.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from types import FrameType
from typing import Any

import nmap

GRACE = 2.0  # seconds from SIGTERM to SIGKILL
LINE_LIMIT = 1 << 20
PIECE = 65536
USAGE = 2


class Driver(nmap.PortScanner):  # type: ignore[misc]  # python-nmap has no types
    """python-nmap's scanner without its reader: what nmap wrote on both streams is kept, not interpreted."""

    stderr = ""

    def analyse_nmap_xml_scan(self, nmap_xml_output: Any = None, nmap_err: str = "", **_kept: Any) -> dict[str, Any]:
        if nmap_xml_output is not None:
            self._nmap_last_output = nmap_xml_output
        self.stderr = nmap_err
        return {}


@dataclass(frozen=True, slots=True)
class Request:
    """``arguments`` and ``ports`` in nmap's own syntax; ``timeout`` in seconds, 0 for none."""

    hosts: tuple[IPv6Address, ...]
    ports: str | None
    arguments: str
    search_path: str
    timeout: float

    @classmethod
    def parse(cls, line: bytes) -> Request:
        """Raises ValueError, TypeError or KeyError. Hosts are addresses, so none of them can be an option."""
        word = json.loads(line)
        hosts = tuple(IPv6Address(host) for host in word["hosts"])
        if not hosts:
            raise ValueError("no host is named")
        return cls(hosts, word["ports"], str(word["arguments"]), str(word["search_path"]), float(word["timeout"]))


@dataclass(slots=True)
class Ending:
    """Ends nmap when it must; ``why`` stays "" while nobody asked. Waits for nothing itself."""

    why: str = field(default="")

    def watch(self, timeout: float) -> None:
        """Heed SIGTERM, the timeout and the end of standard input. The process must lead its own group."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGALRM, self._on_signal)
        signal.setitimer(signal.ITIMER_REAL, timeout)
        threading.Thread(target=self._until_input_ends, daemon=True).start()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.why:
            return
        self.why = "timeout" if number == signal.SIGALRM else "stopped"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(os.getpgrp(), signal.SIGTERM)
        last_word = threading.Timer(GRACE, os.killpg, (os.getpgrp(), signal.SIGKILL))  # this process is in the group
        last_word.daemon = True
        last_word.start()

    def _until_input_ends(self) -> None:
        while os.read(0, PIECE):
            pass
        os.kill(os.getpid(), signal.SIGTERM)


def run(request: Request, ending: Ending) -> dict[str, str]:
    """Let nmap scan; the answer as the module's docstring states it. Raises nothing that nmap can cause."""
    try:
        driver = Driver(nmap_search_path=(request.search_path,))
    except (nmap.PortScannerError, ValueError) as error:  # no such program, or no nmap's answer to -V
        return answer("", "", ending, ("" if ending.why else "no-nmap", str(error)))
    driver._nmap_last_output = ""  # noqa: SLF001  (it holds the answer to -V until a scan has ended)
    fault = ("", "") if ending.why else scan(driver, request)
    return answer(driver.get_nmap_last_output(), driver.stderr, ending, fault)


def scan(driver: Driver, request: Request) -> tuple[str, str]:
    """("", "") or ("failed", why): a standard error that is no UTF-8, a quote left open, an argument too long."""
    hosts = shlex.join(str(host) for host in request.hosts)  # python-nmap splits it again; a zone may hold anything
    try:
        # Without -6 nmap skips every target, says "success" and exits with 0.
        driver.scan(hosts=hosts, ports=request.ports, arguments=f"-6 {request.arguments}")
    except (nmap.PortScannerError, AssertionError, ValueError, OSError) as error:
        return "failed", str(error)
    return "", ""


def answer(xml: bytes | str, stderr: str, ending: Ending, fault: tuple[str, str]) -> dict[str, str]:
    text = xml.decode("utf-8", "surrogateescape") if isinstance(xml, bytes) else xml
    return {"xml": text, "stderr": stderr, "ended": ending.why, "error": fault[0], "detail": fault[1]}


def read_line() -> bytes:
    """One line of standard input, unbuffered, so that the watching thread sees the rest and the end."""
    line = b""
    while not line.endswith(b"\n") and len(line) < LINE_LIMIT:
        piece = os.read(0, PIECE)
        if not piece:
            break
        line += piece
    return line


def lead_own_group() -> None:
    """So that ending the group ends nmap and this process, and never the caller."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def main() -> int:
    lead_own_group()
    try:
        request = Request.parse(read_line())
    except (ValueError, TypeError, KeyError) as error:
        sys.stderr.write(f"no request on standard input: {error!r}\n")
        return USAGE
    ending = Ending()
    ending.watch(request.timeout)
    json.dump(run(request, ending), sys.stdout)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
