"""One line of the checklist, and the whole of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from scanner.policy import Policy, Waiver


class Status(StrEnum):
    """NOT_MEASURED: the run does not tell. It is never taken for PASS."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_MEASURED = "not measured"


# From what must be looked at first to what is in order.
GRAVITY = (Status.FAIL, Status.NOT_MEASURED, Status.PASS)
EXIT = {Status.PASS: 0, Status.FAIL: 1, Status.NOT_MEASURED: 3}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says of one item. ``remedy`` is "" where there is nothing to do."""

    status: Status
    evidence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """``id`` stays the same from run to run: a fact's key, ``tcp/445``, ``allow tcp/22``. ``line`` is that of the
    policy which asks for it, from 1. ``waiver`` is one in force: the item keeps its status and does not count.
    """

    id: str
    title: str
    status: Status
    evidence: str
    remedy: str
    line: int
    standard: str = ""
    waiver: Waiver | None = None

    @property
    def counts_as(self) -> Status:
        return Status.PASS if self.waiver else self.status


@dataclass(frozen=True, slots=True)
class Checklist:
    """``not_required`` are the facts that the policy does not ask for."""

    policy: Policy
    host: str
    run: str
    measured_at: datetime
    seconds: float
    items: tuple[Item, ...]
    not_required: tuple[str, ...] = field(default=())

    @property
    def status(self) -> Status:
        return worst(item.counts_as for item in self.items)

    def count(self, status: Status) -> int:
        """Items that count as ``status``; waived ones are counted by ``waived``."""
        return sum(item.status is status and not item.waiver for item in self.items)

    @property
    def waived(self) -> int:
        return sum(item.waiver is not None for item in self.items)


def worst(statuses: Iterable[Status]) -> Status:
    """The gravest; PASS where there are none."""
    return min(statuses, key=GRAVITY.index, default=Status.PASS)


def fail_or_gap(failed: Sequence[str], gaps: Sequence[str]) -> Status:
    """What failed has failed, whatever else is unknown."""
    if failed:
        return Status.FAIL
    return Status.NOT_MEASURED if gaps else Status.PASS
