"""``v6expose doctor`` with checks that are given to it, and a vantage that is a fake session."""

import json
import time
from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scanner.cli.doctor import check_vantage, judge_vantage
from scanner.cli.main import cli
from scanner.discovery.checks.check import Check, Status
from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.vantage.session import Hello
from scanner.vantage.spec import parse_spec

OK, WARN, FAIL = (
    Check("a", Status.OK, "all is well"),
    Check("b", Status.WARN, "a trifle", "mend it"),
    Check("c", Status.FAIL, "evil\x1b[31mname", "`sudo x`"),
)
SPEC = parse_spec("ssh:vps")
OWN = IPv6Address("2001:db8::1")
HELLO = Hello("3.11.2", "Linux", root=True, raw=True, why=None, nmap="7.93", addresses=(), clock=0.0)


def run(monkeypatch: pytest.MonkeyPatch, checks: tuple[Check, ...], *argv: str) -> Result:
    monkeypatch.setattr("scanner.discovery.checks.every.CHECKS", tuple(lambda check=check: check for check in checks))
    return CliRunner().invoke(cli, ["doctor", *argv])


@pytest.mark.parametrize(("checks", "status"), [((OK,), 0), ((OK, WARN), 0), ((OK, WARN, FAIL), 4), ((FAIL, OK), 4)])
def test_a_failure_is_exit_4_and_a_warning_is_none(
    monkeypatch: pytest.MonkeyPatch, checks: tuple[Check, ...], status: int
) -> None:
    assert run(monkeypatch, checks).exit_code == status
    assert run(monkeypatch, checks, "--json").exit_code == status


def test_a_line_a_check_and_the_remedy_below(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run(monkeypatch, (OK, WARN, FAIL)).stdout.splitlines()
    assert [line.rstrip() for line in lines] == [
        "ok    a               all is well",
        "warn  b               a trifle",
        "      -> mend it",
        "fail  c               evil<U+001B>[31mname",
        "      -> `sudo x`",
    ]


def test_quiet_shows_only_what_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "all is well" not in run(monkeypatch, (OK, WARN), "-q").stdout
    assert run(monkeypatch, (OK,), "-q").stdout == ""


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(run(monkeypatch, (OK, WARN), "--json").stdout)
    assert document == {
        "ok": True,
        "checks": [
            {"name": "a", "status": "ok", "detail": "all is well", "remedy": ""},
            {"name": "b", "status": "warn", "detail": "a trifle", "remedy": "mend it"},
        ],
    }
    assert json.loads(run(monkeypatch, (FAIL,), "--json").stdout)["ok"] is False


def test_a_spec_that_is_none_is_exit_2_before_any_check(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, (OK,), "--vantage", "vps")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'vps' has no known form" in result.stderr


class Far:
    """A session that answers at once."""

    def __init__(self, *, source: str | None = "2001:db8:f::2", drift: float = 0.0) -> None:
        self.hello = HELLO
        self.spec = SPEC
        self.closed = False
        self._source, self._drift = source, drift

    def request(self, command: Mapping[str, Any]) -> dict[str, Any]:
        if command["op"] == "ping":
            return {"e": "pong", "t": time.time() + self._drift}
        assert command == {"op": "route", "to": str(OWN)}
        return {"e": "routed", "source": self._source}

    def close(self) -> None:
        self.closed = True


def test_a_vantage_that_is_well() -> None:
    far = Far()
    found = check_vantage(SPEC, OWN, lambda _: far)
    assert (found.name, found.status, found.remedy) == ("vantage", Status.OK, "")
    assert found.detail.startswith("ssh:vps: python 3.11.2 on Linux, ")
    assert found.detail.endswith(" ms there and back, raw sockets, nmap 7.93")
    assert far.closed


def test_a_vantage_without_a_way_to_us_fails() -> None:
    found = check_vantage(SPEC, OWN, lambda _: Far(source=None))
    assert found.status is Status.FAIL
    assert found.detail.startswith("vantage ssh:vps has no IPv6 way to 2001:db8::1")
    assert "give that one an IPv6 address" in found.remedy


def test_without_an_address_of_ours_no_route_is_asked_for() -> None:
    assert check_vantage(SPEC, None, lambda _: Far(source=None)).status is Status.OK


@pytest.mark.parametrize("drift", [60.0, -60.0])
def test_clocks_apart_are_a_warning(drift: float) -> None:
    found = check_vantage(SPEC, OWN, lambda _: Far(drift=drift))
    assert found.status is Status.WARN
    assert "its clock is 60 s off ours" in found.detail


def test_a_vantage_that_does_not_open_fails_with_its_remedy() -> None:
    def refused(_: object) -> Far:
        raise EnvironmentFault("vantage vps refuses the ssh connection", "check the port")

    found = check_vantage(SPEC, OWN, refused)
    assert (found.status, found.detail, found.remedy) == (
        Status.FAIL,
        "vantage vps refuses the ssh connection",
        "check the port",
    )


def test_a_vantage_that_dies_is_closed_and_fails() -> None:
    class Dying(Far):
        def request(self, _: Mapping[str, Any]) -> dict[str, Any]:
            raise IncompleteError("the connection to vantage ssh:vps was lost", "run it again")

    far = Dying()
    assert check_vantage(SPEC, OWN, lambda _: far).status is Status.FAIL
    assert far.closed


def test_every_defect_is_told() -> None:
    poor = Hello(
        "3.8.0", "Linux", root=False, raw=False, why="Operation not permitted", nmap=None, addresses=(), clock=0.0
    )
    found = judge_vantage("ssh:vps", poor, 0.01, 0.0)
    assert found.status is Status.WARN
    assert "10 ms there and back; no raw sockets (Operation not permitted); no nmap" in found.detail
    assert found.remedy == "log in as root there, or allow sudo -n python3; apt install nmap there"
