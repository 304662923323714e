"""``v6expose doctor`` on the lab's host, with its vantage and without."""

import json
import sys
from typing import Any

from scanner.lab.lab import Lab


def doctor(lab: Lab, node: str, *argv: str) -> tuple[int, dict[str, dict[str, Any]]]:
    command = [sys.executable, "-m", "scanner.cli.main", "doctor", "--json", *argv]
    done = lab.exec(node, command, capture_output=True, check=False)
    return done.returncode, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_the_host_is_well_and_so_is_its_vantage(lab: Lab) -> None:
    status, checks = doctor(lab, "host", "--vantage", f"netns:{lab.node('inet')}")
    assert status == 0, checks
    assert {name: checks[name]["status"] for name in ("privilege", "packet socket", "addresses", "vantage")} == {
        "privilege": "ok",
        "packet socket": "ok",
        "addresses": "ok",
        "vantage": "ok",
    }
    assert checks["default router"]["status"] in ("ok", "warn")
    assert checks["default router"]["detail"].startswith("fe80::")


def test_a_namespace_that_is_not_there_fails(lab: Lab) -> None:
    status, checks = doctor(lab, "host", "--vantage", "netns:v6x-none-of-that-name")
    assert (status, checks["vantage"]["status"]) == (4, "fail")
    assert "there is no such network namespace" in checks["vantage"]["detail"]


def test_a_vantage_without_a_way_to_us_fails(lab: Lab) -> None:
    """A place without a default route cannot reach the host: the doctor says so before a scan does."""
    lab.exec("inet2", ["ip", "-6", "route", "flush", "default"], check=True)
    status, checks = doctor(lab, "host", "--vantage", f"netns:{lab.node('inet2')}")
    assert (status, checks["vantage"]["status"]) == (4, "fail")
    assert "has no IPv6 way to" in checks["vantage"]["detail"]
