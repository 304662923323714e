"""The default for the whole LAN, found without a packet to any device of it: the printer counts what it gets."""

import json
import sys

import pytest

from scanner.lab.lab import Lab
from scanner.lab.personalities import personality

DOORS = {("tcp", 22), ("tcp", 80), ("tcp", 443), ("tcp", 445), ("tcp", 3389), ("udp", 5353), ("tcp", 51_234)}
WEB = {("tcp", 22), ("tcp", 80), ("tcp", 443)}


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("pass-all", DOORS),
        ("stateful", WEB),
        ("stateful-none", set()),
        ("reject-admin", WEB),
        ("stable-only", DOORS),
        ("isp-drops-smb", DOORS - {("tcp", 445)}),
    ],
)
def test_what_passes_to_unused_addresses(lab: Lab, name: str, passed: set[tuple[str, int]]) -> None:
    lab.listen(tcp="22,80,443,445")
    lab.apply(personality(name))
    before = lab.printer_packets()
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}"]
    argv += ["--tcp", "22,80,445", "--udp", "53", "--no-nmap", "--json", "-q"]
    done = lab.exec("host", argv, capture_output=True, text=True, timeout=100, check=False)
    document = json.loads(done.stdout)
    verdicts = {(row["protocol"], row["port"]): row["verdict"] for row in document["lan"]}
    assert verdicts.keys() == DOORS
    assert {door for door, verdict in verdicts.items() if verdict == "passed"} == passed
    assert {verdict for door, verdict in verdicts.items() if door not in passed} <= {"blocked"}
    assert lab.printer_packets() == before


def test_without_a_way_out_nothing_is_called_blocked(lab: Lab) -> None:
    lab.apply(personality("no-outbound"))
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}"]
    argv += ["--tcp", "22", "--udp", "53", "--no-nmap", "--json", "-q"]
    done = lab.exec("host", argv, capture_output=True, text=True, timeout=100, check=False)
    assert {row["verdict"] for row in json.loads(done.stdout)["lan"]} == {"unknown"}
    assert done.returncode == 3
