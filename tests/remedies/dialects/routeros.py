"""MikroTik RouterOS: ``/ipv6 firewall filter add`` -> nftables. What no rule matches passes."""

import shlex

LISTS = {"LAN": "br-lan", "WAN": "wan0"}  # /interface list member, as in the lab


def to_nft(text: str) -> str:
    lines = text.splitlines()
    assert lines[0] == "/ipv6 firewall filter"
    rules = "\n".join(f"    {_rule(line)}" for line in lines[1:] if line)
    return (
        "table ip6 routeros {\n  chain forward {\n    type filter hook forward priority 0; policy accept;\n"
        f"{rules}\n  }}\n}}\n"
    )


def _rule(line: str) -> str:
    word, *settings = shlex.split(line)
    assert word == "add", line
    given = dict(setting.split("=", 1) for setting in settings)
    assert given.pop("chain") == "forward"
    assert given.pop("comment").startswith("v6expose: ")
    action = given.pop("action")
    protocol = given.pop("protocol", "")
    matches = [_match(key, value, protocol) for key, value in given.items()]
    if protocol and not any(match.startswith(protocol) for match in matches):
        matches.insert(0, f"meta l4proto {protocol}")
    return " ".join([*matches, {"accept": "accept", "drop": "drop"}[action]])


def _match(key: str, value: str, protocol: str) -> str:
    if key == "connection-state":
        return f"ct state {value}"
    if key == "icmp-options":
        kind, _, code = value.partition(":")
        return f"icmpv6 type {kind} icmpv6 code {code}"
    if key == "in-interface":
        return f'iifname "{value}"'
    if key == "in-interface-list":
        return f'iifname {"!= " if value.startswith("!") else ""}"{LISTS[value.removeprefix("!")]}"'
    if key == "dst-address":
        return f"ip6 daddr {value}"
    assert key == "dst-port", key
    assert protocol in ("tcp", "udp")
    return f"{protocol} dport {value}"
