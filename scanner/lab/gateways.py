"""A home router that keeps to every recommendation of RFC 6092 that can be seen, and others that break one each (pure).

The reference remembers what the inside has used in sets whose members expire, which gives endpoint-independent
filtering and timers of its own; connection tracking only recognises ICMPv6 errors about live flows. A mutant is named
after its mistake and differs in the lines given.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scanner.lab.personalities import Daemon, Personality
from scanner.lab.topology import BRIDGE, DELEGATED, SECOND_SOURCE

TABLE = "v6expose_gateway"
OUTSIDE_INTERFACE = "wan0"


@dataclass(frozen=True, slots=True)
class Lives:
    """How many seconds a state lives after the inside last used it, and how long an opening waits to be rejected."""

    udp: float = 300.0
    tcp: float = 7440.0
    sctp: float = 7440.0
    dccp: float = 7440.0
    other: float = 300.0
    reject: float = 6.5


@dataclass(frozen=True, slots=True)
class Mutant:
    """``first_in`` and ``first_out`` come before the reference's own rules of that direction, ``without`` and
    ``instead`` name some of those; ``sets`` are further sets. ``rejects``: how long TCP and SCTP wait to be rejected,
    as parts of the reference's time, None for never.
    """

    name: str
    first_in: tuple[str, ...] = ()
    first_out: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    instead: dict[str, str] = field(default_factory=dict)
    sets: dict[str, str] = field(default_factory=dict)  # name -> what a member consists of; they live for BRIEF
    tcp_rejects: float | None = 1.0
    sctp_rejects: float | None = 1.0
    services: tuple[str, ...] = ()


REFERENCE = Mutant("simple-security")
BRIEF = 0.7  # seconds that the sets of mutants remember
ENDPOINT = "ip6 saddr . {0} sport"
PAIR = "ip6 saddr . ip6 daddr"
FLOW = "ip6 saddr . {0} sport . ip6 daddr . {0} dport"
BACK = "ip6 daddr . {0} dport . ip6 saddr . {0} sport"
LISTED = ("udp", "udplite", "tcp", "sctp", "dccp")
LIFE = {"udp": "udp", "udplite": "udp", "tcp": "tcp", "sctp": "sctp", "dccp": "dccp"}
ERRORS = "icmpv6 type { destination-unreachable, packet-too-big }"
QUOTED = "@th,112,8"  # next header of the packet in an ICMPv6 error

# name -> rule, in order
OUTWARD = {
    # REC-3: forbidden on the Internet (the documentation prefix is this lab's own)
    "forbidden": "ip6 saddr { fec0::/10, 2001:10::/28, ff00::/8 } drop",
    "local": "ip6 saddr fc00::/7 drop",  # REC-7
    "foreign": f"ip6 saddr != {DELEGATED} drop",  # REC-5
    **{f"use {one}": f"update @{one}_open {{ {ENDPOINT.format(one)} }}" for one in LISTED},
    "use other": f"meta l4proto != {{ icmpv6, {', '.join(LISTED)} }} "
    "update @other_open { ip6 saddr . ip6 daddr . meta l4proto }",
    "pass": "accept",
}
INWARD = {
    "related": f"{ERRORS} ct state related accept",  # REC-18, 23, 30, 36, 41, 45
    "icmpv6": "icmpv6 type { time-exceeded, parameter-problem } ct state related accept",
    "echo": "icmpv6 type echo-request accept",  # RFC 4890 section 4.3.1
    "ah": "ip6 nexthdr 51 accept",  # REC-21
    "esp": "meta l4proto 50 accept",  # REC-22
    "ike": "udp dport 500 accept",  # REC-24
    "hip": "meta l4proto 139 accept",  # REC-26
    # REC-17, 33: endpoint-independent filtering
    **{f"open {one}": f"ip6 daddr . {one} dport @{one}_open accept" for one in LISTED},
    "open other": "ip6 daddr . ip6 saddr . meta l4proto @other_open accept",  # REC-11: address-dependent
    "default": "drop",
}
BEFORE = ("rt type 0 drop",)  # REC-4


def gateway(mutant: Mutant = REFERENCE, lives: Lives = Lives()) -> Personality:
    """The reference router, or one that makes the mistake."""
    words = "the reference router of RFC 6092" if mutant is REFERENCE else f"RFC 6092, but: {mutant.name}"
    return Personality(mutant.name, words, tables={"cpe": text(mutant, lives)}, daemons=daemons(mutant, lives))


def daemons(mutant: Mutant, lives: Lives) -> tuple[Daemon, ...]:
    parts = {"tcp": mutant.tcp_rejects, "sctp": mutant.sctp_rejects}
    rejecting = tuple(
        Daemon(
            "cpe", "late_reject", (OUTSIDE_INTERFACE, str(DELEGATED), str(lives.reject * part), "--protocol", protocol)
        )
        for protocol, part in parts.items()
        if part is not None
    )
    return rejecting + ((Daemon("cpe", "services", mutant.services),) if mutant.services else ())


def text(mutant: Mutant, lives: Lives) -> str:
    """The whole nftables table."""
    members = {f"{one}_open": (ENDPOINT.format(one), getattr(lives, LIFE[one])) for one in LISTED}
    members["other_open"] = ("ip6 saddr . ip6 daddr . meta l4proto", lives.other)
    members |= {name: (what, BRIEF) for name, what in mutant.sets.items()}
    sets = "".join(
        f"  set {name} {{\n    typeof {what}\n    flags dynamic,timeout\n    size 4096\n"
        f"    timeout {round(1000 * life)}ms\n  }}\n"
        for name, (what, life) in members.items()
    )
    outward = rules(OUTWARD, mutant, mutant.first_out)
    inward = rules(INWARD, mutant, mutant.first_in)
    before = () if "rh0" in mutant.without else BEFORE
    jumps = (
        "ct state invalid counter",  # names ct, so that flows are tracked at all
        f'iifname "{BRIDGE}" oifname "{OUTSIDE_INTERFACE}" jump outward',
        f'iifname "{OUTSIDE_INTERFACE}" oifname "{BRIDGE}" jump inward',
    )
    return (
        f"table ip6 {TABLE} {{\n{sets}"
        f"  chain outward {{\n{_lines(outward)}  }}\n"
        f"  chain inward {{\n{_lines(inward)}  }}\n"
        "  chain forward {\n    type filter hook forward priority filter; policy accept;\n"
        f"{_lines((*before, *jumps))}  }}\n}}\n"
    )


def rules(own: dict[str, str], mutant: Mutant, first: tuple[str, ...]) -> tuple[str, ...]:
    kept = (mutant.instead.get(name, rule) for name, rule in own.items() if name not in mutant.without)
    return (*first, *kept)


def _lines(lines: tuple[str, ...]) -> str:
    return "".join(f"    {line}\n" for line in lines)


def dead(protocol: int) -> Mutant:
    """An ICMPv6 error ends the flow it is about."""
    marking = f"{ERRORS} ct state related {QUOTED} {protocol} ct mark set 1 accept"
    return Mutant(
        f"an ICMPv6 error ends a flow of protocol {protocol}",
        first_in=(marking, f"meta l4proto {protocol} ct mark 1 drop"),
    )


def deaf(protocol: int) -> Mutant:
    """Packet too big about flows of a protocol is lost: the classic black hole."""
    return Mutant(
        f"packet too big about protocol {protocol} is dropped",
        first_in=(f"icmpv6 type packet-too-big {QUOTED} {protocol} drop",),
    )


def strict(protocol: str) -> Mutant:
    """Only the very address and port that were spoken to may answer."""
    name = f"{protocol}_flow"
    return Mutant(
        f"{protocol.upper()} answers from the very port only",
        first_out=(f"update @{name} {{ {FLOW.format(protocol)} timeout 300s }}",),
        instead={f"open {protocol}": f"{BACK.format(protocol)} @{name} accept"},
        sets={name: FLOW.format(protocol)},
    )


def brief(name: str, match: str, back: str, member: str) -> Mutant:
    """States of what ``match`` (and ``back``, inward) matches live for BRIEF only."""
    inward = member.replace("saddr", "?").replace("daddr", "saddr").replace("?", "daddr").replace("sport", "dport")
    return Mutant(
        f"{name} is forgotten at once",
        first_out=(f"{match} update @brief {{ {member} }}",),
        first_in=(f"{back} {inward} != @brief drop",),
        sets={"brief": member},
    )


# REC -> the router that breaks it and, as far as can be, nothing else. The battery speaks two protocols that nobody
# knows: one of 160 to 199, and one of 200 to 249 whose flow it leaves alone.
MUTANTS: dict[int, Mutant] = {
    3: Mutant("site-local and ORCHID sources leave", first_out=("ip6 saddr { fec0::/10, 2001:10::/28 } accept",)),
    4: Mutant("routing header 0 passes", without=("rh0",)),
    5: Mutant("foreign sources leave", first_out=(f"ip6 saddr {SECOND_SOURCE} accept",)),
    7: Mutant("unique local sources leave", first_out=("ip6 saddr fc00::/7 accept",)),
    8: Mutant("DNS is answered outside", services=("--udp", "53")),
    9: Mutant("DHCPv6 is answered outside", services=("--udp", "547")),
    10: Mutant("ICMPv6 errors about nothing pass", first_in=(f"{ERRORS} accept",)),
    11: Mutant("an unknown protocol is not answered", first_in=("meta l4proto 160-199 drop",)),
    12: brief("an unknown protocol", "meta l4proto 200-249", "meta l4proto 200-249", PAIR),
    14: brief("UDP", "udp sport >= 1024", "udp dport >= 1024", ENDPOINT.format("udp")),
    15: brief("UDP of services", "udp sport < 1024", "udp dport 600-1023", ENDPOINT.format("udp")),
    16: Mutant("UDP is not refreshed", instead={"use udp": f"add @udp_open {{ {ENDPOINT.format('udp')} }}"}),
    17: strict("udp"),
    18: deaf(17),
    19: dead(17),
    20: Mutant("UDP-Lite opens UDP", first_out=("update @udp_open { ip6 saddr . udplite sport }",)),
    21: Mutant("AH does not come in", without=("ah",)),
    22: Mutant("ESP does not come in", without=("esp",)),
    23: deaf(50),
    24: Mutant("IKE does not come in", without=("ike",)),
    25: Mutant(
        "ESP is told apart by SPI",
        first_out=(
            "update @spis { ip6 saddr . ip6 daddr . esp spi timeout 300s }",
            f"meta l4proto 50 update @pairs {{ {PAIR} timeout 300s }}",
        ),
        first_in=(
            "ip6 daddr . ip6 saddr . esp spi @spis accept",
            "meta l4proto 50 ip6 daddr . ip6 saddr @pairs drop",
        ),
        sets={"spis": "ip6 saddr . ip6 daddr . esp spi", "pairs": PAIR},
    ),
    26: Mutant("HIP does not come in", without=("hip",)),
    27: Mutant("routing header 2 is dropped", first_in=("rt type 2 drop",)),
    28: Mutant("mobility headers are dropped", first_in=("meta l4proto 135 drop",)),
    30: deaf(135),
    31: Mutant(
        "openings from both sides at once are dropped",
        first_in=("ct direction reply tcp flags & (syn | ack) == syn drop",),
    ),
    32: Mutant(
        "a window is enforced without its scale",
        first_out=("tcp flags & syn == 0x0 ct state new ct mark set 32",),
        first_in=("ct mark 32 meta length > 60 drop",),
    ),
    33: strict("tcp"),
    34: Mutant("TCP is dropped in silence", tcp_rejects=None),
    35: brief("TCP", "meta l4proto tcp", "meta l4proto tcp", ENDPOINT.format("tcp")),
    36: deaf(6),
    37: dead(6),
    38: Mutant("SCTP from both sides at once is dropped", first_in=("sctp chunk init exists drop",)),
    39: Mutant("SCTP is dropped in silence", sctp_rejects=None),
    40: brief("SCTP", "meta l4proto sctp", "meta l4proto sctp", ENDPOINT.format("sctp")),
    41: deaf(132),
    42: dead(132),
    43: Mutant("DCCP is not answered", first_in=("dccp type response drop",)),
    44: brief("DCCP", "meta l4proto dccp", "meta l4proto dccp", ENDPOINT.format("dccp")),
    45: deaf(33),
    # Connection tracking may know DCCP flows by their addresses only: what dies is what carries data.
    46: replace(dead(33), first_in=(dead(33).first_in[0], "dccp type dataack ct mark 1 drop")),
    47: Mutant("Shim6 is dropped", first_in=("meta l4proto 140 drop",)),
    50: Mutant("management is offered outside", services=("--tcp", "22")),
}
EARLY_REJECT = Mutant("TCP is rejected at once", tcp_rejects=0.2)
