"""Which hop answers for which blocked port: with care in small batches, or at the scan's rate.

Every batch has packets of the passing flow among it: where the hop does not answer for those, its silence about others
means nothing.
"""

import time
from collections.abc import Iterable

from scanner.model.evidence import HopSeen, Path
from scanner.plan import LOCATOR_ROUNDS
from scanner.probes.hop_limited import HopLimited, Port, packed, quoted_token
from scanner.probes.ledger import Book
from scanner.probes.tokens import salt_of, token_of
from scanner.verdict.confidence import MOST_ATTEMPTS, both_ways

FAST_CHUNK = 8000
ONE_IN = 50  # packets of the passing flow among fast probes
FIRST_BATCH, LARGEST_BATCH = 6, 256  # Linux answers six errors at once, then ten a second (icmp ratelimit)
BUDGET = 12.0  # seconds for one hop of one protocol


class Hops(HopLimited):
    """Asks hop by hop, from the home router outwards."""

    def _reached(self, ports: list[Port], path: Path) -> dict[Port, int]:
        """The farthest hop that answered for each port: 0 for none. Ports about which nothing is known are left out."""
        assert path.routers is not None  # noqa: S101  (run() has looked)
        reached: dict[Port, int] = {}
        waiting = ports
        for hop in reversed(path.hops):
            if hop.address is None:
                continue
            answered, silent = self._ask(hop, waiting)
            reached |= dict.fromkeys(answered, hop.distance)
            waiting = silent
            if not waiting:
                break
        return reached | dict.fromkeys(waiting, 0)

    def _ask(self, hop: HopSeen, ports: list[Port]) -> tuple[list[Port], list[Port]]:
        """Which ports this hop answers for and which it does not, told apart from a hop that limits its errors by
        packets on the passing flow in every batch. Ports neither way proven are in neither list.
        """
        answered: list[Port] = []
        silent: list[Port] = []
        strikes: dict[Port, int] = dict.fromkeys(ports, 0)
        waiting, size = list(ports), FIRST_BATCH
        end = time.monotonic() + BUDGET
        enough = self.strikes or MOST_ATTEMPTS
        while waiting and time.monotonic() < end and self.allowance > 2 * LARGEST_BATCH:
            batch, waiting = waiting[:size], waiting[size:]
            yes, no, honest = self._batch(hop, batch)
            answered += yes
            if honest:
                for port in no:
                    strikes[port] += 1
                (silent if self.strikes else self.unsure).extend(port for port in no if strikes[port] >= enough)
                waiting += [port for port in no if strikes[port] < enough]
                size = min(LARGEST_BATCH, size * 2)
            else:
                self.limited = True
                waiting = no + waiting
                size = max(2, size // 2)
                self.engine.wait(0.5)
        return answered, silent

    def _batch(self, hop: HopSeen, batch: list[Port]) -> tuple[list[Port], list[Port], bool]:
        limit = hop.distance
        tokens = {port: self._token(self.books[port[0]], port[1], limit, next(self.numbers)) for port in batch}
        before = self._send_passing(limit, 1)
        packets = [self._packet(self.books[port[0]], port[1], limit, token) for port, token in tokens.items()]
        self._send(packets)
        after = self._send_passing(limit, 1 + len(batch) // 8)
        keys = {port: int.from_bytes(token[:4], "big") for port, token in tokens.items()}
        wanted = [*keys.values(), *before, *after]
        self.engine.wait_until(
            lambda: all(key in self.heard.hops for key in wanted), self._patience + len(wanted) / self.rate
        )
        yes = [port for port, key in keys.items() if self.heard.hops.get(key) == packed(hop)]
        self.strange |= {p for p, key in keys.items() if self.heard.hops.get(key) not in (None, packed(hop))}
        no = [port for port in batch if keys[port] not in self.heard.hops]
        return yes, no, all(key in self.heard.hops for key in (*before, *after))

    # -- at the scan's rate

    def _reached_fast(self, ports: list[Port], found: Iterable[int]) -> dict[Port, int]:
        """The same at the scan's rate, at the hops that tell whether a port ends where those ended that were located
        with care (``found``), from the home router outwards. Ports that end elsewhere, or that LOCATOR_ROUNDS packets
        have not placed, are asked with care. It stops where a hop turns out to limit its errors.
        """
        hops = self._telling_hops(found)
        reached: dict[Port, int] = {}
        asked = dict.fromkeys(ports, 0)
        doubtful: list[Port] = []
        for hop in hops:
            answered, ports, unplaced = self._ask_fast(hop, ports, asked)
            beyond = self._answering_after(hop.distance)
            if beyond is None or beyond in hops:
                reached |= dict.fromkeys(answered, hop.distance)
            else:
                doubtful += answered
            doubtful += unplaced
            if self.limited:
                return reached
        if self._answering_after(0) in hops:
            reached |= dict.fromkeys(ports, 0)
        else:
            doubtful += ports
        return reached | self._reached(doubtful, self.engine.path)

    def _telling_hops(self, found: Iterable[int]) -> list[HopSeen]:
        """The last hop that answers, those in ``found`` and the next ones that answer after them; farthest first."""
        answering = [hop for hop in self.engine.path.hops if hop.address]
        telling = {*found, *(hop.distance for distance in found for hop in [self._answering_after(distance)] if hop)}
        return [hop for hop in reversed(answering) if hop.distance in telling or hop is answering[-1]]

    def _answering_after(self, distance: int) -> HopSeen | None:
        return next((hop for hop in self.engine.path.hops if hop.distance > distance and hop.address), None)

    def _ask_fast(
        self, hop: HopSeen, ports: list[Port], asked: dict[Port, int]
    ) -> tuple[list[Port], list[Port], list[Port]]:
        """(ports the hop answered for, ports it was silent about as often as the loss asks for, ports neither)."""
        answered: list[Port] = []
        silent: list[Port] = []
        strikes = dict.fromkeys(ports, 0)
        waiting, unplaced = list(ports), []
        while waiting and not self.limited:
            told = self._fast_round(hop, waiting)
            answered += told
            rest = [port for port in waiting if port not in told]
            for port in rest:
                strikes[port] += 1
                asked[port] += 1
            enough = {port for port in rest if self.strikes and strikes[port] >= self.strikes}
            again = [port for port in rest if port not in enough]
            unplaced += [port for port in rest if asked[port] >= LOCATOR_ROUNDS or not self.strikes]
            silent += [port for port in enough if asked[port] < LOCATOR_ROUNDS]
            waiting = [port for port in again if asked[port] < LOCATOR_ROUNDS and self.strikes]
        return answered, silent, unplaced

    def _fast_round(self, hop: HopSeen, ports: list[Port]) -> set[Port]:
        """Ask this hop once about each port; which it answered for. Notes where it turns out to limit its errors."""
        found: set[Port] = set()
        for index, book in enumerate(self.books):
            mine = [port for at, port in ports if at == index]
            for at in range(0, len(mine), FAST_CHUNK):
                answered, honest = self._fast_chunk(book, mine[at : at + FAST_CHUNK], hop)
                found |= {(index, port) for port in answered}
                self.limited = self.limited or not honest
                if self.limited:
                    return found
        return found

    def _fast_chunk(self, book: Book, ports: list[int], hop: HopSeen) -> tuple[set[int], bool]:
        """(ports the hop answered for, whether it answered for the passing flow among them, but for the usual loss)."""
        salt = salt_of(book.address, book.protocol, next(self.numbers) & 0xFFFF) + bytes([hop.distance])
        tokens = {int.from_bytes(token_of(self.engine.around.key, salt, port)[:4], "big"): port for port in ports}
        numbers = [next(self.numbers) for _ in range(1 + len(ports) // ONE_IN)]
        among = [self._passing_packet(number, hop.distance) for number in numbers]
        sent = self.engine.send_template(self._template(book, hop.distance), ports, salt, among, self.engine.plan.rate)
        keys = [quoted_token(packet) for packet in among]
        wanted = [*tokens, *keys]
        self.engine.wait_until(lambda: self.engine.finished(sent), 5 + len(ports) / self.engine.plan.rate)
        self.engine.wait_until(lambda: all(key in self.heard.hops for key in wanted), self._patience)
        answered = {port for token, port in tokens.items() if self.heard.hops.get(token) == packed(hop)}
        self.strange |= {
            (self.books.index(book), port)
            for token, port in tokens.items()
            if self.heard.hops.get(token) not in (None, packed(hop))
        }
        missing = sum(key not in self.heard.hops for key in keys)
        return answered, missing <= len(keys) * (both_ways(self.engine.loss_bound()) or 0.0)
