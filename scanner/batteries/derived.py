"""What the evasion cases say about two more standards, as far as a home user can use it (RFC 9099, RFC 7084). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from scanner.batteries.bases import choose_bases
from scanner.batteries.ground import Ground
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.text import commas, say

ARRIVED = (Result.THROUGH, Result.PARTIAL)


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation that holds where none of ``cases`` gets through."""

    id: str
    title: str
    cases: tuple[str, ...]
    good: str
    bad: str


ADVICE = (
    Advice(
        "2.2.3",  # "first fragments that do not contain the entire IPv6 header chain"
        say("First fragments without the whole header chain are dropped"),
        ("fw6-19", "fw6-20", "X29", "X30", "X31", "X50", "Y01", "Y02", "Y03", "Y04", "Y05", "Y06", "Y08", "Y09"),
        say("no packet got in by hiding its headers in a later fragment"),
        say("packets get in by hiding their headers in a later fragment"),
    ),
    Advice(
        "2.2.1",  # order and repetition of extension headers
        say("Extension headers out of order, or too many of them, are dropped"),
        ("fw6-08", "fw6-09", "X11", "X12"),
        say("no packet with extension headers out of order got in"),
        say("packets with extension headers out of order get in"),
    ),
)


def derive(rows: Sequence[ConformanceRow], ground: Ground) -> tuple[ConformanceRow, ...]:
    """Rows of RFC 9099 and RFC 7084, for each address the evasion battery was played at."""
    found: list[ConformanceRow] = []
    for address in dict.fromkeys(row.address for row in rows if row.standard is Standard.EVASION):
        mine = {row.id: row for row in rows if row.standard is Standard.EVASION and row.address == address}
        found += [judge_advice(advice, mine) for advice in ADVICE]
        found.append(judge_default(ground, mine["tcp-ack"]))
    return tuple(found)


def judge_advice(advice: Advice, mine: dict[str, ConformanceRow]) -> ConformanceRow:
    some = [mine[case] for case in advice.cases]
    arrived = [row for row in some if row.result in ARRIVED]
    stopped = [row for row in some if row.result is Result.STOPPED]
    if arrived:
        result, why, shown = Result.VIOLATES, advice.bad, arrived
    elif stopped:
        result, why, shown = Result.CONFORMS, advice.good, stopped
    else:
        result, why, shown = Result.NOT_TESTABLE, some[0].why, some
    evidence = say("{result}: {cases}", result=shown[0].result, cases=commas([row.id for row in shown]))
    first = some[0]
    return ConformanceRow(
        Standard.RFC9099, advice.id, first.address, first.vantage, result, evidence, why, advice.title
    )


def judge_default(ground: Ground, like: ConformanceRow) -> ConformanceRow:
    """RFC 7084 section 4.5, S-1: a home router filters (RFC 6092). Whether it does, the sweep has shown."""
    address = next(one for one in ground.addresses if str(one) == like.address)
    bases = choose_bases(ground.tables, ground.listeners, address)
    title = say("The router filters what nobody inside asked for")
    why: str
    if "tcp-blocked" in bases.ports:
        result, why = Result.CONFORMS, say("your router stops unsolicited connections")
        evidence = say("TCP port {port} is stopped by your router", port=bases.ports["tcp-blocked"])
    elif bases.open_wide:
        result, why = Result.VIOLATES, say("your router lets every connection in")
        evidence = say("every scanned TCP port is let in")
    else:
        result, why, evidence = Result.NOT_TESTABLE, bases.why["tcp-blocked"], say("the sweep does not tell")
    return ConformanceRow(Standard.RFC7084, "S-1", like.address, like.vantage, result, evidence, why, title)
