"""What ``nft monitor trace`` says, read. Pure; never raises, lines of another kind are passed over."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scanner.hostwall.nft_text import COUNTS

LINE = re.compile(r"trace id (?P<id>[0-9a-f]+) (?P<family>\S+) (?P<table>\S+) (?P<chain>\S+) (?P<rest>.+)$")
RULE = re.compile(r"(?:unknown )?rule (?P<text>.*) \(verdict (?P<verdict>[a-z]+)(?: \S+)?\)$")
POLICY = re.compile(r"policy (?P<policy>accept|drop)$")
VERDICT = re.compile(r"verdict (?P<verdict>[a-z]+)(?: \S+)?$")
ENDED = frozenset({"drop", "stolen", "queue"})
GOING_ON = frozenset({"continue", "jump", "goto", "return"})


@dataclass(frozen=True, slots=True)
class Step:
    """One rule or policy that a packet met, in the kernel's order. ``text`` of a policy is "policy accept|drop"."""

    packet: str  # the kernel's number of the traced packet
    family: str
    table: str
    chain: str
    text: str
    verdict: str

    @property
    def ends(self) -> bool:
        return self.verdict in ENDED

    def __str__(self) -> str:
        return f"nftables {self.family} {self.table} {self.chain}: {self.text}"


def read_steps(lines: Iterable[str]) -> tuple[Step, ...]:
    """Every step of every packet, without what a packet looks like."""
    return tuple(step for line in lines if (step := read_step(line)) is not None)


def read_step(line: str) -> Step | None:
    found = LINE.match(line.strip())
    if found is None:
        return None
    place = (found["id"], found["family"], found["table"], found["chain"])
    rest = found["rest"]
    if rule := RULE.match(rest):
        return Step(*place, COUNTS.sub("counter", rule["text"]), rule["verdict"])
    if policy := POLICY.match(rest):
        return Step(*place, rest, policy["policy"])
    if verdict := VERDICT.match(rest):
        return Step(*place, rest, verdict["verdict"])
    return None


def deciding(steps: Iterable[Step], own: str) -> tuple[Step | None, bool]:
    """The step that stopped a traced packet, None where nothing that nftables traces did; and whether any packet was
    seen at all. ``own`` is the table that switched tracing on, which stops nothing.
    """
    seen = False
    for step in steps:
        seen = True
        if step.ends and step.table != own:
            return step, True
    return None, seen
