"""Runs for the store's tests: one host, a run a day, by turns before and after the fix."""

from dataclasses import replace
from datetime import datetime, timedelta

from scanner.model.run import Run
from tests.report.sample import STARTED, after_fix, before_fix

DAY = timedelta(days=1)


def run_on(day: int, *, fixed: bool = False, complete: bool = True, host: str = "midnight") -> Run:
    """The run of the ``day``-th day."""
    run = replace(after_fix(), before=None) if fixed else before_fix()
    started: datetime = STARTED + day * DAY
    header = replace(
        run.run,
        id=f"{started:%Y%m%dT%H%M%SZ}-{host}",
        started_at=started,
        finished_at=started + timedelta(seconds=30),
        complete=complete,
    )
    return replace(run, run=header, host=replace(run.host, name=host))
