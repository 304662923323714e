"""nft's JSON: what real programs wrote, and what nobody should write."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.hostwall.flow import Flow, Protocol
from scanner.hostwall.name_rules import describe
from scanner.hostwall.nft_match import read_match
from scanner.hostwall.nft_rules import NotRules, read_rules
from scanner.hostwall.nft_text import read_texts
from scanner.hostwall.owners import owners
from scanner.hostwall.values import Act, HostRules, Unclear
from scanner.hostwall.walk import decide

from .conftest import ACCEPT, DROP, HOST, VANTAGE, dport, field, match, nft

FIREWALLD = Path(__file__).with_name("firewalld.json").read_text()


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (22, "no rule"),
        (8080, "no rule"),
        (445, "firewalld: chain filter_IN_public_deny: "),
        (99, "firewalld: chain filter_IN_public: "),
    ],
)
def test_firewalld(port: int, expected: str) -> None:
    rules = HostRules(read_rules(FIREWALLD))
    ends = decide(Flow(Protocol.TCP, HOST, port, VANTAGE, "eth0", "eth0"), rules)
    assert [describe(end, owners(rules)).startswith(expected) for end in ends.possible] == [True]


def test_its_reverse_path_filter_is_a_doubt_where_the_way_back_is_not_known() -> None:
    ends = decide(Flow(Protocol.TCP, HOST, 22, VANTAGE, "eth0"), HostRules(read_rules(FIREWALLD)))
    assert {end.act for end in ends.possible} == {Act.ACCEPT, Act.DROP}
    assert ends.doubts == ("the way back is not known",)


def test_its_reverse_path_filter_drops_what_comes_in_elsewhere() -> None:
    ends = decide(Flow(Protocol.TCP, HOST, 22, VANTAGE, "eth0", "eth1"), HostRules(read_rules(FIREWALLD)))
    assert [(end.act, end.chain and end.chain[3]) for end in ends.possible] == [(Act.DROP, "filter_PREROUTING")]


LISTING = """table inet t { # handle 3
\tset allowed { # handle 9
\t\ttype inet_service
\t\telements = { 22, 80 }
\t}

\tchain input { # handle 1
\t\tcomment "of the owner"
\t\ttype filter hook input priority filter; policy drop;
\t\ttcp dport vmap { 22 : accept,
\t\t\t\t 23 : drop } # handle 4
\t\ttcp dport 445 counter packets 12 bytes 600 drop # handle 5
\t}
}
"""


def test_the_words_of_rules_come_by_their_handles_without_what_their_counters_say() -> None:
    assert read_texts(LISTING) == {
        ("inet", "t", 4): "tcp dport vmap { 22 : accept, 23 : drop }",
        ("inet", "t", 5): "tcp dport 445 counter drop",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nftables": 1}', '{"nftables": [{"chain": {}}]}', "[" * 5000])
def test_what_is_no_rule_set_is_refused_whole(text: str) -> None:
    with pytest.raises(NotRules):
        read_rules(text)


@pytest.mark.parametrize(
    "value",
    [
        match({"meta": {"key": "mark"}}, 5),
        match(field("tcp", "dport"), "@gone"),
        match(field("tcp", "dport"), {"range": [1]}),
        match({"&": [field("tcp", "dport"), 1]}, 0),
        match({"jhash": {"mod": 2}}, 0),
        match({"meta": {"key": "iif"}}, 7),
        match(field("ip6", "saddr"), "nonsense"),
        match({"ct": {"key": "state"}}, ["new", "odd"], "in"),
        {"match": {"op": "~", "left": field("tcp", "dport"), "right": 5}},
    ],
)
def test_what_is_not_understood_is_unclear(value: dict[str, Any]) -> None:
    assert any(isinstance(one, Unclear) for one in read_match(value["match"], lambda name: {}[name]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["@s", "tcp", "drop", "2001::"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "match",
                    "op",
                    "left",
                    "right",
                    "meta",
                    "key",
                    "payload",
                    "protocol",
                    "field",
                    "set",
                    "prefix",
                    "addr",
                    "len",
                    "range",
                    "elem",
                    "val",
                    "concat",
                    "&",
                    "|",
                    "vmap",
                    "data",
                    "jump",
                    "target",
                    "drop",
                    "accept",
                    "reject",
                    "limit",
                    "xt",
                    "fib",
                    "result",
                    "flags",
                    "exthdr",
                    "name",
                    "ct",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(JSON, max_size=4), max_size=4), st.lists(JSON, max_size=3))
def test_rules_of_any_json_never_crash(rules: list[list[Any]], elements: list[Any]) -> None:
    document = json.loads(nft({"input": [*rules, [dport("@s"), DROP], [dport(445), DROP]], "sub": rules}))
    document["nftables"].append({"set": {"family": "inet", "table": "t", "name": "s", "elem": elements}})
    read = HostRules(read_rules(json.dumps(document)))
    assert decide(Flow(Protocol.TCP, HOST, 445, VANTAGE), read).possible


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_any_document_is_read_or_refused(document: Any) -> None:
    for text in (json.dumps({"nftables": document}), json.dumps(document)):
        try:
            read_rules(text)
        except NotRules:
            continue


@given(st.text())
def test_any_listing_is_read(text: str) -> None:
    assert isinstance(read_texts(f"{LISTING}{text}"), dict)


def test_a_set_that_changes_by_itself_is_not_looked_into() -> None:
    document = json.loads(nft({"input": [[match(field("ip6", "saddr"), "@s"), ACCEPT], [DROP]]}))
    one = {"family": "inet", "table": "t", "name": "s", "flags": ["dynamic"], "elem": [str(VANTAGE)]}
    document["nftables"].append({"set": one})
    ends = decide(Flow(Protocol.TCP, HOST, 1, VANTAGE), HostRules(read_rules(json.dumps(document))))
    assert {end.act for end in ends.possible} == {Act.ACCEPT, Act.DROP}
