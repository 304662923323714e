"""Loss in both directions on flows the inside opened, and where silence ends behind a bridge: by the whole command."""

import json
import sys
from typing import Any

import pytest

from scanner.lab.lab import Lab
from scanner.lab.personalities import personality

DEAF = (
    "table ip6 deaf {\n  chain in {\n    type filter hook input priority 0\n"
    "    meta l4proto { tcp, udp } drop\n  }\n}\n"
)
LOSSY_OUT = (
    "table ip6 lossy {\n  chain out {\n    type filter hook forward priority -10\n"
    "    iifname br-lan tcp flags & (syn | rst) == 0x0 numgen random mod 5 == 0 drop\n  }\n}\n"
)
BRIDGE = (
    "table bridge pass-through {\n  chain out {\n    type filter hook output priority 0\n"
    "    tcp dport { 139, 445 } drop\n  }\n}\n"
)


def scan(lab: Lab) -> dict[str, Any]:
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}"]
    argv += ["--profile", "quick", "--tcp", "22,80,139,445,2000-2400", "--udp", "53", "--json", "-q"]
    done = lab.exec("host", argv, capture_output=True, text=True, timeout=100, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize(
    ("node", "rules", "loss_outward"), [("inet", DEAF, (0.0, 0.0)), ("cpe", LOSSY_OUT, (0.08, 0.35))]
)
def test_both_directions_are_measured(*, lab: Lab, node: str, rules: str, loss_outward: tuple[float, float]) -> None:
    """A firewall on the vantage itself hides nothing: both kinds of flow are made and seen there below it."""
    lab.listen(tcp="22,80,445")
    lab.apply(personality("stateful"))
    lab.exec(node, ["nft", "-f", "-"], input=rules, text=True)
    try:
        document = scan(lab)
    finally:
        lab.exec(node, ["nft", "delete", "table", "ip6", rules.split()[2]])
    record = document["vantages"][0]
    assert record["loss"] == 0.0
    assert loss_outward[0] <= record["loss_outward"] <= loss_outward[1]
    assert record["false_blocked_bound"] <= 1e-4
    assert all(table["verdicts"]["open"] == "22,80" for table in document["ports"] if table["protocol"] == "tcp")


def test_a_bridge_that_filters_is_no_merit_of_a_hop(lab: Lab) -> None:
    """IPv6 pass-through: what filters counts no hops, so the last router's answer cannot tell the two apart."""
    lab.listen(tcp="22,80,445")
    lab.apply(personality("pass-all"))
    lab.exec("cpe", ["nft", "-f", "-"], input=BRIDGE, text=True)
    try:
        document = scan(lab)
    finally:
        lab.exec("cpe", ["nft", "delete", "table", "bridge", "pass-through"])
    for table in (table for table in document["ports"] if table["protocol"] == "tcp"):
        assert table["verdicts"]["router-dropped"] == "139,445"
        reasons = [row["reason"] for row in table["evidence"] if row["verdict"] == "router-dropped"]
        assert all("or in a bridge after it that counts no hops" in reason for reason in reasons)
