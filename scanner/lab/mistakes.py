"""Home routers that make one mistake each, named after it, beside one that makes none: what the batteries are measured
against. A mistake is nftables rules before those of the router by the book (pure).
"""

from collections.abc import Mapping
from types import MappingProxyType

from scanner.lab.personalities import Personality
from scanner.lab.topology import DELEGATED

BLOCKED, ALLOWED = 445, 80  # of the ports that the book names, the ones the batteries ask for
SYN_ONLY = "tcp flags & (fin | syn | rst | ack) == syn"
# RFC 6092 with RFC 4890: what the inside opened, errors about it, echo requests, and new connections to one port.
BY_THE_BOOK = (
    "ct state established,related accept",
    f"ip6 saddr {DELEGATED} accept",
    "icmpv6 type echo-request accept",
    f"tcp dport {ALLOWED} {SYN_ONLY} ct state new accept",
    "drop",
)
# Before connection tracking puts fragments together (its priority is -400).
UNTRACKED_FRAGMENTS = (
    "table ip6 v6expose_fragments {\n  chain pass {\n    type filter hook prerouting priority -450;\n"
    "    exthdr frag exists notrack\n  }\n}\n"
)
PORTS_A, PORTS_B = "20, 53, 80, 123, 500, 5353", "22, 67, 88, 443, 547"

# name -> (help, rules that come first)
RULES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "established-by-flags": ("whatever has ACK or RST passes", ("tcp flags & (ack | rst) != 0x0 accept",)),
        "syn-by-equality": (
            "a SYN with one more flag is no SYN to it",
            (f"tcp dport {BLOCKED} {SYN_ONLY} tcp flags != syn accept",),
        ),
        "odd-flags": (
            "flags that open no connection pass",
            ("tcp flags & (syn | rst | ack) == 0x0 accept", "tcp flags & (fin | syn) == fin | syn accept"),
        ),
        "reserved-flag": ("a SYN with the AE bit is no SYN to it", ("tcp flags syn @th,103,1 1 accept",)),
        "syn-with-data": (
            "a SYN with data is no SYN to it",
            ("ip6 nexthdr tcp tcp flags == syn @th,96,4 5 meta length > 60 accept",),
        ),
        "fast-open": ("a SYN with TCP Fast Open passes", ("tcp option fastopen exists accept",)),
        "source-port-0": ("source port 0 passes", ("tcp sport 0 accept",)),
        "invalid-passes": ("what connection tracking calls invalid passes", ("ct state invalid accept",)),
        "allowed-port-any-flags": ("at its open port it looks at no flags", (f"tcp dport {ALLOWED} accept",)),
        "allowed-port-no-data": (
            "at its open port it drops a SYN with data",
            (f"tcp dport {ALLOWED} meta length > 500 drop",),
        ),
        "source-ports-a": (
            "answers are known by their source port",
            (f"tcp sport {{ {PORTS_A} }} accept", f"udp sport {{ {PORTS_B} }} accept"),
        ),
        "source-ports-b": (
            "answers are known by their source port",
            (f"tcp sport {{ {PORTS_B} }} accept", f"udp sport {{ {PORTS_A} }} accept"),
        ),
        "hop-by-hop": ("what begins with hop-by-hop options passes", ("ip6 nexthdr 0 accept",)),
        "routing-header": ("what begins with a routing header passes", ("ip6 nexthdr 43 accept",)),
        "destination-options": ("what begins with destination options passes", ("ip6 nexthdr 60 accept",)),
        "fragments": ("fragments pass, unseen by connection tracking", ("exthdr frag exists accept",)),
        "unknown-protocols": (
            "what is neither TCP nor UDP nor ICMPv6 passes",
            ("ip6 nexthdr { 4, 33, 41, 47, 50, 51, 59, 132, 135, 139, 253, 254 } accept",),
        ),
        "packet-too-big-dropped": ("packet too big is dropped", ("icmpv6 type packet-too-big drop",)),
        "unreachable-dropped": ("destination unreachable is dropped", ("icmpv6 type destination-unreachable drop",)),
        "problems-dropped": (
            "time exceeded and parameter problem are dropped",
            ("icmpv6 type { time-exceeded, parameter-problem } drop",),
        ),
        "echo-reply-dropped": ("echo replies are dropped", ("icmpv6 type echo-reply drop",)),
        "echo-dropped": (
            "echo requests from outside are dropped",
            (f"ip6 daddr {DELEGATED} icmpv6 type echo-request drop",),
        ),
        "neighbour-discovery": ("neighbour discovery of others passes", ("icmpv6 type 133-137 accept",)),
        "router-renumbering": ("router renumbering and node information pass", ("icmpv6 type 138-140 accept",)),
        "multicast-listeners": ("multicast listener messages pass", ("icmpv6 type { 130-132, 143, 151-153 } accept",)),
        "informational": ("other informational messages pass", ("icmpv6 type { 141-142, 144-150, 154-255 } accept",)),
        "unknown-errors": ("errors nobody knows pass", ("icmpv6 type 5-127 accept",)),
    }
)


def by_the_book() -> Personality:
    return Personality("by-the-book", "stateful, RFC 6092 and RFC 4890 kept", first={"cpe": BY_THE_BOOK})


def mistake(name: str) -> Personality:
    """The router by the book, but for one mistake."""
    words, rules = RULES[name]
    tables = {"cpe": UNTRACKED_FRAGMENTS} if name == "fragments" else {}
    return Personality(name, words, first={"cpe": (*rules, *BY_THE_BOOK)}, tables=tables)


def fast_path(macs: Mapping[str, str]) -> Personality:
    """Every router on the way switches packets with hop-by-hop options in hardware, past its IPv6 stack and its filter.

    ``macs`` are the next hop's addresses, by the node that forwards to it.
    """
    ways = {"isp1": ("down1", "up0"), "isp2": ("down0", "up0"), "cpe": ("wan0", "to-host")}
    tables = {
        node: f"table netdev v6expose_fast {{\n  chain pass {{\n"
        f"    type filter hook ingress device {into} priority 0;\n"
        f"    ip6 daddr {DELEGATED} ip6 nexthdr 0 ether daddr set {macs[node]} fwd to {out}\n  }}\n}}\n"
        for node, (into, out) in ways.items()
    }
    return Personality("fast-path", "hop-by-hop options pass in hardware", first={"cpe": BY_THE_BOOK}, tables=tables)


def first_header_only() -> Personality:
    """An access list that looks at the first next header (PROBES R6)."""
    rules = (f"ip6 nexthdr tcp tcp dport {BLOCKED} drop", f"ip6 nexthdr udp udp dport {BLOCKED} drop")
    return Personality("first-header-only", "looks at the first next header only", first={"cpe": rules})


def no_reassembly() -> Personality:
    """An access list that walks the header chain and puts no fragments together (PROBES R7)."""
    rules = (f"tcp dport {BLOCKED} drop", f"udp dport {BLOCKED} drop")
    return Personality("no-reassembly", "walks the header chain, puts no fragments together", first={"cpe": rules})
