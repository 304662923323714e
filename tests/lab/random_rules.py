"""Rule sets drawn at random, as the texts that nft and ip6tables-restore take. Every rule that stops counts."""

from random import Random

PORTS = (1, 7, 22, 23, 53, 80, 81, 443, 445, 1024, 3389, 5353, 50_000, 65_535)
SUBCHAINS = 4
PREFIXES = ("2001:db8::/32", "2001:db8:77::1", "2001:db8:77::/64", "fe80::/10", "2001:db8:78::/48", "::-2001:db8:77::1")
STATES = ("new", "established", "related", "invalid", "untracked")
REJECTS = (
    "reject",
    "reject with icmpv6 type admin-prohibited",
    "reject with icmpx type host-unreachable",
    "reject with icmp type host-unreachable",
)


def ports(random: Random) -> str:
    kind = random.randrange(6)
    if kind == 0:
        low, high = sorted(random.sample(PORTS, 2))
        return f"{low}-{high}"
    if kind == 1:
        return random.choice(("< ", "> ", "<= ", ">= ", "!= ")) + str(random.choice(PORTS))
    if kind == 2:
        return "!= { " + ", ".join(map(str, sorted(random.sample(PORTS, 3)))) + " }"
    if kind == 3:
        return random.choice(("@ports", "@spans", "!= @spans"))
    if kind == 4:
        return "{ " + ", ".join(map(str, sorted(random.sample(PORTS, random.randint(1, 5))))) + " }"
    return str(random.choice(PORTS))


def nft_match(random: Random) -> str:
    protocol = random.choice(("tcp", "tcp", "udp"))
    states = ",".join(random.sample(STATES, random.randint(1, 2)))
    return random.choice(
        (
            f"{protocol} dport {ports(random)}",
            f"{protocol} dport {ports(random)}",
            f"{protocol} dport {ports(random)}",
            f"meta l4proto {{ tcp, udp }} th dport {ports(random)}",
            f"meta l4proto {random.choice(('', '!= '))}{protocol}",
            f"ip6 nexthdr {protocol}",
            f"ip6 saddr {random.choice(('', '!= '))}{random.choice(PREFIXES)}",
            f"ip6 daddr {random.choice(('', '!= '))}{{ 2001:db8:77::2, fe80::/10 }}",
            f"iifname {random.choice(('', '!= '))}{random.choice(('lo', 'veth*', 'veth0', 'eth0'))}",
            "iifname { lo, veth* }",
            f"ct state {states}",
            f"ct state != {random.choice(STATES)}",
            f"ct state != {{ {states} }}",
            f"ct status {random.choice(('dnat', 'snat,dnat', 'confirmed', 'assured'))}",
            "ct direction original",
            "tcp flags & (fin|syn|rst|ack) == syn",
            "tcp flags & (syn|ack) != 0",
            "tcp flags != syn",
            "tcp flags syn",
            "tcp flags { syn, ack }",
            "tcp flags & ack == 0",
            "fib daddr type local",
            "fib daddr type != { local, multicast }",
            "fib saddr . iif oif missing",
            "fib saddr . iif oif exists",
            "meta nfproto ipv4",
            "meta protocol ip6",
            "exthdr frag exists",
            "exthdr frag missing",
            "rt type 0",
            f"ip6 saddr . {protocol} dport {{ 2001:db8:77::1 . {random.choice(PORTS)}, fe80::/10 . 0-65535 }}",
            f"ip6 saddr . {protocol} dport @pairs",
            f"{protocol} dport . ip6 daddr != {{ {random.choice(PORTS)} . 2001:db8:77::2 }}",
            f"{protocol} sport 1024-65535",
            "icmpv6 type echo-request",
            "ip saddr 192.0.2.1",
            "meta mark 7",
            "numgen random mod 2 == 0",
            "limit rate 1/minute",
            "meta length > 100",
        )
    )


def vmap(random: Random, level: int) -> str:
    entries = ", ".join(f"{port} : {verdict(random, level, stop=False)}" for port in sorted(random.sample(PORTS, 3)))
    return random.choice(
        (
            f"tcp dport vmap {{ {entries} }}",
            f"meta l4proto {{ tcp, udp }} th dport vmap {{ {entries} }}",
            "tcp dport vmap @decisions",
            "ct state vmap { established : accept, related : accept, invalid : drop }",
            f"iifname vmap {{ lo : accept, veth* : {verdict(random, level, stop=False)} }}",
            f"ip6 saddr vmap {{ 2001:db8::/32 : {verdict(random, level, stop=False)}, fe80::/10 : drop }}",
            f"iifname . tcp dport vmap {{ veth0 . {random.choice(PORTS)} : {verdict(random, level, stop=False)} }}",
        )
    )


def verdict(random: Random, level: int, *, stop: bool = True) -> str:
    """``level``: of the chain; only chains below may be jumped to."""
    words = ["accept", "return", "continue"]
    if level < SUBCHAINS:
        words += [f"{how} sub{random.randrange(level, SUBCHAINS)}" for how in ("jump", "jump", "jump", "goto")]
    if stop:
        words += ["drop", "drop", "drop", random.choice(REJECTS)]
    else:
        words.append("drop")
    return random.choice(words)


def nft_rule(random: Random, level: int) -> str:
    matches = " ".join(nft_match(random) for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3))))
    if random.random() < 0.15:
        return f"{matches} counter {vmap(random, level)}"
    act = verdict(random, level)
    if act.startswith("reject with icmp type"):
        matches = f"meta nfproto ipv4 {matches}"
    if random.random() < 0.03 and level == 0:
        return f"{matches} notrack"
    return f"{matches} counter {act}"


def nft_rules(random: Random) -> str:
    """A table with sets and sub-chains, one to three base chains, and a last chain that counts what passes them all."""
    chosen = sorted(random.sample(PORTS, 3))
    low, high = sorted(random.sample(PORTS, 2))
    lines = [
        f"table {random.choice(('inet', 'ip6'))} drawn {{",
        "set ports {\ntype inet_service\nelements = { " + ", ".join(map(str, chosen)) + " }\n}",
        "set spans {\ntype inet_service\nflags interval\nelements = { " + f"{low}-{high}" + " }\n}",
        "set pairs {\ntype ipv6_addr . inet_service\nelements = { 2001:db8:77::1 . " + f"{chosen[0]}" + " }\n}",
        (
            "map decisions {\ntype inet_service : verdict\nelements = { "
            f"{chosen[1]} : drop, {chosen[2]} : accept"
            " }\n}"
        ),
    ]
    for level in reversed(range(SUBCHAINS)):
        rules = [nft_rule(random, level + 1) for _ in range(random.randint(0, 4))]
        lines += [f"chain sub{level} {{", *rules, "}"]
    for number in range(random.randint(1, 3)):
        hook, priority = random.choice(
            (("input", 0), ("input", -10), ("input", 5), ("prerouting", -150), ("prerouting", -300))
        )
        policy = random.choice(("accept", "drop"))
        rules = [nft_rule(random, 0) for _ in range(random.randint(1, 7))]
        head = f"type filter hook {hook} priority {priority}; policy {policy};"
        lines += [f"chain base{number} {{", head, "meta l4proto != { tcp, udp } accept", *rules, "}"]
    last = "type filter hook input priority 1000; policy accept;"
    lines += ["chain last {", last, "meta l4proto { tcp, udp } counter", "}", "}"]
    return "\n".join(lines) + "\n"


def ip6tables_match(random: Random) -> str:
    protocol = random.choice(("tcp", "tcp", "udp"))
    low, high = sorted(random.sample(PORTS, 2))
    several = ",".join(map(str, sorted(random.sample(PORTS, 3))))
    invert = random.choice(("", "! "))
    states = ",".join(random.sample(("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"), random.randint(1, 2)))
    return random.choice(
        (
            f"-p {protocol} -m {protocol} {invert}--dport {random.choice(PORTS)}",
            f"-p {protocol} -m {protocol} --dport {low}:{high}",
            f"-p {protocol} -m {protocol} --dport {random.choice(PORTS)} -m conntrack --ctstate {states}",
            f"-p {protocol} -m multiport {invert}--dports {several},{low}:{high}",
            "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
            "-p tcp -m tcp ! --tcp-flags SYN,ACK SYN",
            f"{invert}-p {protocol}",
            f"{invert}-s 2001:db8:77::/64",
            f"{invert}-s fe80::/10",
            f"{invert}-d 2001:db8:77::2/128",
            f"{invert}-i {random.choice(('lo', 'veth0', 'veth+', 'eth+'))}",
            f"-m conntrack {invert}--ctstate {states}",
            "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
            '-m comment --comment "said -j DROP"',
            "-m rt --rt-type 0",
            "-m mark --mark 0x7",
            "-m limit --limit 1/min",
            "",
        )
    )


def ip6tables_rules(random: Random, chains: int = 3) -> str:
    """What ip6tables-restore takes: the filter table, and sometimes mangle's INPUT."""
    lines = [
        "*filter",
        f":INPUT {random.choice(('ACCEPT', 'DROP'))} [0:0]",
        ":FORWARD ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
    ]
    lines += [f":ours{number} - [0:0]" for number in range(chains)]
    lines.append("-A INPUT ! -p tcp -m comment --comment control -m conntrack ! --ctstate NEW -j ACCEPT")
    for name, level in (("INPUT", 0), *((f"ours{number}", number + 1) for number in range(chains))):
        lines += [_ip6tables_rule(random, name, level, chains) for _ in range(random.randint(1, 6))]
    lines.append("COMMIT")
    if random.random() < 0.4:
        rules = [
            f"-A INPUT {ip6tables_match(random)} -j {random.choice(('ACCEPT', 'DROP', 'RETURN'))}" for _ in range(2)
        ]
        lines += ["*mangle", ":INPUT ACCEPT [0:0]", *rules, "COMMIT"]
    return "\n".join(lines) + "\n"


def _ip6tables_rule(random: Random, chain: str, level: int, chains: int) -> str:
    match = ip6tables_match(random)
    targets = ["ACCEPT", "DROP", "DROP", "RETURN", "REJECT --reject-with icmp6-adm-prohibited", "LOG"]
    if level < chains:
        targets += [f"ours{random.randrange(level, chains)}"] * 3
    target = random.choice(targets)
    how = "-g" if target.startswith("ours") and random.random() < 0.3 else "-j"
    return f"-A {chain} {match} {how} {target}"
