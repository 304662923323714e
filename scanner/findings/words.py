"""Numbers, lists and places as a reader wants them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from scanner.findings.facts import Place, View
from scanner.model.ports import PortSet
from scanner.model.text import Text, capitalised, clauses, enumerated, say, say_many

MOST_RANGES = 20
MOST_NAMES = 6
LONGEST_NAME = 60


_COUNTED: Mapping[str, Callable[[int], Text]] = {
    "port": lambda number: say_many("{count:,} port", "{count:,} ports", number),
    "TCP port": lambda number: say_many("{count:,} TCP port", "{count:,} TCP ports", number),
    "UDP port": lambda number: say_many("{count:,} UDP port", "{count:,} UDP ports", number),
    "probed port": lambda number: say_many("{count:,} probed port", "{count:,} probed ports", number),
    "other port": lambda number: say_many("{count:,} other port", "{count:,} other ports", number),
    "address": lambda number: say_many("{count:,} address", "{count:,} addresses", number),
    "other address": lambda number: say_many("{count:,} other address", "{count:,} other addresses", number),
    "control probe": lambda number: say_many("{count:,} control probe", "{count:,} control probes", number),
    "day": lambda number: say_many("{count:,} day", "{count:,} days", number),
    "hour": lambda number: say_many("{count:,} hour", "{count:,} hours", number),
    "minute": lambda number: say_many("{count:,} minute", "{count:,} minutes", number),
    "second": lambda number: say_many("{count:,} second", "{count:,} seconds", number),
}


def counted(number: int, noun: str) -> Text:
    """``1 port``, ``65,535 ports``, ``2 addresses``. A noun that is not in the table is a KeyError: nobody could
    translate it.
    """
    return _COUNTED[noun](number)


def listed(words: Sequence[str], most: int = MOST_NAMES) -> str:
    """``a, b and c``; beyond ``most`` the rest is counted."""
    rest = len(words) - most
    return enumerated([*words[:most], say("{count:,} more", count=rest)] if rest > 0 else words)


def port_list(ports: Iterable[int]) -> str:
    """Nmap's syntax, cut after twenty ranges, with the number of ports that are left out."""
    ranges = PortSet.of(ports).ranges
    shown = str(PortSet(ranges[:MOST_RANGES]))
    rest = len(PortSet(ranges[MOST_RANGES:]))
    return say("{ports} and {count:,} more", ports=shown, count=rest) if rest else shown


def on_places(places: Sequence[Place], view: View, protocol: str) -> str:
    """``on 2 of 2 addresses (2001:db8::1 (stable), ...)``."""
    total = len(view.places_probed(protocol))
    names = listed([str(place) for place in places])
    return say("on {count} of {total}: {names}", count=len(places), total=counted(total, "address"), names=names)


def ports_at_places(found: Sequence[tuple[Place, frozenset[int]]], view: View, protocol: str) -> str:
    """Which ports on which addresses; addresses with the same ports are named together."""
    groups: dict[frozenset[int], list[Place]] = {}
    for place, ports in found:
        groups.setdefault(ports, []).append(place)
    lines = [
        say(
            "{count} ({ports}) {places}",
            count=counted(len(ports), f"{protocol.upper()} port"),
            ports=port_list(ports),
            places=on_places(places, view, protocol),
        )
        for ports, places in groups.items()
    ]
    return clauses(lines)


def cleaned(text: str) -> str:
    """A name that came from a banner or a process: printable, short."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST_NAME])


def sentence(text: str) -> str:
    """``text`` with a capital first letter."""
    return capitalised(text)
