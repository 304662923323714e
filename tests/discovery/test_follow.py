"""The story of the host's addresses: told in order, with the time of day, by a watch that is given."""

import os
import time
from datetime import UTC, datetime
from ipaddress import IPv6Address

import pytest

from scanner.discovery import follow as module
from scanner.discovery.events import AddressEvent, Change
from scanner.discovery.follow import Story, Unwatched, follow
from scanner.model.errors import EnvironmentFault
from tests.findings.conftest import address

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE, OTHER = address(), address("2001:db8:a:1::2")


class Watch:
    """What an AddressWatch is to a story; ``tell`` is the kernel."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        self.waiting: list[AddressEvent] = []
        self.fault: EnvironmentFault | None = None

    def fileno(self) -> int:
        return self._out

    def events(self) -> tuple[AddressEvent, ...]:
        if self.fault:
            raise self.fault
        told, self.waiting = tuple(self.waiting), []
        if told:
            os.read(self._out, len(told))
        return told

    def tell(self, change: Change, one: object = ONE) -> None:
        self.waiting.append(AddressEvent(change, one, 0.0))  # type: ignore[arg-type]
        os.write(self._in, b".")

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_the_story_is_told_without_being_asked(watch: Watch) -> None:
    with Story(watch, lambda: NOON) as story:  # type: ignore[arg-type]
        watch.tell(Change.BORN)
        deadline = time.monotonic() + 20
        while watch.waiting and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not watch.waiting, "its thread listens"
        watch.tell(Change.DEPRECATED, OTHER)
        assert [(event.change, event.address, event.at) for event in story.events] == [
            (Change.BORN, ONE, NOON),
            (Change.DEPRECATED, OTHER, NOON),
        ]


def test_what_was_gone_once_is_not_lasting_though_it_came_back(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "present_addresses", lambda: frozenset({ONE.ip, OTHER.ip}))
    with Story(watch, lambda: NOON) as story:  # type: ignore[arg-type]
        assert story.lasting() == {ONE.ip, OTHER.ip}
        watch.tell(Change.REMOVED)
        watch.tell(Change.BORN)
        assert story.lasting() == {OTHER.ip}


def test_a_watch_that_fails_ends_the_story_and_says_why(watch: Watch) -> None:
    with Story(watch, lambda: NOON) as story:  # type: ignore[arg-type]
        watch.tell(Change.BORN)
        assert len(story.events) == 1
        watch.fault = EnvironmentFault("the kernel is silent")
        assert len(story.events) == 1
        assert story.why == "the kernel is silent"


def test_without_a_watch_there_is_a_story_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> object:
        raise EnvironmentFault("no netlink here")

    monkeypatch.setattr(module, "AddressWatch", none)
    monkeypatch.setattr(module, "present_addresses", lambda: frozenset({IPv6Address("::1")}))
    with follow() as story:
        assert isinstance(story, Unwatched)
        assert (story.events, story.why, story.lasting()) == ((), "no netlink here", {IPv6Address("::1")})
