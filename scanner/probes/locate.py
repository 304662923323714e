"""Where silent probes end: hop-limited probes for blocked ports beside the same for a flow that passes.

A router answers "time exceeded" when the hop limit runs out at it, and Linux-type routers do so before their filter
looks (LAB.md, pinned by a lab test). The last hop that answers for a blocked port, compared with the passing flow,
names the place, or an interval where it cannot.
"""

import random
from dataclasses import replace

from scanner.model.evidence import HopSeen, Place, Where
from scanner.model.text import say
from scanner.plan import LOCATOR_SECONDS, UDP, USUAL_UPSTREAM
from scanner.probes.craft import HOP_LIMIT
from scanner.probes.hop_limited import Port
from scanner.probes.hops import Hops
from scanner.probes.ledger import Book
from scanner.verdict.confidence import attempts_needed, both_ways

SAMPLE = 64  # random ports of each book that are located before any other
AGREEING = 8  # sampled ports that must agree before others are taken to end at the same place
MOST_ROUTERS = 40
BEHIND_LAST = say(
    "the home router answered for a hop-limited copy and the host saw none: it ends in that router, or in a bridge "
    "after it that counts no hops"
)
TOO_LOSSY = say("too many packets are lost on the way to tell where silent ones end")
SEVERAL_WAYS = say("packets take several ways: another router answered where the passing flow meets the last one")


class Locator(Hops):
    """Finds the path, then the place of every silent port or of a sample."""

    def trace(self) -> None:
        """Measure the path, as soon as something has arrived that tells how many routers it has."""
        routers = self._routers()
        if not self.engine.raw or self.engine.around.witness is None or routers is None or self.engine.path.hops:
            return
        self.engine.expired = self.heard.note
        hops = tuple(HopSeen(h, self._passing_hop(h)) for h in range(1, routers + 1))
        self.engine.path = replace(self.engine.path, routers=routers, hops=hops)

    def locate(self) -> None:
        """Give every silent port its place in its book."""
        self.trace()
        self.engine.report("finding where probes end")
        silent = [(index, self._silent(book)) for index, book in enumerate(self.books)]
        # A hop that does not answer in so many tries is not merely unlucky, there or back.
        self.strikes = attempts_needed(both_ways(self.engine.loss_bound()), sum(len(ports) for _, ports in silent))
        if self.engine.path.routers and any(ports for _, ports in silent):
            careful, fast = self._chosen(silent)
            reached = self._reached(careful, self.engine.path)
            if fast and not self.limited:
                reached |= self._reached_fast(fast, set(reached.values()))
            self._settle_places(silent, reached)

    def _routers(self) -> int | None:
        """Routers between vantage and host, by how much the hop limit fell; None where nothing arrived."""
        seen = [self.engine.control_hop_limit] if self.engine.control_hop_limit else []
        datagrams = any(flow.protocol == UDP for flow in self.engine.flows)
        if not datagrams and not any(book.arrivals for book in self.books):
            return None  # nothing passes that could show the path
        seen += [hop_limit for book in self.books for _, hop_limit, _ in book.arrivals.values()]
        routers = HOP_LIMIT - max(seen) if seen else None
        return routers if routers is not None and 0 <= routers <= MOST_ROUTERS else None

    def _silent(self, book: Book) -> list[int]:
        if book.address in self.engine.vanished:
            return []
        return [port for port in book.unseen() if port not in book.answers and book.counted[port]]

    def _chosen(self, silent: list[tuple[int, list[int]]]) -> tuple[list[Port], list[Port]]:
        """The ports to locate with care (named ones, a random sample of each book), and those to locate fast."""
        named, sampled, others = [], [], []
        for index, ports in silent:
            book = self.books[index]
            telling = self._telling(book)
            named += [(index, port) for port in ports if port in telling]
            rest = [(index, port) for port in ports if port not in telling]
            random.Random(int.from_bytes(self.engine.around.key[:8], "big")).shuffle(rest)
            sampled += rest[:SAMPLE]
            others += rest[SAMPLE:]
        room = len(others) if self.everything else int(self.engine.plan.rate * LOCATOR_SECONDS)
        random.Random(int.from_bytes(self.engine.around.key[:8], "big")).shuffle(others)
        return named + sampled, others[:room]

    def _telling(self, book: Book) -> frozenset[int]:
        """Ports that are never inferred from others: what upstream networks filter, and the services that matter."""
        return frozenset(USUAL_UPSTREAM | self.first.get((book.address, book.protocol), USUAL_UPSTREAM))

    def _settle_places(self, silent: list[tuple[int, list[int]]], reached: dict[Port, int]) -> None:
        answers_before_filter = self._last_hop in reached.values()
        for index, ports in silent:
            book = self.books[index]
            measured = {port: reached[index, port] for port in ports if (index, port) in reached}
            for port, hop in measured.items():
                book.places[port] = self._place(hop, answers_before_filter=answers_before_filter)
            for which, why in ((self.unsure, TOO_LOSSY), (self.strange, SEVERAL_WAYS)):
                some = [port for at, port in which if at == index and port not in measured]
                book.places |= dict.fromkeys(some, Place(Where.UNKNOWN, 0, self._last_hop, why))
            rest = [port for port in ports if port not in book.places]
            self._infer(book, rest, measured)

    def _infer(self, book: Book, rest: list[int], measured: dict[int, int]) -> None:
        """Ports that were not asked end where all of a random sample ended, if that is one place."""
        usual = self._telling(book)
        sample = {book.places[port] for port in measured if port not in usual}
        number = sum(port not in usual for port in measured)
        place = next(iter(sample)) if len(sample) == 1 and number >= AGREEING else None
        unknown = Place(Where.UNKNOWN, 0, self._last_hop, say("not located: the sampled ports do not agree"))
        for port in rest:
            if place is not None and port not in usual:
                how = say("{how}; so did all {count:,} that were located", how=place.how, count=number)
                book.places[port] = replace(place, how=how)
            else:
                book.places[port] = unknown

    @property
    def _last_hop(self) -> int:
        return self.engine.path.routers or 0

    def _place(self, hop: int, *, answers_before_filter: bool) -> Place:
        """From the farthest hop that answered for a port. ``answers_before_filter``: the home router has answered for
        some other blocked port, so its filter comes after its hop-limit check.
        """
        last = self._last_hop
        after = min((h.distance for h in self.engine.path.hops if h.distance > hop and h.address), default=None)
        if hop == last:
            return Place(Where.ROUTER, last, last, BEHIND_LAST)
        how = say("no hop of {last} answered for a hop-limited copy", last=last)
        if hop:
            how = say("hop {hop} of {last} answered for a hop-limited copy", hop=hop, last=last)
        if after is None:  # every later hop is one that never answers
            return Place(Where.UNKNOWN, hop, last, say("{how}, and no later hop ever answers", how=how))
        if after < last or answers_before_filter:
            return Place(
                Where.UPSTREAM, hop, after, say("{how}, hop {after} only for what passes", how=how, after=after)
            )
        return Place(
            Where.UNKNOWN,
            hop,
            after,
            say("{how}: dropped by it or by the home router before it counts hops", how=how),
        )
