"""How much an exposed service weighs at the address where it was found: one step up or down, and why. Pure.

An address that is easily found, by trying or by its name, makes the same service graver; one that is gone tomorrow,
where the lasting addresses do not show the service, makes it lighter.
"""

from dataclasses import dataclass

from scanner.findings.addressing import WORTH_A_WORD
from scanner.findings.facts import Place, View, union
from scanner.findings.published import compare
from scanner.findings.words import listed
from scanner.guess import guess
from scanner.guess.records import subject_of
from scanner.model.address import Kind
from scanner.model.finding import Severity
from scanner.model.text import enumerated, say
from scanner.model.verdict import Verdict

SHOWN = frozenset({Verdict.OPEN, Verdict.OPEN_FILTERED})


@dataclass(frozen=True, slots=True)
class Weight:
    """``steps`` to add to the severity of the service; ``reasons`` belong into the evidence."""

    steps: int = 0
    reasons: tuple[str, ...] = ()


def lowered(severity: Severity) -> Severity:
    """One step down; info stays."""
    return moved(severity, -1)


def moved(severity: Severity, steps: int) -> Severity:
    """``steps`` up or down, never beyond critical or info."""
    return list(Severity)[min(max(severity.rank + steps, Severity.INFO.rank), Severity.CRITICAL.rank)]


def weight_of(view: View, place: Place, protocol: str, port: int) -> Weight:
    """One step up for an address that is found, one down where only temporary addresses show the port."""
    found = how_found(view, place)
    fleeting = only_temporary(view, place, protocol, port)
    up = (say("one step graver: {reasons}", reasons=enumerated(found)),) if found else ()
    down = (say("one step lighter: only temporary addresses, which die, show it"),) if fleeting else ()
    return Weight(bool(found) - fleeting, (*up, *down))


def how_found(view: View, place: Place) -> tuple[str, ...]:
    """How a stranger comes by the address: a clause each."""
    told: list[str] = []
    own = next((address for address in view.facts.inventory.addresses if address.ip == place.ip), None)
    if own is not None and own.kind is not Kind.TEMPORARY:
        guessed = guess(subject_of(own, view.facts.inventory.ipv4))
        if guessed.effort.rank <= WORTH_A_WORD.rank:
            told.append(say("its address is {effort} to find by trying", effort=guessed.effort))
    names = [
        record.name
        for record in view.facts.names
        if any(published.ip == place.ip for published in compare(record, view.facts.inventory))
    ]
    if names:
        told.append(say("the DNS gives its address as {names}", names=listed(names)))
    return tuple(told)


def only_temporary(view: View, place: Place, protocol: str, port: int) -> bool:
    """Every address that lasts was probed and surely does not show the port."""
    lasting = {address.ip for address in view.facts.inventory.scannable() if address.kind is not Kind.TEMPORARY}
    others = [other for other in view.places_probed(protocol) if other.ip in lasting]
    if place.kind is not Kind.TEMPORARY or not lasting or {other.ip for other in others} != lasting:
        return False
    return all(_surely_hidden(view, other, protocol, port) for other in others)


def _surely_hidden(view: View, place: Place, protocol: str, port: int) -> bool:
    seen = view.at(place, protocol)
    everything = union(seen, Verdict) - union(seen, {*SHOWN, Verdict.INDETERMINATE})
    return port in everything
