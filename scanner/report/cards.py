"""Findings as cards: the same thing on several addresses is one card that lists them, as grave as the gravest of them.
Pure, shared by every format.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scanner.model.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Card:
    """``target`` is "445/tcp" or "" for the whole host; ``evidence`` pairs the addresses with what was seen there.
    ``findings`` are those the card tells of, at least one.
    """

    rule: str
    severity: Severity
    title: str
    target: str
    addresses: tuple[str, ...]
    why: tuple[str, ...]
    remedy: tuple[str, ...]
    evidence: tuple[tuple[tuple[str, ...], str], ...]
    standard: str
    anchor: str
    findings: tuple[Finding, ...]

    @property
    def place(self) -> str:
        """The target the way titles write it: tcp/445."""
        port, _, protocol = self.target.partition("/")
        return f"{protocol}/{port}"


def cards_of(findings: tuple[Finding, ...]) -> tuple[Card, ...]:
    """Most severe first, then by rule, port and title."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: -finding.severity.rank):
        alike.setdefault((finding.rule, _target(finding), finding.title), []).append(finding)
    groups = sorted(alike.values(), key=lambda group: _order(group[0]))
    taken: dict[str, int] = {}
    return tuple(_card(group, taken) for group in groups)


def _order(finding: Finding) -> tuple[int, str, str, int, str]:
    return -finding.severity.rank, finding.rule, finding.protocol or "", finding.port or 0, finding.title


def _target(finding: Finding) -> str:
    if finding.port is None:
        return finding.protocol or ""
    return f"{finding.port}/{finding.protocol}" if finding.protocol else str(finding.port)


def _card(group: list[Finding], taken: dict[str, int]) -> Card:
    first = group[0]
    evidence: dict[str, list[str]] = {}
    for finding in group:
        evidence.setdefault(finding.evidence, []).append(finding.address or "")
    return Card(
        rule=first.rule,
        severity=first.severity,
        title=first.title,
        target=_target(first),
        addresses=_distinct(finding.address or "" for finding in group),
        why=_distinct(finding.why for finding in group),
        remedy=_distinct(finding.remedy for finding in group),
        evidence=tuple((_distinct(addresses), text) for text, addresses in evidence.items() if text),
        standard=first.standard,
        anchor=_anchor(f"{first.rule}-{_target(first)}", taken),
        findings=tuple(group),
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def _anchor(text: str, taken: dict[str, int]) -> str:
    """An HTML id; two cards never share one."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    taken[name] = taken.get(name, 0) + 1
    return f"finding-{name}" if taken[name] == 1 else f"finding-{name}-{taken[name]}"
