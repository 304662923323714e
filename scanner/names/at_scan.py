"""The owner's names at the end of a scan, in a time and a number of questions that are bounded, whatever the DNS does.

Asked after the measurement, never beside it: a question of this host opens a UDP port on routers with
endpoint-independent filtering (RFC 6092 REC-11).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv6Address

from scanner.model.names import Answer, NameRecord, Outcome, Role, Server
from scanner.model.text import say
from scanner.names.ask import Ask, Asker
from scanner.names.ddns import find_settings
from scanner.names.ddns.reading import Reading
from scanner.names.look_up import look_up, point_back
from scanner.names.resolvers import system_resolvers

SECONDS = 6.0  # for all names together
A_TRY = 1.5  # seconds
TRIES = 4  # of one question at most: twice over UDP, then over TCP, once more where the answer was cut
MOST_QUESTIONS = 200
MOST_NAMES = 32
AT_ONCE = 8  # names
NO_TIME = "the scan waits no longer for the DNS"


@dataclass(frozen=True, slots=True)
class Known:
    """What the DNS said of each name; ``pointers`` are the PTR answers for this host's addresses that have a name."""

    records: tuple[NameRecord, ...] = ()
    pointers: tuple[Answer, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Bounded:
    """Asks until the time or the questions are used up; from then on every answer is a typed timeout, at once."""

    until: float  # of ``clock``
    left: int = MOST_QUESTIONS
    clock: Callable[[], float] = time.monotonic
    asker: Callable[[float], Ask] = field(default=Asker)  # seconds a try -> who asks

    def __call__(self, server: Server, name: str, record: str, role: Role) -> Answer:
        seconds = self.until - self.clock()
        self.left -= 1
        if seconds <= 0 or self.left < 0:
            return Answer(server, role, name, record, Outcome.TIMEOUT, detail=NO_TIME)
        return self.asker(min(A_TRY, seconds / TRIES))(server, name, record, role)


def find_names(
    asked: Sequence[str], settings: Callable[[], Reading] = find_settings
) -> tuple[tuple[str, ...], Reading]:
    """The names asked for, then those that DDNS clients on this host keep; and what their settings say."""
    reading = settings()
    kept = (one.name for one in reading.publications if one.whole)
    return tuple(dict.fromkeys((*asked, *kept))), reading


def ask_names(
    names: Sequence[str],
    reading: Reading,
    own: Iterable[IPv6Address],
    resolvers: tuple[Server, ...] | None = None,
    ask: Ask | None = None,
) -> Known:
    """Never raises for what the DNS does. ``own`` are the host's addresses that a stranger can reach."""
    if not names:
        return Known(problems=reading.problems)
    servers = resolvers or system_resolvers()
    bounded = ask or Bounded(time.monotonic() + SECONDS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asking = partial(look_up, resolvers=servers, ask=bounded, publications=reading.publications)
        records = tuple(pool.map(asking, names[:MOST_NAMES]))
    published = {ip for record in records for answer in record.answers for ip in answer.addresses}
    pointers = point_back([ip for ip in own if ip in published], servers, bounded)
    silent = [record.name for record in records if record.unanswered]
    problems = [*reading.problems, *(say("{name}: a question stayed unanswered", name=name) for name in silent)]
    if len(names) > MOST_NAMES:
        problems.append(
            say(
                "{count} names were not looked up: a scan asks for {most} at most",
                count=len(names) - MOST_NAMES,
                most=MOST_NAMES,
            )
        )
    return Known(records, pointers, tuple(problems))
