"""Probes that end on the way: on the flow that passes, or to a port; and the routers that say "time exceeded"."""

from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from scanner.model.evidence import HopSeen
from scanner.plan import LOCATOR_PACKETS, LOCATOR_RATE, TCP, UDP, Plan
from scanner.probes.answers import Answer
from scanner.probes.craft import Flow, Template, stamp, syn_template, udp_template
from scanner.probes.engine import Engine
from scanner.probes.ledger import Book
from scanner.probes.tokens import salt_of, token_of

PASSING = 0x4000_0000  # numbers of the hop-limited controls start here
LABEL = 0x6E0  # one flow label for all: load balancers must send every copy the same way (RFC 6438)

Port = tuple[int, int]  # (index of the book, port)


@dataclass(slots=True)
class Heard:
    """Time-exceeded answers by the token they quote."""

    hops: dict[int, bytes] = field(default_factory=dict)

    def note(self, answer: Answer) -> None:
        self.hops.setdefault(answer.token, answer.responder)


class HopLimited:
    """Sends them, and notes who answered."""

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


def packed(hop: HopSeen) -> bytes | None:
    return hop.address.packed if hop.address else None
