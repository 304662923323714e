"""What nmap is asked: the most common TCP ports as a second opinion on the sweep, and what the open ports are.

Nothing here imports python-nmap. ``NmapRun`` (nmap_run.py) says what a shim must do and runs without blocking;
``sweep_top_ports`` and ``detect_services`` are the same for a caller who may wait.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from scanner.model.ports import PortSet
from scanner.model.settings import START_RATE
from scanner.probes.nmap_report import NmapReport
from scanner.probes.nmap_run import NmapRequest, NmapRun
from scanner.probes.nmap_services import ServiceRuns, service_requests

__all__ = [
    "NmapRequest",
    "NmapRun",
    "ServiceRuns",
    "Source",
    "detect_services",
    "service_requests",
    "sweep_request",
    "sweep_top_ports",
]

TOP_PORTS = 1000
SWEEP_TIMEOUT = 600.0  # seconds; measured: 4.1 for one address that answers nothing, 12.2 for four at once
PAUSE = 0.05

# -n -Pn: no names are looked up, no address is skipped for not answering an echo request.
# -d3: nmap names every port; below it folds states into ranges, and before 7.92 does not say which ports they hold.
# -T4 and the rest: two retries and at most 2 s a probe; an answer that comes later is lost on nmap (D2).
SWEEP = (
    *("-n", "-Pn", "-d3", "--reason", "-T4"),
    *("--max-retries", "2", "--initial-rtt-timeout", "500ms", "--max-rtt-timeout", "2s"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """What nmap sends from: ``-S`` and ``-e``. The default leaves both to the vantage's routing table."""

    address: IPv6Address | None = None
    interface: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        return (
            *(("-S", str(self.address)) if self.address else ()),
            *(("-e", self.interface) if self.interface else ()),
        )


ANY_SOURCE = Source()


def sweep_request(
    shim: Path,
    addresses: Sequence[IPv6Address],
    source: Source = ANY_SOURCE,
    *,
    top: int = TOP_PORTS,
    ports: PortSet | None = None,
    privileged: bool = True,
    rate: int = START_RATE,
    timeout: float = SWEEP_TIMEOUT,
) -> NmapRequest:
    """A scan of nmap's ``top`` most common TCP ports, or of ``ports``, on all ``addresses`` at once.

    ``-sS`` needs raw sockets; an unprivileged vantage connects (``-sT``), and then hop limits and the senders of
    ICMPv6 errors are not known. ``rate`` is the ceiling in packets a second. nmap speaks of an address only when all
    of those it scans together are done, so a run that is ended early may have nothing to show.
    """
    method = "-sS" if privileged else "-sT"
    which = () if ports is not None else ("--top-ports", str(top))
    return NmapRequest(
        shim,
        tuple(addresses),
        (method, *SWEEP, *_pace(rate), *which, *source.arguments),
        None if ports is None else str(ports),
        timeout,
    )


def _pace(rate: int) -> tuple[str, ...]:
    """No slower than half the ceiling: left to itself nmap takes 59 s for an address where nobody answers, not 4."""
    return "--min-rate", str(max(1, rate // 2)), "--max-rate", str(rate)


def sweep_top_ports(
    shim: Path,
    addresses: Sequence[IPv6Address],
    source: Source = ANY_SOURCE,
    *,
    top: int = TOP_PORTS,
    ports: PortSet | None = None,
    privileged: bool = True,
    rate: int = START_RATE,
    timeout: float = SWEEP_TIMEOUT,
) -> NmapReport:
    """``sweep_request`` done while the caller waits. Raises as ``NmapRun.result`` does."""
    request = sweep_request(
        shim, addresses, source, top=top, ports=ports, privileged=privileged, rate=rate, timeout=timeout
    )
    with NmapRun(request) as run:
        while not run.poll():
            time.sleep(PAUSE)
        return run.result()


def detect_services(
    shim: Path,
    address: IPv6Address,
    tcp: PortSet,
    udp: PortSet = PortSet(),  # noqa: B008  (frozen)
    source: Source = ANY_SOURCE,
    *,
    privileged: bool = True,
) -> NmapReport:
    """What runs behind open ports of ``address``, while the caller waits. Raises as ``ServiceRuns.result`` does."""
    requests = service_requests(shim, address, tcp, udp, source.arguments, privileged=privileged)
    with ServiceRuns(requests) as runs:
        while not runs.poll():
            time.sleep(PAUSE)
        return runs.result()
