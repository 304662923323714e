"""The facts that a policy can require, in one list that can be read."""

from collections.abc import Callable
from dataclasses import dataclass

from scanner.checklist import addressing, network, router, standing
from scanner.checklist.scene import Scene
from scanner.checklist.values import Judged
from scanner.findings import lan
from scanner.model.text import Text, say


@dataclass(frozen=True, slots=True)
class Fact:
    """``key`` as the policy writes it; ``title`` says what is true when it passes."""

    key: str
    title: Text
    judge: Callable[[Scene], Judged]
    standard: str


FACTS = (
    Fact("complete_run", say("Everything that was asked for was measured"), standing.judge_complete, standing.STANDARD),
    Fact(
        "vantages_proven_outside",
        say("Enough vantages are proven to be outside"),
        standing.judge_vantages,
        standing.STANDARD,
    ),
    Fact(
        "false_blocked_at_most",
        say('A wrong "blocked" is improbable enough'),
        standing.judge_bound,
        standing.STANDARD,
    ),
    Fact("router_drops_unlisted", say("The router drops the unlisted"), router.judge_router, router.STANDARD),
    Fact("lan_default_blocked", say("The rest of the LAN is blocked by default"), network.judge_lan, lan.STANDARD),
    Fact("no_way_through", say("No way through the filter"), network.judge_ways, network.WAYS_STANDARD),
    Fact("must_pass_icmpv6", say("ICMPv6 that must pass does"), network.judge_icmpv6, network.ICMPV6_STANDARD),
    Fact(
        "stable_address_preferred",
        say("The stable address is preferred"),
        addressing.judge_preferred,
        addressing.PREFERRED_STANDARD,
    ),
    Fact(
        "no_temporary_address_in_dns",
        say("No temporary address in the DNS"),
        addressing.judge_names,
        addressing.NAMES_STANDARD,
    ),
)
FACTS_BY_KEY = {fact.key: fact for fact in FACTS}
