"""The sweep, pass by pass: chunks with controls among them, at a pace the path bears; what was silent comes again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.evidence import Kind
from scanner.model.text import say
from scanner.plan import UDP, order
from scanner.probes.both_sides import BothSides
from scanner.probes.controls import AnyFlow, flow_for
from scanner.probes.craft import Flow, syn_template, udp_template
from scanner.probes.ledger import Book
from scanner.probes.surroundings import MOST_PASSES, Chunk, sweep_command
from scanner.verdict.confidence import MOST_ATTEMPTS, attempts_needed

PER_CHUNK, ONE_IN = 10, 100  # controls in a chunk: at least, and one in so many probes
IN_FLIGHT = 2  # chunks the stub holds: one sending, one waiting
REPEATS = 300  # ports known to pass that are asked again in each later pass
FEWEST_TRIALS, LIMITED = 8, 0.2  # ports known to pass that must be lost, and their share, to speak of a limit
BELOW_LIMIT, SLOWEST = 0.6, 10.0
SLOW_SECONDS = 60.0  # how long a scan may go on at such a rate
QUIET = 3  # attempts after which a host that takes probes and says nothing is believed


class Passes(BothSides):
    """Until every silence has been repeated often enough."""

    def _sweep(self) -> None:
        queue = {id(self._book(t)): order(t, int.from_bytes(self.around.key[:4], "big")) for t in self.plan.targets}
        for attempt in range(MOST_PASSES):
            work = [(self._book(t), queue[id(self._book(t))]) for t in self.plan.targets]
            if not any(ports for _, ports in work):
                break
            began = time.monotonic()
            self._pass(attempt, work)
            self.wait(min(1.5, self._settle))
            self._respect_limit(attempt, time.monotonic() - began)
            self.finder.between()
            bound = self.loss_bound()
            # Where too much is lost, more tries may show that it is less; without any control they show nothing.
            needed = attempts_needed(bound, self._passing()) or (QUIET if bound is None else MOST_ATTEMPTS)
            queue = {id(book): self._again(book, attempt + 1, needed) for book in self.books.values()}
            if self.limit is not None:
                queue = self._affordable(queue, self.limit)

    # -- what is asked again

    def _again(self, book: Book, made: int, needed: int) -> list[int]:
        """The ports to ask once more: silence that has not been repeated enough, answers without arrival, and some
        ports known to pass, which show the loss of this very kind of probe.
        """
        if book.address in self.vanished:
            return []
        rejected = {Kind.REFUSE, Kind.PROHIBIT, Kind.UNREACHABLE, Kind.OTHER}
        spoken = {
            port
            for port, (kind, _, responder, _) in book.answers.items()
            if kind in rejected and responder != book.address.packed
        }
        spoken |= self._flow_ports(book)
        silent = [port for port in book.unseen() if port not in spoken and book.counted[port] < needed]
        # The host answered and the answer did not come: lost by chance, or stopped? Only many tries tell.
        unanswered = [
            port for port in book.unanswered() if book.counted[port] < (MOST_ATTEMPTS if port in book.left else QUIET)
        ]
        ports = silent + unanswered
        if ports and made < MOST_ATTEMPTS:
            known = [port for port in book.arrived if port in book.answers]
            step = max(1, len(known) // REPEATS)
            ports = _mixed(ports, known[::step][:REPEATS])
        return ports

    def _respect_limit(self, attempt: int, seconds: float) -> None:
        """Slow down for a router that lets only so many new flows a second in: it shows in ports known to pass, which
        are asked again in every pass and lost where the controls are not. What was silent at that rate proves nothing.
        """
        trials = [book.trials(attempt) for book in self.books.values()]
        asked, seen = sum(sent for sent, _ in trials), sum(seen for _, seen in trials)
        if asked < FEWEST_TRIALS or 1 - seen / asked < max(LIMITED, 3 * self._loss_now()):
            return
        rate = sum(book.arrivals_in(attempt) for book in self.books.values()) / max(seconds, 0.1)
        self.slow_until = self.slow_until or time.monotonic() + SLOW_SECONDS
        self.limit = max(SLOWEST, BELOW_LIMIT * min(rate, self.limit or rate))
        self.pace = replace(self.pace, rate=self.limit, ceiling=self.limit)
        for book in self.books.values():
            book.forget_silence()
        self.problems.append(
            say(
                "new flows pass at most about {rate:.0f} times a second on this path: slowed down to {limit:.0f}",
                rate=rate,
                limit=self.limit,
            )
        )

    def _affordable(self, queue: dict[int, list[int]], rate: float) -> dict[int, list[int]]:
        """What can be asked twice at ``rate`` in the time that is left for it: the telling ports first."""
        room = int(max(0.0, rate * (self.slow_until - time.monotonic())) / 2)
        first = {id(self._book(target)): frozenset(target.first) for target in self.plan.targets}
        chosen: dict[int, list[int]] = {}
        for book, ports in queue.items():
            chosen[book] = [port for port in ports if port in first[book]][:room]
            room -= len(chosen[book])
        for book, ports in queue.items():
            rest = [port for port in ports if port not in first[book]][:room]
            chosen[book] += rest
            room -= len(rest)
        return chosen

    # -- one pass

    def _pass(self, attempt: int, work: Sequence[tuple[Book, list[int]]]) -> None:
        total = sum(len(ports) for _, ports in work)
        done = 0
        chunks = self._chunks(attempt, work)
        flying: dict[int, Chunk] = {}
        settling: list[Chunk] = []
        exhausted = False
        while not exhausted or flying or settling:
            while not exhausted and len(flying) < IN_FLIGHT:
                chunk = next(chunks, None)
                exhausted = chunk is None
                if chunk is not None:
                    flying[self._launch(chunk)] = chunk
            self.pump(0.02)
            settling += [flying.pop(n) for n, chunk in list(flying.items()) if chunk.done_at is not None]
            for chunk in [chunk for chunk in settling if self._settled(chunk)]:
                settling.remove(chunk)
                self._account(chunk)
                done += len(chunk.ports)
                self._report("sweep" if attempt == 0 else f"repeat {attempt}", done, total)

    def _chunks(self, attempt: int, work: Sequence[tuple[Book, list[int]]]) -> Iterator[Chunk]:
        for book, ports in work:
            asked = self._flow_ports(book)
            rest = [port for port in ports if port not in asked]
            at = 0
            while at < len(rest) and book.address not in self.vanished:
                size = self._chunk_size()
                some = rest[at : at + size]
                at += size
                flow = flow_for(self.flows, book.address, book.protocol)
                controls = self.controls.take(max(PER_CHUNK, len(some) // ONE_IN), flow) if flow else range(0)
                yield Chunk(book, attempt, some, controls, self.pace.rate, self._dropped(), flow)

    def _launch(self, chunk: Chunk) -> int:
        book, attempt = chunk.book, chunk.attempt
        extra = [chunk.flow.packet(self.around.key, index) for index in chunk.controls] if chunk.flow else []
        plain = chunk.ports
        if book.protocol == UDP:
            queries = {port: self._payload(book, port, attempt) for port in plain}
            plain = [port for port in plain if queries[port] is None]
            extra += [self._udp(book, port, attempt) for port in chunk.ports if queries[port] is not None]
        route = Flow(self.around.outside.address, book.address, self.source_port(book, attempt))
        template = udp_template(route) if book.protocol == UDP else syn_template(route)
        if self._first_probe is None:
            self._first_probe = time.monotonic()
        return self._command(
            sweep_command(self.around, template, plain, self._salt(book, attempt), extra, chunk.rate), chunk
        )

    def _chunk_size(self) -> int:
        return self.pace.chunk

    def _settled(self, chunk: Chunk) -> bool:
        """All its controls are in, or it is too late for them."""
        assert chunk.done_at is not None  # noqa: S101  (only finished chunks settle)
        age = time.monotonic() - chunk.done_at
        return (len(chunk.controls) > 0 and self.controls.seen_of(chunk.controls) == len(chunk.controls)) or (
            age > self._settle
        )

    def _account(self, chunk: Chunk) -> None:
        """Let the chunk's silence count, unless controls were lost in bulk or the capture lost packets."""
        sent, seen = len(chunk.controls), self.controls.seen_of(chunk.controls)
        dropped = self._dropped() - chunk.dropped
        if sent and not seen:
            self._look_who_is_gone()
            if chunk.flow is not None and chunk.flow in self.flows:
                self._give_up(chunk.flow)
        if chunk.flow is not None and chunk.flow.inside in self.vanished:
            return  # its controls could not come through
        self.pace = self.pace.after(chunk.rate, sent, seen, dropped)
        self._last_probe = max(self._last_probe, chunk.done_at or 0.0)
        if dropped or (sent and seen < sent / 2):
            return
        for port in chunk.ports:
            if port not in chunk.failed:
                chunk.book.count_attempt(port, chunk.attempt)

    def _give_up(self, flow: AnyFlow) -> None:
        """Nothing comes through on this flow while others work: it is broken, and says nothing of the path."""
        if any(other.protocol != flow.protocol for other in self.flows):
            self.flows = tuple(other for other in self.flows if other != flow)
            self.controls.forget_flow(flow)


def _mixed(ports: list[int], known: list[int]) -> list[int]:
    """``known`` spread evenly among ``ports``."""
    if not known:
        return ports
    step = max(1, len(ports) // len(known))
    mixed: list[int] = []
    rest = iter(known)
    for index, port in enumerate(ports):
        if index % step == 0:
            mixed.extend(port for port in [next(rest, None)] if port is not None)
        mixed.append(port)
    return mixed
