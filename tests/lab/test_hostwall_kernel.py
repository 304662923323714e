"""The static matcher says what the kernel does: random rule sets of nft and both ip6tables, every packet counted."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.ip6tables import read_saved
from scanner.hostwall.read import LEGACY_TABLES, read_host_rules, read_whence
from scanner.hostwall.run_command import environment
from scanner.hostwall.values import Act, HostRules, Source
from scanner.hostwall.walk import PASSED, Ends, decide

from . import random_rules
from .conftest import require_root
from .pair import FAR, INTERFACE, NEAR, SOURCE_PORT, Pair, pair

PROTOCOLS = (Protocol.TCP, Protocol.UDP)
RULE_SETS = 60
SURE_SHARE = 0.6  # at least so many walks end in one certain place, or the comparison would be hollow

Place = tuple[str, str, int]  # table, chain, number of the rule
LAST = ("drawn", "last", 0)


@pytest.fixture(scope="module")
def two(unique_name: Callable[[], str]) -> Iterator[Pair]:
    require_root()
    with pair(unique_name()) as one:
        yield one


def flows(two: Pair) -> list[Flow]:
    whence = read_whence(NEAR, INTERFACE, INTERFACE, two.runner)
    assert whence.way_back == INTERFACE
    return [
        Flow(protocol, FAR, port, NEAR, whence.interface, whence.way_back, SOURCE_PORT)
        for protocol in PROTOCOLS
        for port in random_rules.PORTS
    ]


def expected(ends: list[Ends]) -> tuple[Counter[Place], Counter[Place]]:
    """How many packets each rule stops at least, and at most; those that pass are the last chain's."""
    least: Counter[Place] = Counter()
    most: Counter[Place] = Counter()
    for one in ends:
        places = {LAST if end == PASSED else (end.chain[2], end.chain[3], end.number) for end in one.possible}
        most.update(places)
        if len(places) == 1:
            least.update(places)
    return least, most


def compare(counted: dict[Place, int], ends: list[Ends], what: str) -> int:
    """A rule's counter lies between what it must and what it may have stopped. Returns how many walks were sure."""
    least, most = expected(ends)
    for place, packets in counted.items():
        assert least[place] <= packets <= most[place], (place, least[place], packets, most[place], what)
    return sum(len(one.possible) == 1 for one in ends)


REFUSED = re.compile(r"^/dev/stdin:(\d+):", re.MULTILINE)


def load(two: Pair, text: str) -> str:
    """Load the rule set without the rules that nft refuses (TCP and UDP at once, ...); what was loaded."""
    lines = ["flush ruleset", *text.splitlines()]
    for _ in range(40):
        done = two.ask("nft", "-f", "-", text="\n".join(lines) + "\n")
        if not done.returncode:
            return "\n".join(lines)
        number = REFUSED.search(done.stderr)
        assert number is not None, done.stderr
        del lines[int(number[1]) - 1]
    raise AssertionError(done.stderr)


def nft_counts(listing: str) -> dict[Place, int]:
    numbers: Counter[tuple[str, str]] = Counter()
    counted: dict[Place, int] = {}
    for entry in json.loads(listing)["nftables"]:
        rule = entry.get("rule")
        if rule is None:
            continue
        chain = (rule["table"], rule["chain"])
        place = (*chain, numbers[chain])
        numbers[chain] += 1
        keys = {key: value for part in rule["expr"] for key, value in part.items()}
        if "counter" in keys and ({"drop", "reject"} & set(keys) or place == LAST):
            counted[place] = keys["counter"]["packets"]
    return counted


def test_random_rule_sets_of_nft(two: Pair, tmp_path: Path) -> None:
    sure = total = 0
    for seed in range(RULE_SETS):
        text = load(two, random_rules.nft_rules(Random(seed)))
        rules = read_host_rules(two.runner, tmp_path / "no-legacy")
        assert rules.problems == ()
        two.send(random_rules.PORTS, PROTOCOLS)
        counted = nft_counts(two.run("nft", "-j", "list", "ruleset"))
        ends = [decide(flow, rules) for flow in flows(two)]
        sure += compare(counted, ends, f"seed {seed}\n{text}")
        total += len(ends)
    assert sure / total > SURE_SHARE


SAVED = re.compile(r"\[(?P<packets>\d+):\d+\] -A (?P<chain>\S+) (?P<rest>.*)")


def saved_counts(saved: str) -> dict[Place, int]:
    numbers: Counter[tuple[str, str]] = Counter()
    counted: dict[Place, int] = {}
    table = ""
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif found := SAVED.match(line):
            chain = (table, found["chain"])
            if re.search(r"-j (DROP|REJECT( --reject-with \S+)?)$", found["rest"]):
                counted[*chain, numbers[chain]] = int(found["packets"])
            numbers[chain] += 1
    return counted


@pytest.mark.parametrize(("kind", "source"), [("nft", Source.IP6TABLES), ("legacy", Source.LEGACY)])
def test_random_rule_sets_of_ip6tables(two: Pair, kind: str, source: Source) -> None:
    program = f"ip6tables-{kind}"
    if shutil.which(program, path=environment()["PATH"]) is None:
        pytest.skip("the package iptables is not installed")
    two.run("nft", "flush", "ruleset")
    sure = total = 0
    try:
        for seed in range(RULE_SETS // 2):
            text = random_rules.ip6tables_rules(Random(seed))
            two.run(f"{program}-restore", text="*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
            two.run(f"{program}-restore", text=text)
            rules = HostRules(read_saved(two.run(f"{program}-save"), source))
            two.send(random_rules.PORTS, PROTOCOLS)
            ends = [decide(flow, rules) for flow in flows(two)]
            sure += compare(saved_counts(two.run(f"{program}-save", "-c")), ends, f"seed {seed}\n{text}")
            total += len(ends)
    finally:
        for table in ("filter", "mangle"):
            two.run(program, "-t", table, "-F")
            two.run(program, "-t", table, "-P", "INPUT", "ACCEPT")
    assert sure / total > SURE_SHARE


def test_what_is_read_is_the_whole_of_both_kinds(two: Pair, tmp_path: Path) -> None:
    if shutil.which("ip6tables-legacy", path=environment()["PATH"]) is None:
        pytest.skip("the package iptables is not installed")
    two.run("nft", "flush", "ruleset")
    two.run("ip6tables-nft", "-A", "INPUT", "-p", "tcp", "-m", "multiport", "--dports", "1,2", "-m", "conntrack",
            "--ctstate", "NEW", "-j", "DROP")  # fmt: skip
    two.run("ip6tables-legacy", "-A", "INPUT", "-p", "tcp", "--dport", "3", "-j", "DROP")
    legacy = tmp_path / "names"
    try:
        legacy.write_text(two.run("cat", str(LEGACY_TABLES)))  # of that namespace, not of ours
        assert "filter" in legacy.read_text().split()
        rules = read_host_rules(two.runner, legacy)
    finally:
        two.run("ip6tables-legacy", "-F")
        two.run("nft", "flush", "ruleset")
    assert rules.problems == ()
    ends = {port: decide(Flow(Protocol.TCP, FAR, port, NEAR, INTERFACE, INTERFACE), rules) for port in (1, 2, 3, 4)}
    assert [one.possible[0].act for one in ends.values()] == [Act.DROP, Act.DROP, Act.DROP, Act.ACCEPT]
    assert ends[2].possible[0].chain[0] is Source.IP6TABLES
    assert ends[3].possible[0].chain[0] is Source.LEGACY
