"""The rules, in one list that can be read, and their evaluation. docs/findings.md explains each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from scanner.findings import (
    addressing,
    batteries,
    binding,
    differences,
    exposed,
    gateway,
    lan,
    measured,
    names,
    partial,
    path,
    privacy,
    router,
    translation,
)
from scanner.findings.facts import Facts, Place, View, look
from scanner.model.address import Kind
from scanner.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """``judge`` gives the findings of this rule in any order."""

    id: str
    name: str
    judge: Callable[[View], Iterable[Finding]]


RULES = (
    Rule(exposed.RULE, "service exposed", exposed.judge_exposed),
    Rule(router.UNFILTERED, "router passes unsolicited traffic", router.judge_unfiltered),
    Rule(partial.RULE, "only some addresses are filtered", partial.judge_partial),
    Rule(path.UPSTREAM_FILTER, "filtered before your router", path.judge_upstream),
    Rule(router.VACANT_DOORS, "doors left open to nobody", router.judge_vacant_doors),
    Rule(path.IMPOSTOR, "something else answers for your host", path.judge_impostor),
    Rule(path.ANSWER_LOST, "answer lost on the way out", path.judge_answer_lost),
    Rule(measured.UNMEASURED, "could not be measured", measured.judge_unmeasured),
    Rule(measured.NOT_OUTSIDE, "vantage not outside", measured.judge_not_outside),
    Rule(privacy.PREFERRED_ON_SERVER, "temporary address preferred on a server", privacy.judge_preferred),
    Rule(privacy.LOST_AT_REBOOT, "setting will not survive a reboot", privacy.judge_lost),
    Rule(names.DYING, "temporary address in the DNS", names.judge_names_dying),
    Rule(names.ASTRAY, "name leads elsewhere", names.judge_names_astray),
    Rule(addressing.SHOWS_MAC, "address shows the MAC", addressing.judge_shows_mac),
    Rule(addressing.GUESSABLE, "guessable address", addressing.judge_guessable),
    Rule(binding.RULE, "service bound to every address", binding.judge_bound_to_all),
    Rule(addressing.STAYS_OPEN, "lifetimes keep doors open", addressing.judge_stays_open),
    Rule(lan.LAN_OPEN, "the rest of the LAN is let in", lan.judge_lan),
    Rule(translation.RULE, "addresses translated on the way", translation.judge_translation),
    Rule(differences.RULE, "vantages differ", differences.judge_differences),
    Rule(batteries.WAYS, "ways through the filter", batteries.judge_ways),
    Rule(batteries.UNWANTED, "unwanted ICMPv6 gets in", batteries.judge_unwanted),
    Rule(batteries.ERRORS_LOST, "errors about own connections are lost", batteries.judge_errors_lost),
    Rule(gateway.ROUTER_ANSWERS, "the router itself answers strangers", gateway.judge_router_answers),
    Rule(gateway.LEAKS, "sources leave that must not", gateway.judge_leaks),
    Rule(gateway.NOT_KEPT, "recommendations not kept", gateway.judge_not_kept),
)


def evaluate(facts: Facts, rules: tuple[Rule, ...] = RULES) -> tuple[Finding, ...]:
    """Every finding of every rule: the gravest first, then by port; the whole host comes before its ports."""
    view = look(facts)
    places = {str(place.ip): number for number, place in enumerate(sorted(view.places, key=_is_temporary))}
    found = (finding for rule in rules for finding in rule.judge(view))
    return tuple(sorted(found, key=lambda finding: _order(finding, places)))


def _is_temporary(place: Place) -> bool:
    return place.kind is Kind.TEMPORARY


def _order(finding: Finding, places: dict[str, int]) -> tuple[int, int, str, str, int, str]:
    return (
        -finding.severity.rank,
        finding.port or 0,
        finding.rule,
        finding.protocol or "",
        places.get(finding.address or "", -1),
        finding.title,
    )
