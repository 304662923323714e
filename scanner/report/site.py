"""A static site of the history: an index of hosts, a page of each with its trend and runs, every report linked. Pure.

Pages fetch nothing and need no server; a Content Security Policy forbids everything but their own style.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.language import SOURCE, in_language, translator
from scanner.model.finding import Severity
from scanner.model.history import RunSummary
from scanner.model.text import commas, say, say_many
from scanner.report.html import environment_for, hash_of, source_of
from scanner.report.standing import NO_GRADE
from scanner.report.text import moment, one_line
from scanner.report.words import SEVERITIES

MOST_BARS = 60
BAR, GAP, HEIGHT = 9, 2, 72
LEAST_SCALE = 4  # findings that fill the picture at least, so that one does not look like a wall
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+|\.{2,}")
_TONES = {"A": "good", "B": "good", "C": "caution", "D": "bad", "E": "bad", "F": "bad"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: so many findings of one severity."""

    severity: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A run. ``says`` is what the picture says of it; ``dotted`` marks one that is not complete."""

    x: float
    pieces: tuple[Piece, ...]
    grade: str
    link: str
    says: str
    dotted: bool


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    link: str
    moment: str
    grade: str
    tone: str
    state: str
    counts: str
    headline: str
    title: str
    meta: str


@dataclass(frozen=True, slots=True)
class HostView:
    """``bars`` are the last runs, the oldest first; ``rows`` all that are shown, the newest first."""

    name: str
    page: str
    latest: Row
    bars: tuple[Bar, ...]
    width: float
    highest: str
    trend: str
    rows: tuple[Row, ...]
    left_off: str


@dataclass(frozen=True, slots=True)
class Page:
    """``path`` is relative to the site's directory."""

    path: str
    html: str


def report_path(run: RunSummary) -> str:
    """Where a run's report stands in the site."""
    return f"runs/{run.number}-{_slug(run.id)}.html"


def render_site(runs: Sequence[RunSummary], totals: dict[str, int], language: str = SOURCE) -> tuple[Page, ...]:
    """Every page but the reports. ``runs`` are those shown, the newest first; ``totals``: how many each host has."""
    hosts = hosts_of(runs, totals)
    pages = [Page("index.html", _page("site/index.html.j2", language, hosts=hosts, depth=""))]
    pages += [Page(host.page, _page("site/host.html.j2", language, host=host, depth="../")) for host in hosts]
    return tuple(pages)


def hosts_of(runs: Sequence[RunSummary], totals: dict[str, int]) -> tuple[HostView, ...]:
    """By name."""
    by_host: dict[str, list[RunSummary]] = {}
    for run in runs:
        by_host.setdefault(run.host, []).append(run)
    return tuple(_host(name, by_host[name], totals.get(name, 0)) for name in sorted(by_host))


def _host(name: str, runs: Sequence[RunSummary], total: int) -> HostView:
    rows = tuple(_row(run) for run in runs)
    last = tuple(reversed(runs[:MOST_BARS]))
    scale = max([LEAST_SCALE, *(sum(run.counts.values()) for run in last)])
    return HostView(
        name=one_line(name, 80),
        page=f"hosts/{_slug(name)}.html",
        latest=rows[0],
        bars=tuple(_bar(run, index, scale) for index, run in enumerate(last)),
        width=len(last) * (BAR + GAP),
        highest=str(scale),
        trend=_trend(last),
        rows=rows,
        left_off=say_many("{count:,} older run is not shown", "{count:,} older runs are not shown", total - len(runs))
        if total > len(runs)
        else "",
    )


def _bar(run: RunSummary, index: int, scale: int) -> Bar:
    pieces: list[Piece] = []
    y = float(HEIGHT)
    for severity in reversed(Severity):  # the gravest at the bottom, where bars can be compared
        height = run.counts.get(severity, 0) * HEIGHT / scale
        y -= height
        if height:
            pieces.append(Piece(severity.value, round(y, 2), round(height, 2)))
    return Bar(
        x=index * (BAR + GAP),
        pieces=tuple(pieces),
        grade=_grade(run),
        link=report_path(run),
        says=say(
            "{moment}: grade {grade}, {counts}", moment=moment(run.started_at), grade=_grade(run), counts=_counts(run)
        ),
        dotted=not run.complete,
    )


def _row(run: RunSummary) -> Row:
    state = say("interrupted") if run.interrupted else "" if run.complete else say("incomplete")
    return Row(
        number=str(run.number),
        link=report_path(run),
        moment=moment(run.started_at),
        grade=_grade(run),
        tone=_TONES.get(_grade(run), "unknown") if run.complete else "unknown",
        state=state,
        counts=_counts(run),
        headline=one_line(run.headline, 300),
        title=one_line(run.title, 120),
        meta=say(
            "{profile} profile, seen from {vantages}",
            profile=run.profile,
            vantages=commas([one_line(name, 60) for name in run.vantages]) or say("nowhere"),
        ),
    )


def _grade(run: RunSummary) -> str:
    return one_line(run.grade, 2) if run.grade else NO_GRADE


def _counts(run: RunSummary) -> str:
    said = [
        say("{count} {severity}", count=run.counts[severity], severity=SEVERITIES[severity].label)
        for severity in reversed(Severity)
        if run.counts.get(severity)
    ]
    return commas(said) if said else say("no findings")


def _trend(runs: Sequence[RunSummary]) -> str:
    """The picture in a sentence."""
    return say_many(
        "{count} run from {first} to {last}: findings by severity, {before} at first, {after} at last.",
        "{count} runs from {first} to {last}: findings by severity, {before} at first, {after} at last.",
        len(runs),
        first=f"{runs[0].started_at:%Y-%m-%d}",
        last=f"{runs[-1].started_at:%Y-%m-%d}",
        before=sum(runs[0].counts.values()),
        after=sum(runs[-1].counts.values()),
    )


def _slug(text: str) -> str:
    """A file name; what had to be changed is told apart by a digest."""
    safe = _UNSAFE.sub("-", text)[:80].strip(".-")
    if safe == text:
        return safe
    return f"{safe or 'host'}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _page(template: str, language: str, **values: object) -> str:
    spoken = translator(language)
    environment = environment_for(language)
    style = source_of(environment, "site/site.css")
    told = {name: in_language(value, spoken) for name, value in values.items()}
    return environment.get_template(template).render(
        **told,
        severities=[(severity.value, in_language(SEVERITIES[severity], spoken)) for severity in reversed(Severity)],
        style=style,
        policy=f"default-src 'none'; style-src {hash_of(style)}; base-uri 'none'; form-action 'none'",
    )


def shown(runs: Iterable[RunSummary], most: int | None) -> tuple[RunSummary, ...]:
    """At most so many of each host, the newest."""
    taken: dict[str, int] = {}
    found = []
    for run in runs:
        taken[run.host] = taken.get(run.host, 0) + 1
        if most is None or taken[run.host] <= most:
            found.append(run)
    return tuple(found)
