"""Where silent probes end: hop-limited probes for blocked ports beside the same for a flow that passes.

A router answers "time exceeded" when the hop limit runs out at it, and Linux-type routers do so before their filter
looks (LAB.md, pinned by a lab test). The last hop that answers for a blocked port, compared with the passing flow,
names the place, or an interval where it cannot.
"""

import random
import time
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from scanner.model.evidence import HopSeen, Path, Place, Where
from scanner.model.ports import PortSet
from scanner.plan import UDP, USUAL_UPSTREAM, Plan
from scanner.probes.answers import Answer
from scanner.probes.craft import HOP_LIMIT, Flow, Template, stamp, syn_template, udp_template
from scanner.probes.engine import Engine
from scanner.probes.ledger import Book
from scanner.probes.tokens import flow_label, salt_of, token_of

ALL_UP_TO = 4096  # silent ports up to which every one is located; beyond, a sample
SAMPLE = 64
AGREEING = 8  # sampled ports that must agree before others are taken to end at the same place
FIRST_BATCH, LARGEST_BATCH = 6, 256  # Linux answers six errors at once, then ten a second (icmp ratelimit)
BATCH_RATE = 4000
PASSING = 0x4000_0000  # numbers of the hop-limited controls start here
STRIKES = 2
MOST_ROUTERS = 40
BUDGET = 12.0  # seconds for one hop of one protocol

Port = tuple[int, int]  # (index of the book, port)


@dataclass(slots=True)
class Heard:
    """Time-exceeded answers by the token they quote."""

    hops: dict[int, bytes] = field(default_factory=dict)

    def note(self, answer: Answer) -> None:
        self.hops.setdefault(answer.token, answer.responder)


class Locator:
    """Finds the path, then the place of every silent port or of a sample."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.books = list(engine.books.values())
        self.first = {(t.address, t.protocol): t.first for t in plan.targets}
        self.heard = Heard()
        self.numbers = iter(range(PASSING, 1 << 31))
        self.templates: dict[tuple[int, int], Template] = {}

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
        silent = [(index, self._silent(book)) for index, book in enumerate(self.books)]
        if self.engine.path.routers and any(ports for _, ports in silent):
            self._settle_places(silent, self._reached(self._chosen(silent), self.engine.path))

    # -- the path

    def _routers(self) -> int | None:
        """Routers between vantage and host, by how much the hop limit fell; None where nothing arrived."""
        seen = [self.engine.control_hop_limit] if self.engine.control_hop_limit else []
        seen += [hop_limit for book in self.books for _, hop_limit, _ in book.arrivals.values()]
        routers = HOP_LIMIT - max(seen) if seen else None
        return routers if routers is not None and 0 <= routers <= MOST_ROUTERS else None

    def _passing_hop(self, hop_limit: int) -> IPv6Address | None:
        for _ in range(3):
            numbers = self._send_passing(hop_limit, 1)
            self.engine.wait_until(lambda n=numbers: n[0] in self.heard.hops, self._patience)  # type: ignore[misc]
            if numbers[0] in self.heard.hops:
                return IPv6Address(self.heard.hops[numbers[0]])
        return None

    def _send_passing(self, hop_limit: int, count: int) -> list[int]:
        """Hop-limited packets on the flow that passes; their numbers."""
        flow = next(iter(self.engine.flows), None)
        if flow is None:
            return self._send_arriving(hop_limit, count)
        numbers = [next(self.numbers) for _ in range(count)]
        self.engine.send_packets([flow.packet(self.engine.around.key, n, hop_limit) for n in numbers], BATCH_RATE)
        return numbers

    def _send_arriving(self, hop_limit: int, count: int) -> list[int]:
        """Without a control flow, a port that is known to pass serves."""
        book, port = next((book, port) for book in self.books for port in book.arrivals)
        tokens = [self._token(book, port, hop_limit, next(self.numbers)) for _ in range(count)]
        self.engine.send_packets([self._packet(book, port, hop_limit, token) for token in tokens], BATCH_RATE)
        return [int.from_bytes(token[:4], "big") for token in tokens]

    # -- the places

    def _silent(self, book: Book) -> list[int]:
        if book.address in self.engine.vanished:
            return []
        return [port for port in book.unseen() if port not in book.answers and book.counted[port]]

    def _chosen(self, silent: list[tuple[int, list[int]]]) -> list[Port]:
        """The ports to locate, most telling first: named ones, a random sample of each book, then the others."""
        named, sampled, others = [], [], []
        for index, ports in silent:
            book = self.books[index]
            telling = self._telling(book)
            named += [(index, port) for port in ports if port in telling]
            rest = [(index, port) for port in ports if port not in telling]
            random.Random(int.from_bytes(self.engine.around.key[:8], "big")).shuffle(rest)
            sampled += rest[:SAMPLE]
            others += rest[SAMPLE:] if len(ports) <= ALL_UP_TO else []
        return named + sampled + others

    def _telling(self, book: Book) -> PortSet:
        """Ports that are never inferred from others: what upstream networks filter, and the services that matter."""
        return USUAL_UPSTREAM | self.first.get((book.address, book.protocol), USUAL_UPSTREAM)

    def _reached(self, ports: list[Port], path: Path) -> dict[Port, int]:
        """The farthest hop that answered for each port: 0 for none. Ports about which nothing is known are left out."""
        assert path.routers is not None  # noqa: S101  (run() has looked)
        reached: dict[Port, int] = {}
        waiting = ports
        for hop in reversed(path.hops):
            if hop.address is None:
                continue
            answered, silent = self._ask(hop.distance, waiting)
            reached |= dict.fromkeys(answered, hop.distance)
            waiting = silent
            if not waiting:
                break
        return reached | dict.fromkeys(waiting, 0)

    def _ask(self, hop_limit: int, ports: list[Port]) -> tuple[list[Port], list[Port]]:
        """Which ports this hop answers for and which it does not, told apart from a hop that limits its errors by
        packets on the passing flow in every batch. Ports neither way proven are in neither list.
        """
        answered: list[Port] = []
        silent: list[Port] = []
        strikes: dict[Port, int] = dict.fromkeys(ports, 0)
        waiting, size = list(ports), FIRST_BATCH
        end = time.monotonic() + BUDGET
        while waiting and time.monotonic() < end:
            batch, waiting = waiting[:size], waiting[size:]
            yes, no, honest = self._batch(hop_limit, batch)
            answered += yes
            if honest:
                for port in no:
                    strikes[port] += 1
                silent += [port for port in no if strikes[port] >= STRIKES]
                waiting += [port for port in no if strikes[port] < STRIKES]
                size = min(LARGEST_BATCH, size * 2)
            else:
                waiting = no + waiting
                size = max(2, size // 2)
                self.engine.wait(0.5)
        return answered, silent

    def _batch(self, hop_limit: int, batch: list[Port]) -> tuple[list[Port], list[Port], bool]:
        tokens = {port: self._token(self.books[port[0]], port[1], hop_limit, next(self.numbers)) for port in batch}
        before = self._send_passing(hop_limit, 1)
        packets = [self._packet(self.books[port[0]], port[1], hop_limit, token) for port, token in tokens.items()]
        self.engine.send_packets(packets, BATCH_RATE)
        after = self._send_passing(hop_limit, 1 + len(batch) // 8)
        keys = {port: int.from_bytes(token[:4], "big") for port, token in tokens.items()}
        wanted = [*keys.values(), *before, *after]
        self.engine.wait_until(
            lambda: all(key in self.heard.hops for key in wanted), self._patience + len(wanted) / BATCH_RATE
        )
        yes = [port for port, key in keys.items() if key in self.heard.hops]
        no = [port for port in batch if keys[port] not in self.heard.hops]
        return yes, no, all(key in self.heard.hops for key in (*before, *after))

    def _settle_places(self, silent: list[tuple[int, list[int]]], reached: dict[Port, int]) -> None:
        answers_before_filter = self._last_hop in reached.values()
        for index, ports in silent:
            book = self.books[index]
            measured = {port: reached[index, port] for port in ports if (index, port) in reached}
            for port, hop in measured.items():
                book.places[port] = self._place(hop, answers_before_filter=answers_before_filter)
            self._infer(book, [port for port in ports if port not in measured], measured)

    def _infer(self, book: Book, rest: list[int], measured: dict[int, int]) -> None:
        """Ports that were not asked end where all of a random sample ended, if that is one place."""
        usual = self._telling(book)
        sample = {book.places[port] for port in measured if port not in usual}
        number = sum(port not in usual for port in measured)
        place = next(iter(sample)) if len(sample) == 1 and number >= AGREEING else None
        for port in rest:
            if place is not None:
                book.places[port] = replace(place, how=f"{place.how}; so did all {number} of a random sample")
            else:
                book.places[port] = Place(
                    Where.UNKNOWN, 0, self._last_hop, "not located: the sampled ports do not agree"
                )

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
            return Place(Where.ROUTER, last, last, "the home router answered for a hop-limited copy, the host saw none")
        name = f"hop {hop}" if hop else "no hop"
        how = f"{name} of {last} answered for a hop-limited copy"
        if after is None:  # every later hop is one that never answers
            return Place(Where.UNKNOWN, hop, last, f"{how}, and no later hop ever answers")
        if after < last or answers_before_filter:
            return Place(Where.UPSTREAM, hop, after, f"{how}, hop {after} only for what passes")
        return Place(Where.UNKNOWN, hop, after, f"{how}: dropped by it or by the home router before it counts hops")

    # -- packets

    @property
    def _patience(self) -> float:
        return max(0.12, 2 * self.engine.around.outside.round_trip + 0.1)

    def _token(self, book: Book, port: int, hop_limit: int, number: int) -> bytes:
        salt = salt_of(book.address, book.protocol, number & 0xFFFF) + bytes([hop_limit])
        return token_of(self.engine.around.key, salt, port)

    def _packet(self, book: Book, port: int, hop_limit: int, token: bytes) -> bytes:
        outside = self.engine.around.outside
        template = self.templates.get((id(book), hop_limit))
        if template is None:
            flow = Flow(outside.address, book.address, outside.ports[-1])
            template = udp_template(flow, hop_limit) if book.protocol == UDP else syn_template(flow, hop_limit)
            self.templates[id(book), hop_limit] = template
        label = flow_label(token_of(self.engine.around.key, salt_of(book.address, book.protocol, 0), port))
        return stamp(template, port, token, label)
