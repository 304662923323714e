"""A finding looked at again: gone, still there, or not measured. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from scanner.model.catalogue import PROTOCOLS
from scanner.model.conformance import ConformanceRow, Result
from scanner.model.evidence import Default
from scanner.model.finding import Finding
from scanner.model.ports import PortSet
from scanner.model.run import Run
from scanner.model.verdict import Verdict
from scanner.remedies.narrow import Narrow, Way

CASE = "case"  # in place of a shift's protocol: its ports are the name of a battery's case
BY_ROLES = frozenset({"V6X002", "V6X003", "V6X005"})  # one finding a protocol at most, about some or all addresses
BAD = frozenset({Result.THROUGH, Result.PARTIAL, Result.VIOLATES})
UNKNOWN = frozenset({Result.NOT_MEASURABLE, Result.NOT_TESTABLE})


class Standing(StrEnum):
    GONE = "gone"
    STILL_THERE = "still there"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Shift:
    """What became of ``ports`` (in nmap's syntax) of an address as seen from one vantage: verdict then, verdict now."""

    address: str
    vantage: str
    protocol: str
    before: str
    after: str
    ports: str


@dataclass(frozen=True, slots=True)
class Again:
    """``after`` is the finding as it is now, None where it is not found; ``why`` says why nothing is known."""

    before: Finding
    standing: Standing
    after: Finding | None = None
    why: str = ""
    shifts: tuple[Shift, ...] = ()


def judge_again(before: Finding, found: Iterable[Finding], measured: str) -> Again:
    """``measured`` is "" where everything was measured that would show the finding, otherwise what was not."""
    after = next((one for one in found if is_same(before, one)), None)
    if after is not None:
        return Again(before, Standing.STILL_THERE, after)
    if measured:
        return Again(before, Standing.NOT_MEASURED, why=measured)
    return Again(before, Standing.GONE)


def is_same(before: Finding, after: Finding) -> bool:
    """The fingerprint says it; where it holds the roles of addresses, which may be others today, the rule does."""
    if before.rule in BY_ROLES:
        return (before.rule, before.protocol) == (after.rule, after.protocol)
    return before.fingerprint == after.fingerprint


def unmeasured(before: Run, finding: Finding, run: Run, asked: Narrow) -> str:
    """Why the absence of ``finding`` in ``run`` would prove nothing; "" where it would."""
    if asked.way is not Way.PROBES:
        return ""
    usable = [vantage for vantage in run.vantages if vantage.outside.verdict != "refuted"]
    if run.run.interrupted:
        return "the measurement was interrupted"
    if not usable:
        return "no vantage could be used that is outside"
    if not run.run.witness:
        return "nobody watched inside: silence outside does not tell who stopped a probe"
    if any(vantage.false_blocked_bound is None for vantage in usable):
        return "the loss on the way could not be bounded"
    if asked.lan and not _lan_known(run):
        return "what the router does with the rest of the LAN could not be seen"
    if asked.batteries:
        return _cases_unmeasured(before, finding, run)
    return _ports_unmeasured(run, asked, {vantage.name for vantage in usable})


def _lan_known(run: Run) -> bool:
    return bool(run.lan) and all(row.verdict is not Default.UNKNOWN for row in run.lan)


def _cases_unmeasured(before: Run, finding: Finding, run: Run) -> str:
    """Every case that was bad must have been measured again, at whatever address."""
    told = {(row.standard, row.id) for row in run.conformance if row.result not in UNKNOWN}
    played = {row.standard for row in run.conformance}
    for row in bad_cases(before, finding):
        if row.standard in played and (row.standard, row.id) not in told:
            return f"case {row.id} could not be measured"
    return "" if told else "no case could be measured"


def bad_cases(before: Run, finding: Finding) -> tuple[ConformanceRow, ...]:
    """Those that the finding's evidence or the standard it cites names; all where neither does."""
    bad = tuple(row for row in before.conformance if row.result in BAD)
    words = set(re.split(r"[\s,;:()]+", f"{finding.evidence} {finding.standard}"))
    return tuple(row for row in bad if row.id in words) or bad


def _ports_unmeasured(run: Run, asked: Narrow, usable: set[str]) -> str:
    tables = [table for table in run.ports if table.vantage in usable]
    for protocol in PROTOCOLS:
        ports = asked.ports(protocol)
        if ports is not None and not ports.ranges:
            continue
        told = [table for table in tables if table.protocol == protocol]
        if not told or {table.vantage for table in told} != usable:
            return "a vantage delivered nothing"
        for table in told:
            if table.verdicts.get(Verdict.INDETERMINATE):
                unknown = table.verdicts[Verdict.INDETERMINATE]
                return f"{protocol}/{unknown[:60]} of {table.address} could not be determined"
    return ""


def shifts(before: Run, after: Run, pairs: dict[str, str]) -> Iterator[Shift]:
    """What changed between two runs on the ports of ``after``; ``pairs`` maps its addresses to those of ``before``."""
    for table in after.ports:
        old = _verdicts(before, pairs.get(table.address, table.address), table.vantage, table.protocol)
        ports: dict[tuple[str, str], list[int]] = {}
        for verdict, text in table.verdicts.items():
            for port in PortSet.parse(text):
                ports.setdefault((old.get(port, "not scanned"), str(verdict)), []).append(port)
        for (then, now), moved in sorted(ports.items(), key=lambda item: -len(item[1])):
            yield Shift(table.address, table.vantage, table.protocol, then, now, str(PortSet.of(sorted(moved))))


def case_shifts(before: Run, finding: Finding, after: Run) -> Iterator[Shift]:
    """What became of the cases that were bad."""
    results = {(row.standard, row.id): row.result for row in bad_cases(before, finding)}
    for row in after.conformance:
        then = results.get((row.standard, row.id))
        if then is not None:
            yield Shift(row.address, row.vantage, CASE, then, row.result, row.id)


def _verdicts(run: Run, address: str, vantage: str, protocol: str) -> dict[int, str]:
    wanted = (address, vantage, protocol)
    return {
        port: str(verdict)
        for table in run.ports
        if (table.address, table.vantage, table.protocol) == wanted
        for verdict, text in table.verdicts.items()
        for port in PortSet.parse(text)
    }
