"""The picture of the addresses' lives, by its numbers."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.guess.doors import count_sentence, doors
from scanner.guess.records import Circumstances, record_of
from scanner.model.address import Address, Kind, Origin, State
from scanner.model.run import AddressRecord
from scanner.report.addressing import duration, guess_line, learned_line
from scanner.report.html import render_html
from scanner.report.timeline import Piece, timeline_of, timeline_text

from .sample import before_fix

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = 86_400
STABLE = Address(
    IPv6Address("2001:db8::5054:ff:fe12:3456"),
    64,
    "eth0",
    Kind.STABLE,
    State.PREFERRED,
    Origin.EUI64,
    7 * DAY,
    30 * DAY,
    9.0 * DAY,
)


def temporary(days: int) -> Address:
    """One of a row, a day apart, as with 1 d preferred and 7 d valid."""
    age = days * DAY + 3600
    state = State.DEPRECATED if days else State.PREFERRED
    ip = IPv6Address(f"2001:db8::c0de:8f1b:2c3d:{days + 1}")
    return Address(
        ip, 64, "eth0", Kind.TEMPORARY, state, Origin.TEMPORARY, max(0, DAY - age), 7 * DAY - age, float(age)
    )


def records(*addresses: Address, outbound: Address | None = None) -> tuple[AddressRecord, ...]:
    circumstances = Circumstances(AT, sources={"the Internet": outbound.ip} if outbound else {})
    return tuple(record_of(address, circumstances, scanned=True) for address in addresses)


WEEK = records(STABLE, *(temporary(days) for days in range(7)), outbound=temporary(0))


def test_eight_doors_not_two() -> None:
    assert len(doors(WEEK)) == 8
    assert count_sentence(WEEK) == (
        "8 doors, not 2: 1 stable and 7 temporary addresses, 6 of which are no longer used but still take connections."
    )


def test_one_door_and_none() -> None:
    assert count_sentence(records(STABLE)) == "1 door: the host takes connections on 1 stable address."
    assert count_sentence(()).startswith("No door")
    assert timeline_of((), AT) is None


def test_what_is_no_door() -> None:
    others = [
        replace(STABLE, ip=IPv6Address("fe80::1")),
        replace(STABLE, ip=IPv6Address("fd00::1")),
        replace(STABLE, state=State.TENTATIVE),
        replace(STABLE, state=State.DADFAILED),
    ]
    assert doors(records(*others)) == ()
    assert doors((replace(WEEK[0], address="no address"),)) == ()


def test_a_server_learns_the_temporary_address_and_until_when_it_is_worth_something() -> None:
    assert learned_line(WEEK, AT) == (
        "A server on the Internet sees 2001:db8::c0de:8f1b:2c3d:1 (temporary): whoever keeps it can come back until "
        "2026-11-30 11:00:00 UTC (6 d 23 h), though the host itself stops using it at 2026-11-24 11:00:00 UTC."
    )
    assert "or longer where the router renews it" in learned_line(records(STABLE, outbound=STABLE), AT)
    assert "Nothing leaves" in learned_line(records(STABLE), AT)
    local = replace(STABLE, ip=IPv6Address("fd00::1"))
    assert "no answer finds that" in learned_line(records(local, outbound=local), AT)


def share(piece: Piece | None) -> tuple[float, float]:
    assert piece is not None
    left, width = float(piece.x.rstrip("%")), float(piece.width.rstrip("%"))
    return left, left + width


def test_pieces_follow_each_other_at_now() -> None:
    line = timeline_of(WEEK, AT)
    assert line is not None
    now = float(line.now.x.rstrip("%"))
    in_use = next(row for row in line.rows if row.address.endswith("2c3d:1"))
    assert share(in_use.past)[1] == pytest.approx(now, abs=0.6)  # the least that is seen
    assert share(in_use.used)[0] == pytest.approx(now, abs=0.02)
    assert share(in_use.dead)[0] == pytest.approx(share(in_use.used)[1], abs=0.02)
    old = next(row for row in line.rows if row.address.endswith("2c3d:7"))
    assert old.used is None
    assert share(old.dead)[0] == pytest.approx(now, abs=0.02)


def test_one_second_is_as_wide_in_every_row() -> None:
    line = timeline_of(WEEK, AT)
    assert line is not None
    widths = {}
    for record, row in zip(sorted(WEEK[1:], key=lambda r: -(r.valid_lifetime or 0)), line.rows[1:], strict=True):
        start = row.used or row.dead
        widths[record.valid_lifetime] = share(row.dead)[1] - share(start)[0]
    rates = [width / seconds for seconds, width in widths.items() if seconds]
    assert max(rates) == pytest.approx(min(rates), rel=0.02)


def test_what_lasts_far_longer_goes_on_beyond_the_edge() -> None:
    line = timeline_of(WEEK, AT)
    assert line is not None
    assert [row.goes_on for row in line.rows] == [True, *[False] * 7]
    for_ever = timeline_of(records(replace(STABLE, preferred_lifetime=None, valid_lifetime=None)), AT)
    assert for_ever is not None
    assert for_ever.rows[0].goes_on


def test_the_text_says_what_the_picture_shows() -> None:
    line = timeline_of(WEEK, AT)
    assert line is not None
    text = timeline_text(line)
    assert len(text) == 9
    assert "no longer preferred, reachable until 2026-11-24 11:00:00 UTC" in text[-1]


def test_many_addresses_are_cut_and_counted() -> None:
    many = records(*(replace(STABLE, ip=IPv6Address(f"2001:db8::{number:x}")) for number in range(1, 31)))
    line = timeline_of(many, AT)
    assert line is not None
    assert (len(line.rows), line.left_off) == (24, "6 more addresses, in the run document")


LIFE = st.none() | st.integers(0, 2**32 - 2)


@given(st.lists(st.tuples(LIFE, LIFE, st.none() | st.floats(0, 1e9), st.sampled_from(Kind)), max_size=6))
def test_any_lives_fit_the_picture(lives: list[tuple[int | None, int | None, float | None, Kind]]) -> None:
    addresses = [
        replace(STABLE, ip=STABLE.ip + number, preferred_lifetime=preferred, valid_lifetime=valid, age=age, kind=kind)
        for number, (preferred, valid, age, kind) in enumerate(lives)
    ]
    line = timeline_of(records(*addresses), AT)
    if line is None:
        assert not addresses
        return
    for row in line.rows:
        for piece in (row.past, row.used, row.dead):
            if piece is not None:
                left, right = share(piece)
                assert 0 <= left <= 100
                assert right <= 100.7
    assert len(line.ticks) <= 8


def test_the_page_draws_it_once_for_each_address() -> None:
    run = replace(before_fix(), addresses=WEEK)
    page = render_html(run)
    assert page.count('class="track"') == 8
    assert len(re.findall(r'class="dead" x="[\d.]+%"', page)) == 8
    assert "8 doors, not 2" in page


@pytest.mark.parametrize(
    ("years", "text"),
    [
        (584_542.05, "584,542 years"),
        (16.8 / 31_557_600, "16.8 seconds"),
        (1e-12, "under a second"),
        (1 / 365.25, "1 day"),
        (2.23, "2.2 years"),
    ],
)
def test_duration(years: float, text: str) -> None:
    assert duration(years) == text


def test_guess_line() -> None:
    guess = WEEK[0].guessability
    assert guess is not None
    assert guess_line(guess) == (
        "Likely made from a KVM/QEMU MAC address (52:54:00): easy to find by trying, 2^24 addresses, 16.8 seconds at "
        "1,000,000 probes a second"
    )


def test_since_when_is_a_date() -> None:
    assert WEEK[0].created_at == AT - timedelta(days=9)
    assert records(replace(STABLE, age=None))[0].created_at is None
