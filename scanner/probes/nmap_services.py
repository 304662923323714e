"""``nmap -sV`` on open ports, one run a port and several runs at once.

A listener that takes a connection and says nothing keeps nmap busy: measured 12 to 37 s at intensity 0, 78 to 92 s at
intensity 5 and over 200 s at 7, while those that speak are known after 7 (SSH, HTTP) to 13 s (HTTPS). There is no
option for a shorter wait, and ``--host-timeout`` throws away everything nmap knows of that address. So every port has a
run of its own: a silent one is given up after HOST_TIMEOUT, its name stays unknown, and the others lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from types import TracebackType
from typing import Self

from scanner.model.errors import IncompleteError
from scanner.model.ports import PortSet
from scanner.probes.nmap_report import NmapHost, NmapReport
from scanner.probes.nmap_run import NmapRequest, NmapRun

HOST_TIMEOUT = 14  # seconds; nmap takes up to 1.5 more to notice
SLACK = 10.0  # seconds for nmap to start and to notice its time is up
AT_ONCE = 6  # sshd takes ten sessions on a shared connection (MaxSessions), and each run costs 0.4 s of processor
MOST_PORTS = 64  # more open ports than this on one address is a proxy or a tarpit, not a host
SERVICES = (
    *("-n", "-Pn", "-sV", "--version-intensity", "5", "--host-timeout", f"{HOST_TIMEOUT}s"),
    *("--reason", "-T4", "--max-retries", "2"),
)


def service_requests(
    shim: Path,
    address: IPv6Address,
    tcp: PortSet,
    udp: PortSet,
    source: Sequence[str] = (),
    *,
    privileged: bool = True,
) -> tuple[NmapRequest, ...]:
    """One request a port, MOST_PORTS at most, TCP first. UDP needs raw sockets: none of it without privilege."""
    method = "-sS" if privileged else "-sT"
    wanted = [(method, port) for port in tcp] + [("-sU", port) for port in udp if privileged]
    return tuple(
        NmapRequest(shim, (address,), (how, *SERVICES, *source), str(port), HOST_TIMEOUT + SLACK)
        for how, port in wanted[:MOST_PORTS]
    )


class ServiceRuns:
    """Several runs of nmap as one: the same verbs as NmapRun."""

    def __init__(self, requests: Iterable[NmapRequest], at_once: int = AT_ONCE) -> None:
        self._waiting = list(requests)[::-1]
        self._running: list[NmapRun] = []
        self._at_once = at_once
        self._total = len(self._waiting)
        self._reports: list[NmapReport] = []
        self._failures: list[IncompleteError] = []
        self._stopped = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        while self._waiting and len(self._running) < self._at_once:
            run = NmapRun(self._waiting.pop())
            self._running.append(run)
            run.start()

    def poll(self) -> bool:
        """Whether all are done; begins the next ones. Raises EnvironmentFault where there is no nmap."""
        for run in [run for run in self._running if run.poll()]:
            self._collect(run)
        self.start()
        return not self._running

    def progress(self) -> float | None:
        """The share of ports that are done, 0 to 1."""
        done = len(self._reports) + len(self._failures)
        return done / self._total if self._total else 1.0

    def stop(self) -> None:
        """End them all; ``result()`` then has the ports that were done."""
        self._stopped = self._stopped or bool(self._waiting or self._running)
        self._waiting.clear()
        for run in list(self._running):
            run.stop()
            self._collect(run)

    def close(self) -> None:
        self._waiting.clear()
        while self._running:
            self._running.pop().close()

    def result(self) -> NmapReport:
        """All ports in one report. Raises IncompleteError where not one run came to anything."""
        if self._failures and not self._reports:
            raise self._failures[0]
        problems = (*(error.message for error in self._failures), *_problems(self._reports))
        if not self._reports:
            return NmapReport("", "", (), truncated=self._stopped)
        return replace(
            self._reports[0],
            hosts=_merged(self._reports),
            truncated=self._stopped or any(report.truncated for report in self._reports),
            problems=tuple(dict.fromkeys(problems)),
        )

    def _collect(self, run: NmapRun) -> None:
        self._running.remove(run)
        try:
            self._reports.append(run.result())
        except IncompleteError as error:
            self._failures.append(error)
        finally:
            run.close()


def _merged(reports: Sequence[NmapReport]) -> tuple[NmapHost, ...]:
    """One host an address, with the ports of all reports."""
    hosts: dict[IPv6Address, NmapHost] = {}
    for host in (host for report in reports for host in report.hosts):
        known = hosts.get(host.address, replace(host, ports=()))
        ports = sorted((*known.ports, *host.ports), key=lambda port: (port.protocol, port.port))
        hosts[host.address] = NmapHost(
            host.address, tuple(ports), known.timed_out or host.timed_out, known.complete and host.complete
        )
    return tuple(hosts.values())


def _problems(reports: Sequence[NmapReport]) -> tuple[str, ...]:
    return tuple(problem for report in reports for problem in report.problems)
