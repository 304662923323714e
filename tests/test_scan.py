"""What a scan does after the measurement: the DNS, Ctrl-C while it is asked, and addresses as the run tells them."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv6Address

import pytest

from scanner import scan as module
from scanner.discovery.events import Change
from scanner.discovery.follow import Event
from scanner.model.address import Inventory
from scanner.model.errors import EnvironmentFault
from scanner.model.run import CallHome
from scanner.names.at_scan import Known
from scanner.names.ddns.reading import Reading
from scanner.scan import address_records, event_record, held, look_names_up
from tests.findings.conftest import STABLE, address, inventory, temporary, vantage

AT, LATER = datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 23, 13, tzinfo=UTC)
HOST, BORN = inventory(), address("2001:db8:a:1:1c2d:3e4f:5a6b:7c8d")


def discover() -> Inventory:
    return HOST


def gone() -> Inventory:
    raise EnvironmentFault("netlink does not answer")


def test_ctrl_c_while_names_are_looked_up_keeps_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> Known:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "find_names", lambda names: (names, Reading()))
    monkeypatch.setattr(module, "ask_names", pressed)
    known, stopped = look_names_up(("www.home.example",), HOST, discover, lambda _: None)
    assert stopped
    assert known.problems == ("interrupted while names were looked up: the measurement is complete",)


def test_only_reachable_addresses_are_looked_up_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[IPv6Address] = []

    def asked(names: object, reading: object, own: object) -> Known:
        given.extend(own)  # type: ignore[call-overload]
        return Known()

    steps: list[str] = []
    monkeypatch.setattr(module, "find_names", lambda names: (names, Reading()))
    monkeypatch.setattr(module, "ask_names", asked)
    everything = replace(HOST, addresses=(*HOST.addresses, address("fe80::1"), address("fd00::1")))
    look_names_up(("www.home.example",), HOST, lambda: everything, lambda step: steps.append(step.stage))
    assert given == [one.ip for one in HOST.addresses]
    assert steps == ["asking the DNS"]


def test_addresses_that_cannot_be_read_any_more_are_the_last_ones_known() -> None:
    assert held(HOST, gone) == HOST.addresses
    assert held(inventory(address()), discover) == HOST.addresses


def test_an_address_tells_where_it_was_seen_and_one_born_later_counts_from_then() -> None:
    seen = replace(vantage("vps"), call_home=CallHome("x", STABLE, STABLE, proven=True))
    other = replace(vantage("cafe"), call_home=CallHome("x", STABLE, None, proven=False))
    host = inventory(replace(address(), age=60.0), temporary(), replace(BORN, age=60.0))
    scanned = frozenset({IPv6Address(STABLE)})
    stable, fleeting, born = address_records(host, frozenset({BORN.ip}), scanned, (seen, other), (AT, LATER))
    assert (stable.seen_at, fleeting.seen_at) == (("vps",), ())
    assert [one.why_not_scanned for one in (stable, fleeting, born)] == ["", "not asked for", "born in mid-scan"]
    assert stable.created_at == datetime(2026, 11, 23, 11, 59, tzinfo=UTC)
    assert born.created_at == datetime(2026, 11, 23, 12, 59, tzinfo=UTC)


@pytest.mark.parametrize("change", list(Change))
def test_every_change_has_its_word_in_the_run(change: Change) -> None:
    record = event_record(Event(change, temporary(), AT))
    assert (record.change, record.kind, record.state, record.at) == (change.value, "temporary", "preferred", AT)
