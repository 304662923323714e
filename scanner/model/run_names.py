"""The owner's names in the run document: what the DNS said at the end of the scan, and what it means for this host."""

from dataclasses import dataclass

from scanner.model.names import Method, Outcome, Role, Standing


@dataclass(frozen=True, slots=True)
class NameAddress:
    """An address that the name has. ``interface`` and lifetimes (seconds, null for ever) are those of the host's own
    address, null where it has no such one. ``ttl`` in seconds. ``everywhere``: every server that was heard has it.
    """

    address: str
    standing: Standing
    interface: str | None
    preferred_lifetime: int | None
    valid_lifetime: int | None
    ttl: int | None
    everywhere: bool


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """One question to one server. ``detail`` says what the outcome leaves open."""

    server: str
    role: Role
    question: str
    record: str
    outcome: Outcome
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ttl: int | None = None
    alias: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NameKeeper:
    """The DDNS client that keeps the name, and the line of its settings."""

    client: str
    path: str
    line: int
    method: Method
    setting: str


@dataclass(frozen=True, slots=True)
class NameEntry:
    """``unanswered``: somebody who should have been asked gave no answer that settles the question. ``pointers`` are
    the PTR records of the host's own addresses among ``addresses``.
    """

    name: str
    zone: str
    unanswered: bool
    addresses: tuple[NameAddress, ...]
    answers: tuple[NameAnswer, ...]
    kept_by: tuple[NameKeeper, ...] = ()
    problems: tuple[str, ...] = ()
    pointers: tuple[NameAnswer, ...] = ()
