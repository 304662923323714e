"""Values the tests of this room share."""

import json
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address
from typing import Any

import pytest

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.nft_rules import read_rules
from scanner.hostwall.values import HostRules

HOST, VANTAGE = IPv6Address("2001:db8:1::10"), IPv6Address("2001:db8:f::2")


@pytest.fixture
def syn() -> Flow:
    return Flow(Protocol.TCP, HOST, 445, VANTAGE, "eth0", "eth0", 40_000)


def field(protocol: str, name: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": name}}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def dport(right: Any, op: str = "==") -> dict[str, Any]:
    return match(field("tcp", "dport"), right, op)


DROP, ACCEPT = {"drop": None}, {"accept": None}


def nft(chains: Mapping[str, list[list[Any]]], hook: str = "input", policy: str = "accept", **more: Any) -> str:
    """``nft -j list ruleset`` of table inet t: chain "input" is the base chain, the others are jumped to."""
    base = {"type": "filter", "hook": hook, "prio": 0, "policy": policy, **more}
    entries: list[dict[str, Any]] = [{"table": {"family": "inet", "name": "t"}}]
    for name, rules in chains.items():
        entries.append({"chain": {"family": "inet", "table": "t", "name": name, **(base if name == "input" else {})}})
        entries += [
            {"rule": {"family": "inet", "table": "t", "chain": name, "handle": number, "expr": rule}}
            for number, rule in enumerate(rules)
        ]
    return json.dumps({"nftables": entries})


@pytest.fixture
def rules() -> Callable[..., HostRules]:
    def build(*rows: list[Any], **more: Any) -> HostRules:
        subs = more.pop("subs", {})
        return HostRules(read_rules(nft({"input": list(rows), **subs}, **more)))

    return build
