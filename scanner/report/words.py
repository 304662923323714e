"""What the report calls things: one literal table a vocabulary, each covering its whole enum.

A verdict belongs to a group, and the group carries colour and pattern, so that nothing is told by colour alone:
every place that shows a verdict shows its icon and its word as well.
"""

from dataclasses import dataclass
from enum import StrEnum

from scanner.model.address import Kind, Origin, State
from scanner.model.finding import Severity
from scanner.model.settings import Expectation, Profile
from scanner.model.text import say
from scanner.model.verdict import Verdict


class Group(StrEnum):
    """What a verdict means for the owner, least exposed first: the order in which a port map paints over itself."""

    ROUTER = "router"
    UPSTREAM = "upstream"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    STRANGE = "strange"
    PASSED = "passed"
    OPEN = "open"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {group: rank for rank, group in enumerate(Group)}


class Place(StrEnum):
    """Where on the way a probe ended."""

    UPSTREAM = "upstream"
    ROUTER = "router"
    HOST = "host"
    SOMEWHERE = "somewhere"  # before the host, nobody knows where
    UNMEASURED = "unmeasured"


@dataclass(frozen=True, slots=True)
class GroupWords:
    label: str
    says: str


@dataclass(frozen=True, slots=True)
class VerdictWords:
    label: str
    says: str
    group: Group
    icon: str
    place: Place


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its icon and, where it needs one, its explanation."""

    label: str
    icon: str = ""
    says: str = ""


GROUPS: dict[Group, GroupWords] = {
    Group.OPEN: GroupWords(say("Open to strangers"), say("the probe reached a service on this host")),
    Group.PASSED: GroupWords(say("Passed the router"), say("the filter let it in; no service took it, yet")),
    Group.STRANGE: GroupWords(say("Something in between"), say("a third party answered in the place of the host")),
    Group.UNKNOWN: GroupWords(say("Unknown"), say("measured, but not well enough to say")),
    Group.BLOCKED: GroupWords(say("Stopped somewhere"), say("it did not arrive; which device stopped it is not known")),
    Group.UPSTREAM: GroupWords(
        say("Stopped before the router"), say("not the router's merit: another network may let it through")
    ),
    Group.ROUTER: GroupWords(say("Stopped by the router"), say("the home router's filter did its work")),
}

VERDICTS: dict[Verdict, VerdictWords] = {
    Verdict.OPEN: VerdictWords(
        say("open"),
        say("It arrived, and a service on the host answered. Anybody can use it."),
        Group.OPEN,
        "open",
        Place.HOST,
    ),
    Verdict.OPEN_FILTERED: VerdictWords(
        say("open or silent"),
        say("It arrived at a UDP port where a service listens. The service kept silent, which UDP services may do."),
        Group.OPEN,
        "open-silent",
        Place.HOST,
    ),
    Verdict.CLOSED: VerdictWords(
        say("passed, closed"),
        say(
            "It arrived, and the host said that nothing listens. The router did not filter it: "
            "start a service there, and it is open."
        ),
        Group.PASSED,
        "passed",
        Place.HOST,
    ),
    Verdict.HOST_DROPPED: VerdictWords(
        say("passed, host silent"),
        say("It arrived, and the host's own firewall swallowed it. The router did not filter it."),
        Group.PASSED,
        "host-stop",
        Place.HOST,
    ),
    Verdict.HOST_REJECTED: VerdictWords(
        say("passed, host refused"),
        say("It arrived, and the host's own firewall refused it with a message. The router did not filter it."),
        Group.PASSED,
        "host-stop",
        Place.HOST,
    ),
    Verdict.REPLY_LOST: VerdictWords(
        say("passed, answer stopped"),
        say("It arrived and the host answered, but the answer was stopped on the way out. One-way attacks work."),
        Group.PASSED,
        "passed",
        Place.HOST,
    ),
    Verdict.NO_NEIGHBOUR: VerdictWords(
        say("passed, nobody there"),
        say("The router let it in and looked for the address on the local network, where nobody had it."),
        Group.PASSED,
        "passed",
        Place.HOST,
    ),
    Verdict.ROUTER_REJECTED: VerdictWords(
        say("router refused"), say("The home router refused it with a message."), Group.ROUTER, "stop", Place.ROUTER
    ),
    Verdict.ROUTER_DROPPED: VerdictWords(
        say("router dropped"),
        say("It reached the home router and went no further, without a word."),
        Group.ROUTER,
        "stop",
        Place.ROUTER,
    ),
    Verdict.UPSTREAM_REJECTED: VerdictWords(
        say("refused upstream"),
        say("A network before the home router refused it with a message. From elsewhere it may pass."),
        Group.UPSTREAM,
        "stop-upstream",
        Place.UPSTREAM,
    ),
    Verdict.UPSTREAM_DROPPED: VerdictWords(
        say("dropped upstream"),
        say(
            "It vanished before it reached the home router: a provider, or the vantage's own network, filters. "
            "From elsewhere it may pass."
        ),
        Group.UPSTREAM,
        "stop-upstream",
        Place.UPSTREAM,
    ),
    Verdict.BLOCKED: VerdictWords(
        say("blocked somewhere"),
        say("It did not arrive and nobody answered. Which device stopped it could not be told."),
        Group.BLOCKED,
        "stop",
        Place.SOMEWHERE,
    ),
    Verdict.INTERCEPTED: VerdictWords(
        say("intercepted"),
        say(
            "Somebody accepted it outside although it never arrived: a proxy or another machine answers for this "
            "address."
        ),
        Group.STRANGE,
        "strange",
        Place.SOMEWHERE,
    ),
    Verdict.FORGED: VerdictWords(
        say("forged refusal"),
        say("It never arrived, yet a refusal came back in the host's name: a device on the way forges it."),
        Group.STRANGE,
        "strange",
        Place.SOMEWHERE,
    ),
    Verdict.INDETERMINATE: VerdictWords(
        say("unknown"),
        say("A control failed, something was lost, or nobody watched; the evidence says why. Neither safe nor open."),
        Group.UNKNOWN,
        "unknown",
        Place.UNMEASURED,
    ),
}

SEVERITIES: dict[Severity, Word] = {
    Severity.CRITICAL: Word(say("Critical"), "critical", say("close it tonight")),
    Severity.HIGH: Word(say("High"), "high", say("close it this week")),
    Severity.MEDIUM: Word(say("Medium"), "medium", say("plan it")),
    Severity.LOW: Word(say("Low"), "low", say("worth knowing")),
    Severity.INFO: Word(say("Info"), "info", say("no action needed")),
}

KINDS: dict[Kind, Word] = {
    Kind.STABLE: Word(say("stable"), "stable", say("stays the same: what DNS and other people remember")),
    Kind.TEMPORARY: Word(
        say("temporary"), "temporary", say("RFC 8981: used for outgoing connections, replaced every day or so")
    ),
}

STATES: dict[State, Word] = {
    State.TENTATIVE: Word(say("tentative"), says=say("not yet checked for duplicates; receives nothing")),
    State.PREFERRED: Word(say("preferred"), says=say("in full use")),
    State.DEPRECATED: Word(say("deprecated"), says=say("not used for new connections, but it still receives")),
    State.DADFAILED: Word(say("duplicate"), says=say("another machine has it; not in use")),
}

ORIGINS: dict[Origin, Word] = {
    Origin.EUI64: Word(say("from the MAC address"), says=say("RFC 4291: gives away the network card")),
    Origin.STABLE_PRIVACY: Word(say("stable, opaque"), says="RFC 7217"),
    Origin.TEMPORARY: Word(say("random, temporary"), says="RFC 8981"),
    Origin.DHCPV6: Word(say("by DHCPv6"), says="RFC 8415"),
    Origin.MANUAL: Word(say("set by hand")),
    Origin.UNKNOWN: Word(say("origin unknown")),
}

PROFILES: dict[Profile, str] = {
    Profile.QUICK: say("quick: services that must not be reachable, and every port that listens"),
    Profile.STANDARD: say("standard: every TCP port; UDP by catalogue and listeners"),
    Profile.FULL: say("full: every TCP and every UDP port"),
}

EXPECTATIONS: dict[Expectation, str] = {
    Expectation.STRICT: say("strict: the router lets nothing in that was not asked for"),
    Expectation.RFC6092: say("rfc6092: as RFC 6092 recommends, IPsec and HIP pass by default"),
    Expectation.TRANSPARENT: say("transparent: the owner chose a router that filters nothing (RFC 6092 REC-49)"),
}

# the order of tables and legends: what needs the owner's eye comes first
VERDICT_ORDER: tuple[Verdict, ...] = tuple(
    verdict for group in reversed(Group) for verdict in Verdict if VERDICTS[verdict].group is group
)
