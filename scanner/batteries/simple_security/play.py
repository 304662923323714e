"""Plays all acts of all addresses at once, at one pace, each act at its own speed; the first acts go first."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import count

from scanner.batteries.simple_security.script import Act, Shot
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.stage import Stage
from scanner.batteries.simple_security.timing import Timing
from scanner.model.errors import IncompleteError

NAP = 0.02  # seconds


@dataclass(slots=True)
class Player:
    """One act on its way: which step, what of it is still to be said, and when it goes on (monotonic seconds)."""

    host: IPv6Address
    seen: Seen
    act: Act
    rank: int  # what waits longest must begin first
    at: int = 0
    shots: tuple[Shot, ...] = ()
    begun: bool = False
    waiting: int = 0  # shots in the queue
    ready: float = 0.0
    tries: dict[str, int] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.at >= len(self.act.steps)

    def due(self, now: float, patience: float) -> tuple[Shot, ...]:
        """What to say now, () while it is too early or all is said."""
        if self.waiting or self.over:
            return ()
        if not self.begun:
            return self._begin(now)
        if any(self.seen.unsent[shot.name] for shot in self.shots):
            self.ready = now  # a busy vantage must not say it after what is said next
            return ()
        unseen = [shot for shot in self.shots if not self.seen.settled(shot)]
        again = tuple(shot for shot in unseen if self.tries[shot.name] < shot.tries)
        if unseen and now < self.ready + patience:
            return ()
        if again:
            return again
        self.at, self.begun, self.ready = self.at + 1, False, now
        return self._begin(now)

    def said(self, shot: Shot, now: float) -> None:
        self.waiting -= 1
        self.tries[shot.name] = self.tries.get(shot.name, 0) + 1
        self.ready = now

    def _begin(self, now: float) -> tuple[Shot, ...]:
        if self.over or now < self.ready + self.act.steps[self.at].after:
            return ()
        step = self.act.steps[self.at]
        self.shots = step.when() if step.when else step.shots
        self.begun, self.ready = True, now
        self.tries = dict.fromkeys((shot.name for shot in self.shots), 0)
        return self.shots


def play(
    stage: Stage,
    parts: Sequence[tuple[IPv6Address, Seen, Sequence[Act]]],
    timing: Timing,
    patience: float,
    tick: Callable[[int, int], None],
) -> str:
    """Play every act to its end; why it ended early, "" where it did not. Ctrl-C and a far end that is gone end the
    play, not the program: what was seen is kept.
    """
    now = time.monotonic()
    players = [Player(host, seen, act, rank, ready=now) for host, seen, acts in parts for rank, act in enumerate(acts)]
    try:
        return _play(stage, players, timing, patience, tick)
    except KeyboardInterrupt:
        return "interrupted before it was measured"
    except IncompleteError as error:
        return str(error)


def _play(
    stage: Stage, players: Sequence[Player], timing: Timing, patience: float, tick: Callable[[int, int], None]
) -> str:
    queue: list[tuple[int, int, Player, Shot]] = []
    numbers = count()
    total = sum(len(player.act.steps) for player in players)
    end = time.monotonic() + timing.longest
    next_send = told = 0.0
    while not all(player.over for player in players):
        now = time.monotonic()
        if now > end:
            return "it took too long"
        for player in players:
            shots = player.due(now, patience)
            player.waiting += len(shots)
            for shot in shots:
                heapq.heappush(queue, (player.rank, next(numbers), player, shot))
        next_send = max(next_send, now - NAP)  # what a slow machine could not send in time is not sent faster
        while queue and next_send <= now:
            _, _, player, shot = heapq.heappop(queue)
            stage.send(player.host, player.seen, shot)
            player.said(shot, now)
            next_send += 1 / timing.rate
        stage.take_in(min(NAP, 1 / timing.rate) if queue else NAP)
        if now - told > 1.0:
            tick(sum(player.at for player in players), total)
            told = now
    return ""
