"""Pure: what the layers claim -> one forecast a setting, with the layer that wins and how sure that is."""

from collections.abc import Iterable, Mapping

from scanner.model.privacy import Forecast, Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.claims import Claim
from scanner.privacy.settings import SETTINGS

# Last writer wins: sysctl.d and ufw are early, ifupdown brings interfaces up, the others keep them in hand.
ORDER = (Layer.KERNEL, Layer.SYSCTL, Layer.UFW, Layer.IFUPDOWN, Layer.DHCPCD, Layer.NETWORKD, Layer.NETWORK_MANAGER)
RIVALS = frozenset({Layer.NETWORKD, Layer.NETWORK_MANAGER, Layer.DHCPCD, Layer.IFUPDOWN})

History = Mapping[str, tuple[Statement, ...]]


def resolve(
    running: Mapping[str, int | None], late: History, early: History, claims: Iterable[Claim]
) -> tuple[Forecast, ...]:
    """``late`` and ``early`` are what sysctl files make of the interface in either order of boot; late is predicted."""
    taken = sorted(claims, key=lambda claim: ORDER.index(claim.layer))
    return tuple(_forecast(one.name, running.get(one.name), late, early, taken) for one in SETTINGS)


def _forecast(setting: str, running: int | None, late: History, early: History, claims: list[Claim]) -> Forecast:
    base = late.get(setting, ())
    speaking = [(claim, [one for one in claim.statements if one.setting == setting]) for claim in claims]
    speaking = [(claim, found) for claim, found in speaking if found]
    statements = (*base, *(one for _, found in speaking for one in found))
    if speaking:
        doubt = _doubt_of_claims([claim for claim, _ in speaking], [found[-1] for _, found in speaking])
    else:
        doubt = _doubt_of_order(base[-1], early.get(setting, base)[-1])
    doubt = "; ".join([*(claim.doubt for claim in claims if not claim.statements), *([doubt] if doubt else [])])
    return Forecast(setting, running, statements, doubt)


def _doubt_of_claims(claims: list[Claim], words: list[Statement]) -> str:
    doubts = [claims[-1].doubt] if claims[-1].doubt else []
    rivals = [claim for claim in claims if claim.layer in RIVALS]
    if len(rivals) > 1 and len({one.value for one in words}) > 1:
        names = " and ".join(claim.layer for claim in rivals)
        doubts.append(say("{names} all take this interface; the last one to start wins", names=names))
    return "; ".join(doubts)


def _doubt_of_order(late: Statement, early: Statement) -> str:
    """Whether the card's driver is loaded before or after sysctl.d is applied decides what ``default`` reaches."""
    if late.value == early.value:
        return ""
    return say("an interface that is there before sysctl.d is applied gets {told} instead", told=_told(early))


def _told(statement: Statement) -> str:
    value = say("an unknown value") if statement.value is None else str(statement.value)
    return say("{value} ({place})", value=value, place=statement.place or statement.words)


def with_volatile(after: Forecast, now: Forecast) -> Forecast:
    """``after`` without /run, ``now`` with it: where they disagree, that is what the prediction hangs on."""
    if after.predicted == now.predicted:
        return after
    place: Place | None = now.decided_by.place
    doubt = say(
        "{place} says {predicted}, but /run is emptied at a reboot",
        place=place or now.decided_by.layer,
        predicted=now.predicted,
    )
    joined = "; ".join(one for one in (after.doubt, doubt) if one)
    return Forecast(after.setting, after.running, after.statements, joined)
