"""Which rules may decide about a flow, in the kernel's order. Pure, and never a guess.

Every base chain that an inbound packet to the host itself meets, by hook and priority, is walked through jumps, gotos
and returns. A rule of which it is not known whether it matches makes two ways: what it does is one possible end, what
follows it another. So the walk ends in a set of ends; one end means that the rules alone tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from scanner.hostwall.flow import NEW, UNTRACKED, Flow, Moment, all_hold, holds
from scanner.hostwall.values import (
    CONTINUE,
    Act,
    Action,
    Chain,
    ChainKey,
    Field,
    Hook,
    HostRules,
    Interface,
    Lookup,
    Rule,
    Unclear,
    WayBack,
    Within,
    matches_of,
)
from scanner.model.text import say

HOOKS = ("ingress", "prerouting", "input")
DEEPEST = 64  # jumps; the kernel allows 16
SAME_PRIORITY = say("chains of the same priority, whose order is not known, would both stop it")
STOPS = frozenset({Act.DROP, Act.REJECT, Act.ELSEWHERE})


@dataclass(frozen=True, slots=True)
class End:
    """One way it may end: by rule ``number`` (from 0) of ``chain``, by the chain's policy (``number`` None), or by no
    rule at all (``chain`` None: nothing stopped it). ``text`` is the rule's, or the policy's.
    """

    act: Act
    word: str = ""
    chain: ChainKey | None = None
    number: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ends:
    """``doubts``: what could not be known on the way, in the words of the rules."""

    possible: tuple[End, ...]
    doubts: tuple[str, ...] = ()


PASSED = End(Act.ACCEPT)
THROUGH = End(Act.RETURN)  # a chain came to its end


@dataclass(slots=True)
class _Walk:
    """One flow's walk. ``tracked`` grows where a rule may switch connection tracking off."""

    flow: Flow
    chains: Mapping[ChainKey, Chain]
    tracked: frozenset[int] = frozenset({NEW})
    doubts: dict[str, None] = field(default_factory=dict)
    known: dict[tuple[ChainKey, Hook, frozenset[int]], tuple[End, ...]] = field(default_factory=dict)


def decide(flow: Flow, rules: HostRules) -> Ends:
    """Every end that ``flow`` may come to."""
    walk = _Walk(flow, {chain.key: chain for chain in rules.chains})
    possible: dict[End, None] = {}
    for group in in_order(rules.chains, flow.interface):
        ends = _group(walk, group)
        possible.update(dict.fromkeys(end for end in ends if end != PASSED))
        if PASSED not in ends:
            return Ends(tuple(possible), tuple(walk.doubts))
    return Ends((*possible, PASSED), tuple(walk.doubts))


def in_order(chains: Sequence[Chain], interface: str | None) -> Iterator[tuple[Chain, ...]]:
    """Base chains as the kernel calls them; those of the same priority together."""
    hooked = [
        (HOOKS.index(chain.hook.name), chain.hook.priority, chain)
        for chain in chains
        if chain.hook is not None and chain.hook.name in HOOKS and _on(chain.hook, interface)
    ]
    hooked.sort(key=lambda row: row[:2])
    for _, rows in groupby(hooked, key=lambda row: row[:2]):
        yield tuple(chain for *_, chain in rows)


def _on(hook: Hook, interface: str | None) -> bool:
    return not hook.device or interface is None or interface in hook.device.split(",")


def _group(walk: _Walk, chains: Sequence[Chain]) -> set[End]:
    each = [_base(walk, chain) for chain in chains]
    ends = {end for found in each for end in found if end != PASSED}
    if sum(any(end != PASSED for end in found) for found in each) > 1:
        walk.doubts[SAME_PRIORITY] = None
    return ends | {PASSED} if all(PASSED in found for found in each) else ends


def _base(walk: _Walk, chain: Chain) -> set[End]:
    """The ends of one base chain: PASSED, or what stops."""
    assert chain.hook is not None  # noqa: S101  (in_order() gives base chains only)
    ends = set()
    for end in _chain(walk, chain, chain.hook, 0):
        if end == THROUGH:
            ends.add(PASSED if chain.hook.policy is Act.ACCEPT else End(Act.DROP, "", chain.key, None, "policy drop"))
        else:
            ends.add(end if end.act in STOPS else PASSED)
    if ends != {PASSED} and (chain.family == "bridge" or (chain.hook.device and walk.flow.interface is None)):
        named = f"{chain.family} {chain.table} {chain.name}"
        walk.doubts[say("{chain} sees some interfaces only", chain=named)] = None
        ends.add(PASSED)
    return ends


def _chain(walk: _Walk, chain: Chain, hook: Hook, depth: int) -> tuple[End, ...]:
    """The ends of the chain's rules; THROUGH where the last one is passed."""
    endless = (End(Act.ELSEWHERE, say("jumps in circles"), chain.key),)
    if depth > DEEPEST:
        return endless
    key = (chain.key, hook, walk.tracked)
    if key not in walk.known:
        walk.known[key] = endless  # what it is while its own rules are walked; the kernel allows no circles
        walk.known[key] = tuple(_rules(walk, chain, hook, depth))
    return walk.known[key]


def _rules(walk: _Walk, chain: Chain, hook: Hook, depth: int) -> Iterator[End]:
    seen: set[End] = set()
    moment = Moment(walk.flow, hook, walk.tracked)
    for number, rule in enumerate(chain.rules):
        if rule.action == CONTINUE and not rule.cases:
            continue  # whatever it looks at, it does nothing to the packet
        if moment.tracked != walk.tracked:
            moment = Moment(walk.flow, hook, walk.tracked)
        truth = all_hold(rule.matches, moment)
        if truth is False:
            continue
        place = End(Act.ELSEWHERE, "", chain.key, number, rule.text)
        for action, certain in _acts(rule, moment, truth is True):
            if not certain and action != CONTINUE:
                _doubt(walk, rule, moment)
            ends, goes_on = _do(walk, place, action, hook, depth)
            yield from ends - seen
            seen |= ends
            if certain and not goes_on:
                return
    yield THROUGH


def _acts(rule: Rule, moment: Moment, matched: bool) -> Iterator[tuple[Action, bool]]:  # noqa: FBT001
    """What the rule may do, and whether it does so for certain."""
    if not rule.cases:
        yield rule.action, matched
        return
    for case in rule.cases:
        truth = all_hold(case.matches, moment)
        if truth is not False:
            yield case.action, matched and truth is True
        if truth is True:
            return


def _doubt(walk: _Walk, rule: Rule, moment: Moment) -> None:
    for match in matches_of(rule):
        if holds(match, moment) is None:
            walk.doubts[match.words if isinstance(match, Unclear) else _unknown(match)] = None


def _unknown(match: object) -> str:
    words = {Interface: say("the interface"), WayBack: say("the way back"), Lookup: say("what the set looks at")}
    return say("{what} is not known", what=getattr(match, "field", None) or words.get(type(match), say("something")))


def _do(walk: _Walk, place: End, action: Action, hook: Hook, depth: int) -> tuple[set[End], bool]:
    """What the action may lead to, and whether the next rule of this chain may come. ``place`` is the rule's."""
    match action.act:
        case Act.CONTINUE:
            return set(), True
        case Act.NOTRACK:
            walk.tracked |= {UNTRACKED}
            return set(), True
        case Act.RETURN:
            return {THROUGH}, False
        case Act.JUMP | Act.GOTO:
            return _jump(walk, place, action, hook, depth)
        case _:
            return {replace(place, act=action.act, word=action.word)}, False


def _jump(walk: _Walk, place: End, action: Action, hook: Hook, depth: int) -> tuple[set[End], bool]:
    assert place.chain is not None  # noqa: S101  (a rule stands in a chain)
    target = walk.chains.get((*place.chain[:3], action.word))
    if target is None:
        return {replace(place, word=say("jumps to chain {chain}, which is not listed", chain=action.word))}, False
    ends = set(_chain(walk, target, hook, depth + 1))
    if action.act is Act.GOTO:
        return ends, False
    return ends - {THROUGH}, THROUGH in ends


def ports_that_differ(rules: HostRules) -> tuple[int, ...]:
    """The ports at which some rule begins or ends to match: between two of them all ports fare alike."""
    edges = {0}
    for chain in rules.chains:
        for rule in chain.rules:
            for match in matches_of(rule):
                if isinstance(match, Within) and match.field is Field.TARGET_PORT:
                    edges |= {edge for low, high in match.ranges for edge in (low, high + 1)}
    return tuple(sorted(edge for edge in edges if edge <= 65535))  # noqa: PLR2004
