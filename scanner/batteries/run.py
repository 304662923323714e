"""Every battery of a scan, one after the other, from one vantage. What one measured survives whatever befalls the next.

BATTERIES is the list: a battery is three functions, and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from scanner.batteries import evasion, icmpv6
from scanner.batteries.derived import derive
from scanner.batteries.exchange import MOST_COPIES, RATE
from scanner.batteries.ground import Ground, Played
from scanner.batteries.path_control import TRIES
from scanner.batteries.simple_security import battery as simple_security
from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.model.cases import Case
from scanner.model.conformance import ConformanceRow
from scanner.model.errors import ScanError
from scanner.model.text import say
from scanner.plan import PacketClass

MOST_HOPS = 40  # of a path whose packets are followed hop by hop


@dataclass(frozen=True, slots=True)
class Battery:
    """``play`` measures; ``rows_unasked`` gives its rows where nothing can be sent, and why; ``classes`` says what it
    would send to one address.
    """

    name: str
    play: Callable[[Ground], Played]
    rows_unasked: Callable[[Ground, str], Iterable[ConformanceRow]]
    classes: Callable[[IPv6Address], Iterable[PacketClass]]


def classes_of(file: str, battery: str) -> Callable[[IPv6Address], Iterable[PacketClass]]:
    """Every case of a catalogue, with as many packets as its copies may take."""

    def classes(address: IPv6Address) -> Iterable[PacketClass]:
        return [class_of(case, battery, address) for case in load_cases(file)]

    return classes


def class_of(case: Case, battery: str, address: IPv6Address) -> PacketClass:
    most = MOST_COPIES * case.count + ((TRIES + 1) * MOST_HOPS * case.count if case.path == "self" else 0)
    return PacketClass(f"{battery} {case.id}: {case.name} ({case.count} a copy)", str(address), most, round(RATE))


BATTERIES: tuple[Battery, ...] = (
    Battery("evasion", evasion.play, evasion.rows_unasked, classes_of(EVASION, "evasion")),
    Battery("icmpv6", icmpv6.play, icmpv6.rows_unasked, classes_of(ICMPV6, "icmpv6")),
    Battery(simple_security.NAME, simple_security.play, simple_security.rows_unasked, simple_security.classes),
)


def play_all(names: Sequence[str], ground: Ground, *, watched: bool) -> Played:
    """The batteries of these names; ``watched``: a witness can watch on this host."""
    whole = Played(interrupted=ground.interrupted)
    for battery in BATTERIES:
        if battery.name in names:
            whole = joined(whole, play_one(battery, ground, whole, watched=watched))
    return replace(whole, rows=(*whole.rows, *derive(whole.rows, ground)))


def play_one(battery: Battery, ground: Ground, before: Played, *, watched: bool) -> Played:
    """One battery, or why it could not be played."""
    why = hindrance(ground, watched=watched)
    if why or before.interrupted:
        return unplayed(battery, ground, why or say("interrupted before it was measured"))
    try:
        return battery.play(ground)
    except KeyboardInterrupt:
        return replace(unplayed(battery, ground, say("interrupted before it was measured")), interrupted=True)
    except (ScanError, OSError) as error:
        told = say("battery {name} could not be played: {why}", name=battery.name, why=error)
        return replace(unplayed(battery, ground, str(error)), problems=(told,))


def unplayed(battery: Battery, ground: Ground, why: str) -> Played:
    return Played(tuple(battery.rows_unasked(ground, why)))


def hindrance(ground: Ground, *, watched: bool) -> str:
    """Why no battery can be played, "" where it can."""
    hello = ground.vantage.session.hello
    if not hello.raw:
        return say("the vantage cannot send raw packets ({why})", why=hello.why or "")
    if not watched:
        return say("nobody watches inside, so nothing tells what arrived")
    return ""


def joined(one: Played, other: Played) -> Played:
    return Played(
        (*one.rows, *other.rows), (*one.problems, *other.problems), interrupted=one.interrupted or other.interrupted
    )


def packet_classes(names: Sequence[str], addresses: Iterable[IPv6Address]) -> tuple[PacketClass, ...]:
    """Every case of the batteries of these names, for ``--dry-run``."""
    rows = [
        row
        for address in addresses
        for battery in BATTERIES
        if battery.name in names
        for row in battery.classes(address)
    ]
    return tuple(rows)
