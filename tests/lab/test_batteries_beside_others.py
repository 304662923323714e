"""The batteries beside tools nobody here wrote: thc-ipv6's firewall6 with our witness watching, SI6's blackhole6."""

import re
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from scanner.lab.lab import Lab
from scanner.lab.mistakes import BY_THE_BOOK, by_the_book, first_header_only, no_reassembly
from scanner.lab.personalities import Personality
from scanner.lab.topology import ISP2_ADDRESS, SECOND_SOURCE, VANTAGE_ADDRESS
from scanner.model.address import Kind
from scanner.probes.cases.read import FRAGMENT, MOST_HEADERS, Said, read_packet

from .prober import capture_on
from .test_batteries import Player, player  # noqa: F401  (a fixture)

FIREWALL6, BLACKHOLE6 = "atk6-firewall6", "blackhole6"
# Number of a test of firewall6 -> our case. Tests of one packet are known by their source port, 21000 + number.
SAME = {2: "tcp-syn-data", 5: "fw6-05", 6: "fw6-06", 7: "fw6-07", 8: "fw6-08", 9: "fw6-09", 10: "fw6-10"}
FIRST_PORT = 21_000
SOURCES = (VANTAGE_ADDRESS.packed, SECOND_SOURCE.packed)  # it takes either for its own


def firewall6(lab: Lab, target: str, tests: list[int]) -> list[Said]:
    """What arrives at the host of these tests, all begun at once: each waits three seconds for an answer."""
    with capture_on(lab, "host", "lan0") as inside:
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = [lab.popen("inet", [FIREWALL6, "net0", target, "445", str(test)], **pipes) for test in tests]
        for process in running:
            process.wait(timeout=60)
        return list(arrived(inside))


def arrived(inside: socket.socket) -> Iterator[Said]:
    while select.select([inside], [], [], 0.3)[0]:
        said = read_packet(inside.recv(65_536))
        if said is not None and said.source in SOURCES:
            yield said


def number_of(said: Said) -> int:
    """Only test 9 has more headers than our reader walks."""
    return said.source_port - FIRST_PORT if said.source_port > 0 else 9 if len(said.chain) == MOST_HEADERS else 0


@pytest.mark.skipif(not shutil.which(FIREWALL6), reason="thc-ipv6 is not installed")
def test_the_same_cases_of_firewall6_arrive(player: Player) -> None:  # noqa: F811
    lab = player.lab
    target = str(next(address.ip for address in lab.host_addresses() if address.kind is Kind.STABLE))
    for router in (by_the_book(), first_header_only()):
        rows = player.evasion(router)
        theirs = {SAME[number_of(said)] for said in firewall6(lab, target, list(SAME))}
        assert theirs == {case for case in SAME.values() if rows[case].result == "through"}


@pytest.mark.skipif(not shutil.which(FIREWALL6), reason="thc-ipv6 is not installed")
def test_as_many_fragments_of_firewall6_arrive(player: Player) -> None:  # noqa: F811
    target = str(next(address.ip for address in player.lab.host_addresses() if address.kind is Kind.STABLE))
    rows = player.evasion(no_reassembly())
    # test 19 is sent twice, test 24 once; of its three fragments the first shows the port
    for test, number in ((19, 4), (24, 2)):
        pieces = [said for said in firewall6(player.lab, target, [test]) if said.chain[0] == FRAGMENT]
        assert len(pieces) == number, test
    assert (rows["fw6-19"].result, rows["fw6-24"].result) == ("through", "partial")
    assert "2 of 3 packets" in rows["fw6-24"].evidence


@pytest.mark.skipif(not shutil.which(BLACKHOLE6), reason="ipv6toolkit is not installed")
def test_blackhole6_finds_the_same_last_hop(player: Player) -> None:  # noqa: F811
    lab = player.lab
    rows = player.evasion(Personality("", "", first={"cpe": BY_THE_BOOK, "isp2": ("ip6 nexthdr 60 drop",)}))
    target = str(lab.host_addresses()[0].ip)
    told = lab.exec("inet", [BLACKHOLE6, target, "do8"], capture_output=True, text=True, check=False, timeout=90).stdout
    found = re.search(r"Last node \(DO 8\): (\S+) .*\((\d+) hop", told)
    assert found is not None, told
    assert found.groups() == (str(ISP2_ADDRESS), "2")
    assert f"hop 2 ({ISP2_ADDRESS}) of 3" in rows["fw6-06"].why
