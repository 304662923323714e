"""Who is wired to whom, pure: names, prefixes and the text that iproute2's batch mode and sysctl get.

    inet ---- isp1 ---- isp2 ---- cpe (home router) ---- br-lan { host, printer }
    inet2 ---/

Everything is documentation space (RFC 3849) and no link leads out of these namespaces.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from scanner.model.errors import InputError
from scanner.model.text import say

DEFAULT_NAME = "v6x"
NODES = ("inet", "inet2", "isp1", "isp2", "cpe", "host", "printer")
ROUTERS = ("isp1", "isp2", "cpe")
ALIASES = {"lan": "cpe"}  # the LAN bridge is part of the home router, as in most of them

DOCUMENTATION = IPv6Network("2001:db8::/32")
LAN = IPv6Network("2001:db8:2120:f400::/64")
DELEGATED = IPv6Network("2001:db8:2120:f400::/56")
LAN_ROUTER = IPv6Address("2001:db8:2120:f400::1")
ROUTER_LINK_LOCAL = IPv6Address("fe80::1")
CPE_OUTSIDE = IPv6Address("2001:db8:2c::2")
ISP1_ADDRESS = IPv6Address("2001:db8:f:1::1")
ISP2_ADDRESS = IPv6Address("2001:db8:12::2")
VANTAGE_ADDRESS = IPv6Address("2001:db8:f:1::2")
SECOND_SOURCE = IPv6Address("2001:db8:f:1::3")  # deprecated: used only by who binds it on purpose
VANTAGE2_ADDRESS = IPv6Address("2001:db8:f:2::2")
UNUSED_LAN_ADDRESS = IPv6Address("2001:db8:2120:f400:dead::1")

LAN_INTERFACE = "lan0"  # of host and printer
BRIDGE = "br-lan"
HOST_MAC = "52:54:00:64:00:10"
PRINTER_MAC = "52:54:00:64:00:20"
ROUTER_MAC = "52:54:00:64:00:01"
PRINTER_ADDRESS = IPv6Address("2001:db8:2120:f400:5054:ff:fe64:20")

ADDR_GEN_MODES = {"eui64": 0, "stable-privacy": 3}  # net.ipv6.conf.*.addr_gen_mode; 3: the kernel draws the secret


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds: preferred and valid lifetime."""

    preferred: int
    valid: int


@dataclass(frozen=True, slots=True)
class Options:
    """How the host makes its addresses. ``temporary`` bounds the temporary ones (RFC 8981), ``prefix`` all of them."""

    tempaddr: int = 2  # net.ipv6.conf.*.use_tempaddr: 0 none, 1 made but not preferred, 2 preferred
    addr_gen: str = "eui64"
    prefix: Lifetimes = Lifetimes(86_400, 604_800)
    temporary: Lifetimes = Lifetimes(86_400, 172_800)
    icmp_ratelimit: bool = False  # True keeps the kernel's limit on ICMPv6 errors (RFC 4443 section 2.4 f)


# (node, interface, MAC or "", node, interface, MAC or "")
LINKS = (
    ("inet", "net0", "", "isp1", "down1", ""),
    ("inet2", "net0", "", "isp1", "down2", ""),
    ("isp1", "up0", "", "isp2", "down0", ""),
    ("isp2", "up0", "", "cpe", "wan0", ""),
    ("cpe", "to-host", "", "host", LAN_INTERFACE, HOST_MAC),
    ("cpe", "to-printer", "", "printer", LAN_INTERFACE, PRINTER_MAC),
)

# node -> iproute2 batch lines, run inside the node once its links exist
CONFIGURATION = {
    "inet": (
        "link set net0 up",
        f"addr add {VANTAGE_ADDRESS}/64 dev net0 nodad",
        f"addr add {SECOND_SOURCE}/64 dev net0 nodad preferred_lft 0",
        f"route add default via {ISP1_ADDRESS}",
    ),
    "inet2": (
        "link set net0 up",
        f"addr add {VANTAGE2_ADDRESS}/64 dev net0 nodad",
        "route add default via 2001:db8:f:2::1",
    ),
    "isp1": (
        "link set down1 up",
        "link set down2 up",
        "link set up0 up",
        f"addr add {ISP1_ADDRESS}/64 dev down1 nodad",
        "addr add 2001:db8:f:2::1/64 dev down2 nodad",
        "addr add 2001:db8:12::1/64 dev up0 nodad",
        f"route add 2001:db8:2c::/64 via {ISP2_ADDRESS}",
        f"route add {DELEGATED} via {ISP2_ADDRESS}",
    ),
    "isp2": (
        "link set down0 up",
        "link set up0 up",
        f"addr add {ISP2_ADDRESS}/64 dev down0 nodad",
        "addr add 2001:db8:2c::1/64 dev up0 nodad",
        "route add default via 2001:db8:12::1",
        f"route add {DELEGATED} via {CPE_OUTSIDE}",
    ),
    "cpe": (
        f"link add {BRIDGE} address {ROUTER_MAC} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
        f"link set to-host master {BRIDGE}",
        f"link set to-printer master {BRIDGE}",
        "link set to-host up",
        "link set to-printer up",
        "link set wan0 up",
        f"link set {BRIDGE} up",
        f"addr add {CPE_OUTSIDE}/64 dev wan0 nodad",
        f"addr add {ROUTER_LINK_LOCAL}/64 dev {BRIDGE} nodad",
        f"addr add {LAN_ROUTER}/64 dev {BRIDGE} nodad",
        "route add default via 2001:db8:2c::1",
        f"route add unreachable {DELEGATED}",  # RFC 7084 WPD-5: no loop with the ISP over the unused rest
    ),
    "host": (f"link set {LAN_INTERFACE} up",),
    "printer": (f"link set {LAN_INTERFACE} up",),
}


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def check(name: str, options: Options) -> None:
    """Raises InputError naming what cannot be."""
    if not NAME.fullmatch(name):
        raise InputError(say("{name!r} is no name for a lab", name=name), say("use up to 32 letters, digits, - and _"))
    if options.tempaddr not in (0, 1, 2):
        raise InputError(
            say("use_tempaddr is 0, 1 or 2, not {tempaddr}", tempaddr=options.tempaddr),
            say("2 makes temporary addresses and prefers them"),
        )
    if options.addr_gen not in ADDR_GEN_MODES:
        raise InputError(
            say("no way to generate addresses {addr_gen!r}", addr_gen=options.addr_gen),
            say("known: {addr_gen_modes}", addr_gen_modes=", ".join(ADDR_GEN_MODES)),
        )
    for lifetimes in (options.prefix, options.temporary):
        if lifetimes.preferred > lifetimes.valid:  # RFC 4862 section 5.5.3 c: such a prefix is ignored
            raise InputError(
                say(
                    "preferred lifetime {preferred} s is longer than the valid lifetime {valid} s",
                    preferred=lifetimes.preferred,
                    valid=lifetimes.valid,
                ),
                say("give PREFERRED VALID, the smaller first"),
            )


def node_of(word: str) -> str:
    """The node a user means. Raises InputError naming the known ones."""
    node = ALIASES.get(word, word)
    if node not in NODES:
        raise InputError(
            say("no node {word!r} in the lab", word=word), say("known are {nodes}", nodes=", ".join(NODES))
        )
    return node


def namespace(name: str, node: str) -> str:
    return f"{name}-{node}"


def namespaces(name: str) -> tuple[str, ...]:
    return tuple(namespace(name, node) for node in NODES)


def namespaces_batch(name: str) -> str:
    return "".join(f"netns add {space}\n" for space in namespaces(name))


def links_batch(name: str) -> str:
    """All veth pairs, each end born inside its namespace: nothing ever appears in the caller's own."""
    return "".join(
        f"link add dev {near_name} {_address(near_mac)}netns {namespace(name, near)} type veth "
        f"peer name {far_name} {_address(far_mac)}netns {namespace(name, far)}\n"
        for near, near_name, near_mac, far, far_name, far_mac in LINKS
    )


def _address(mac: str) -> str:
    return f"address {mac} " if mac else ""


def node_batch(node: str) -> str:
    return "".join(f"{line}\n" for line in ("link set lo up", *CONFIGURATION[node]))


def sysctls(node: str, options: Options) -> dict[str, str]:
    """Path under /proc/sys/net/ipv6 -> value, to be set before the node's links are made (they copy conf/default)."""
    values = {
        "conf/default/accept_dad": "0",  # nobody else can hold the address: preferred at once
        "conf/default/dad_transmits": "0",
        "conf/default/router_solicitation_delay": "0",
    }
    if not options.icmp_ratelimit:
        values |= {"icmp/ratelimit": "0", "icmp/ratemask": "255"}  # the mask also keeps the global limiter out
    if node in ROUTERS:
        values["conf/all/forwarding"] = "1"
    if node == "host":
        values |= _host_sysctls(options)
    return values


def _host_sysctls(options: Options) -> dict[str, str]:
    return {
        "conf/default/use_tempaddr": str(options.tempaddr),
        "conf/default/addr_gen_mode": str(ADDR_GEN_MODES[options.addr_gen]),
        "conf/default/temp_prefered_lft": str(options.temporary.preferred),  # the kernel's spelling
        "conf/default/temp_valid_lft": str(options.temporary.valid),
        "conf/default/max_desync_factor": "0",
    }
