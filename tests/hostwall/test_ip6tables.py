"""What ip6tables-save writes: ufw's own, and anything."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.ip6tables import read_rule, read_saved
from scanner.hostwall.name_rules import describe
from scanner.hostwall.owners import owners
from scanner.hostwall.values import Act, HostRules, Source
from scanner.hostwall.walk import decide

from .conftest import HOST, VANTAGE

UFW = Path(__file__).with_name("ufw.save").read_text()
OWN = "ufw: chain ufw6-user-input: "


@pytest.mark.parametrize(
    ("protocol", "port", "expected"),
    [
        (Protocol.TCP, 22, "no rule"),
        (Protocol.TCP, 445, OWN + "-p tcp -m tcp --dport 445 -j DROP"),
        (Protocol.TCP, 139, OWN + "-p tcp -m tcp --dport 139 -j REJECT --reject-with tcp-reset"),
        (Protocol.UDP, 137, "ufw: chain ufw6-skip-to-policy-input: -j DROP"),
        (Protocol.UDP, 99, "no rule"),
        (Protocol.TCP, 99, "ufw: chain INPUT: policy drop"),
    ],
)
def test_ufw(protocol: Protocol, port: int, expected: str) -> None:
    rules = HostRules(read_saved(UFW, Source.IP6TABLES))
    ends = decide(Flow(protocol, HOST, port, VANTAGE, "eth0", "eth0"), rules)
    assert [describe(end, owners(rules)) for end in ends.possible] == [expected]


def test_a_table_that_is_cut_is_left_out() -> None:
    whole, cut = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "*mangle\n:INPUT DROP [0:0]\n"
    assert [chain.table for chain in read_saved(whole + cut, Source.LEGACY)] == ["filter"]


@pytest.mark.parametrize(
    "text", ["-p tcp -j REJECT --reject-with odd", '-m comment --comment "open -j DROP', "-p", "!"]
)
def test_a_rule_that_is_not_understood_is_kept_as_such(text: str) -> None:
    assert read_rule(text, frozenset()).action.act is Act.ELSEWHERE


WORDS = st.lists(
    st.sampled_from(
        [
            "-p",
            "tcp",
            "udp",
            "!",
            "-m",
            "multiport",
            "--dports",
            "1,2:3",
            ":",
            "-s",
            "::/0",
            "fe80::/10",
            "-i",
            "eth+",
            "-j",
            "DROP",
            "ACCEPT",
            "-g",
            "sub",
            "--ctstate",
            "NEW",
            "conntrack",
            "--tcp-flags",
            "SYN",
            "ALL",
            "comment",
            "--comment",
            "limit",
            "--",
            "x",
            "REJECT",
            "--reject-with",
            "tcp-reset",
        ]
    )
    | st.text(max_size=6),
    max_size=10,
).map(" ".join)


@given(st.lists(WORDS, max_size=5))
def test_any_words_are_read(lines: list[str]) -> None:
    text = "*filter\n:INPUT DROP [0:0]\n:sub - [0:0]\n" + "".join(f"-A INPUT {line}\n" for line in lines) + "COMMIT\n"
    rules = HostRules(read_saved(text, Source.LEGACY))
    assert decide(Flow(Protocol.TCP, HOST, 445, VANTAGE), rules).possible


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read_saved(text, Source.IP6TABLES)
