"""Judgements become rows: fifty of RFC 6092 an address, and what RFC 7084 and RFC 9099 say of the same facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.batteries.simple_security.facts import Facts, Judgement, untestable, worst
from scanner.batteries.simple_security.judge import JUDGES
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.recommendation import Recommendation
from scanner.model.text import mark, say

OF_THE_ROUTER = (8, 9, 50)  # these are about its own address, not about the host's


@dataclass(frozen=True, slots=True)
class Kin:
    """A requirement of another standard that the same measurement answers. ``of``: the recommendations whose worst
    result is this one's, None for those of ``filters``.
    """

    standard: Standard
    id: str
    title: str
    of: tuple[int, ...]


# What adds something a home user can see; RFC 9099 section 3.1 is its list for the edge of a network.
KIN = (
    Kin(Standard.RFC7084, "S-2", mark("Source addresses that are not the home's do not leave it (BCP 38)"), (5,)),
    Kin(Standard.RFC7084, "ULA-4", mark("Unique local addresses stay at home"), (7,)),
    Kin(Standard.RFC9099, "3.1 internal addresses", mark("Addresses for internal use are filtered at the edge"), (7,)),
    Kin(Standard.RFC9099, "3.1 bogons", mark("Reserved addresses are filtered at the edge"), (3,)),
    Kin(Standard.RFC9099, "3.1 anti-spoofing", mark("Forged source addresses are filtered at the edge"), (5,)),
    Kin(Standard.RFC9099, "3.1 ICMPv6", mark("ICMPv6 that connections need comes in"), (18, 36)),
    Kin(Standard.RFC9099, "3.1 extension headers", mark("Deprecated extension headers are filtered"), (4,)),
    Kin(Standard.RFC9099, "3.1 services", mark("Services nobody outside needs are not offered there"), (8, 9, 50)),
)
POLICY = mark("Which of the two policies for homes is in force")


def judge(facts: Facts) -> dict[int, Judgement]:
    """By recommendation; those without a judge are not testable for the reason in the catalogue."""
    return {number: one(facts) for number, one in JUDGES.items()}


def rows(
    address: IPv6Address,
    vantage: str,
    facts: Facts,
    catalogue: tuple[Recommendation, ...],
    *,
    router_too: bool = True,
) -> Iterator[ConformanceRow]:
    """Everything that is said of one address; of the router's own only once, where ``router_too``."""
    told = judge(facts)
    router = facts.gate.address if facts.gate else None
    for one in catalogue:
        if one.number in OF_THE_ROUTER and router and not router_too:
            continue
        judgement = told.get(one.number) or untestable(say(one.untestable))
        where = router if one.number in OF_THE_ROUTER and router else address
        yield row(Standard.RFC6092, one.id, where, vantage, judgement, one.title)
    yield from kin(address, vantage, facts, told)


def kin(address: IPv6Address, vantage: str, facts: Facts, told: Mapping[int, Judgement]) -> Iterator[ConformanceRow]:
    for one in KIN:
        yield row(one.standard, one.id, address, vantage, worst([told[number] for number in one.of]), one.title)
    policy = policy_of(facts)
    yield row(Standard.RFC9099, "5 policy", address, vantage, policy, POLICY)


def let_in(facts: Facts) -> bool:
    return facts.arrived("unsolicited.udp") or facts.arrived("unsolicited.tcp.0")


def policy_of(facts: Facts) -> Judgement:
    """RFC 9099 section 5: outbound only or open; either conforms, and the owner should know which."""
    if let_in(facts):
        evidence = say("open: the router lets in what nobody inside asked for")
        return Judgement(Result.CONFORMS, evidence, say("every host must then protect itself"))
    if facts.doubt:
        return untestable(facts.doubt)
    if not facts.reached("udp") and not facts.reached("tcp"):
        return untestable(say("nothing was seen to get as far as the router: what stops it may lie before"))
    return Judgement(Result.CONFORMS, say("outbound only: what nobody inside asked for does not come in"), "")


def row(
    standard: Standard, name: str, address: IPv6Address, vantage: str, judgement: Judgement, title: str
) -> ConformanceRow:
    return ConformanceRow(
        standard, name, str(address), vantage, judgement.result, judgement.evidence, judgement.why, say(title)
    )


def unasked(
    address: IPv6Address, vantage: str, why: str, catalogue: tuple[Recommendation, ...]
) -> Iterator[ConformanceRow]:
    """Every row, where nothing could be measured at all."""
    for one in catalogue:
        reason = untestable(say(one.untestable) if one.untestable else why)
        yield row(Standard.RFC6092, one.id, address, vantage, reason, one.title)
    others = [(one.standard, one.id, one.title) for one in KIN]
    for standard, name, title in (*others, (Standard.RFC9099, "5 policy", POLICY)):
        yield row(standard, name, address, vantage, untestable(why), title)
