"""Which rule stops the ports that arrived and got no answer, or a reject: the ``reason`` of their rows. Pure.

What was seen rules ends out that the rules alone leave possible: a port that stayed silent was not accepted, and an
answer names the kind of reject. Where more than one end is left, or none, the row says "unknown" and why.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.owners import owners
from scanner.hostwall.values import Act, ChainKey, HostRules, Source, merged
from scanner.hostwall.walk import PASSED, End, Ends, decide, ports_that_differ
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, PortTable
from scanner.model.text import OR, Text, clauses, joined, say
from scanner.model.verdict import Verdict

UNKNOWN = "unknown: "
SILENT = "no-response"
RESET = "reset"
STOPPED = frozenset({Verdict.HOST_DROPPED, Verdict.HOST_REJECTED})
# Nobody listens, or says nothing, would explain these as well: a rule is named only where nothing else is possible.
OTHERWISE_EXPLAINED = frozenset({Verdict.CLOSED, Verdict.OPEN_FILTERED})
MOST_STEPS = 2_000_000  # rules looked at, a table; some five seconds
MOST_ENDS = 2  # named in an "unknown"
NO_RULE = say("no rule of nftables or ip6tables stops it; look at tc, eBPF and IPsec")


@dataclass(frozen=True, slots=True)
class Whence:
    """How packets of a vantage come to an address: their source, the interface they come in by, the one that answers
    leave by; None where it is not known.
    """

    source: IPv6Address | None = None
    interface: str | None = None
    way_back: str | None = None


NOWHERE = Whence()


def name_rules(
    tables: tuple[PortTable, ...],
    rules: HostRules,
    whence: Mapping[tuple[str, str], Whence] | None = None,
) -> tuple[PortTable, ...]:
    """The same tables; rows of host-dropped and host-rejected ports are split by the rule that stops them, which
    ``Evidence.reason`` names, or "unknown: ..." with why. Of closed and open|filtered rows a rule is named only where
    it must be the one. ``whence`` is by (address, vantage).
    """
    edges = ports_that_differ(rules)
    owned = owners(rules)
    return tuple(
        _Namer(table, rules, edges, owned, (whence or {}).get((table.address, table.vantage), NOWHERE)).named()
        for table in tables
    )


class _Namer:
    """One table's rows. Ports between two edges fare alike, so one of them is walked for all."""

    def __init__(
        self, table: PortTable, rules: HostRules, edges: tuple[int, ...], owned: Mapping[ChainKey, str], whence: Whence
    ) -> None:
        self.table, self.rules, self.edges, self.owned = table, rules, edges, owned
        self.flow = Flow(
            Protocol(table.protocol), IPv6Address(table.address), 0, whence.source, whence.interface, whence.way_back
        )
        self.known: dict[int, Ends] = {}
        self.left = MOST_STEPS
        self.size = 1 + sum(len(chain.rules) for chain in rules.chains)

    def named(self) -> PortTable:
        return replace(self.table, evidence=tuple(row for one in self.table.evidence for row in self.split(one)))

    def split(self, row: Evidence) -> Iterator[Evidence]:
        if row.verdict not in STOPPED | OTHERWISE_EXPLAINED or not row.ports:
            yield row
            return
        pieces: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for low, high in self.cut(PortSet.parse(row.ports)):
            pieces[self.reason(low, row)].append((low, high))
        for reason, ranges in pieces.items():
            yield replace(row, ports=str(PortSet(merged(ranges))), reason=reason)

    def cut(self, ports: PortSet) -> Iterator[tuple[int, int]]:
        for first, last in ports.ranges:
            low = first
            for edge in self.edges[bisect_right(self.edges, first) : bisect_right(self.edges, last)]:
                yield low, edge - 1
                low = edge
            yield low, last

    def reason(self, port: int, row: Evidence) -> str:
        words = self.words(port, row)
        if row.verdict in OTHERWISE_EXPLAINED and words.startswith(UNKNOWN):
            return row.reason
        return clauses(part for part in (row.reason, words) if part)

    def words(self, port: int, row: Evidence) -> str:
        if self.rules.problems:
            return unknown(self.rules.problems[0])
        ends = self.ends(port)
        if ends is None:
            return unknown(say("{count:,} rules are too many to match with every port", count=self.size - 1))
        return words_for(ends, row, self.owned)

    def ends(self, port: int) -> Ends | None:
        piece = bisect_right(self.edges, port)
        if piece not in self.known:
            self.left -= self.size
            if self.left < 0:
                return None
            self.known[piece] = decide(replace(self.flow, port=port), self.rules)
        return self.known[piece]


def words_for(ends: Ends, row: Evidence, owned: Mapping[ChainKey, str]) -> str:
    """The rule that stopped the row's ports, or "unknown: " and why."""
    left = [end for end in ends.possible if fits(end, row)]
    if len(left) > 1:
        shown = joined(OR, [describe(end, owned) for end in left[:MOST_ENDS]])
        if len(left) > MOST_ENDS:
            shown = say("{rules} or {count} more", rules=shown, count=len(left) - MOST_ENDS)
        return unknown(_with_doubts(shown, ends))
    if not left:
        if PASSED in ends.possible:
            return unknown(NO_RULE)
        said = describe(ends.possible[0], owned)
        return unknown(say("the rules say {rule}, which is not what was seen; they may have changed since", rule=said))
    if left[0] == PASSED:
        return unknown(NO_RULE)
    if left[0].act is Act.ELSEWHERE:
        return unknown(describe(left[0], owned))
    told = describe(left[0], owned)
    unsent = left[0].act is Act.REJECT and row.answer == SILENT
    return say("{rule}, whose answer did not leave the host", rule=told) if unsent else told


def unknown(why: str) -> Text:
    """``unknown: `` and why."""
    return say("unknown: {why}", why=why)


def _with_doubts(shown: str, ends: Ends) -> str:
    if not ends.doubts:
        return shown
    return say("{rules} (cannot be known: {doubts})", rules=shown, doubts=clauses(ends.doubts[:MOST_ENDS]))


def fits(end: End, row: Evidence) -> bool:
    """Whether what was seen may come of this end."""
    if end.act is Act.ELSEWHERE:
        return True
    if end == PASSED:
        return row.verdict in OTHERWISE_EXPLAINED
    if end.act is Act.DROP:
        return row.answer == SILENT
    # RFC 4443 section 2.4 (f): the host may limit its ICMPv6 errors, so that a reject stays silent; resets it does not
    return end.word == row.answer or (row.answer == SILENT and end.word != RESET)


def describe(end: End, owned: Mapping[ChainKey, str]) -> str:
    """Like "nftables inet filter input: tcp dport 445 drop", or "ufw: chain ufw6-user-input: -p tcp ... -j DROP"."""
    if end.chain is None:
        return say("no rule")
    source, family, table, name = end.chain
    owner = owned.get(end.chain, "")
    of_family = f" {family}" if source is Source.NFTABLES else ""
    where = say("{owner}: chain {chain}", owner=owner, chain=name) if owner else f"{source}{of_family} {table} {name}"
    if end.act is Act.ELSEWHERE:
        return say("{where}: {rule}, which {does}", where=where, rule=end.text, does=end.word)
    return say("{where}: {rule}", where=where, rule=end.text)
