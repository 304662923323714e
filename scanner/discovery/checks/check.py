"""What a check says."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """``warn``: a scan runs, but knows or does less."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """``detail`` says what was found, ``remedy`` what to do about it, empty where nothing need be done. A line each."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


# The interface of a check: looks, sends nothing, raises nothing.
Checker = Callable[[], Check]
