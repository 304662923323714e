"""The routers and hosts of the lab by name: literal, one line of help each (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.lab.rules import PASS_ALL, Action, Role, Rule, RuleSet
from scanner.model.errors import InputError
from scanner.model.ports import PortSet

ALLOWED = PortSet.parse("22,80,443")


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process of the lab's own on ``node``: ``python -m scanner.lab.MODULE ARGUMENTS``."""

    node: str
    module: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Personality:
    """What every filtering node does. ``first`` holds, by node, nftables rules that come before the rule set's."""

    name: str
    help: str
    filters: Mapping[str, RuleSet] = field(default_factory=dict)  # by node: isp1, isp2, cpe, host
    first: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)  # whole further tables, by node
    daemons: tuple[Daemon, ...] = ()

    def rules(self, node: str) -> RuleSet:
        return self.filters.get(node, PASS_ALL)


def allow(ports: PortSet, default: Action, role: Role = Role.ALL) -> RuleSet:
    """New flows to ``ports`` (TCP) pass, the rest meets ``default``."""
    return RuleSet((Rule("tcp", ports, Action.PASS, role),), default)


def stateful(allowed: PortSet = ALLOWED) -> Personality:
    return Personality(
        "stateful",
        f"home router drops what nobody inside asked for, except TCP {allowed}",
        {"cpe": allow(allowed, Action.DROP)},
    )


PASSES = Personality("pass-all", "home router filters nothing (the vendor's sample configuration)")

PERSONALITIES = {one.name: one for one in (PASSES, stateful())}


def personality(name: str) -> Personality:
    """The personality called ``name``. Raises InputError listing the known names."""
    if name not in PERSONALITIES:
        raise InputError(f"no personality {name!r}", f"known are {', '.join(PERSONALITIES)}")
    return PERSONALITIES[name]
