"""The policy as values. ``line`` and ``lines`` say where in the file something stands (from 1, 0 for nowhere); they do
not count when policies are compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scanner.model.address import Kind
from scanner.model.ports import PortSet
from scanner.model.settings import Profile

ANYWHERE = "any"
# Facts that a policy may require by ``true``, in the order of the checklist.
SWITCHES = (
    "complete_run",
    "router_drops_unlisted",
    "lan_default_blocked",
    "no_way_through",
    "must_pass_icmpv6",
    "stable_address_preferred",
    "no_temporary_address_in_dns",
)
# Facts that are required to a degree.
DEGREES = ("vantages_proven_outside", "false_blocked_at_most")
FACTS = SWITCHES + DEGREES
UNLISTED = {"tcp": "unlisted_tcp", "udp": "unlisted_udp"}


# Ports that are excepted from a fact: key -> that fact.
EXCEPTIONS = {"upstream_may_stop": "router_drops_unlisted", "lan_may_pass": "lan_default_blocked"}


class AddressRole(StrEnum):
    """Which of the host's addresses an entry speaks of."""

    ANY = "any"
    STABLE = "stable"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True)
class Allow:
    """These ports may be reachable on addresses of this role, from these vantages (none named: from anywhere).

    ``must_answer``: they also have to be.
    """

    protocol: str
    ports: PortSet
    role: AddressRole = AddressRole.ANY
    reason: str = ""
    vantages: tuple[str, ...] = ()
    must_answer: bool = False
    line: int = field(default=0, compare=False)

    def covers(self, kind: Kind | None, vantage: str | None) -> bool:
        """It speaks of addresses of ``kind`` (None: of no known kind) as seen from ``vantage`` (None: from any)."""
        role = self.role is AddressRole.ANY or (kind is not None and self.role.value == kind.value)
        return role and (vantage is None or not self.vantages or vantage in self.vantages)


@dataclass(frozen=True, slots=True)
class Require:
    """What must be true. A switch that is off, 0 vantages and no bound ask for nothing.

    ``profile`` is how much must have been probed; ``upstream_may_stop`` are ports for which it is enough that a network
    before the router stops them; ``lan_may_pass`` those that may pass to every device of the LAN;
    ``may_stay_untried`` are cases of the batteries that nobody has to have tried.
    """

    complete_run: bool = True
    router_drops_unlisted: bool = False
    lan_default_blocked: bool = False
    no_way_through: bool = False
    must_pass_icmpv6: bool = False
    stable_address_preferred: bool = False
    no_temporary_address_in_dns: bool = False
    vantages_proven_outside: int = 0
    false_blocked_at_most: float | None = None
    profile: Profile = Profile.STANDARD
    upstream_may_stop: PortSet = field(default_factory=PortSet)
    lan_may_pass: PortSet = field(default_factory=PortSet)
    may_stay_untried: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def asks_for(self, fact: str) -> bool:
        """``fact`` is one of FACTS."""
        value = getattr(self, fact)
        return value is not None if fact == "false_blocked_at_most" else bool(value)


@dataclass(frozen=True, slots=True)
class Waiver:
    """``item`` (a fact of FACTS or UNLISTED, or ``tcp/445``) may fail or stay unmeasured to the end of a day, UTC."""

    item: str
    reason: str
    until: date
    line: int = field(default=0, compare=False)

    def expired(self, today: date) -> bool:
        return today > self.until


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the owner allows and requires; empty, nothing is allowed. ``host`` "" is for any host."""

    allow: tuple[Allow, ...] = ()
    require: Require = field(default_factory=Require)
    waive: tuple[Waiver, ...] = ()
    host: str = ""
    source: str = field(default="", compare=False)
    host_line: int = field(default=0, compare=False)

    def allowed(self, protocol: str, kind: Kind | None, vantage: str | None = None) -> frozenset[int]:
        """The ports that may be reachable by ``protocol`` on an address of ``kind`` (None: of no known kind) from
        ``vantage`` (None: from anywhere at all).
        """
        entries = (entry for entry in self.allow if entry.protocol == protocol and entry.covers(kind, vantage))
        return frozenset(port for entry in entries for port in entry.ports)

    def in_force(self, today: date) -> tuple[Waiver, ...]:
        return tuple(waiver for waiver in self.waive if not waiver.expired(today))

    def ports(self, protocol: str) -> PortSet:
        """Every port that an entry names."""
        return PortSet.of(port for entry in self.allow if entry.protocol == protocol for port in entry.ports)

    def is_for(self, host: str) -> bool:
        """Host names are the same whatever their case (RFC 4343), and where one is the other's first label."""
        mine, other = self.host.casefold().rstrip("."), host.casefold().rstrip(".")
        return not mine or mine == other or mine.startswith(f"{other}.") or other.startswith(f"{mine}.")
