"""What the batteries send, as data: one ``Case`` a row of data/evasion.toml and data/icmpv6.toml."""

from dataclasses import dataclass

from scanner.model.finding import Severity


@dataclass(frozen=True, slots=True)
class Case:
    """``base`` says where its packets go: a TCP port that is blocked or let in, a blocked UDP port, a flow the inside
    opened, or nothing of the kind (unsolicited). ``linux`` is how a Linux host answers where nothing filters, "silent"
    if not at all. ``severity`` is that of a finding if it arrives (or, where it must pass, if it does not); ``taken``
    if the host takes it. ``path`` names the case whose hop-limited copy shows that such packets reach the home router
    ("self": its own), "" where nothing on the way minds. ``count`` packets make one copy.
    """

    id: str
    name: str
    standard: str
    packet: str
    filter: str
    linux: str
    base: str
    group: str
    severity: Severity
    taken: Severity
    path: str = ""
    count: int = 1
