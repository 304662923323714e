"""(what was told, what a run says, now) -> (what is told then, the news). Pure.

A finding is news when it was not known, or comes back after it was told as closed, or got graver than was told. It is
told as closed after two complete runs in a row that proved it away; a run that did not look at it proves nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from scanner.notify.pulse import Beat, beat
from scanner.notify.values import Absence, Found, HostState, Known, Look, News, NewsKind, Pulse, Said

ENOUGH_MISSED = 2  # complete runs in a row
FORGET = timedelta(days=60)  # what no run has had for as long is new when it comes

_ABSENT = {Absence.SHUT: NewsKind.SHUT, Absence.GONE: NewsKind.GONE}
_KINDS = tuple(NewsKind)


def decide(state: HostState, look: Look, now: datetime) -> tuple[HostState, tuple[News, ...]]:
    """The news of one run, the one to look at first on top; none where there is nothing to tell."""
    told: list[News] = []
    known = dict(state.known)
    for found in look.found:
        before = known.get(found.fingerprint)
        known[found.fingerprint], kind = _appeared(found, now) if before is None else _there(before, found, now)
        told += _news(kind, found, now)
    for fingerprint, absence in look.absent.items():
        if fingerprint in state.known:
            known[fingerprint], kind = _not_there(state.known[fingerprint], absence, now)
            told += _news(kind, known[fingerprint].found, now)
    state, measuring = _measuring(state, look, now)
    kept = {key: one for key, one in known.items() if now - one.seen < FORGET}
    started = state.started or look.measured is not False or bool(look.found)
    news = sorted((*told, *measuring), key=_order)
    return replace(state, known=kept, started=started), tuple(news)


def _appeared(found: Found, now: datetime) -> tuple[Known, NewsKind | None]:
    return Known(found, now, found.severity, Pulse((now,))), NewsKind.NEW


def _there(before: Known, found: Found, now: datetime) -> tuple[Known, NewsKind | None]:
    pulse, how = beat(before.pulse, now, changed=before.missed > 0)
    after = replace(before, found=found, seen=now, pulse=pulse, missed=0)
    graver = found.severity.rank > before.gravest.rank
    if how is Beat.MUTED and not graver:
        return after, None
    gravest = found.severity if graver or not before.told else before.gravest
    after = replace(after, told=True, gravest=gravest)
    if how is Beat.BEGINS:
        return after, NewsKind.FLAPPING
    if how is Beat.CALMS:
        return after, NewsKind.STEADY
    if not before.told:
        return after, NewsKind.BACK
    return after, NewsKind.GRAVER if graver else None


def _not_there(before: Known, absence: Absence, now: datetime) -> tuple[Known, NewsKind | None]:
    missed = min(before.missed + 1, ENOUGH_MISSED)
    proven = missed >= ENOUGH_MISSED
    pulse, how = beat(before.pulse, now, changed=before.missed == 0)
    after = replace(before, pulse=pulse, missed=missed)
    if how is Beat.MUTED:
        return after, None
    if how is Beat.BEGINS:
        return after, NewsKind.FLAPPING
    if proven and before.told:
        return replace(after, told=False), _ABSENT[absence]
    return after, None


def _measuring(state: HostState, look: Look, now: datetime) -> tuple[HostState, tuple[News, ...]]:
    """Whether it could be measured, told once each way."""
    if look.measured is None:
        return state, ()
    failing = state.unmeasured is not None
    pulse, how = beat(state.measuring, now, changed=failing is look.measured)
    since = None if look.measured else state.unmeasured or now
    after = replace(state, unmeasured=since, measuring=pulse)
    if how is Beat.BEGINS:
        return after, (News(NewsKind.UNSTEADY, now, look.why),)
    if how is Beat.MUTED or (how is Beat.STEADY and failing is not look.measured):
        return after, ()
    if not look.measured:
        return after, (News(NewsKind.UNMEASURED, now, look.why),)
    return after, (News(NewsKind.MEASURED, now, Said("")),)


def _news(kind: NewsKind | None, found: Found, now: datetime) -> Iterator[News]:
    if kind is not None:
        yield News(kind, now, found.title, found.severity, found.addresses)


def _order(news: News) -> tuple[int, int, str]:
    return _KINDS.index(news.kind), -(news.severity.rank if news.severity else 0), news.title.text
