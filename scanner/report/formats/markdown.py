"""``-o markdown=``: what a CI job shows of a run: the sentence, the grade, the findings, what was not measured."""

import re
from collections.abc import Iterable, Iterator

from scanner.model.run import Run
from scanner.report.ranges import listing, read_ranges
from scanner.report.text import one_line

MOST_FINDINGS, MOST_RANGES = 50, 12
SHOWN = ("open", "open|filtered", "closed", "no-neighbour", "indeterminate")
# What Markdown or the HTML in it would act on (CommonMark section 2.4)
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")


def render_markdown(run: Run) -> str:
    """GitHub's dialect; every foreign word is escaped."""
    return "\n".join(_lines(run)) + "\n"


def escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", one_line(text))


def _lines(run: Run) -> Iterator[str]:
    grade = run.summary.grade or "none"
    yield f"## v6expose: {escaped(run.host.name)}, grade {grade}"
    yield ""
    yield escaped(run.summary.headline)
    if run.summary.reasons:
        yield ""
        yield from (f"- {escaped(reason)}" for reason in run.summary.reasons)
    if run.run.problems or not run.run.complete:
        yield from ("", "### Not measured, or only in part", "")
        yield from (f"- {escaped(problem)}" for problem in run.run.problems or ("the run is incomplete",))
    yield from _findings(run)
    yield from _reachable(run)
    yield from ("", f"Run {escaped(run.run.id)}, profile {run.run.profile}, v6expose {escaped(run.run.version)}")


def _findings(run: Run) -> Iterator[str]:
    if not run.findings:
        return
    yield from ("", f"### Findings ({len(run.findings)})", "")
    yield from _table(
        ("Severity", "Rule", "What", "Where", "To do"),
        (
            (
                f.severity.value,
                f.rule,
                f.title,
                " ".join(filter(None, (f.address, f.protocol, str(f.port or "")))),
                f.remedy,
            )
            for f in run.findings[:MOST_FINDINGS]
        ),
    )
    if len(run.findings) > MOST_FINDINGS:
        yield from ("", f"{len(run.findings) - MOST_FINDINGS} more in the full report.")


def _reachable(run: Run) -> Iterator[str]:
    rows = [
        (table.address, table.vantage, table.protocol, verdict.value, _shortened(ports))
        for table in run.ports
        for verdict, ports in table.verdicts.items()
        if ports and verdict.value in SHOWN
    ]
    if rows:
        yield from ("", "### What was let in, and what is not known", "")
        yield from _table(("Address", "From", "Protocol", "Verdict", "Ports"), rows)


def _shortened(ports: str) -> str:
    text, left = listing(read_ranges(ports), MOST_RANGES)
    return f"{text} and {left} more ranges" if left else text


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(escaped(word) for word in row)} |"
