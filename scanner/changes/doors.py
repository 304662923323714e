"""A port of the addresses of one role over many runs: which doors are worth a picture, and how they stood."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from scanner.changes.measured import holds, ports_in, read_ports, size
from scanner.model.history import DoorHistory, Stretch
from scanner.model.verdict import Verdict

MOST_DOORS = 60
MOST_RUNS = 30
# a host that answers on this many ports of a role is a picture of nothing: a proxy or a tarpit on the path
_TOO_MANY = 512
# the one to look at first on top: what several addresses of a role, or several vantages, add up to
_WORST_FIRST: tuple[Verdict, ...] = tuple(Verdict)
_ANSWERS = frozenset({Verdict.OPEN, Verdict.OPEN_FILTERED})

Door = tuple[str, str, int]  # role, protocol, port


@dataclass(frozen=True, slots=True)
class Look:
    """What one run says: (role, protocol, verdict -> ports in nmap syntax) for every table that counts."""

    at: datetime
    tables: tuple[tuple[str, str, Mapping[Verdict, str]], ...]


def doors(looks: Sequence[Look], most: int = MOST_DOORS) -> tuple[DoorHistory, ...]:
    """The ports that answered strangers in any of ``looks`` (the oldest first); those that answer now come first."""
    told = [
        DoorHistory(role, protocol, port, tuple(_stretches(looks, (role, protocol, port))))
        for role, protocol, port in sorted(_answering(looks))
    ]
    return tuple(sorted(told, key=_order)[:most])


def _answering(looks: Iterable[Look]) -> frozenset[Door]:
    found: set[Door] = set()
    for look in looks:
        for role, protocol, verdicts in look.tables:
            for verdict in _ANSWERS & verdicts.keys():
                ranges = read_ports(verdicts[verdict])
                if size(ranges) <= _TOO_MANY:
                    found.update((role, protocol, port) for port in ports_in(ranges))
    return frozenset(found)


def _stretches(looks: Sequence[Look], door: Door) -> Iterable[Stretch]:
    seen = [(_worst(look, door), look.at) for look in looks]
    for verdict, group in groupby(seen, key=lambda one: one[0]):
        times = [at for _, at in group]
        yield Stretch(verdict, len(times), times[0], times[-1])


def _worst(look: Look, door: Door) -> Verdict | None:
    """What the most exposed address of the role said; None where none was asked."""
    role, protocol, port = door
    said = {
        verdict
        for table_role, table_protocol, verdicts in look.tables
        if (table_role, table_protocol) == (role, protocol)
        for verdict, text in verdicts.items()
        if text and holds(read_ports(text), port)
    }
    return next((verdict for verdict in _WORST_FIRST if verdict in said), None)


def _order(door: DoorHistory) -> tuple[int, str, int, str]:
    now = door.stretches[-1].verdict
    return _WORST_FIRST.index(now) if now else len(_WORST_FIRST), door.protocol, door.port, door.role
