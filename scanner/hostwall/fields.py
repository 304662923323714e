"""Names and numbers of what nftables and ip6tables can match. Pure tables."""

from collections.abc import Mapping

from scanner.hostwall.values import Field

# linux/netfilter/nf_conntrack_common.h: NF_CT_STATE_BIT, as `ct state` compares them
STATES: Mapping[str, int] = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
# the same: enum ip_conntrack_status
STATUSES: Mapping[str, int] = {
    "expected": 1,
    "seen-reply": 2,
    "assured": 4,
    "confirmed": 8,
    "snat": 16,
    "dnat": 32,
    "dying": 512,
}
# RFC 9293 section 3.1, RFC 3168
FLAGS: Mapping[str, int] = {
    "fin": 1,
    "syn": 2,
    "rst": 4,
    "psh": 8,
    "ack": 16,
    "urg": 32,
    "ecn": 64,
    "cwr": 128,
    "all": 0x3F,  # ip6tables' words
    "none": 0,
}
# IANA protocol numbers, in the words of /etc/protocols
PROTOCOLS: Mapping[str, int] = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "sctp": 132,
    "udplite": 136,
}
TCP, UDP = PROTOCOLS["tcp"], PROTOCOLS["udp"]
FAMILIES: Mapping[str, int] = {"ipv4": 2, "ipv6": 10}
ETHER_TYPES: Mapping[str, int] = {"ip": 0x0800, "ip6": 0x86DD, "arp": 0x0806, "vlan": 0x8100}
DIRECTIONS: Mapping[str, int] = {"original": 0, "reply": 1}
# linux/rtnetlink.h: RTN_*
ADDRESS_TYPES: Mapping[str, int] = {
    "unspec": 0,
    "unicast": 1,
    "local": 2,
    "broadcast": 3,
    "anycast": 4,
    "multicast": 5,
    "blackhole": 6,
    "unreachable": 7,
    "prohibit": 8,
}

WORDS: Mapping[Field, Mapping[str, int]] = {
    Field.PROTOCOL: PROTOCOLS,
    Field.FAMILY: FAMILIES,
    Field.ETHER_TYPE: ETHER_TYPES,
    Field.TCP_FLAGS: FLAGS,
    Field.STATE: STATES,
    Field.STATUS: STATUSES,
    Field.DIRECTION: DIRECTIONS,
    Field.TARGET_TYPE: ADDRESS_TYPES,
}
BITS = frozenset({Field.TCP_FLAGS, Field.STATE, Field.STATUS})
ADDRESSES = frozenset({Field.TARGET, Field.SOURCE})
PORTS = frozenset({Field.TARGET_PORT, Field.SOURCE_PORT})

# How an ICMPv6 error or reset shows outside, in the run document's words: nftables' and ip6tables' names for it
REJECTS: Mapping[str, str] = {
    "no-route": "no-route",
    "admin-prohibited": "admin-prohibited",
    "addr-unreachable": "host-unreach",
    "port-unreachable": "port-unreach",
    "policy-fail": "policy-failed",
    "reject-route": "reject-route",
    "host-unreachable": "host-unreach",  # icmpx
    "tcp reset": "reset",
    "tcp-reset": "reset",
    "icmp6-no-route": "no-route",
    "icmp6-adm-prohibited": "admin-prohibited",
    "adm-prohibited": "admin-prohibited",
    "icmp6-addr-unreachable": "host-unreach",
    "addr-unreach": "host-unreach",
    "icmp6-port-unreachable": "port-unreach",
    "port-unreach": "port-unreach",
    "icmp6-policy-fail": "policy-failed",
    "icmp6-reject-route": "reject-route",
}
