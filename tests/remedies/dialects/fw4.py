"""OpenWrt: ``uci`` commands on top of the configuration that ships -> the nftables text that fw4 loads, as far as IPv6
and these options go (package firewall4, root/usr/share/firewall4).
"""

import shlex
from collections import defaultdict

# fw4's names of ICMPv6 messages -> type, code ("" for all)
ICMP = {
    "echo-request": "echo-request",
    "echo-reply": "echo-reply",
    "destination-unreachable": "destination-unreachable",
    "packet-too-big": "packet-too-big",
    "time-exceeded": "time-exceeded",
    "bad-header": "parameter-problem",
    "unknown-header-type": "parameter-problem",
}
DEVICES = {"lan": "br-lan", "wan": "wan0"}
POLICIES = {"ACCEPT": "accept", "DROP": "drop", "REJECT": "jump handle_reject"}
Sections = dict[str, dict[str, list[str]]]


def wide_open() -> Sections:
    """The default zones, opened: a router somebody made transparent."""
    return {
        "@defaults[0]": {"input": ["ACCEPT"], "forward": ["ACCEPT"]},
        "@zone[0]": {"name": ["lan"], "input": ["ACCEPT"], "forward": ["ACCEPT"]},
        "@zone[1]": {"name": ["wan"], "input": ["ACCEPT"], "forward": ["ACCEPT"]},
    }


def apply(text: str, sections: Sections) -> Sections:
    """What the commands make of the configuration. They must end with a commit and a restart."""
    lines = [line for line in text.splitlines() if line]
    assert lines[-2:] == ["uci commit firewall", "service firewall restart"]
    for line in lines[:-2]:
        match shlex.split(line):
            case ["uci", "-q", "delete", place]:
                _, section, option = place.split(".")
                sections.get(section, {}).pop(option, None)
            case ["uci", "set" | "add_list" as verb, assignment]:
                _set(sections, verb, assignment)
            case _:
                raise AssertionError(f"no uci command: {line}")
    return sections


def _set(sections: Sections, verb: str, assignment: str) -> None:
    place, _, value = assignment.partition("=")
    package, section, *option = place.split(".")
    assert package == "firewall"
    if not option:
        assert (verb, value) == ("set", "rule")
        sections.setdefault(section, {"type": ["rule"]})
        return
    assert section in sections, f"{assignment}: no such section"
    held = sections[section].setdefault(option[0], [])
    sections[section][option[0]] = [*held, value] if verb == "add_list" else [value]


def to_nft(sections: Sections) -> str:
    """The rule sets of input and forward, zone by zone."""
    chains: dict[str, list[str]] = defaultdict(list)
    for name, section in sections.items():
        if section.get("type") == ["rule"]:
            source, destination = section["src"][0], section.get("dest", [""])[0]
            chains[f"{'forward' if destination else 'input'}_{source}"].append(_rule(name, section, destination))
    for zone in ("lan", "wan"):
        (policy,) = (s for s in sections.values() if s.get("name") == [zone])
        chains[f"input_{zone}"].append(POLICIES[policy["input"][0]])
        if zone == "lan":
            chains["forward_lan"].append('oifname "wan0" accept')  # config forwarding: lan to wan
        chains[f"forward_{zone}"].append(f'oifname "{DEVICES[zone]}" {POLICIES[policy["forward"][0]]}')
    defaults = sections["@defaults[0]"]
    for hook in ("input", "forward"):
        chains[hook] = [
            f"type filter hook {hook} priority filter; policy {'accept' if defaults[hook] == ['ACCEPT'] else 'drop'};",
            'iif "lo" accept',
            "ct state vmap { established : accept, related : accept }",
            *(f'iifname "{device}" jump {hook}_{zone}' for zone, device in DEVICES.items()),
            *(["jump handle_reject"] if defaults[hook] == ["REJECT"] else []),
        ]
    chains["handle_reject"] = ["meta l4proto tcp reject with tcp reset", "reject with icmpv6 type port-unreachable"]
    return "table inet fw4 {\n" + "".join(_chain(name, chains[name]) for name in sorted(chains)) + "}\n"


def _chain(name: str, lines: list[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def _rule(name: str, section: dict[str, list[str]], destination: str) -> str:
    known = {"type", "name", "family", "src", "dest", "proto", "limit", "icmp_type", "dest_ip", "dest_port", "target"}
    assert section.keys() <= known, name
    assert section["family"] == ["ipv6"]
    words = ["meta nfproto ipv6"]
    if "dest_ip" in section:
        address, _, mask = section["dest_ip"][0].partition("/")
        words.append(f"ip6 daddr {address}/{mask}" if mask.isdigit() else f"ip6 daddr & {mask} == {address}")
    if section["proto"] == ["icmp"]:
        types = sorted({ICMP[word] for word in section["icmp_type"]})
        words.append(f"icmpv6 type {{ {', '.join(types)} }}")
    else:
        words.append(f"{section['proto'][0]} dport {section['dest_port'][0]}")
    if "limit" in section:
        words.append(f"limit rate {section['limit'][0].replace('/sec', '/second')}")
    if destination not in ("", "*"):
        words.append(f'oifname "{DEVICES[destination]}"')
    return " ".join([*words, POLICIES[section["target"][0]]])
