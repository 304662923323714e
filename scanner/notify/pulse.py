"""Something that comes and goes is told once, and then muted until it is quiet. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from scanner.notify.values import Pulse

WINDOW = timedelta(hours=24)
MOST_CHANGES = 3  # more within the window is flapping


class Beat(Enum):
    """What may be told."""

    STEADY = auto()
    BEGINS = auto()  # to flap
    MUTED = auto()
    CALMS = auto()


def beat(pulse: Pulse, now: datetime, *, changed: bool) -> tuple[Pulse, Beat]:
    """``changed``: it came or went since the last look."""
    # A clock that was set back would keep changes of the future for ever.
    recent = tuple(at for at in pulse.changes if timedelta(0) <= now - at < WINDOW)
    after = replace(pulse, changes=(*recent, now) if changed else recent)
    if pulse.muted:
        if after.changes:
            return after, Beat.MUTED
        return replace(after, muted=False), Beat.CALMS
    if len(after.changes) > MOST_CHANGES:
        return replace(after, muted=True), Beat.BEGINS
    return after, Beat.STEADY
