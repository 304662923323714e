"""Numbers, lists and places as a reader wants them."""

from collections.abc import Iterable, Sequence

from scanner.findings.facts import Place, View
from scanner.model.ports import PortSet

MOST_RANGES = 20
MOST_NAMES = 6
LONGEST_NAME = 60


def counted(number: int, noun: str) -> str:
    """``1 port``, ``65,535 ports``, ``2 addresses``."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(words: Sequence[str], most: int = MOST_NAMES) -> str:
    """``a, b and c``; beyond ``most`` the rest is counted."""
    shown = [*words[:most], f"{len(words) - most:,} more"] if len(words) > most else list(words)
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def port_list(ports: Iterable[int]) -> str:
    """Nmap's syntax, cut after twenty ranges, with the number of ports that are left out."""
    ranges = PortSet.of(ports).ranges
    shown = str(PortSet(ranges[:MOST_RANGES]))
    rest = len(PortSet(ranges[MOST_RANGES:]))
    return f"{shown} and {rest:,} more" if rest else shown


def on_places(places: Sequence[Place], view: View, protocol: str) -> str:
    """``on 2 of 2 addresses (2001:db8::1 (stable), ...)``."""
    total = len(view.places_probed(protocol))
    names = listed([str(place) for place in places])
    return f"on {len(places)} of {counted(total, 'address')}: {names}"


def ports_at_places(found: Sequence[tuple[Place, frozenset[int]]], view: View, protocol: str) -> str:
    """Which ports on which addresses; addresses with the same ports are named together."""
    groups: dict[frozenset[int], list[Place]] = {}
    for place, ports in found:
        groups.setdefault(ports, []).append(place)
    lines = [
        f"{counted(len(ports), f'{protocol.upper()} port')} ({port_list(ports)}) {on_places(places, view, protocol)}"
        for ports, places in groups.items()
    ]
    return "; ".join(lines)


def cleaned(text: str) -> str:
    """A name that came from a banner or a process: printable, short."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST_NAME])


def sentence(text: str) -> str:
    """``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]
