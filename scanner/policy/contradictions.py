"""Rules of one policy that cannot both be meant. Entries that merely say the same twice are none: they do no harm."""

from collections.abc import Callable, Iterator
from itertools import combinations

from scanner.model.catalogue import PROTOCOLS
from scanner.model.ports import PortSet
from scanner.policy.tables import Complaint
from scanner.policy.values import EXCEPTIONS, FACTS, AddressRole, Allow, Policy

# What only a vantage that is proven to be outside can show.
SEEN_FROM_OUTSIDE = ("router_drops_unlisted", "lan_default_blocked", "no_way_through", "must_pass_icmpv6")


def contradictions(policy: Policy) -> Iterator[Complaint]:
    for check in CHECKS:
        yield from check(policy)


def everything_allowed(policy: Policy) -> Iterator[Complaint]:
    """Where every port is listed the router has nothing unlisted to drop."""
    line = policy.require.lines.get("router_drops_unlisted", 0)
    if not policy.require.router_drops_unlisted:
        return
    for protocol in PROTOCOLS:
        entries = [entry for entry in policy.allow if entry.protocol == protocol and _everywhere(entry)]
        if entries and PortSet.of(port for entry in entries for port in entry.ports) == PortSet.every():
            yield Complaint(
                entries[-1].line,
                f"every {protocol.upper()} port is allowed, and line {line} wants the router to drop the unlisted",
                "allow fewer ports, or write router_drops_unlisted = false",
            )


def exception_without_fact(policy: Policy) -> Iterator[Complaint]:
    require = policy.require
    for key, fact in EXCEPTIONS.items():
        if getattr(require, key) and not require.asks_for(fact):
            yield Complaint(
                require.lines.get(key, 1),
                f"{key} excepts ports from {fact}, which is not required",
                f"write {fact} = true, or leave {key} out",
            )


def untried_without_fact(policy: Policy) -> Iterator[Complaint]:
    require = policy.require
    if require.may_stay_untried and not (require.no_way_through or require.must_pass_icmpv6):
        yield Complaint(
            require.lines.get("may_stay_untried", 1),
            "may_stay_untried excepts cases from no_way_through and must_pass_icmpv6, and neither is required",
            "require one of them, or leave may_stay_untried out",
        )


def outside_not_wanted(policy: Policy) -> Iterator[Complaint]:
    """``vantages_proven_outside = 0`` beside a fact that nobody inside can see."""
    require = policy.require
    if "vantages_proven_outside" not in require.lines or require.vantages_proven_outside:
        return
    for fact in SEEN_FROM_OUTSIDE:
        if require.asks_for(fact):
            yield Complaint(
                require.lines["vantages_proven_outside"],
                f"vantages_proven_outside is 0, and {fact} (line {require.lines.get(fact, 0)}) can only be seen from a "
                "vantage that is proven to be outside",
                "write vantages_proven_outside = 1",
            )
            return


def allowed_and_waived(policy: Policy) -> Iterator[Complaint]:
    """A port that may be reached everywhere never fails, so there is nothing to waive."""
    for waiver in policy.waive:
        protocol, slash, port = waiver.item.partition("/")
        if not slash:
            continue
        for entry in policy.allow:
            if entry.protocol == protocol and int(port) in entry.ports and _everywhere(entry):
                yield Complaint(
                    waiver.line,
                    f"{waiver.item} is waived, and line {entry.line} allows it",
                    "leave one of them out",
                )
                break


def waived_and_not_required(policy: Policy) -> Iterator[Complaint]:
    for waiver in policy.waive:
        if waiver.item in FACTS and not policy.require.asks_for(waiver.item):
            yield Complaint(
                waiver.line,
                f"{waiver.item} is waived, and nothing requires it",
                f"leave the waiver out, or require {waiver.item}",
            )


def waived_twice(policy: Policy) -> Iterator[Complaint]:
    for first, second in combinations(policy.waive, 2):
        if first.item == second.item:
            yield Complaint(
                second.line, f"{second.item} is waived twice, first on line {first.line}", "leave one of them out"
            )


def _everywhere(entry: Allow) -> bool:
    return entry.role is AddressRole.ANY and not entry.vantages


CHECKS: tuple[Callable[[Policy], Iterator[Complaint]], ...] = (
    everything_allowed,
    exception_without_fact,
    untried_without_fact,
    outside_not_wanted,
    allowed_and_waived,
    waived_and_not_required,
    waived_twice,
)
