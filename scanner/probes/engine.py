"""The two-sided probe: sends through the pipe, watches through the witness, keeps pace, repeats what was silent.

One thread, one loop, in layers: both_sides (what goes out and comes in), passes (the sweep), and here the story from
the first packet to the frozen measurement. The stub sends chunks; controls inside each chunk tell whether silence in it
means anything.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

from scanner.model.errors import IncompleteError
from scanner.model.evidence import Measurement
from scanner.model.text import say
from scanner.plan import TCP
from scanner.probes.bpf import answers_filter
from scanner.probes.ledger import Book
from scanner.probes.passes import QUIET, Passes
from scanner.probes.surroundings import Chunk, Finder
from scanner.verdict.confidence import attempts_needed, inward_loss_bound

BEFORE = 250  # controls before and after the sweep
LONGEST_LATE = 12.0
PATIENCE_WITH_OTHERS = 60.0  # seconds


class Engine(Passes):
    """One vantage's measurement. ``run`` never raises for what happens on the way: it returns what was measured."""

    raw = True

    def run(self, finder: Callable[["Engine"], Finder]) -> Measurement:
        """Trace the path, sweep everything, find where silence ends, freeze."""
        started = time.monotonic()
        self.finder = finder(self)
        try:
            self._listen()
            self._ask_flow_ports_first()
            self._wait_for_others()
            self._open_flows()
            self.send_controls(BEFORE)
            self.pace = replace(self.pace, baseline=self._loss_now())
            self.finder.trace()
            self._sweep()
            self.send_controls(BEFORE)
            self._linger()
            self.finder.locate()
        except KeyboardInterrupt:
            self.interrupted = True
            self.problems.append("interrupted: what was measured until then is kept")
            with contextlib.suppress(IncompleteError):
                self.around.pipe.submit({"op": "cancel"})
        except IncompleteError as error:
            self.lost = True
            self.problems.append(str(error))
        self._take_rest()
        return self._freeze(time.monotonic() - started)

    def _listen(self) -> None:
        outside = self.around.outside
        low, high = min(*outside.ports, outside.flow_port), max(*outside.ports, outside.flow_port)
        program = answers_filter(self.around.outside.address, (low, high))
        self._command({"op": "listen", "filter": program, "caplen": 256})

    def _ask_flow_ports_first(self) -> None:
        """A control flow may open its own inside port to everybody (RFC 6092 REC-17): ask that port before."""
        for book in self.books.values():
            ports = sorted(port for port in self._flow_ports(book) if port in book.ports)
            for attempt in range(QUIET if ports else 0):
                self._ask_alone(Chunk(book, attempt, ports, range(0), self.plan.start_rate, self._dropped()))

    def _wait_for_others(self) -> None:
        """No flow is opened before every vantage has asked the flows' ports; whoever comes late doubts what it saw."""
        self.late = not self.around.arrive()
        if not self.around.others_ready():
            self.report("waiting for the other vantages")
        self.wait_until(self.around.others_ready, PATIENCE_WITH_OTHERS)
        self.around.go_on()

    def _ask_alone(self, chunk: Chunk) -> None:
        """A chunk without controls, before there are any."""
        self._launch(chunk)
        self.wait_until(lambda: chunk.done_at is not None, LONGEST_LATE)
        if chunk.done_at is not None:
            self.wait(self._settle)
            self._account(chunk)

    def _open_flows(self) -> None:
        if self.around.witness is None:
            return
        self.flows, self.pinholes = self.around.open_flows()
        self.called_home = tuple(dict.fromkeys(flow.inside for flow in self.flows))
        changed = ((flow.inside, flow.seen) for flow in self.flows if flow.inside != flow.seen)
        self.translated = tuple(dict.fromkeys(changed))
        self._flow_of = {(flow.inside.packed, flow.protocol, flow.inside_port): flow for flow in self.flows}
        streams = (flow for flow in self.flows if flow.protocol == TCP)
        self._shown = frozenset((flow.seen.packed, flow.seen_port, flow.vantage_port) for flow in streams)
        if not self.flows:
            self.problems.append(
                "no control flow could be opened (the host's own packets did not reach the vantage): "
                "check that this host has IPv6 access outwards and that the vantage takes UDP or TCP"
            )

    def send_controls(self, number: int) -> None:
        """Controls alone, at the start rate; waits for the last."""
        for flow in {flow.protocol: flow for flow in reversed(self.flows)}.values():  # the first of each protocol
            indexes = self.controls.take(number, flow)
            packets = [flow.packet(self.around.key, index) for index in indexes]
            self._send_packets(packets, interval=1 / self.plan.start_rate)
            longest = number / self.plan.start_rate + self._settle
            self.wait_until(lambda i=indexes: self.controls.seen_of(i) == number, longest)  # type: ignore[misc]
            if not self.controls.seen_of(indexes):
                self._give_up(flow)

    def _linger(self) -> None:
        """Wait for late answers (RFC 6092 REC-34: 6 s and more) only where this path has shown one, or where the
        earliest probes are too young to have shown it.
        """
        if self._first_probe is None:
            return
        learn = self._first_probe + self.plan.linger_until
        silent = any(port not in book.answers for book in self.books.values() for port in book.unseen())
        if silent and not self.late_rejects:
            self._report("waiting for late answers", 0, 1)
            self.wait_until(lambda: self.late_rejects, learn - time.monotonic())
        if self.late_rejects:
            self.wait(self._last_probe + min(LONGEST_LATE, self.latest + 2.0) - time.monotonic())

    def _freeze(self, seconds: float) -> Measurement:
        self._look_who_is_gone()
        muted = {id(book): book.muted(errors_limited=self.around.errors_limited) for book in self.books.values()}
        self._used_up = {number for number, reason in muted.items() if not reason and any(muted.values())}
        controls = self._controls()
        bound = inward_loss_bound(controls)
        needed = attempts_needed(bound, self._passing())
        targets = tuple(
            book.freeze(
                lambda port, book=book: self._doubt(book, port, bound, needed),  # type: ignore[misc]
                self.around.listening[book.address, book.protocol],
                watched=self.around.witness is not None,
                errors_limited=self.around.errors_limited,
            )
            for book in self.books.values()
        )
        for pinhole in self.pinholes:
            pinhole.close()
        return Measurement(
            targets=targets,
            controls=controls,
            loss_bound=bound,
            outward_left=self.outward.left,
            outward_heard=min(self.outward.left, self.outward.heard),
            path=self.path,
            late_rejects=self.late_rejects,
            probes_sent=self.probes,
            seconds=seconds,
            capture_dropped=self._dropped(),
            neighbours=tuple(
                (mac if mac.strip("0:") else "", self.around.interface_name(index)) for mac, index in self.neighbours
            ),
            translated=self.translated,
            called_home=self.called_home,
            altered=len(self.altered),
            unexplained=len(self.unexplained),
            lan=self.lan,
            problems=tuple(self.problems),
            interrupted=self.interrupted,
            lost=self.lost,
        )

    # -- what silence proves

    def _doubt(self, book: Book, port: int, bound: float | None, needed: int | None) -> str:
        """Why this port's silence proves nothing, "" where it does."""
        counted = book.counted[port]
        if unfit := self._unfit(book, port):
            return unfit
        if port in book.arrived:
            return self._doubt_inside(book, port, needed)
        if self.around.witness is None:
            return ""
        if port in book.left:
            return say("the host was seen to answer a probe that was not seen to arrive")
        if counted == 0 and self.limit is not None:
            return say(
                "only about {limit:.0f} new flows a second pass here: narrow --tcp and --udp to measure it",
                limit=self.limit,
            )
        if counted == 0:
            return (
                say("the scan ended before its probe counted")
                if self.lost or self.interrupted
                else say("no probe of it counted")
            )
        if bound is None:
            return say("no control came through, so a lost probe cannot be told from a blocked one")
        if needed is None:
            return say(
                "up to {share:.0%} of the probes are lost on the way, too many to call silence a block", share=bound
            )
        if counted < needed:
            return say(
                "only {counted} of the {needed} attempts that the loss asks for counted", counted=counted, needed=needed
            )
        return ""

    def _unfit(self, book: Book, port: int) -> str:
        """Why nothing that was seen of this port proves anything, "" where it does."""
        if book.address in self.vanished:
            return say("the address vanished in mid-scan")
        if self.late and port in self._flow_ports(book):
            return say("another vantage's control flow may have opened it")
        return ""

    def _doubt_inside(self, book: Book, port: int, needed: int | None) -> str:
        """Why an unanswered probe that arrived proves nothing of what the host does, "" where it does."""
        if port in book.answers:
            return ""
        answers = book.departures(port)
        if not answers and id(book) in self._used_up:
            # The limit is the host's, not the protocol's: errors about other ports may have used it up.
            return say("the host limits its ICMPv6 errors and gave none here: refused or dropped")
        if not answers:
            return "" if book.counted[port] else say("the probe was not answered while packets were being lost")
        if needed is not None and answers >= needed:
            return ""
        return say(
            "the host answered {count} times and no answer came out: lost or stopped, too few to tell", count=answers
        )
