"""Before and after as a reader sees it. Pure."""

from dataclasses import dataclass

from scanner.model.run import Run, RunDigest
from scanner.model.text import commas, say
from scanner.report.compare import DIRECTIONS, Change, Comparison, compare
from scanner.report.ranges import listing
from scanner.report.results import Tag
from scanner.report.standing import NO_GRADE, Condition, conditions_of
from scanner.report.text import and_more, count, left_off, moment, one_line
from scanner.report.words import VERDICTS, Group, VerdictWords

MOST_RANGES = 40
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class ChangeRow:
    protocol: str
    ports: str
    count: str
    before: VerdictWords | None
    after: VerdictWords | None
    direction: str
    direction_words: str
    where: str  # "" where ``tags`` names the addresses, because it is not all of them
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """``counts``: (what, before, after)."""

    title: str
    grade_before: str
    grade_after: str
    counts: tuple[tuple[str, str, str], ...]
    rows: tuple[ChangeRow, ...]
    left_off: str
    solved: tuple[str, ...]
    solved_icon: str
    solved_note: str
    new: tuple[str, ...]


def comparison_view(run: Run, before: RunDigest) -> ComparisonView:
    found = compare(run, before)
    addresses = {tag.address for row in found.rows for tag in row.tags}
    believable = conditions_of(run) == (Condition.COMPLETE,)
    return ComparisonView(
        title=commas([one_line(before.title, 100) or say("Earlier run"), moment(before.finished_at)]),
        grade_before=one_line(before.grade or NO_GRADE, 2),
        grade_after=one_line(run.summary.grade or NO_GRADE, 2),
        counts=_counts(found, len(before.findings), len(run.findings)),
        rows=tuple(_change(row, len(addresses)) for row in found.rows[:MOST_ROWS]),
        left_off=left_off(len(found.rows) - MOST_ROWS, "kind of change", "kinds of change"),
        solved=tuple(one_line(title, 160) for title in found.solved[:MOST_ROWS]),
        solved_icon="better" if believable else "unsure",
        solved_note="" if believable else say("This run is not complete: what it did not find may still be there."),
        new=tuple(one_line(title, 160) for title in found.new[:MOST_ROWS]),
    )


def _counts(found: Comparison, findings_before: int, findings_after: int) -> tuple[tuple[str, str, str], ...]:
    was, now = found.tallies
    pairs = (
        (say("open to strangers"), was.of(Group.OPEN), now.of(Group.OPEN)),
        (say("pass the router"), was.of(Group.OPEN, Group.PASSED), now.of(Group.OPEN, Group.PASSED)),
        (say("findings"), findings_before, findings_after),
    )
    return tuple((what, f"{old:,}", f"{new:,}") for what, old, new in pairs)


def _everywhere(addresses: int) -> str:
    return say("both addresses") if addresses == 2 else say("all {count} addresses", count=addresses)  # noqa: PLR2004


def _change(row: Change, addresses: int) -> ChangeRow:
    everywhere = len(row.tags) == addresses > 1
    shown, rest = listing(row.ranges, MOST_RANGES)
    return ChangeRow(
        row.protocol.upper(),
        and_more(shown, rest),
        count(row.count, "port"),
        VERDICTS[row.before] if row.before else None,
        VERDICTS[row.after] if row.after else None,
        row.direction.value,
        DIRECTIONS[row.direction],
        _everywhere(addresses) if everywhere else "",
        () if everywhere else row.tags,
    )
