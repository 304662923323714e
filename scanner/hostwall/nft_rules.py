"""``nft -j list ruleset`` -> chains (libnftables-json(5)). Pure."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.hostwall.fields import REJECTS
from scanner.hostwall.nft_match import MISREAD, SetEntries, Sets, read_keys, read_match, words_of
from scanner.hostwall.values import CONTINUE, Act, Action, Case, Chain, Hook, Match, Never, Rule, Source, Unclear

FAMILIES = frozenset({"ip6", "inet", "netdev", "bridge"})  # ip and arp see no IPv6
BRIEF = 200  # characters of a rule whose words are not known
PORT_UNREACHABLE = "port-unreach"  # nft(8): what `reject` alone answers

# They say, count or mark something; the packet goes on.
SILENT = frozenset({"counter", "log", "last", "ct helper", "ct timeout", "ct expectation", "secmark", "dup", "flow"})
# They let the packet go on to the next statement or not, by what they have seen before.
CONDITIONS = frozenset({"limit", "quota", "ct count", "connlimit", "meter", "set", "map"})
ELSEWHERE: Mapping[str, str] = {
    "dnat": "sends it to another destination (dnat)",
    "redirect": "sends it to another port (redirect)",
    "tproxy": "hands it to a transparent proxy (tproxy)",
    "snat": "changes its source (snat)",
    "masquerade": "changes its source (masquerade)",
    "queue": "hands it to a program that decides (queue)",
    "synproxy": "answers it in the host's name (synproxy)",
    "fwd": "sends it out of another interface (fwd)",
}
PLAIN = {"accept": Act.ACCEPT, "drop": Act.DROP, "return": Act.RETURN, "continue": Act.CONTINUE}
LOGGING_TARGETS = frozenset({"LOG", "NFLOG", "TRACE", "MARK", "CONNMARK", "CLASSIFY", "TCPMSS", "CHECKSUM"})

Texts = Mapping[tuple[str, str, int], str]  # (family, table, handle) -> the rule's words


class NotRules(ValueError):
    """The document is not what ``nft -j list ruleset`` writes."""


@dataclass(slots=True)
class _Tables:
    """What a listing holds, by place; filled once, then read."""

    chains: list[Mapping[str, Any]] = field(default_factory=list)
    rules: dict[tuple[str, str, str], list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    sets: dict[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    dormant: set[tuple[str, str]] = field(default_factory=set)


def read_rules(text: str, texts: Texts | None = None) -> tuple[Chain, ...]:
    """The chains that IPv6 packets may meet. Raises NotRules; a rule that is not understood is kept as such."""
    tables = _sorted_out(text)
    chains = []
    for one in tables.chains:
        try:
            chains.append(_chain(one, tables, texts or {}))
        except MISREAD as error:
            raise NotRules(f"chain {words_of(one)} cannot be read") from error
    return tuple(chain for chain in chains if (chain.family, chain.table) not in tables.dormant)


def _sorted_out(text: str) -> _Tables:
    tables = _Tables()
    try:
        for entry in json.loads(text)["nftables"]:
            ((kind, value),) = entry.items()
            _keep(tables, kind, value)
    except MISREAD as error:
        raise NotRules("not the JSON that nft writes") from error
    return tables


def _keep(tables: _Tables, kind: str, value: Any) -> None:
    if kind == "table":
        if "dormant" in value.get("flags", ()):
            tables.dormant.add((value["family"], value["name"]))
    elif kind in ("chain", "set", "map") and value["family"] in FAMILIES:
        if kind == "chain":
            tables.chains.append(value)
        else:
            tables.sets[value["family"], value["table"], value["name"]] = value
    elif kind == "rule" and value["family"] in FAMILIES:
        tables.rules[value["family"], value["table"], value["chain"]].append(value)


def _chain(value: Mapping[str, Any], tables: _Tables, texts: Texts) -> Chain:
    family, table, name = str(value["family"]), str(value["table"]), str(value["name"])
    sets = _sets_of(tables, family, table)
    rules = [
        rule
        for one in tables.rules.get((family, table, name), ())
        for rule in read_rule(one.get("expr", ()), _text(one, texts), sets)
    ]
    return Chain(Source.NFTABLES, family, table, name, _hook(value), tuple(rules))


def _hook(value: Mapping[str, Any]) -> Hook | None:
    if "hook" not in value:
        return None
    policy = Act.DROP if value.get("policy") == "drop" else Act.ACCEPT
    device = value.get("dev", "")
    return Hook(str(value["hook"]), int(value["prio"]), policy, device if isinstance(device, str) else ",".join(device))


def _text(rule: Mapping[str, Any], texts: Texts) -> str:
    known = texts.get((rule["family"], rule["table"], rule.get("handle", -1)))
    return known or json.dumps(rule.get("expr"))[:BRIEF]


def _sets_of(tables: _Tables, family: str, table: str) -> Sets:
    def entries(name: str) -> SetEntries:
        one = tables.sets[family, table, name]
        flags = one.get("flags", ())
        if "dynamic" in flags or "timeout" in flags:
            raise ValueError(f"set @{name} changes by itself")
        found: SetEntries = one.get("elem", ())
        return found

    return entries


def read_rule(statements: Any, text: str, sets: Sets) -> Iterable[Rule]:
    """One rule of nft is one of ours, or two where it switches connection tracking off and then goes on."""
    matches: list[Match] = []
    try:
        for statement in statements:
            kind, value = _statement(statement)
            if kind == "match":
                matches += read_match(value, sets)
            elif kind == "vmap":
                yield _verdict_map(value, text, matches, sets)
                return
            elif kind == "notrack":
                yield Rule(text, tuple(matches), Action(Act.NOTRACK))
            elif kind in CONDITIONS or _is_condition(kind, value):
                matches.append(Unclear(kind if kind != "xt" else f"xt {value['name']}"))
            elif action := _action(kind, value):
                yield Rule(text, _possible(matches, kind, value), action)
                return
    except MISREAD:
        yield Rule(text, tuple(matches), Action(Act.ELSEWHERE, "is not understood"))


def _statement(statement: Any) -> tuple[str, Any]:
    if not isinstance(statement, dict):
        return str(statement), None
    ((kind, value),) = statement.items()
    return kind, value


def _is_condition(kind: str, value: Any) -> bool:
    return kind == "xt" and value["type"] == "match"


def _possible(matches: list[Match], kind: str, value: Any) -> tuple[Match, ...]:
    """``reject with icmp`` is about IPv4, though nft leaves that out of what it lists."""
    if kind == "reject" and value and value.get("type") == "icmp":
        return (Never("reject with icmp"),)
    return tuple(matches)


def _action(kind: str, value: Any) -> Action | None:
    """What a statement does to the packet, None for nothing."""
    if kind in SILENT:
        return None
    if kind in PLAIN:
        return Action(PLAIN[kind])
    reader = ACTIONS.get(kind)
    if reader:
        return reader(value)
    return Action(Act.ELSEWHERE, ELSEWHERE.get(kind, f"does what is not understood ({kind})"))


def _reject(value: Any) -> Action:
    kind = (value or {}).get("type")
    name = kind if kind == "tcp reset" else (value or {}).get("expr", "port-unreachable")
    return Action(Act.REJECT, REJECTS[str(name)])


def _xt_target(value: Any) -> Action | None:
    if value["name"] in LOGGING_TARGETS:
        return None
    return Action(Act.ELSEWHERE, f"does what only ip6tables can tell ({value['name']})")


def _mangle(value: Any) -> Action | None:
    if {"meta", "ct"} & set(value["key"]):
        return None  # marks and the like
    return Action(Act.ELSEWHERE, "rewrites the packet")


ACTIONS: Mapping[str, Callable[[Any], Action | None]] = {
    "jump": lambda value: Action(Act.JUMP, str(value["target"])),
    "goto": lambda value: Action(Act.GOTO, str(value["target"])),
    "reject": _reject,
    "xt": _xt_target,
    "mangle": _mangle,
}


def _verdict_map(value: Any, text: str, matches: list[Match], sets: Sets) -> Rule:
    data = value["data"]
    entries = sets(data[1:]) if isinstance(data, str) else data["set"]
    actions = []
    for _, verdict in entries:
        ((kind, target),) = verdict.items()
        actions.append(_action(kind, target) or CONTINUE)
    try:
        needs, rows = read_keys(value["key"], [key for key, _ in entries], sets)
    except MISREAD:  # any entry may be the one
        needs, rows = (), ((Unclear(words_of(value["key"])),),) * len(actions)
    cases = tuple(Case(row, action) for row, action in zip(rows, actions, strict=bool(rows)))
    return Rule(text, (*matches, *needs), CONTINUE, cases)
