"""What a battery knows before it sends anything: who takes part, what the sweep found, how fast it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from scanner.batteries.exchange import Pace
from scanner.measure import Vantage
from scanner.model.address import Listener
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import Path
from scanner.model.run import PortTable
from scanner.model.settings import Expectation

ERRORS_A_SECOND = 9.0  # a router may give no more (RFC 4443 section 2.4 (f); Linux: one in 100 ms)


@dataclass(frozen=True, slots=True)
class Ground:
    """``addresses`` are the host's, ``tables`` what the sweep found from this vantage, ``prior`` the sweep's controls
    (sent, seen). ``errors`` is how many packets a second may be sent whose answer is an ICMPv6 error of a router.
    ``progress`` is told (stage, done, all, packets a second) and may raise KeyboardInterrupt.
    """

    vantage: Vantage
    addresses: tuple[IPv6Address, ...]
    tables: tuple[PortTable, ...]
    listeners: tuple[Listener, ...]
    path: Path
    key: bytes
    prior: tuple[int, int] = (0, 0)
    expect: Expectation = Expectation.STRICT
    slow: bool = False
    pace: Pace = field(default_factory=Pace)
    errors: float = ERRORS_A_SECOND
    progress: Callable[[str, int, int, float], None] = field(default=lambda *_: None)
    present: Callable[[], frozenset[IPv6Address]] | None = None
    interrupted: bool = False  # before anything could be played


@dataclass(frozen=True, slots=True)
class Played:
    """What a battery brings home."""

    rows: tuple[ConformanceRow, ...] = ()
    problems: tuple[str, ...] = ()
    interrupted: bool = False


def unmeasured(standard: Standard) -> Result:
    return Result.NOT_MEASURABLE if standard is Standard.EVASION else Result.NOT_TESTABLE
