"""A clock that is given, and the kernel's own word on it."""

import pytest

from scanner.discovery.checks.check import Status
from scanner.discovery.checks.clock import DAY, check_clock, kernel_synchronised

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC


@pytest.mark.parametrize(
    ("now", "synchronised", "status", "said"),
    [
        (NOW, True, Status.OK, "2027-01-15 08:00:00 UTC, synchronised"),
        (NOW, None, Status.OK, "2027-01-15 08:00:00 UTC; whether it is synchronised is not known"),
        (NOW, False, Status.WARN, "2027-01-15 08:00:00 UTC, not synchronised"),
        (NOW - 2 * DAY, True, Status.WARN, "2027-01-13 08:00:00 UTC is before v6expose was installed"),
        (0.0, True, Status.WARN, "1970-01-01 00:00:00 UTC is before v6expose was installed"),
    ],
)
def test_clock(now: float, synchronised: bool | None, status: Status, said: str) -> None:  # noqa: FBT001
    found = check_clock(lambda: now, lambda: NOW, lambda: synchronised)
    assert (found.status, found.detail) == (status, said)
    assert ("set-ntp" in found.remedy) == (status is Status.WARN)


def test_the_kernel_says_yes_no_or_nothing() -> None:
    assert kernel_synchronised() in (True, False, None)


def test_this_machine_is_not_before_its_own_installation() -> None:
    assert "before v6expose was installed" not in check_clock().detail
