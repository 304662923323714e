"""Messages to services, through a child process: it has a deadline, and nothing it logs gets anywhere.

URLs go in by a pipe; command lines and environments can be read by others.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import mark, say
from scanner.notify.message import Message
from scanner.notify.sources import Service

SECONDS = 10.0  # a service has; they are told at the same time
START_SECONDS = 30.0  # for a loaded machine to start Python and import apprise
SENT = "sent"
CHILD = ("-P", "-m", "scanner.notify.child")  # -P: nothing is imported from the current directory
MISSING = EnvironmentFault(say("notices need apprise, which is not there"), say("pip install 'v6expose[notify]'"))
_LARGEST_LINE = 1000

WORDS: Mapping[str, str] = {
    "sent": mark("sent"),
    "failed": mark("the service did not take it"),
    "refused": mark("the connection was refused"),
    "name": mark("its name was not found in the DNS"),
    "certificate": mark("no secure connection could be made (certificate or TLS)"),
    "login": mark("it did not accept the login"),
    "slow": mark("it did not answer in time"),
    "unreachable": mark("there is no way to it"),
    "hung-up": mark("it hung up"),
    "missing": mark("apprise is not installed"),
    "interrupted": mark("it was interrupted"),
    "child": mark("the process that sends ended before it was told"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one message. ``service`` is apprise's name of the kind ("ntfy"), ``why`` of ``WORDS`` or
    ``http-500``.
    """

    label: str
    service: str
    why: str

    @property
    def sent(self) -> bool:
        return self.why == SENT

    @property
    def words(self) -> str:
        if self.why.startswith("http-"):
            return say("it answered with HTTP status {status}", status=self.why.removeprefix("http-"))
        return say(WORDS[self.why])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the child: the service's name (None: not one of apprise's), or why it ended as it did."""

    index: int
    service: str | None = None
    why: str | None = None


def available() -> bool:
    return find_spec("apprise") is not None


def check(services: Sequence[Service]) -> tuple[str, ...]:
    """The kind of each service, as apprise names it. Raises InputError naming each line that is none, and
    EnvironmentFault without apprise.
    """
    if not available():
        raise MISSING
    answers, stopped = _ask([{"url": one.url} for one in services])
    if stopped:
        raise KeyboardInterrupt
    lines = {line.index: line for line in answers}
    if len(lines) < len(services):
        raise EnvironmentFault(
            say("apprise could not be asked about the places to tell"), say("try v6expose notify show")
        )
    for index, service in enumerate(services):
        if lines[index].service is None:
            raise InputError(
                say("{label}, is no URL that apprise can use", label=service.label),
                say("see its wiki for how to write one"),
            )
    return tuple(str(lines[index].service) for index in range(len(services)))


def send(messages: Sequence[tuple[Service, Message]], seconds: float = SECONDS) -> tuple[Outcome, ...]:
    """Tell every service at the same time; what takes longer than ``seconds`` did not get it. Raises nothing."""
    asked = [
        {"url": service.url, "title": message.title, "body": message.body, "tone": message.tone}
        for service, message in messages
    ]
    if not available():
        return tuple(Outcome(service.label, "", "missing") for service, _ in messages)
    names: dict[int, str] = {}
    ends: dict[int, str] = {}
    lines, stopped = _ask(asked, seconds)
    for line in lines:
        if line.why is not None:
            ends[line.index] = line.why
        else:
            names[line.index] = line.service or ""
    unfinished = "interrupted" if stopped else "slow"
    return tuple(
        Outcome(
            service.label, names.get(index, ""), ends.get(index, unfinished if stopped or index in names else "child")
        )
        for index, (service, _) in enumerate(messages)
    )


def _ask(services: Sequence[Mapping[str, str]], seconds: float = 0.0) -> tuple[tuple[Line, ...], bool]:
    """The lines, and whether the owner stopped it."""
    if not services:
        return (), False
    out, stopped = run_child(json.dumps({"seconds": seconds, "services": services}), START_SECONDS + seconds)
    return tuple(parse_lines(out, len(services))), stopped


def run_child(given: str, seconds: float) -> tuple[bytes, bool]:
    """What the child wrote until it ended, its time was over or the owner pressed Ctrl-C, which is the second value."""
    with subprocess.Popen(
        [sys.executable, *CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C here is ours to see to
    ) as child:
        stopped = False
        try:
            out, _ = child.communicate(given.encode(), timeout=seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as why:
            stopped = isinstance(why, KeyboardInterrupt)
            child.kill()
            out, _ = child.communicate()
    return out, stopped


def parse_lines(out: bytes, amount: int) -> Iterator[Line]:
    """What the child wrote; what is not as agreed is left out."""
    for raw in out.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            line = _line(json.loads(raw[:_LARGEST_LINE]), amount)
            if line is not None:
                yield line


def _line(document: Any, amount: int) -> Line | None:
    if not isinstance(document, dict):
        return None
    index, service, why = (document.get(key) for key in ("index", "service", "why"))
    if type(index) is not int or not 0 <= index < amount:
        return None
    if isinstance(why, str):
        status = why.removeprefix("http-")
        known = why in WORDS or (why != status and status.isascii() and status.isdigit() and len(status) == 3)  # noqa: PLR2004
        return Line(index, why=why if known else "failed")
    if isinstance(service, str) or service is None:
        return Line(index, None if service is None else service[:80])
    return None
