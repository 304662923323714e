"""The picture of the way: what set out, what ended where, and what was left to go on. Pure.

Only what is certain is drawn on the way; what ended nobody knows where stands beside it, and widens the numbers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scanner.model.run import Run, VantageRecord
from scanner.model.text import joined, mark, say
from scanner.report.ranges import listing
from scanner.report.results import Block, Row, Table, Tag
from scanner.report.tally import inside_vantages
from scanner.report.text import count, one_line
from scanner.report.words import VERDICTS, Place, VerdictWords

FEW = 12  # ports that are named one by one


STATIONS: Mapping[str, str] = {
    "stranger": say("A stranger"),
    "upstream": say("Networks between"),
    "router": say("Home router"),
    "host": say("This host"),
}

_NOT_OUTSIDE = say("This vantage does not stand outside: this is no stranger's way, and says nothing about the router.")
_PLUS = mark("{one} + {next}")
# said of what goes on from a station
_GOES_ON = {
    "stranger": mark("{ports} set out"),
    "upstream": mark("{ports} reach the router"),
    "router": mark("{ports} get in"),
}
_STOPPED_NOTHING = (say("stopped nothing"), say("stopped nothing for certain"))
_NOTHING_ARRIVED = (say("nothing arrived"), say("nothing arrived for certain"))
_NONE = {"stranger": ("", ""), "upstream": _STOPPED_NOTHING, "router": _STOPPED_NOTHING, "host": _NOTHING_ARRIVED}


@dataclass(frozen=True, slots=True)
class Station:
    """One of the four places; ``details`` are the hops or names that were seen there."""

    key: str
    name: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """Ports of one protocol and verdict that ended at a place; ``named`` lists them when they are few."""

    words: VerdictWords
    amount: str
    named: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes on to the next station. ``weight`` 0 (nothing for certain) to 4 is the thickness, by powers of ten."""

    text: str
    weight: int
    group: str  # a Group, or "" before the router has spoken


@dataclass(frozen=True, slots=True)
class Stop:
    """A station as one lane meets it; ``none`` is said where nothing ended there."""

    key: str
    name: str
    ends: tuple[Ending, ...]
    none: str
    flow: Flow | None


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to the addresses that fared alike. ``aside`` holds what ended at no known place."""

    tags: tuple[Tag, ...]
    stops: tuple[Stop, ...]
    aside: tuple[Ending, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """``note`` is said where this is no stranger's way."""

    vantage: str
    note: str
    stations: tuple[Station, ...]
    lanes: tuple[Lane, ...]


def ways_of(run: Run, blocks: tuple[Block, ...]) -> tuple[Way, ...]:
    """One picture for each vantage that measured something."""
    known = {vantage.name: vantage for vantage in run.vantages}
    inside = inside_vantages(run)
    names = dict.fromkeys(block.vantage for block in blocks)
    return tuple(
        Way(
            one_line(name),
            _NOT_OUTSIDE if name in inside else "",
            _stations(run, known.get(name)),
            tuple(_lane(block, _names(name in inside)) for block in blocks if block.vantage == name and block.scanned),
        )
        for name in names
    )


def _stations(run: Run, vantage: VantageRecord | None) -> tuple[Station, ...]:
    hops = vantage.path if vantage else ()
    upstream = tuple(
        say("hop {distance}: {address}", distance=hop.distance, address=hop.address or say("silent"))
        for hop in hops
        if hop.role == "upstream"
    )
    router = next((hop.address for hop in hops if hop.role == "router" and hop.address), None)
    default = run.host.default_router
    outer = (say("outside {address}", address=router),) if router else ()
    inner = (
        (say("inside {address}", address=default.address), f"MAC {default.mac}" if default.mac else "")
        if default
        else ()
    )
    details = {
        "stranger": tuple(vantage.addresses) if vantage else (),
        "upstream": upstream or (say("no hop seen"),),
        "router": (*outer, *inner) or (say("not identified"),),
        "host": (run.host.name, run.host.os),
    }
    return tuple(
        Station(key, name, tuple(one_line(detail, 100) for detail in details[key] if detail))
        for key, name in STATIONS.items()
    )


def _names(inside: bool) -> Mapping[str, str]:  # noqa: FBT001
    return {**STATIONS, "stranger": say("The vantage, inside")} if inside else STATIONS


def _lane(block: Block, names: Mapping[str, str]) -> Lane:
    ends = {place: _ended_at(block.tables, place) for place in Place}
    aside = (*ends[Place.SOMEWHERE], *ends[Place.UNMEASURED])
    flows = {
        "stranger": _flow("stranger", block.tables, frozenset(Place), frozenset()),
        "upstream": _flow("upstream", block.tables, _AT_ROUTER, _MAYBE_AT_ROUTER),
        "router": _flow("router", block.tables, _AT_HOST, _MAYBE_AT_HOST, _worst_inside(block)),
    }
    places = {"upstream": Place.UPSTREAM, "router": Place.ROUTER, "host": Place.HOST}
    stops = tuple(
        Stop(key, name, ends[places[key]] if key in places else (), _NONE[key][bool(aside)], flows.get(key))
        for key, name in names.items()
    )
    return Lane(block.tags, stops, aside)


_AT_ROUTER = frozenset({Place.ROUTER, Place.HOST})
_MAYBE_AT_ROUTER = frozenset({Place.SOMEWHERE, Place.UNMEASURED})
_AT_HOST = frozenset({Place.HOST})
_MAYBE_AT_HOST = frozenset({Place.UNMEASURED})


def _worst_inside(block: Block) -> str:
    groups = {row.group for table in block.tables for row in table.rows if VERDICTS[row.verdict].place is Place.HOST}
    return max(groups, key=lambda group: group.rank).value if groups else ""


def _flow(
    key: str, tables: tuple[Table, ...], sure: frozenset[Place], maybe: frozenset[Place], group: str = ""
) -> Flow:
    """How many ports go on from a station: certainly ``sure``, perhaps ``maybe`` as well."""
    words, total = [], 0
    for table in tables:
        least = _amount(table.rows, sure)
        most = least + _amount(table.rows, maybe)
        total += least
        if most:
            numbers = f"{least:,}" if least == most else say("{least:,} to {most:,}", least=least, most=most)
            words.append(say("{numbers} {protocol}", numbers=numbers, protocol=table.protocol.upper()))
    weight = min(len(str(total)), 4) if total else 0
    ports = joined(_PLUS, words) or say("none")
    return Flow(say(_GOES_ON[key], ports=ports), weight, group)


def _amount(rows: Iterable[Row], places: frozenset[Place]) -> int:
    return sum(row.count for row in rows if VERDICTS[row.verdict].place in places)


def _ended_at(tables: tuple[Table, ...], place: Place) -> tuple[Ending, ...]:
    return tuple(
        Ending(
            VERDICTS[row.verdict],
            count(row.count, f"{table.protocol.upper()} port"),
            listing(row.ranges, FEW)[0] if row.count <= FEW else "",
        )
        for table in tables
        for row in table.rows
        if VERDICTS[row.verdict].place is place
    )
