"""The story of the battery: find the router, play every act at once, judge."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address

from scanner.batteries.ground import Ground, Played
from scanner.batteries.simple_security.acts import Cast, acts
from scanner.batteries.simple_security.facts import Facts
from scanner.batteries.simple_security.gate import Gate, ask_router, gate_acts, hang_ups, search
from scanner.batteries.simple_security.play import play as play_acts
from scanner.batteries.simple_security.rows import rows, unasked
from scanner.batteries.simple_security.script import LABELS, UNKNOWN, Act, Ends, Labels, Step
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.stage import Stage, open_stage
from scanner.batteries.simple_security.timing import SLOW, STANDARD, Timing
from scanner.data.recommendations import load_recommendations
from scanner.model.conformance import ConformanceRow
from scanner.model.errors import IncompleteError
from scanner.model.text import say
from scanner.plan import PacketClass
from scanner.probes.cases.gateway import HOP_LIMIT
from scanner.witness.hush import Hush

NAME = "simple-security"
STAGE = "what the router owes RFC 6092"


def play(ground: Ground, timing: Timing | None = None) -> Played:
    """All fifty recommendations at every address. ``timing`` None: the standard's, all of it where ``ground.slow``."""
    usual = SLOW if ground.slow else STANDARD
    timing = timing or replace(usual, rate=min(usual.rate, ground.pace.rate))
    if not ground.vantage.session.hello.raw:
        return refused(ground, say("the vantage has no raw sockets: it can neither answer by hand nor listen"))
    if not ground.addresses:
        return Played()
    try:
        draw = random.Random(ground.key)
        labels = Labels(draw.randrange(LABELS))
        unknown = (draw.choice(UNKNOWN[0]), draw.choice(UNKNOWN[1]))
        with open_stage(ground.vantage, ground.addresses, unknown) as (stage, hushes):
            casts = {host: Cast(ends(stage, hush, unknown), labels, draw) for host, hush in hushes.items()}
            return Performance(ground, timing, stage, casts).perform()
    except IncompleteError as error:
        return refused(ground, str(error))
    except OSError as error:
        return refused(ground, say("this host cannot take part: {problem}", problem=error.strerror or str(error)))


def refused(ground: Ground, why: str) -> Played:
    return Played(tuple(rows_unasked(ground, why)), (why,))


def rows_unasked(ground: Ground, why: str) -> Iterator[ConformanceRow]:
    """Every row of every address, where nothing could be measured at all."""
    catalogue = load_recommendations()
    for address in ground.addresses:
        yield from unasked(address, ground.vantage.name, why, catalogue)


class Performance:
    """One vantage's: all addresses side by side."""

    def __init__(self, ground: Ground, timing: Timing, stage: Stage, casts: dict[IPv6Address, Cast]) -> None:
        self.ground, self.timing, self.stage, self.casts = ground, timing, stage, casts
        self.seen = {host: Seen() for host in casts}
        self.about = Seen()  # the router
        self.patience = max(timing.patience, 2 * ground.vantage.round_trip + 0.1)

    def perform(self) -> Played:
        ended = self._play({host: [search(cast)] for host, cast in self.casts.items()}, [])
        distance = self._distance()
        host = next((one for one, seen in self.seen.items() if "first.reply" in seen.arrived), None)
        if host and distance and not ended:
            ended = self._play({}, [ask_router(self.casts[host], distance)])
        gate = Gate(distance, self._router()) if distance else None
        if host and gate and not ended:
            ended = self._all(host, gate)
        return self._judged(gate, ended)

    def _all(self, host: IPv6Address, gate: Gate) -> str:
        """Addresses whose first answer did not come through say nothing more: it would all be silence."""
        mine = {
            one: list(acts(cast, self.timing))
            for one, cast in self.casts.items()
            if "first.reply" in self.seen[one].arrived
        }
        about = list(gate_acts(self.casts[host], gate, self.about, self.timing))
        ended = self._play(mine, about)
        if gate.address and not ended:
            asked = tuple(shot for act in about for step in act.steps for shot in step.shots)
            last = hang_ups(self.casts[host], gate.address, self.about, asked)
            ended = self._play({}, [Act("resets for what the router accepted", (Step(last),))] if last else [])
        return ended

    def _play(self, mine: dict[IPv6Address, list[Act]], about: list[Act]) -> str:
        parts = [(host, self.seen[host], acts_) for host, acts_ in mine.items()]
        parts.append((self.ground.addresses[0], self.about, about))  # says nothing from the inside
        rate = self.timing.rate
        return play_acts(
            self.stage,
            parts,
            self.timing,
            self.patience,
            lambda done, all_: self.ground.progress(STAGE, done, all_, rate),
        )

    def _distance(self) -> int | None:
        """Routers between the vantage and the host: what an answer had left of its hop limit."""
        left = [seen.arrived["first.reply"] for seen in self.seen.values() if "first.reply" in seen.arrived]
        return HOP_LIMIT - left[0] if left and left[0] < HOP_LIMIT else None

    def _router(self) -> IPv6Address | None:
        errors = [error for error in self.about.told.get("reach.udp", ()) if error.kind == 3]  # noqa: PLR2004
        return IPv6Address(errors[0].source) if errors else None

    def _judged(self, gate: Gate | None, ended: str) -> Played:
        trouble = ended
        lost = self.stage.dropped()
        if lost and not trouble:
            trouble = say("a capture lost {count} packets", count=lost)
        catalogue = load_recommendations()
        present = self.ground.present() if self.ground.present else frozenset(self.seen)
        gone = [host for host in self.ground.addresses if host not in self.seen]
        name, why = self.ground.vantage.name, say("the address vanished from the host")
        missed = [row for host in gone for row in unasked(host, name, why, catalogue)]
        told = [
            row
            for host, seen in self.seen.items()
            for row in rows(
                host,
                name,
                Facts(
                    seen,
                    self.about,
                    gate,
                    self.timing,
                    self.stage.second is not None,
                    trouble or ("" if host in present else why),
                ),
                catalogue,
                router_too=host == next(iter(self.seen)),
            )
        ]
        return Played((*told, *missed), (trouble,) if trouble else (), ended.startswith("interrupted"))


def ends(stage: Stage, hush: Hush, unknown: tuple[int, int]) -> Ends:
    return Ends(
        host=hush.address,
        vantage=stage.vantage,
        port=stage.ports[0],
        other_port=stage.ports[1],
        second=stage.second,
        ports=hush.port,
        low_port=hush.well_known_port(),
        unknown=unknown,
    )


def classes(address: IPv6Address) -> Iterator[PacketClass]:
    """What would be sent about an address at most, with ``--slow`` or without: for ``--dry-run``."""
    cast = Cast(Ends(address, address, 1, 2, address, lambda: 3, 4), Labels(1), random.Random(0))
    router = say("the home router, at its address on the path")
    about_host = (search(cast), *acts(cast, SLOW))
    about_router = (ask_router(cast, 1), *gate_acts(cast, Gate(1, address), Seen(), SLOW))
    for target, some in ((str(address), about_host), (router, about_router)):
        counts: Counter[str] = Counter()
        for act in some:
            counts[act.about] += sum(map(_most, act.steps))
        for about, count in counts.items():
            yield PacketClass(f"{NAME}: {about}", target, count, round(SLOW.rate))


def _most(step: Step) -> int:
    shots = step.when() if step.when else step.shots
    return sum(shot.tries for shot in shots)
