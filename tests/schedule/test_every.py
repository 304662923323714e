"""Intervals as one types them, as systemd and cron call them."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.schedule.every import parse_every

SPANS = {
    "15m": ("*-*-* *:00/15:00", 15, "7-59/15 * * * *"),
    "30min": ("*-*-* *:00/30:00", 30, "7-59/30 * * * *"),
    "1h": ("hourly", 60, "7 * * * *"),
    "60m": ("hourly", 60, "7 * * * *"),
    "6h": ("*-*-* 00/6:00:00", 360, "7 5-23/6 * * *"),
    "24h": ("daily", 1440, "7 17 * * *"),
    "1d": ("daily", 1440, "7 17 * * *"),
    "hourly": ("hourly", 60, "7 * * * *"),
    "Daily": ("daily", 1440, "7 17 * * *"),
    "weekly": ("weekly", 10_080, "7 17 * * 0"),
    "monthly": ("monthly", 43_200, "7 17 1 * *"),
}


@pytest.mark.parametrize("text", SPANS)
def test_spans(text: str) -> None:
    every = parse_every(text)
    assert (every.calendar, every.minutes, every.cron(7, 17)) == SPANS[text]
    subprocess.run(["systemd-analyze", "calendar", every.calendar], check=True, capture_output=True)


@pytest.mark.parametrize("text", ["Mon..Fri 03:00", "*-*-* 04:30:00", "Sat 02:00", "*-*-01 00:00:00 UTC"])
def test_calendars_are_systemds_alone(text: str) -> None:
    every = parse_every(text)
    assert (every.calendar, every.minutes) == (text, None)
    subprocess.run(["systemd-analyze", "calendar", every.calendar], check=True, capture_output=True)
    with pytest.raises(InputError, match="cron knows no"):
        every.cron(7, 17)


@pytest.mark.parametrize(
    "text", ["7h", "5h", "45m", "25h", "2d", "90m", "1m", "0h", "14m", "", "\n", "6 hours; rm", "§"]
)
def test_what_divides_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--every"):
        parse_every(text)


@pytest.mark.parametrize(("text", "minutes"), [("15m", 1), ("6h", 30), ("daily", 30), ("hourly", 6), ("Sat 02:00", 30)])
def test_hosts_do_not_start_at_the_same_second(text: str, minutes: int) -> None:
    assert parse_every(text).delay == minutes


@given(st.text(max_size=30))
def test_any_text_is_an_interval_or_refused(text: str) -> None:
    try:
        every = parse_every(text)
    except InputError:
        return
    assert "\n" not in every.calendar
