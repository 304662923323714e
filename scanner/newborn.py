"""Addresses that are born while a scan runs: each vantage scans them too, before it is let go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from scanner.lane import Lane
from scanner.measure import ALONE, Vantage, control_ports, measure
from scanner.model.address import Inventory
from scanner.model.errors import ScanError
from scanner.model.evidence import Measurement
from scanner.model.settings import Settings
from scanner.model.text import commas, say
from scanner.plan import Plan
from scanner.probes.pipe import Witness
from scanner.probes.surroundings import Progress

MOST = 8  # of them; a host that makes more while it is scanned is best scanned again


@dataclass(frozen=True, slots=True)
class Later:
    """A second, small plan: the addresses that were not there when the first was made."""

    plan: Plan
    inventory: Inventory


def plan_newborn(
    first: Inventory, now: Inventory, settings: Settings, make: Callable[[Inventory, Settings], Plan]
) -> Later | None:
    """None where nothing was born, or the owner has said which addresses to scan. ``make`` plans as for any scan."""
    known = {address.ip for address in first.addresses}
    born = tuple(address.ip for address in now.scannable() if address.ip not in known)
    if settings.addresses or not born:
        return None
    plan = make(now, replace(settings, addresses=born[:MOST]))
    return Later(replace(plan, nmap=False, lan=False), now)


def measure_newborn(
    vantage: Vantage,
    first: Plan,
    later: Later,
    witness: Witness | None,
    progress: Callable[[Progress], None],
    lane: Lane,
    present: Callable[[], frozenset[IPv6Address]],
) -> Measurement:
    """The flows of the older addresses control it, where any is left, so that they open nothing of what is judged; the
    new ones call home too. Raises ScanError where nothing could be measured.
    """
    if lane is ALONE:
        lane = Lane(inside_ports=control_ports((*first.addresses, *later.plan.addresses)))
    plan = replace(later.plan, rate=first.rate, start_rate=first.start_rate)  # of several vantages each has its share
    return measure(vantage, plan, later.inventory, witness, progress, lane, present)


def joint(first: Measurement, second: Measurement) -> Measurement:
    """What the vantage's record says of both: the sums, and the worse of the bounds."""
    bounds = [one.loss_bound for one in (first, second)]
    known = [bound for bound in bounds if bound is not None]
    return replace(
        first,
        targets=(*first.targets, *second.targets),
        loss_bound=max(known) if len(known) == len(bounds) else None,
        controls=replace(
            first.controls,
            sent=first.controls.sent + second.controls.sent,
            seen=first.controls.seen + second.controls.seen,
        ),
        called_home=_both(first.called_home, second.called_home),
        translated=tuple(dict.fromkeys((*first.translated, *second.translated))),
        probes_sent=first.probes_sent + second.probes_sent,
        seconds=first.seconds + second.seconds,
        capture_dropped=first.capture_dropped + second.capture_dropped,
        problems=tuple(dict.fromkeys((*first.problems, *second.problems))),
        interrupted=first.interrupted or second.interrupted,
        lost=first.lost or second.lost,
    )


def _both(
    first: tuple[IPv6Address, ...] | None, second: tuple[IPv6Address, ...] | None
) -> tuple[IPv6Address, ...] | None:
    return first if second is None else tuple(dict.fromkeys((*(first or ()), *second)))


def why_not(error: ScanError, later: Later | None) -> str:
    """A line for the run's problems."""
    if later is None:
        return say("addresses born in mid-scan: not scanned ({why})", why=error.message)
    names = commas([str(address) for address in later.plan.addresses])
    return say("{addresses} born in mid-scan: not scanned ({why})", addresses=names, why=error.message)
