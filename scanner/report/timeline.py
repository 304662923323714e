"""The picture of the addresses' lives: since when, used until, reachable until. Run -> values for an SVG. Pure.

Positions are per cent of the width and pixels of the height, so that the picture has no fixed width and its letters
keep their size on a telephone. Every bar is also said in words (``Row.says``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scanner.guess.doors import Life, count_sentence, doors, life
from scanner.model.address import Kind, State
from scanner.model.run import AddressRecord, EventRecord
from scanner.model.text import commas, say
from scanner.report.addressing import dates, destination_words, guess_line, learned_line
from scanner.report.addressstory import event_says
from scanner.report.text import left_off, one_line

MOST_ROWS = 24
ROW = 46  # pixels
TOP = 34
BAR_DROP = 21  # from a row's top to its bar
BAR = 12
LEAST = 0.6  # per cent: a shorter bar is not seen
MARGIN = 1.06  # what the picture shows beyond the last end
TICKS = 6
FAR_BEYOND = 1.6  # times the longest temporary life
# seconds between two ticks
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800)
STEPS_OF_DAYS = tuple(days * 86_400 for days in (3, 4, 5, 7, 10, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 36_500))
PAST = 0.3  # of the width at most
FOREVER_SPAN = 7 * 86_400  # shown where nothing ever ends
MONTHS = (
    *(say("Jan"), say("Feb"), say("Mar"), say("Apr"), say("May"), say("Jun")),
    *(say("Jul"), say("Aug"), say("Sep"), say("Oct"), say("Nov"), say("Dec")),
)
HALF_DAY, DAY, MINUTE = 43_200, 86_400, 60


@dataclass(frozen=True, slots=True)
class Piece:
    """``x`` and ``width`` in per cent."""

    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened to the address; ``x`` in per cent."""

    x: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """``past``, ``used`` and ``dead`` are the pieces of its life, None where it has no such; ``goes_on``: beyond the
    picture's edge. ``y`` of the letters and ``bar`` of the pieces are pixels.
    """

    address: str
    note: str
    temporary: bool
    y: int
    bar: int
    past: Piece | None
    used: Piece | None
    dead: Piece | None
    goes_on: bool
    says: str
    guess: str
    gives_away: tuple[str, ...]
    used_outbound: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    height: int
    now: Tick
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    sentence: str
    learned: str
    left_off: str


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()

    def per_cent(self, at: datetime) -> float:
        share = (at - self.start).total_seconds() / self.seconds
        return min(max(share, 0.0), 1.0) * 100


def timeline_of(records: Sequence[AddressRecord], at: datetime, events: Sequence[EventRecord] = ()) -> Timeline | None:
    """``at`` is when the lifetimes were read; ``events`` are marked where they happened. None where no address can be
    reached from the Internet.
    """
    shown = sorted(doors(records), key=_order)
    if not shown:
        return None
    rows = shown[:MOST_ROWS]
    brief = [life(record, at).valid_until for record in rows if record.kind is Kind.TEMPORARY]
    scale = _scale([life(record, at) for record in rows], [end for end in brief if end is not None], at)
    return Timeline(
        height=TOP + ROW * len(rows) + 6,
        now=_tick(scale, at, say("now")),
        ticks=_ticks(scale, at),
        rows=tuple(
            replace(_row(record, at, scale, number), marks=_marks(record, events, scale))
            for number, record in enumerate(rows)
        ),
        sentence=count_sentence(records),
        learned=learned_line(records, at) if any(record.used_outbound for record in records) else "",
        left_off=left_off(len(shown) - len(rows), "address", "addresses"),
    )


def timeline_text(timeline: Timeline) -> tuple[str, ...]:
    """The picture in words."""
    return (timeline.sentence, *(f"{row.address} ({row.note}): {row.says}" for row in timeline.rows))


def _order(record: AddressRecord) -> tuple[bool, bool, float]:
    """Stable first, then temporary ones, those in use before the old; what lasts longest first."""
    lasting = float("inf") if record.valid_lifetime is None else record.valid_lifetime
    return record.kind is Kind.TEMPORARY, record.state is State.DEPRECATED, -lasting


def _scale(lives: Sequence[Life], temporary: Sequence[datetime], at: datetime) -> _Scale:
    """To the end of the last life; one that lasts far longer than all temporary ones goes on beyond the edge."""
    ends = [one.valid_until for one in lives if one.valid_until is not None]
    far = max(temporary or ends, default=at + timedelta(seconds=FOREVER_SPAN))
    near = [end for end in ends if end - at <= FAR_BEYOND * (far - at)]
    future = max((max(near, default=far) - at) * MARGIN, timedelta(seconds=1))
    births = [one.born for one in lives if one.born is not None]
    past = min(max((at - min(births, default=at)) * MARGIN, future * 0.04), future * PAST / (1 - PAST))
    return _Scale(at - past, at + future)


def _row(record: AddressRecord, at: datetime, scale: _Scale, number: int) -> Row:
    span = life(record, at)
    used_until = at if record.state is State.DEPRECATED else span.preferred_until or scale.end
    dead_until = span.valid_until or scale.end
    y = TOP + ROW * number
    return Row(
        address=one_line(record.address, 60),
        note=say("{kind}, {state}", kind=record.kind, state=record.state),
        temporary=record.kind is Kind.TEMPORARY,
        y=y + 14,
        bar=y + BAR_DROP,
        past=_piece(scale, span.born, at) if span.born else None,
        used=_piece(scale, at, used_until),
        dead=_piece(scale, max(used_until, at), dead_until),
        goes_on=span.valid_until is None or span.valid_until > scale.end,
        says=dates(record, at),
        guess=guess_line(record.guessability) if record.guessability else "",
        gives_away=tuple(one_line(fact, 200) for fact in record.gives_away),
        used_outbound=commas(destination_words(name) for name in record.used_outbound),
    )


def _marks(record: AddressRecord, events: Sequence[EventRecord], scale: _Scale) -> tuple[Mark, ...]:
    return tuple(
        Mark(f"{scale.per_cent(event.at):.2f}%", event_says(event))
        for event in events
        if (event.address, event.interface) == (record.address, record.interface)
    )


def _piece(scale: _Scale, start: datetime, end: datetime) -> Piece | None:
    if end <= start or start >= scale.end:
        return None
    left, right = scale.per_cent(start), scale.per_cent(end)
    return Piece(f"{left:.2f}%", f"{max(right - left, LEAST):.2f}%")


def _ticks(scale: _Scale, at: datetime) -> tuple[Tick, ...]:
    """On round times of UTC, none where "now" stands."""
    step = next((step for step in (*STEPS, *STEPS_OF_DAYS) if scale.seconds / step <= TICKS), STEPS_OF_DAYS[-1])
    first = scale.start.timestamp() // step * step + step
    times = [datetime.fromtimestamp(first + step * number, tz=at.tzinfo) for number in range(TICKS + 1)]
    here = scale.per_cent(at)
    room = 100 / TICKS * 0.7
    return tuple(
        _tick(scale, time, _label(time, step))
        for time in times
        if time < scale.end and abs(scale.per_cent(time) - here) > room
    )


def _day(at: datetime) -> str:
    return say("{day} {month}", day=at.day, month=MONTHS[at.month - 1])


def _tick(scale: _Scale, at: datetime, text: str) -> Tick:
    place = scale.per_cent(at)
    anchor = "start" if place < 100 / TICKS / 2 else "end" if place > 100 - 100 / TICKS / 2 else "middle"
    return Tick(f"{place:.2f}%", text, anchor)


def _label(at: datetime, step: int) -> str:
    if step >= DAY:
        return _day(at) if step < 300 * DAY else f"{at:%Y}"
    if step >= HALF_DAY // 2:
        return say("{day} {time}", day=_day(at), time=f"{at:%H:%M}")
    return f"{at:%H:%M}" if step >= MINUTE else f"{at:%H:%M:%S}"
