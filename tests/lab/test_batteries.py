"""The batteries beside routers that make one mistake each: the rows of that mistake flip, and no other row does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner.data.cases import EVASION, ICMPV6, load_cases
from scanner.lab.lab import Lab
from scanner.lab.mistakes import BY_THE_BOOK, RULES, by_the_book, fast_path, mistake, no_reassembly
from scanner.lab.personalities import Personality, personality
from scanner.lab.topology import ISP2_ADDRESS
from scanner.model.address import Kind

PLAYING = Path(__file__).with_name("playing.py")
CASES = {case.id: case for case in (*load_cases(EVASION), *load_cases(ICMPV6))}
# Every router on the way must discard these, so that none arrives behind routers that look into them.
TRANSIT = {"X10-5e", "X10-9e", "X10-de"}
LEGITIMATE = {"tcp-syn-data-allowed"}


def ids(text: str) -> set[str]:
    return set(text.split())


FLAGS_ALLOWED = ids("tcp-ack-allowed tcp-fin-allowed tcp-null-allowed tcp-xmas-allowed tcp-maimon-allowed") | ids(
    "tcp-syn-fin-allowed tcp-syn-ack-allowed"
)
INCOMPLETE = ids("fw6-19 X29 X30 X31 X50 Y03")  # tracking puts them not together, but calls their pieces invalid
ATOMIC = ids("fw6-10 X37 X38 X39 X40 Y11")
IN_PIECES = {case.id for case in CASES.values() if case.group == "fragments"}
# mistake -> cases that get through because of it
THROUGH = {
    "established-by-flags": ids(
        "tcp-ack tcp-push-ack tcp-maimon tcp-syn-ack tcp-rst tcp-rst-ack tcp-syn-rst tcp-ack-allowed "
        "tcp-maimon-allowed tcp-syn-ack-allowed Y12 X36"
    ),
    "syn-by-equality": ids("tcp-syn-push tcp-syn-urgent tcp-syn-push-urgent tcp-syn-ecn tcp-syn-ece tcp-syn-cwr"),
    "odd-flags": ids(
        "tcp-fin tcp-null tcp-xmas tcp-push tcp-urgent tcp-reserved tcp-syn-fin tcp-syn-xmas tcp-fin-allowed "
        "tcp-null-allowed tcp-xmas-allowed tcp-syn-fin-allowed"
    ),
    "reserved-flag": ids("tcp-syn-reserved"),
    # put together again, a SYN in fragments is a SYN with data
    "syn-with-data": ids("tcp-syn-data fw6-38 fw6-24 fw6-25 X32 X33 X34 Y07"),
    "fast-open": ids("tcp-syn-fast-open"),
    "source-port-0": ids("tcp-syn-port-0"),
    "invalid-passes": ids(
        "tcp-maimon tcp-syn-ack tcp-rst tcp-rst-ack tcp-syn-rst tcp-fin tcp-null tcp-xmas tcp-push tcp-urgent "
        "tcp-reserved tcp-syn-fin tcp-syn-xmas X46 X21"
    )
    | (FLAGS_ALLOWED - {"tcp-ack-allowed"}),
    "allowed-port-any-flags": FLAGS_ALLOWED,
    "source-ports-a": {f"sport-{port}-tcp" for port in (20, 53, 80, 123, 500, 5353)}
    | {f"sport-{port}-udp" for port in (22, 67, 88, 443, 547)},
    "source-ports-b": {f"sport-{port}-tcp" for port in (22, 67, 88, 443, 547)}
    | {f"sport-{port}-udp" for port in (20, 53, 80, 123, 500, 5353)},
    "hop-by-hop": ids("fw6-05 fw6-07 X10-1e X12 X39 Y09"),
    "routing-header": ids("X01 X02 X03 X04 X05 X06 X07 X08 Y08"),
    "destination-options": ids(
        "fw6-06 fw6-08 fw6-09 X09-1e X09-5e X09-9e X09-de X11 X14 X15 X16 X17 X18 X37 X38 X48 X49 Y10 Y12 X47 Y02 "
        "Y05 Y06"
    ),
    "fragments": ATOMIC | IN_PIECES,
    "unknown-protocols": {case.id for case in CASES.values() if case.group == "carriers"},
}
# the same for parts of a case
PARTIAL = {"invalid-passes": INCOMPLETE}
# mistake -> what it stops that the router by the book lets in
STOPPED = {"allowed-port-no-data": LEGITIMATE}
# mistake -> rows of RFC 4890 that it violates
VIOLATED = {
    "packet-too-big-dropped": ids("2-0-flow"),
    "unreachable-dropped": {f"1-{code}-flow" for code in range(7)},
    "problems-dropped": ids("3-0-flow 3-1-flow 4-0-flow 4-1-flow 4-2-flow"),
    "echo-reply-dropped": ids("129-flow"),
    "echo-dropped": ids("128 128-fragmented"),
    "neighbour-discovery": ids("133 134 135 136 137"),
    "router-renumbering": ids("138 139 140"),
    "multicast-listeners": ids("130 131 132 143 151 152 153"),
    "informational": ids("141 142 144 145 146 147 148 149 150 155 160 199 200 201 255"),
    "unknown-errors": ids("5 100 101 127"),
}


@dataclass(frozen=True)
class Row:
    id: str
    address: str
    result: str
    reaction: str
    evidence: str
    why: str


class Player:
    """The lab's host, playing one battery after the other."""

    def __init__(self, lab: Lab, process: "subprocess.Popen[str]") -> None:
        self.lab, self.process = lab, process

    def play(self, battery: str, **question: Any) -> dict[str, Row]:
        """The rows of one address, by case."""
        return {row.id: row for row in self.all_rows(battery, **question)}

    def all_rows(self, battery: str, **question: Any) -> list[Row]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.lab.exec("host", ["ip", "-6", "route", "flush", "cache"])  # a path MTU learnt from an earlier router
        ask = {"battery": battery, "blocked": "445", "allowed": "80", "udp": "445", "expect": "rfc6092"} | question
        self.process.stdin.write(json.dumps(ask) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert told["problems"] == []
        return [Row(*row) for row in told["rows"]]

    def evasion(self, router: Personality, **question: Any) -> dict[str, Row]:
        self.lab.apply(router)
        return self.play("evasion", **question)


@pytest.fixture(scope="module")
def player(lab: Lab) -> Iterator[Player]:
    lab.listen(tcp="22,80,445", udp="53,445")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = lab.popen("host", [sys.executable, str(PLAYING), f"netns:{lab.node('inet')}"], **pipes)
    try:
        assert process.stdout.readline() == '{"ready": true}\n'
        yield Player(lab, process)
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


def with_result(rows: dict[str, Row], result: str) -> set[str]:
    return {row.id for row in rows.values() if row.result == result}


# -- ways through


def test_every_case_has_a_router_that_passes_it_and_one_that_does_not() -> None:
    evasion = {case.id for case in load_cases(EVASION)}
    assert set().union(*THROUGH.values()) | TRANSIT | LEGITIMATE == evasion
    assert set().union(*VIOLATED.values()) == {case.id for case in load_cases(ICMPV6)}
    assert {*THROUGH, *STOPPED, *VIOLATED} == set(RULES)


def test_by_the_book_nothing_gets_through(player: Player) -> None:
    rows = player.evasion(by_the_book())
    assert with_result(rows, "through") == LEGITIMATE
    assert with_result(rows, "not-measurable") == TRANSIT
    assert with_result(rows, "stopped") == set(rows) - LEGITIMATE - TRANSIT
    assert "reached your router (2001:db8:2c::2)" in rows["fw6-06"].why
    assert "hop-limited copy" in rows["X10-9e"].why


@pytest.mark.parametrize("name", [*THROUGH, *STOPPED])
def test_one_mistake_flips_its_rows_and_no_other(player: Player, name: str) -> None:
    rows = player.evasion(mistake(name))
    passed, parts = THROUGH.get(name, set()), PARTIAL.get(name, set())
    assert with_result(rows, "through") == passed | (LEGITIMATE - STOPPED.get(name, set()))
    assert with_result(rows, "partial") == parts
    assert with_result(rows, "not-measurable") == TRANSIT
    wrong = {
        case: (rows[case].reaction, CASES[case].linux) for case in passed if rows[case].reaction != CASES[case].linux
    }
    assert not wrong, "what a Linux host does with it, as the catalogue says"


def test_what_routers_discard_arrives_where_hardware_forwards_it(player: Player) -> None:
    hops = (("isp1", "isp2", "down0"), ("isp2", "cpe", "wan0"), ("cpe", "host", "lan0"))
    rows = player.evasion(fast_path({node: mac_of(player.lab, other, device) for node, other, device in hops}))
    assert with_result(rows, "through") == THROUGH["hop-by-hop"] | TRANSIT | LEGITIMATE
    assert [rows[case].reaction for case in sorted(TRANSIT)] == ["silent", "param-problem", "param-problem"]


def mac_of(lab: Lab, node: str, device: str) -> str:
    said = lab.exec(node, ["ip", "-j", "link", "show", "dev", device], capture_output=True, text=True).stdout
    return str(json.loads(said)[0]["address"])


def test_a_filter_that_reassembles_nothing_passes_what_it_cannot_see(player: Player) -> None:
    rows = player.evasion(no_reassembly())
    hidden = ids("Y01 Y02 Y04 Y05 Y06 Y08 Y09")  # PROBES trap D15: the host takes the connection
    assert {case for case in IN_PIECES if rows[case].reaction == "syn-ack"} == hidden
    shown = ids("fw6-24 fw6-25 fw6-32 X29 X30 X32 X33 X34 X36 X47 Y07")
    assert with_result(rows, "partial") == shown, "all but the fragment that shows the port"
    assert with_result(rows, "stopped") >= ATOMIC, "the whole chain is in one packet"


def test_who_drops_on_the_host_hides_no_way_through(player: Player) -> None:
    firewall = Personality(
        "", "", first={"cpe": mistake("source-port-0").first["cpe"], "host": ("tcp dport 445 drop",)}
    )
    row = player.evasion(firewall)["tcp-syn-port-0"]
    assert (row.result, row.reaction) == ("through", "silent")


def test_what_transit_drops_is_no_merit_of_the_router(player: Player) -> None:
    dropping = Personality("", "", first={"cpe": BY_THE_BOOK, "isp2": ("ip6 nexthdr 60 drop",)})
    at_isp2 = player.evasion(dropping)
    assert at_isp2["fw6-06"].result == "not-measurable"
    # the provider's own router answers before it drops; the next one never hears of the packet
    assert f"hop 2 ({ISP2_ADDRESS}) of 3" in at_isp2["fw6-06"].why
    assert at_isp2["fw6-05"].result == "stopped"


def test_a_case_that_opens_the_port_spoils_what_comes_after(player: Player) -> None:
    """Endpoint-independent filtering (RFC 6092 REC-33), as a set that remembers."""
    remembers = (
        "table ip6 v6expose_eif {\n  set opened { type ipv6_addr; flags dynamic; timeout 30s; }\n"
        "  chain open {\n    type filter hook forward priority -5;\n"
        "    tcp option fastopen exists update @opened { ip6 daddr }\n    ip6 daddr @opened meta mark set 1\n  }\n}\n"
    )
    router = Personality("", "", first={"cpe": ("meta mark 1 accept", *BY_THE_BOOK)}, tables={"cpe": remembers})
    rows = player.evasion(router)
    by_tcp = {case.id for case in load_cases(EVASION) if case.base == "tcp-blocked"}
    assert (
        with_result(rows, "through") & by_tcp == {"tcp-syn-fast-open"}
        or len(with_result(rows, "through") & by_tcp) == 1
    ), "only the first to arrive is believed"
    spoiled = [row for row in rows.values() if "REC-33" in row.why]
    assert len(spoiled) > 50
    assert {row.result for row in spoiled} == {"not-measurable"}


@pytest.mark.parametrize("name", ["no-outbound", "pass-all"])
def test_where_nothing_can_be_told_nothing_is(player: Player, name: str) -> None:
    rows = player.evasion(personality(name))
    silent = [row for row in rows.values() if CASES[row.id].base != "tcp-allowed" and "somewhere else" not in row.why]
    assert len(silent) > 120
    assert {row.result for row in silent} == {"not-measurable"}
    why = {"no-outbound": "no control flow", "pass-all": "port 445 was stopped in the sweep and is let in now"}[name]
    assert why in rows["tcp-ack"].why


def test_each_address_is_judged_for_itself(player: Player) -> None:
    """The mistake is made for the stable address only."""
    stable = next(address.ip for address in player.lab.host_addresses() if address.kind is Kind.STABLE)
    rules = (f"ip6 daddr {stable} {RULES['fast-open'][1][0]}", *BY_THE_BOOK)
    player.lab.apply(Personality("", "", first={"cpe": rules}))
    rows = [row for row in player.all_rows("evasion", addresses=2) if row.id == "tcp-syn-fast-open"]
    assert {row.address == str(stable): row.result for row in rows} == {True: "through", False: "stopped"}


# -- ICMPv6


def test_by_the_book_every_row_of_rfc_4890_conforms(player: Player) -> None:
    player.lab.apply(by_the_book())
    rows = player.play("icmpv6")
    assert with_result(rows, "conforms") == {case.id for case in load_cases(ICMPV6)}
    assert "packets of 1280 bytes, not 1500" in rows["2-0-flow"].evidence


@pytest.mark.parametrize("name", VIOLATED)
def test_one_mistake_violates_its_rows_and_no_other(player: Player, name: str) -> None:
    player.lab.apply(mistake(name))
    rows = player.play("icmpv6")
    assert with_result(rows, "violates") == VIOLATED[name]
    assert with_result(rows, "conforms") == set(rows) - VIOLATED[name]
    if name == "packet-too-big-dropped":
        assert "went on sending packets of 1500 bytes" in rows["2-0-flow"].evidence


def test_echo_is_by_policy(player: Player) -> None:
    player.lab.apply(mistake("echo-dropped"))
    rows = player.play("icmpv6", expect="strict")
    assert with_result(rows, "violates") == set()
    assert "lets nothing unsolicited in" in rows["128"].why
