"""Rules, chains and what they match. Pure.

A rule matches when all its matches are true. Ports, addresses, protocols and flags are integers, interfaces are names.
What is not understood is kept as ``Unclear`` with its words and is never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Field(StrEnum):
    """What of a packet, its flow or its way is looked at."""

    PROTOCOL = "protocol"
    FAMILY = "family"
    ETHER_TYPE = "ether type"
    TARGET = "destination address"
    SOURCE = "source address"
    TARGET_PORT = "destination port"
    SOURCE_PORT = "source port"
    TCP_FLAGS = "tcp flags"
    STATE = "ct state"
    STATUS = "ct status"
    DIRECTION = "ct direction"
    TARGET_TYPE = "type of the destination address"


Range = tuple[int, int]  # first and last


@dataclass(frozen=True, slots=True)
class Within:
    """The field lies in one of the ranges, which are sorted and disjoint."""

    field: Field
    ranges: tuple[Range, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """The field's bits under ``mask`` are one of ``values``."""

    field: Field
    mask: int
    values: tuple[int, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """The packet came in by an interface of one of these names; a trailing ``*`` stands for any end."""

    patterns: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class WayBack:
    """Whether answers to the source leave by ``interface``, "" for the one the packet came in by."""

    interface: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """Any of the rows, all of whose matches are true: a set of several fields."""

    rows: "tuple[tuple[Match, ...], ...]"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Never:
    """Cannot be true of a first TCP or UDP packet over IPv6 without extension headers."""

    words: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Not understood, or not to be known: rates, marks, hashes, users, sets that change by themselves."""

    words: str


Match = Within | Masked | Interface | WayBack | Lookup | Never | Unclear


class Act(StrEnum):
    ACCEPT = "accept"  # ends this base chain, not the others
    DROP = "drop"
    REJECT = "reject"
    JUMP = "jump"
    GOTO = "goto"
    RETURN = "return"
    CONTINUE = "continue"
    NOTRACK = "notrack"  # connection tracking leaves the packet alone; no verdict
    ELSEWHERE = "elsewhere"  # another destination, a program, or something not understood


@dataclass(frozen=True, slots=True)
class Action:
    """``word``: of REJECT nmap's reason word for the answer, of JUMP and GOTO the chain, of ELSEWHERE what happens."""

    act: Act
    word: str = ""


CONTINUE = Action(Act.CONTINUE)


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of a verdict map."""

    matches: tuple[Match, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Rule:
    """``text`` in the words of the tool that lists it. With ``cases``, the first that holds acts, otherwise none."""

    text: str
    matches: tuple[Match, ...]
    action: Action = CONTINUE
    cases: tuple[Case, ...] = ()

    def actions(self) -> tuple[Action, ...]:
        return tuple(case.action for case in self.cases) or (self.action,)


class Source(StrEnum):
    """Which tool lists the rule: the owner's way to it."""

    NFTABLES = "nftables"
    IP6TABLES = "ip6tables"
    LEGACY = "ip6tables-legacy"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where in the kernel a base chain is called. ``device`` is "" for every interface."""

    name: str  # "ingress" | "prerouting" | "input" | ...
    priority: int
    policy: Act
    device: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """``hook`` is None for a chain that is only jumped to. ``family`` is nftables': ip6, inet, netdev, bridge."""

    source: Source
    family: str
    table: str
    name: str
    hook: Hook | None
    rules: tuple[Rule, ...]

    @property
    def key(self) -> "ChainKey":
        return (self.source, self.family, self.table, self.name)


ChainKey = tuple[Source, str, str, str]


@dataclass(frozen=True, slots=True)
class HostRules:
    """Every chain that was read. ``problems``: what was not, one line each with its remedy; then nothing is sure."""

    chains: tuple[Chain, ...] = ()
    problems: tuple[str, ...] = ()


def every_match(matches: tuple[Match, ...]) -> Iterator[Match]:
    """The matches and those inside them."""
    for match in matches:
        yield match
        if isinstance(match, Lookup):
            for row in match.rows:
                yield from every_match(row)


def matches_of(rule: Rule) -> Iterator[Match]:
    """Every match a rule looks at, verdict maps included."""
    yield from every_match(rule.matches)
    for case in rule.cases:
        yield from every_match(case.matches)


def merged(ranges: list[Range]) -> tuple[Range, ...]:
    """Sorted and disjoint, as ``Within`` wants them."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)
