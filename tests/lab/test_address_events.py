"""Days pass in seconds: whatever the kernel holds at an instant, the watch lists it so."""

import itertools
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from scanner.discovery.events import AddressEvent, Change
from scanner.lab.lab import Lab
from scanner.model.address import Address, Kind, State

PREFIX, TEMPORARY = (4, 9), (3, 7)  # seconds preferred and valid: of the router's prefix, of a temporary address
WATCHED = 11.0
# On the host: follow the announcements, and between two of them compare with a fresh reading of the kernel.
WATCH = """
import pickle, select, sys, time
from scanner.discovery.addresses import read_addresses
from scanner.discovery.events import AddressWatch
from scanner.discovery import netlink
told, looks, wrong = [], 0, []
def states(addresses):
    return {(a.interface, a.ip, a.kind): a.state for a in addresses}
with AddressWatch() as watch:
    print("watching", file=sys.stderr, flush=True)
    until = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < until:
        select.select([watch], [], [], 0.1)
        told += watch.events()
        before = states(watch.addresses)
        kernel = read_addresses((netlink.read_addresses,))
        told += watch.events()
        if states(watch.addresses) != before:
            continue  # something happened while we looked
        looks += 1
        if states(kernel) != before:
            wrong.append((time.monotonic(), before, kernel))
pickle.dump((told, looks, wrong), sys.stdout.buffer)
"""


@pytest.fixture(scope="module")
def seen(unique_name: Callable[[], str]) -> dict[str, Any]:
    with Lab(unique_name(), lifetimes=PREFIX, temporary_lifetimes=TEMPORARY) as lab:
        host = lab.popen(
            "host",
            [sys.executable, "-c", WATCH, str(WATCHED)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert host.stderr is not None
        assert host.stderr.readline() == b"watching\n"
        time.sleep(3)
        lab.exec("host", ["ip", "addr", "add", "2001:db8:77::5/64", "dev", "lan0", "nodad"])
        lab.exec("host", ["ip", "addr", "del", "2001:db8:77::5/64", "dev", "lan0"])
        printed, problems = host.communicate(timeout=WATCHED + 20)
        assert host.returncode == 0, problems.decode()
    told, looks, wrong = pickle.loads(printed)  # noqa: S301  (our own script wrote it)
    return {"told": told, "looks": looks, "wrong": wrong}


def of(told: list[AddressEvent], change: Change) -> list[Address]:
    return [event.address for event in told if event.change is change]


def settled(wrong: list[Any]) -> list[Any]:
    """Between the end of a preferred lifetime and the kernel's announcement of it a reading may be ahead by a moment:
    such a difference is over a second later."""
    return [one for one, following in itertools.pairwise(wrong) if following[1] == one[1] and following[0] - one[0] > 1]


def test_every_address_is_listed_right_at_every_instant(seen: dict[str, Any]) -> None:
    assert seen["looks"] > 50
    assert settled(seen["wrong"]) == []
    ahead = [
        (key, state, next(a.state for a in kernel if (a.interface, a.ip, a.kind) == key))
        for _, before, kernel in seen["wrong"]
        for key, state in before.items()
        if next((a.state for a in kernel if (a.interface, a.ip, a.kind) == key), state) is not state
    ]
    assert {(state, now) for _, state, now in ahead} <= {(State.PREFERRED, State.DEPRECATED)}


def test_a_temporary_address_is_born_deprecated_and_removed(seen: dict[str, Any]) -> None:
    told = seen["told"]
    born = [one for one in of(told, Change.BORN) if one.kind is Kind.TEMPORARY]
    deprecated = {one.ip for one in of(told, Change.DEPRECATED)}
    removed = {one.ip for one in of(told, Change.REMOVED)}
    assert len(born) >= 2
    assert len({one.ip for one in born} & deprecated) >= 1
    assert removed & deprecated


def test_the_stable_address_is_refreshed_and_never_changes(seen: dict[str, Any]) -> None:
    changed = {event.address.ip for event in seen["told"] if event.address.kind is Kind.STABLE}
    assert {str(ip) for ip in changed} == {"2001:db8:77::5"}


def test_a_prefix_that_is_new_is_a_renumbering(seen: dict[str, Any]) -> None:
    told = [(event.change, str(event.address.ip)) for event in seen["told"] if "db8:77:" in str(event.address.ip)]
    assert told == [
        (Change.BORN, "2001:db8:77::5"),
        (Change.RENUMBERED, "2001:db8:77::5"),
        (Change.REMOVED, "2001:db8:77::5"),
    ]


def test_events_come_in_the_order_of_time(seen: dict[str, Any]) -> None:
    times = [event.at for event in seen["told"]]
    assert times == sorted(times)
