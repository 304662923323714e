"""Where silent probes end: hop-limited probes for blocked ports beside the same for a flow that passes.

A router answers "time exceeded" when the hop limit runs out at it, and Linux-type routers do so before their filter
looks (LAB.md, pinned by a lab test). The last hop that answers for a blocked port, compared with the passing flow,
names the place, or an interval where it cannot.
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from scanner.model.evidence import HopSeen, Path, Place, Where
from scanner.model.text import say
from scanner.plan import (
    LOCATOR_PACKETS,
    LOCATOR_RATE,
    LOCATOR_ROUNDS,
    LOCATOR_SECONDS,
    TCP,
    UDP,
    USUAL_UPSTREAM,
    Plan,
)
from scanner.probes.answers import Answer
from scanner.probes.craft import HOP_LIMIT, Flow, Template, stamp, syn_template, udp_template
from scanner.probes.engine import Engine
from scanner.probes.ledger import Book
from scanner.probes.tokens import salt_of, token_of
from scanner.verdict.confidence import MOST_ATTEMPTS, attempts_needed, both_ways

SAMPLE = 64  # random ports of each book that are located before any other
FAST_CHUNK = 8000
ONE_IN = 50  # packets of the passing flow among fast probes
AGREEING = 8  # sampled ports that must agree before others are taken to end at the same place
FIRST_BATCH, LARGEST_BATCH = 6, 256  # Linux answers six errors at once, then ten a second (icmp ratelimit)
PASSING = 0x4000_0000  # numbers of the hop-limited controls start here
MOST_ROUTERS = 40
BUDGET = 12.0  # seconds for one hop of one protocol

LABEL = 0x6E0  # one flow label for all: load balancers must send every copy the same way (RFC 6438)
BEHIND_LAST = say(
    "the home router answered for a hop-limited copy and the host saw none: it ends in that router, or in a bridge "
    "after it that counts no hops"
)
TOO_LOSSY = say("too many packets are lost on the way to tell where silent ones end")
SEVERAL_WAYS = say("packets take several ways: another router answered where the passing flow meets the last one")

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
        self.everything = plan.locate_all
        self.limited = False  # a hop limits its ICMPv6 errors: fast probes would learn nothing
        self.strange: set[Port] = set()  # another router answered where the passing flow meets the last one
        self.rate = min(plan.rate, LOCATOR_RATE)
        self.allowance = LOCATOR_PACKETS * len(self.books)  # packets sent with care: --dry-run has promised no more
        self.strikes: int | None = None
        self.unsure: list[Port] = []  # the hop did not answer for them, and too much is lost to make anything of it
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

    # -- the path

    def _routers(self) -> int | None:
        """Routers between vantage and host, by how much the hop limit fell; None where nothing arrived."""
        seen = [self.engine.control_hop_limit] if self.engine.control_hop_limit else []
        if not self.engine.flows and not any(book.arrivals for book in self.books):
            return None  # nothing passes that could show the path
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
        """Hop-limited packets on the flow that passes; the tokens by which they are heard again."""
        packets = [self._passing_packet(next(self.numbers), hop_limit) for _ in range(count)]
        self._send(packets)
        return [quoted_token(packet) for packet in packets]

    def _send(self, packets: list[bytes]) -> None:
        self.allowance -= len(packets)
        self.engine.send_packets(packets, self.rate)

    def _passing_packet(self, number: int, hop_limit: int) -> bytes:
        """On a control flow, or where there is none to a port that is known to pass."""
        flow = next((flow for flow in self.engine.flows if flow.protocol == UDP), None)
        if flow is not None:
            return flow.packet(self.engine.around.key, number, hop_limit)
        book, port = next((book, port) for book in self.books for port in book.arrivals)
        return self._packet(book, port, hop_limit, self._token(book, port, hop_limit, number))

    # -- the places

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
        answered = {port for token, port in tokens.items() if self.heard.hops.get(token) == _packed(hop)}
        self.strange |= {
            (self.books.index(book), port)
            for token, port in tokens.items()
            if self.heard.hops.get(token) not in (None, _packed(hop))
        }
        missing = sum(key not in self.heard.hops for key in keys)
        return answered, missing <= len(keys) * (both_ways(self.engine.loss_bound()) or 0.0)

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
        yes = [port for port, key in keys.items() if self.heard.hops.get(key) == _packed(hop)]
        self.strange |= {p for p, key in keys.items() if self.heard.hops.get(key) not in (None, _packed(hop))}
        no = [port for port in batch if keys[port] not in self.heard.hops]
        return yes, no, all(key in self.heard.hops for key in (*before, *after))

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

    # -- packets

    @property
    def _patience(self) -> float:
        return max(0.12, 2 * self.engine.around.outside.round_trip + 0.1)

    def _token(self, book: Book, port: int, hop_limit: int, number: int) -> bytes:
        salt = salt_of(book.address, book.protocol, number & 0xFFFF) + bytes([hop_limit])
        return token_of(self.engine.around.key, salt, port)

    def _packet(self, book: Book, port: int, hop_limit: int, token: bytes) -> bytes:
        return stamp(self._template(book, hop_limit), port, token, LABEL)

    def _template(self, book: Book, hop_limit: int) -> Template:
        """Kept: building one takes scapy half a millisecond."""
        outside = self.engine.around.outside
        if (id(book), hop_limit) not in self.templates:
            flow = Flow(outside.address, book.address, outside.ports[-1])
            template = udp_template(flow, hop_limit) if book.protocol == UDP else syn_template(flow, hop_limit)
            packet = (int.from_bytes(template.packet[:4], "big") | LABEL).to_bytes(4, "big") + template.packet[4:]
            self.templates[id(book), hop_limit] = replace(template, packet=packet)
        return self.templates[id(book), hop_limit]


def quoted_token(packet: bytes) -> int:
    """The word of one of our packets by which an ICMPv6 error that quotes it is recognised (Answer.token)."""
    at = 44 if packet[6] == TCP else 48
    return int.from_bytes(packet[at : at + 4], "big")


def _packed(hop: HopSeen) -> bytes | None:
    return hop.address.packed if hop.address else None
