"""``ip6tables-save``, of the nf_tables or the legacy kind -> chains. Pure; never raises.

nft's JSON hides what ip6tables' own matches look at ("xt"); here they are written out.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Network

from scanner.hostwall.fields import ADDRESS_TYPES, FLAGS, PROTOCOLS, REJECTS, STATES
from scanner.hostwall.values import (
    CONTINUE,
    Act,
    Action,
    Chain,
    Field,
    Hook,
    Interface,
    Masked,
    Match,
    Never,
    Range,
    Rule,
    Source,
    Unclear,
    Within,
    merged,
)

# linux/netfilter_ipv6.h: enum nf_ip6_hook_priorities. Only what inbound packets to the host itself meet.
PRIORITIES: Mapping[tuple[str, str], int] = {
    ("raw", "PREROUTING"): -300,
    ("mangle", "PREROUTING"): -150,
    ("nat", "PREROUTING"): -100,
    ("mangle", "INPUT"): -150,
    ("filter", "INPUT"): 0,
    ("security", "INPUT"): 50,
    ("nat", "INPUT"): 100,
}
HOOKS = {"PREROUTING": "prerouting", "INPUT": "input"}
OTHER_HOOKS = frozenset({"FORWARD", "OUTPUT", "POSTROUTING"})
# They say, count or mark something; the packet goes on.
SILENT = frozenset(
    {"LOG", "NFLOG", "ULOG", "TRACE", "MARK", "CONNMARK", "CLASSIFY", "TCPMSS", "CHECKSUM", "AUDIT", "SET", "HL"}
    | {"SECMARK", "CONNSECMARK", "DSCP", "TOS", "RATEEST"}
)
PLAIN = {"ACCEPT": Act.ACCEPT, "DROP": Act.DROP, "RETURN": Act.RETURN}
ELSEWHERE: Mapping[str, str] = {
    "DNAT": "sends it to another destination (DNAT)",
    "REDIRECT": "sends it to another port (REDIRECT)",
    "NETMAP": "sends it to another destination (NETMAP)",
    "TPROXY": "hands it to a transparent proxy (TPROXY)",
    "NFQUEUE": "hands it to a program that decides (NFQUEUE)",
    "SNAT": "changes its source (SNAT)",
    "MASQUERADE": "changes its source (MASQUERADE)",
}
NO_PROTOCOL = -1  # a name of /etc/protocols that is neither TCP nor UDP
APPENDED = re.compile(r"^-A (\S+) ")
CHAIN_LINE = re.compile(r"^:(?P<name>\S+) (?P<policy>ACCEPT|DROP|-)(?: |$)")

Words = list[str]
Reader = Callable[[str, bool], Match]  # the option's value, negated -> the match


@dataclass(slots=True)
class _Table:
    name: str
    policies: dict[str, str] = field(default_factory=dict)
    rules: dict[str, list[Rule]] = field(default_factory=dict)


def read_saved(text: str, source: Source) -> tuple[Chain, ...]:
    """The chains of every complete table in ``text``; built-in chains that no inbound packet meets are left out."""
    return tuple(chain for table in _tables(text) for chain in _chains(table, source))


def _tables(text: str) -> Iterator[_Table]:
    table: _Table | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("*"):
            table = _Table(line[1:])
        elif table is None:
            continue
        elif line == "COMMIT":
            yield table
            table = None
        elif found := CHAIN_LINE.match(line):
            table.policies[found["name"]] = found["policy"]
            table.rules.setdefault(found["name"], [])
        elif found := APPENDED.match(line):
            table.rules.setdefault(found[1], []).append(read_rule(line[found.end() :], frozenset(table.policies)))


def _chains(table: _Table, source: Source) -> Iterator[Chain]:
    for name, rules in table.rules.items():
        policy = table.policies.get(name, "-")
        hook = None
        if policy != "-":
            priority = PRIORITIES.get((table.name, name))
            if priority is None and name in OTHER_HOOKS:
                continue
            hook = Hook(HOOKS.get(name, name), priority or 0, Act.DROP if policy == "DROP" else Act.ACCEPT)
        yield Chain(source, "ip6", table.name, name, hook, tuple(rules))


def read_rule(text: str, chains: frozenset[str]) -> Rule:
    """One rule, without ``-A CHAIN``. ``chains`` are those a rule may jump to."""
    try:
        words = shlex.split(text)
        return _Reader(words, chains).rule(text)
    except (ValueError, IndexError, KeyError):
        return Rule(text, (), Action(Act.ELSEWHERE, "is not understood"))


class _Reader:
    """Goes through the words of one rule from left to right."""

    def __init__(self, words: Words, chains: frozenset[str]) -> None:
        self.words = words
        self.chains = chains
        self.at = 0
        self.module = ""
        self.matches: list[Match] = []

    def rule(self, text: str) -> Rule:
        while self.at < len(self.words):
            negated = self.words[self.at] == "!"
            self.at += negated
            option = self.words[self.at]
            self.at += 1
            if option in ("-j", "--jump", "-g", "--goto"):
                action = self.action(self.take(), option in ("-g", "--goto"))
                return Rule(text, tuple(self.matches), action)
            self.option(option, negated)
        return Rule(text, tuple(self.matches))

    def take(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def option(self, option: str, negated: bool) -> None:  # noqa: FBT001
        if option in ("-m", "--match"):
            self.enter(self.take())
        elif option == "--comment":
            self.take()
        elif option == "--tcp-flags":
            self.matches.append(_flags(self.take(), self.take(), negated))
        elif option == "--syn":
            self.matches.append(_flags("FIN,SYN,RST,ACK", "SYN", negated))
        elif option == "--ports":
            self.take()
            self.matches.append(Unclear("--ports"))
        else:
            self.valued(option, negated)

    def valued(self, option: str, negated: bool) -> None:  # noqa: FBT001
        reader = READERS.get((self.module, option)) or READERS.get(("", option))
        if reader is None:
            self.skip_values()
            self.matches.append(Unclear(" ".join(word for word in ("-m", self.module, option) if word)))
            return
        self.matches.append(reader(self.take(), negated))

    def skip_values(self) -> None:
        while self.at < len(self.words) and not self.words[self.at].startswith("-") and self.words[self.at] != "!":
            self.at += 1

    def enter(self, module: str) -> None:
        """A match module; some say something by being there at all."""
        self.module = module
        if module in ("tcp", "udp"):
            self.matches.append(_protocol(module, negated=False))
        elif module in HEADERS:
            self.matches.append(Never(f"-m {module}"))
        elif module not in KNOWN:
            self.matches.append(Unclear(f"-m {module}"))

    def action(self, target: str, goto: bool) -> Action:  # noqa: FBT001
        if target in PLAIN:
            return Action(PLAIN[target])
        if target in self.chains:
            return Action(Act.GOTO if goto else Act.JUMP, target)
        rest = self.words[self.at :]
        if target == "REJECT":
            words = rest[rest.index("--reject-with") + 1] if "--reject-with" in rest else "icmp6-port-unreachable"
            return Action(Act.REJECT, REJECTS[words])
        if target in ("CT", "NOTRACK"):
            return Action(Act.NOTRACK) if target == "NOTRACK" or "--notrack" in rest else CONTINUE
        if target in SILENT:
            return CONTINUE
        return Action(Act.ELSEWHERE, ELSEWHERE.get(target, f"does what is not understood ({target})"))


# The probes are first TCP or UDP packets without extension headers: these modules look at what they do not have.
HEADERS = frozenset({"rt", "frag", "hbh", "dst", "ah", "esp", "mh", "icmp6", "icmpv6", "sctp", "dccp", "srh", "ipcomp"})
KNOWN = frozenset({"tcp", "udp", "multiport", "conntrack", "state", "comment", "addrtype"})


def _protocol(text: str, negated: bool) -> Match:  # noqa: FBT001
    if text in ("all", "0"):
        return Within(Field.PROTOCOL, ((0, 255),), negated)
    number = int(text) if text.isdigit() else PROTOCOLS.get(text, NO_PROTOCOL)
    return Within(Field.PROTOCOL, ((number, number),), negated)


def _address(which: Field) -> Reader:
    def read(text: str, negated: bool) -> Match:  # noqa: FBT001
        host, _, mask = text.partition("/")
        if ":" in mask:  # a mask that is no prefix length
            return Unclear(f"address {text}")
        network = IPv6Network((host, int(mask or 128)), strict=False)
        return Within(which, ((int(network.network_address), int(network.broadcast_address)),), negated)

    return read


def _ports(which: Field) -> Reader:
    def read(text: str, negated: bool) -> Match:  # noqa: FBT001
        return Within(which, merged([_port_range(part) for part in text.split(",")]), negated)

    return read


def _port_range(text: str) -> Range:
    low, colon, high = text.partition(":")
    first = int(low or 0)
    return (first, int(high or 65535)) if colon else (first, first)


def _interface(text: str, negated: bool) -> Match:  # noqa: FBT001
    return Interface((text[:-1] + "*" if text.endswith("+") else text,), negated)


def _states(text: str, negated: bool) -> Match:  # noqa: FBT001
    """A first packet is in one state at once; DNAT and SNAT are words of --ctstate too."""
    names = [name.lower() for name in text.split(",")]
    if {"dnat", "snat"} & set(names):
        return Unclear(f"--ctstate {text}") if len(names) > 1 or negated else Masked(Field.STATUS, *_nat(names[0]))
    bits = 0
    for name in names:
        bits |= STATES[name]
    return Masked(Field.STATE, bits, (0,), negated=not negated)


def _nat(name: str) -> tuple[int, tuple[int, ...]]:
    bit = {"snat": 16, "dnat": 32}[name]
    return bit, (bit,)


def _flags(mask: str, wanted: str, negated: bool) -> Match:  # noqa: FBT001
    return Masked(Field.TCP_FLAGS, _flag_bits(mask), (_flag_bits(wanted),), negated)


def _flag_bits(text: str) -> int:
    total = 0
    for name in text.lower().split(","):
        total |= FLAGS[name]
    return total


def _address_type(text: str, negated: bool) -> Match:  # noqa: FBT001
    numbers = [ADDRESS_TYPES[name.lower()] for name in text.split(",")]
    return Within(Field.TARGET_TYPE, merged([(number, number) for number in numbers]), negated)


READERS: Mapping[tuple[str, str], Reader] = {
    ("", "-p"): _protocol,
    ("", "-s"): _address(Field.SOURCE),
    ("", "-d"): _address(Field.TARGET),
    ("", "-i"): _interface,
    ("tcp", "--dport"): _ports(Field.TARGET_PORT),
    ("tcp", "--sport"): _ports(Field.SOURCE_PORT),
    ("udp", "--dport"): _ports(Field.TARGET_PORT),
    ("udp", "--sport"): _ports(Field.SOURCE_PORT),
    ("multiport", "--dports"): _ports(Field.TARGET_PORT),
    ("multiport", "--sports"): _ports(Field.SOURCE_PORT),
    ("conntrack", "--ctstate"): _states,
    ("state", "--state"): _states,
    ("addrtype", "--dst-type"): _address_type,
}
