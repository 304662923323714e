"""Whose chains these are, by the names their programs give them. Pure.

The owner edits ufw or firewalld, not the rules those write: a message names the program.
"""

import re
from collections.abc import Mapping

from scanner.hostwall.values import Act, Chain, ChainKey, HostRules

OWNERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"ufw6?-"), "ufw"),
    (re.compile(r"DOCKER"), "docker"),
    (re.compile(r"LIBVIRT_"), "libvirt"),
    (re.compile(r"(KUBE|CALI|cali|CILIUM|OLD_CILIUM)[-_]"), "kubernetes"),
    (re.compile(r"f2b-"), "fail2ban"),
    (re.compile(r"ts-(input|forward|postrouting)"), "tailscale"),
    (
        re.compile(
            r"(filter|mangle|nat|raw)_(IN|PRE|FWD|INPUT|PREROUTING)_|(IN|PRE|FWDI)_\w+(_(pre|log|deny|allow|post))?$"
        ),
        "firewalld",
    ),
)
TABLES: Mapping[str, str] = {"firewalld": "firewalld", "crowdsec6": "crowdsec", "f2b-table": "fail2ban"}


def owners(rules: HostRules) -> Mapping[ChainKey, str]:
    """The program that made each chain, "" where none is known. A base chain belongs to who hangs chains into it."""
    return {chain.key: _owner(chain) for chain in rules.chains}


def _owner(chain: Chain) -> str:
    known = TABLES.get(chain.table) or by_name(chain.name)
    if known or chain.hook is None:
        return known
    hung = {
        by_name(action.word) for rule in chain.rules for action in rule.actions() if action.act in (Act.JUMP, Act.GOTO)
    }
    return hung.pop() if len(hung) == 1 else ""


def by_name(chain: str) -> str:
    return next((owner for pattern, owner in OWNERS if pattern.match(chain)), "")
