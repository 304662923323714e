"""All answers about one name: from every authoritative server and from the resolver; and who an address is."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from ipaddress import IPv6Address
from typing import TypeVar

from scanner.model.names import Answer, NameRecord, Outcome, Publication, Role, Server
from scanner.names.ask import MOST_ALIASES, Ask
from scanner.names.zone import Delegation, ask_resolvers, find_delegation

AT_ONCE = 8  # questions

Item = TypeVar("Item")
ServersOf = Callable[[str], tuple[tuple[Server, ...], ...]]


def look_up(
    name: str,
    resolvers: tuple[Server, ...],
    ask: Ask,
    authoritative: tuple[Server, ...] = (),
    publications: Iterable[Publication] = (),
) -> NameRecord:
    """``authoritative`` takes the place of the zone's name servers, which then are not looked for."""
    problems: list[str] = []
    zones: list[str] = []

    def servers_of(target: str) -> tuple[tuple[Server, ...], ...]:
        given = Delegation("", tuple((server,) for server in authoritative))
        delegation = given if authoritative else find_delegation(target, resolvers, ask)
        problems.extend(delegation.problems)
        zones.append(delegation.zone)
        return delegation.servers

    answers = _from_authoritative(name, servers_of, ask)
    answers += (ask_resolvers(name, "AAAA", resolvers, ask),)
    kept = tuple(one for one in publications if one.keeps(name))
    return NameRecord(name, zones[0], answers, kept, tuple(dict.fromkeys(problems)))


def point_back(addresses: Iterable[IPv6Address], resolvers: tuple[Server, ...], ask: Ask) -> tuple[Answer, ...]:
    """The PTR record of each address, from the resolver."""
    return _all_at_once(
        partial(ask_resolvers, record="PTR", resolvers=resolvers, ask=ask),
        [ip.reverse_pointer for ip in addresses],
    )


def _from_authoritative(name: str, servers_of: ServersOf, ask: Ask) -> tuple[Answer, ...]:
    """Follows aliases from zone to zone; each answer is about ``name``, with the smallest TTL on the way."""
    target, ttl = name, None
    for _ in range(MOST_ALIASES):
        found = _all_at_once(partial(_ask_one, target, ask), servers_of(target))
        answers = tuple(replace(one, question=name, ttl=_least(ttl, one.ttl)) for one in found)
        if target != name:
            answers = tuple(replace(one, alias=one.alias or target) for one in answers)
        onward = [one for one in found if one.alias and one.outcome is not Outcome.ANSWERED]
        if not onward:
            return answers
        target, ttl = onward[0].alias, _least(ttl, onward[0].ttl)
    return tuple(replace(one, outcome=Outcome.MALFORMED, detail="aliases lead in a circle") for one in answers)


def _ask_one(target: str, ask: Ask, addresses: tuple[Server, ...]) -> Answer:
    return ask_resolvers(target, "AAAA", addresses, ask, Role.AUTHORITATIVE)


def _least(one: int | None, other: int | None) -> int | None:
    known = [ttl for ttl in (one, other) if ttl is not None]
    return min(known, default=None)


def _all_at_once(call: Callable[[Item], Answer], items: Sequence[Item]) -> tuple[Answer, ...]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(call, items))
