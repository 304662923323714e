"""A digest -> what is sent: a title and a plain text, short enough for a telephone. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from scanner.language import Translator
from scanner.model.finding import Severity
from scanner.model.text import Text, commas, mark, say, say_many
from scanner.notify.values import Digest, News, NewsKind, Said
from scanner.report.text import moment, one_line

MOST = 12  # news of a kind
LONGEST = 240  # characters of a line
MOST_ADDRESSES = 2

HEADINGS: Mapping[NewsKind, str] = {
    NewsKind.NEW: mark("New:"),
    NewsKind.BACK: mark("Back, after it had been closed:"),
    NewsKind.GRAVER: mark("Graver than before:"),
    NewsKind.FLAPPING: mark("Comes and goes (muted until it is quiet for 24 hours):"),
    NewsKind.STEADY: mark("Came and went, and is there to stay:"),
    NewsKind.SHUT: mark("Closed again:"),
    NewsKind.GONE: mark("No longer found:"),
    NewsKind.UNMEASURED: mark("Could not be measured, or not completely:"),
    NewsKind.UNSTEADY: mark("Can be measured now and then only (muted until it is quiet for 24 hours):"),
    NewsKind.MEASURED: mark("It can be measured again."),
}
_KINDS = tuple(NewsKind)
_OPENED = frozenset({NewsKind.NEW, NewsKind.BACK, NewsKind.GRAVER, NewsKind.STEADY})
_CLOSED = frozenset({NewsKind.SHUT, NewsKind.GONE})
_NO_MEASUREMENT = frozenset({NewsKind.UNMEASURED, NewsKind.UNSTEADY})


@dataclass(frozen=True, slots=True)
class Message:
    """``tone`` is apprise's notify type: info, success, warning or failure."""

    title: str
    body: str
    tone: str


def message_of(digest: Digest, language: Translator) -> Message:
    """Every line is free of control characters, whatever a banner or a file said."""

    def told(text: str) -> str:
        return one_line(language.translate(text), LONGEST)

    return Message(told(_title(digest)), "\n".join(map(told, _lines(digest))).strip("\n"), _tone(digest.news))


def sample(host: str, at: datetime, language: Translator) -> Message:
    """What ``v6expose notify test`` sends."""
    title = say("v6expose {host}: a test message", host=host)
    body = say("If you read this, what v6expose finds on {host} reaches you.", host=host)
    lines = (one_line(language.translate(text), LONGEST) for text in (body, moment(at)))
    return Message(one_line(language.translate(title), LONGEST), "\n".join(lines), "info")


def _title(digest: Digest) -> str:
    what = commas(list(_counted(digest))) or say("nothing to report")
    if digest.grade is None:
        return say("v6expose {host}: {what}", host=digest.host, what=what)
    return say("v6expose {host}, grade {grade}: {what}", host=digest.host, grade=digest.grade, what=what)


def _counted(digest: Digest) -> Iterator[str]:
    kinds = [news.kind for news in digest.news]
    if opened := sum(kind in _OPENED for kind in kinds):
        yield say_many("{count} new finding", "{count} new findings", opened)
    if closed := sum(kind in _CLOSED for kind in kinds):
        yield say_many("{count} closed", "{count} closed", closed)
    if flapping := kinds.count(NewsKind.FLAPPING):
        yield say_many("{count} comes and goes", "{count} come and go", flapping)
    if _NO_MEASUREMENT.intersection(kinds):
        yield say("not measured")
    if NewsKind.MEASURED in kinds:
        yield say("measured again")


def _lines(digest: Digest) -> Iterator[str]:
    if digest.first:
        yield say("This is the first notice for this host: everything that was found counts as new.")
    if digest.headline:
        yield _text(digest.headline)
    for kind, group in groupby(sorted(digest.news, key=_place), key=lambda news: news.kind):
        yield ""
        yield say(HEADINGS[kind])
        some = _joined(group)
        yield from (line for news in some[:MOST] if (line := _line(news, digest)))
        if len(some) > MOST:
            yield say_many("- and {count} more", "- and {count} more", len(some) - MOST)
    yield ""
    if digest.counts:
        yield say("All in all now: {counts}.", counts=_counts(digest.counts))
    yield moment(digest.at)
    if digest.note:
        yield _text(digest.note)


def _joined(group: Iterable[News]) -> tuple[News, ...]:
    """What differs in the address alone is one line; the gravest speaks for all."""
    joined: dict[tuple[str, datetime], News] = {}
    for news in group:
        key = (news.title.text, news.at)
        first = joined.setdefault(key, news)
        joined[key] = replace(first, addresses=tuple(dict.fromkeys((*first.addresses, *news.addresses))))
    return tuple(joined.values())


def _place(news: News) -> int:
    return _KINDS.index(news.kind)


def _line(news: News, digest: Digest) -> str:
    """One news; an older one, which could not be sent when it was news, says of when it is."""
    text = _text(news.title)
    if not text:
        return ""
    if news.severity is not None:
        where = _addresses([one for one in news.addresses if one not in text])
        text = (
            say("{severity}: {title} ({addresses})", severity=news.severity, title=text, addresses=where)
            if where
            else say("{severity}: {title}", severity=news.severity, title=text)
        )
    if news.at != digest.at:
        text = say("{text}, on {date}", text=text, date=moment(news.at))
    return say("- {text}", text=text)


def _addresses(addresses: Sequence[str]) -> str:
    more = len(addresses) - MOST_ADDRESSES
    shown = commas(addresses[:MOST_ADDRESSES])
    return say("{addresses} and {count} more", addresses=shown, count=more) if more > 0 else shown


def _counts(counts: Mapping[Severity, int]) -> str:
    gravest_first = sorted(Severity, key=lambda severity: -severity.rank)
    some = [
        say("{count} {severity}", count=counts[severity], severity=severity)
        for severity in gravest_first
        if counts.get(severity)
    ]
    return commas(some) or say("no finding")


def _tone(news: Sequence[News]) -> str:
    kinds = {one.kind for one in news}
    if kinds & (_OPENED | {NewsKind.FLAPPING}):
        return "warning"
    if kinds & _NO_MEASUREMENT:
        return "failure"
    return "success" if kinds & (_CLOSED | {NewsKind.MEASURED}) else "info"


def _text(said: Said) -> str:
    return Text(said.text, said.record) if said.record else said.text
