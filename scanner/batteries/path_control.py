"""Whether such packets reach the home router at all: extension headers die in transit (RFC 7872), and what transit
drops is no merit of a filter. A copy whose hop limit runs out at the home router must bring its "time exceeded"
(PROBES trap D25); routers of the Linux kind say so before their filter looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scanner.batteries.exchange import Exchange, Shot, Trial
from scanner.batteries.reading import expired_at
from scanner.model.evidence import HopSeen, Path
from scanner.model.text import say

TRIES = 2  # at the slower rate


@dataclass(frozen=True, slots=True)
class Reached:
    """``yes`` None: nothing is known. ``how`` in words."""

    yes: bool | None
    how: str


def control_path(exchange: Exchange, path: Path, shots: Mapping[str, Shot], errors: float) -> dict[str, Reached]:
    """What became of a hop-limited copy of each of ``shots`` (by case). ``errors`` packets a second at most."""
    hops = [hop for hop in path.hops if hop.address is not None]
    router = next((hop for hop in hops if hop.distance == path.routers), None)
    if not shots:
        return {}
    if router is None or router.address is None:
        why = say(
            "your router does not answer for packets whose hop limit runs out at it, so nobody knows how far this came"
        )
        return dict.fromkeys(shots, Reached(None, why))
    found: dict[str, Reached] = {}
    waiting = dict(shots)
    for hop in sorted(hops, key=lambda one: -one.distance):
        # At the usual rate first: many routers limit no errors, and those that do answer some at once.
        for tries, rate in ((1, None), (TRIES, errors)):
            outcomes = exchange.fire([limited(shot, hop, tries) for shot in waiting.values()], rate)
            for case, outcome in zip(list(waiting), outcomes, strict=True):
                if answered(outcome.trials, hop):
                    found[case] = told(hop, router)
                    del waiting[case]
                elif outcome.doubt and tries == TRIES:
                    found[case] = Reached(None, outcome.doubt)
                    del waiting[case]
        if not waiting:
            break
    nowhere = Reached(yes=False, how=say("not even the first router answered for a hop-limited copy"))
    return found | dict.fromkeys(waiting, nowhere)


def limited(shot: Shot, hop: HopSeen, tries: int) -> Shot:
    """A copy that ends at ``hop``."""
    return Shot(
        shot.case,
        shot.target,
        shot.build,
        tries=tries,
        hop_limit=hop.distance,
        settled=lambda trial: answered([trial], hop),
    )


def answered(trials: Iterable[Trial], hop: HopSeen) -> bool:
    return hop.address is not None and hop.address.packed in expired_at(trials)


def told(hop: HopSeen, router: HopSeen) -> Reached:
    where = say("hop {distance} ({address})", distance=hop.distance, address=str(hop.address))
    if hop.distance == router.distance:
        return Reached(
            yes=True, how=say("a hop-limited copy reached your router ({address})", address=str(hop.address))
        )
    return Reached(
        yes=False,
        how=say("the last to answer for a hop-limited copy was {hop} of {all}", hop=where, all=router.distance),
    )


def representatives(paths: Mapping[str, str], needed: Sequence[str]) -> dict[str, str]:
    """Case -> the case whose hop-limited copy speaks for it, for those that need one."""
    return {case: case if paths[case] == "self" else paths[case] for case in needed if paths[case]}
