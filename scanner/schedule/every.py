"""How often: read once, told to systemd (systemd.time(7)) and to cron (crontab(5)). Pure."""

import re
from dataclasses import dataclass

from scanner.model.errors import InputError
from scanner.model.text import say

MINUTES_A_DAY = 24 * 60
SHORTEST = 15  # minutes: a whole scan takes one or two, and the path is not ours alone
NAMES = {"hourly": 60, "daily": MINUTES_A_DAY, "weekly": 7 * MINUTES_A_DAY, "monthly": 30 * MINUTES_A_DAY}
DELAY_SHARE, LONGEST_DELAY = 10, 30  # a tenth of the interval, in minutes at most: not all hosts at the same second
EXAMPLES = say("use 6h, 30m, hourly, daily, weekly, or a calendar expression like 'Mon..Fri 03:00' (systemd.time(7))")

_SPAN = re.compile(r"(\d{1,4}) ?(m|min|h|d)")
_CALENDAR = re.compile(r"[A-Za-z0-9*:/.,~ +-]{1,100}")


@dataclass(frozen=True, slots=True)
class Every:
    """``calendar`` for OnCalendar=; ``minutes`` between two runs, None where only the calendar tells."""

    calendar: str
    minutes: int | None

    @property
    def delay(self) -> int:
        """Minutes by which a run may be late on purpose (RandomizedDelaySec=)."""
        return min(LONGEST_DELAY, (self.minutes or MINUTES_A_DAY) // DELAY_SHARE)

    def cron(self, minute: int, hour: int) -> str:
        """Five fields of crontab(5); ``minute`` and ``hour`` spread the hosts. Raises InputError for a calendar."""
        if self.minutes is None:
            raise InputError(
                say("cron knows no {calendar!r}", calendar=self.calendar),
                say("use 6h, 30m, hourly, daily, weekly or monthly"),
            )
        if self.minutes < 60:  # noqa: PLR2004
            return f"{minute % self.minutes}-59/{self.minutes} * * * *"
        if self.minutes < MINUTES_A_DAY:
            hours = self.minutes // 60
            return f"{minute} * * * *" if hours == 1 else f"{minute} {hour % hours}-23/{hours} * * *"
        days = {NAMES["weekly"]: "* * 0", NAMES["monthly"]: "1 * *"}
        return f"{minute} {hour} {days.get(self.minutes, '* * *')}"


def parse_every(text: str) -> Every:
    """Spans must divide the hour or the day, so that the clock tells when the next run is. Raises InputError."""
    word = text.strip()
    if word.lower() in NAMES:
        return Every(word.lower(), NAMES[word.lower()])
    span = _SPAN.fullmatch(word)
    if span:
        return _span(word, int(span[1]), span[2])
    # A word alone is no calendar that anybody means ("sometimes"), but for the names of days
    if not _CALENDAR.fullmatch(word) or not re.search(r"[\d*]|^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", word):
        raise InputError(say("--every {text!r} is no interval", text=text), EXAMPLES)
    return Every(word, None)


def _span(text: str, number: int, unit: str) -> Every:
    minutes = number * {"m": 1, "min": 1, "h": 60, "d": MINUTES_A_DAY}[unit]
    if minutes == MINUTES_A_DAY:
        return Every("daily", minutes)
    if minutes < SHORTEST:
        raise InputError(
            say("--every {text!r} is too often", text=text),
            say("leave {shortest} minutes or more between two scans", shortest=SHORTEST),
        )
    if minutes < 60 and 60 % minutes == 0:  # noqa: PLR2004
        return Every(f"*-*-* *:00/{minutes}:00", minutes)
    if minutes % 60 == 0 and MINUTES_A_DAY % minutes == 0:
        hours = minutes // 60
        return Every("hourly" if hours == 1 else f"*-*-* 00/{hours}:00:00", minutes)
    raise InputError(
        say("--every {text!r} does not divide the hour or the day", text=text),
        say("use 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d"),
    )
