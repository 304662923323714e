"""What the router does with the rest of the LAN, as rows of a table. Pure."""

from dataclasses import dataclass

from scanner.model.evidence import Default
from scanner.model.run import LanRecord, Run
from scanner.model.text import say
from scanner.model.verdict import Verdict
from scanner.report.text import one_line
from scanner.report.words import VERDICTS, VerdictWords

SAYS = {
    Default.PASSED: say("let in"),
    Default.BLOCKED: say("stopped"),
    Default.UNKNOWN: say("not known"),
}
LIKE = {
    Default.PASSED: VERDICTS[Verdict.CLOSED],
    Default.BLOCKED: VERDICTS[Verdict.BLOCKED],
    Default.UNKNOWN: VERDICTS[Verdict.INDETERMINATE],
}


@dataclass(frozen=True, slots=True)
class NeighbourRow:
    door: str
    says: str
    words: VerdictWords  # for icon and colour
    evidence: str


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """Everything else in ``prefix``, as seen from ``vantage``."""

    prefix: str
    vantage: str
    summary: str
    rows: tuple[NeighbourRow, ...]


def neighbour_views(run: Run) -> tuple[NeighbourView, ...]:
    keys = dict.fromkeys((row.prefix, row.vantage) for row in run.lan)
    return tuple(_view(key, [row for row in run.lan if (row.prefix, row.vantage) == key]) for key in keys)


def _view(key: tuple[str, str], rows: list[LanRecord]) -> NeighbourView:
    verdicts = {row.verdict for row in rows}
    if verdicts == {Default.PASSED}:
        summary = say("let in on every port that was tried: what other devices offer, strangers can reach")
    elif verdicts == {Default.BLOCKED}:
        summary = say("stopped on every port that was tried")
    elif Default.PASSED in verdicts:
        summary = say("let in on some ports: an exception for this host may hold for every device")
    else:
        summary = say("not known for some ports")
    return NeighbourView(one_line(key[0], 80), one_line(key[1], 80), summary, tuple(_row(row) for row in rows))


def _row(row: LanRecord) -> NeighbourRow:
    return NeighbourRow(f"{row.protocol}/{row.port}", SAYS[row.verdict], LIKE[row.verdict], one_line(row.evidence, 200))
