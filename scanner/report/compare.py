"""Before and after: which ports changed their verdict since an earlier run. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from scanner.changes.roles import successors
from scanner.model.run import PortTable, Run, RunDigest
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.report.ranges import Ranges, changes, segments, size
from scanner.report.results import Tag, tags_of
from scanner.report.tally import Tally, tally_of, trusted_tables
from scanner.report.text import one_line
from scanner.report.words import VERDICT_ORDER, VERDICTS, Group


class Direction(StrEnum):
    """What a change means to the owner, the one to look at first on top."""

    WORSE = "worse"
    UNSURE = "unsure"
    ONLY_NOW = "only-now"
    BETTER = "better"
    KNOWN = "known"
    CHANGED = "changed"
    ONLY_BEFORE = "only-before"
    SAME = "same"

    @property
    def rank(self) -> int:
        return list(Direction).index(self)


DIRECTIONS: dict[Direction, str] = {
    Direction.WORSE: say("more exposed"),
    Direction.UNSURE: say("not known now"),
    Direction.ONLY_NOW: say("only in this run"),
    Direction.BETTER: say("less exposed"),
    Direction.KNOWN: say("known now"),
    Direction.CHANGED: say("changed"),
    Direction.ONLY_BEFORE: say("only in the earlier run"),
    Direction.SAME: say("unchanged"),
}

# how exposed a group leaves the owner; groups of one level differ in who stopped it, not in what a stranger reaches
_LEVELS: dict[Group, int] = {
    Group.ROUTER: 0,
    Group.UPSTREAM: 1,
    Group.BLOCKED: 1,
    Group.STRANGE: 1,
    Group.PASSED: 2,
    Group.OPEN: 3,
}


@dataclass(frozen=True, slots=True)
class Change:
    """Ports of one protocol that went the same way on the addresses of ``tags``; None: not scanned on that side."""

    protocol: str
    ranges: Ranges
    count: int
    before: Verdict | None
    after: Verdict | None
    direction: Direction
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``tallies`` and the findings of (before, after); findings are matched by fingerprint."""

    before: RunDigest
    rows: tuple[Change, ...]
    tallies: tuple[Tally, Tally]
    solved: tuple[str, ...]
    new: tuple[str, ...]
    unchanged_findings: int


def compare(run: Run, before: RunDigest) -> Comparison:
    old, new = {item.fingerprint: item for item in before.findings}, {item.fingerprint: item for item in run.findings}
    return Comparison(
        before=before,
        rows=_rows(run, before),
        tallies=(tally_of(before.ports), tally_of(trusted_tables(run))),
        solved=tuple(dict.fromkeys(item.title for key, item in old.items() if key not in new)),
        new=tuple(dict.fromkeys(item.title for key, item in new.items() if key not in old)),
        unchanged_findings=len(old.keys() & new.keys()),
    )


def direction_of(before: Verdict | None, after: Verdict | None) -> Direction:
    if before is after:
        return Direction.SAME
    if before is None or after is None:
        return Direction.ONLY_NOW if before is None else Direction.ONLY_BEFORE
    was, now = _LEVELS.get(VERDICTS[before].group), _LEVELS.get(VERDICTS[after].group)
    if was is None or now is None:
        return Direction.KNOWN if now is not None else Direction.UNSURE
    if was == now:
        return Direction.CHANGED
    return Direction.WORSE if now > was else Direction.BETTER


def _rows(run: Run, before: RunDigest) -> tuple[Change, ...]:
    tags = tags_of(run)
    old = _keyed(before.ports, successors(before.addresses, run.addresses))
    new = _keyed(trusted_tables(run))
    alike: dict[tuple[str, Ranges, Verdict | None, Verdict | None], dict[str, Tag]] = {}
    for key in dict.fromkeys((*new, *old)):
        address, _, protocol = key
        left, right = old.get(key), new.get(key)
        found = changes(segments(left.verdicts) if left else (), segments(right.verdicts) if right else ())
        for (was, now), ranges in found.items():
            alike.setdefault((protocol, ranges, was, now), {})[address] = tags.get(
                address, Tag(one_line(address, 60), "")
            )
    rows = [
        Change(protocol, ranges, size(ranges), was, now, direction_of(was, now), tuple(found.values()))
        for (protocol, ranges, was, now), found in alike.items()
    ]
    return tuple(sorted(rows, key=_order))


def _keyed(
    tables: tuple[PortTable, ...], successors_of: Mapping[str, str] = MappingProxyType({})
) -> Mapping[tuple[str, str, str], PortTable]:
    """By address, vantage and protocol; an address that rotated by the one that took its place."""
    return {(successors_of.get(table.address, table.address), table.vantage, table.protocol): table for table in tables}


def _order(change: Change) -> tuple[int, int, int, str, Ranges]:
    return change.direction.rank, _place(change.before), _place(change.after), change.protocol, change.ranges


def _place(verdict: Verdict | None) -> int:
    return VERDICT_ORDER.index(verdict) if verdict else len(VERDICT_ORDER)
