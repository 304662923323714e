"""The list of checks, and that each runs here."""

from scanner.discovery.checks.check import Check
from scanner.discovery.checks.every import CHECKS


def test_every_check_runs_and_has_a_name_of_its_own() -> None:
    found = [check() for check in CHECKS]
    assert all(isinstance(one, Check) and "\n" not in one.detail + one.remedy for one in found)
    assert [one.name for one in found] == [
        "python",
        "nmap",
        "ip",
        "nft",
        "privilege",
        "packet socket",
        "receive buffer",
        "addresses",
        "default router",
        "clock",
    ]
