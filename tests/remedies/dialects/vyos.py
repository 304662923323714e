"""VyOS and EdgeOS: ``set firewall`` commands -> nftables, in the form VyOS writes (table ip6 vyos_filter).

Rules by number; a chain ends with its default action, and the base chain accepts unless told otherwise. EdgeOS has the
same model with other words: the rule set is bound to the interface's ``in`` side.
"""

import re
from collections import defaultdict

ICMP = {"echo-request": "echo-request"}
Rule = dict[str, list[str]]


def to_nft(text: str) -> str:
    rules: dict[tuple[str, int], Rule] = defaultdict(lambda: defaultdict(list))
    defaults: dict[str, str] = {}
    bound: list[str] = []
    lines = [line for line in text.splitlines() if line]
    assert lines[0] == "configure"
    assert lines[lines.index("commit") :][:2] == ["commit", "save"]
    for line in lines[1 : lines.index("commit")]:
        _read(line, rules, defaults, bound)
    names = sorted(defaults)
    chains = "".join(_chain(name, rules, defaults[name]) for name in names)
    base = [_rule(rule) for (chain, _), rule in sorted(rules.items()) if chain == "FORWARD"] + bound
    lines = "".join(f"    {line}\n" for line in base)
    return (
        f"table ip6 vyos_filter {{\n{chains}  chain VYOS_IPV6_FORWARD_filter {{\n"
        f"    type filter hook forward priority filter; policy accept;\n{lines}  }}\n}}\n"
    )


def _read(line: str, rules: dict[tuple[str, int], Rule], defaults: dict[str, str], bound: list[str]) -> None:
    match line.split():
        case ["set", "firewall", "ipv6", "name", name, "default-action", action]:
            defaults[name] = action
        case ["set", "firewall", "ipv6-name", name, "default-action", action]:
            defaults[name] = action
        case ["set", "firewall", "ipv6", "name", name, "rule", number, key, *rest]:
            rules[name, int(number)][key].append(" ".join(rest))
        case ["set", "firewall", "ipv6-name", name, "rule", number, key, *rest]:
            rules[name, int(number)][key].append(" ".join(rest))
        case ["set", "firewall", "ipv6", "forward", "filter", "rule", number, key, *rest]:
            rules["FORWARD", int(number)][key].append(" ".join(rest))
        case ["set", "interfaces", "ethernet", interface, "firewall", "in", "ipv6-name", name]:
            bound.append(f'iifname "{interface}" jump NAME6_{name}')
        case _:
            raise AssertionError(f"no set command: {line}")


def _chain(name: str, rules: dict[tuple[str, int], Rule], default: str) -> str:
    own = [_rule(rule) for (chain, _), rule in sorted(rules.items()) if chain == name]
    return f"  chain NAME6_{name} {{\n" + "".join(f"    {line}\n" for line in [*own, default]) + "  }\n"


def _rule(rule: Rule) -> str:
    left = dict(rule)
    action = left.pop("action")[0]
    words = []
    if "inbound-interface" in left:
        words.append(f'iifname "{left.pop("inbound-interface")[0].removeprefix("name ")}"')
    if "state" in left:
        states = [state.removesuffix(" enable") for state in left.pop("state")]
        words.append(f"ct state {{ {', '.join(states)} }}")
    words += _destination(left.pop("destination", []), left.get("protocol", [""])[0])
    if left.get("protocol") == ["ipv6-icmp"]:
        message = (left.pop("icmpv6"))[0]
        words.append(f"icmpv6 type {ICMP[re.sub('^(type-name|type) ', '', message)]}")
    left.pop("protocol", None)
    target = f"jump NAME6_{left.pop('jump-target')[0]}" if action == "jump" else action
    assert not left, left
    return " ".join([*words, target])


def _destination(words: list[str], protocol: str) -> list[str]:
    given = dict(word.split(" ", 1) for word in words)
    found = []
    if "address" in given:
        mask = given.pop("address-mask", "")
        found.append(f"ip6 daddr & {mask} == {given.pop('address')}" if mask else f"ip6 daddr {given.pop('address')}")
    if "port" in given:
        assert protocol in ("tcp", "udp")
        found.append(f"{protocol} dport {given.pop('port')}")
    assert not given, given
    return found
