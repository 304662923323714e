"""The words and the JSON of ``v6expose explain``; what it does with packets is tested in the lab."""

from ipaddress import IPv6Address

import pytest

from scanner.cli.explain import document, sentences
from scanner.explain import Foretold, Question, Traced, own_address, parse_question
from scanner.hostwall.flow import Protocol
from scanner.hostwall.trace import Step
from scanner.model.address import Address, Inventory, Kind, Origin, State
from scanner.model.errors import EnvironmentFault, InputError

OWN = Address(IPv6Address("2001:db8::5"), 64, "eth0", Kind.STABLE, State.PREFERRED, Origin.EUI64, None, None)
HOST = Inventory("host", "Linux", (OWN,), (), None)
QUESTION = Question(Protocol.TCP, 445, OWN)
SURE = Foretold(("ufw: chain ufw6-user-input: -j DROP",), passes=False, doubts=(), problems=())
STEP = Step("1a", "inet", "t", "input", "tcp dport 445 drop", "drop")


def said(foretold: Foretold, traced: Traced | None = None, note: str = "") -> list[str]:
    return list(sentences(QUESTION, foretold, traced, note))


def test_the_rule_is_named() -> None:
    assert said(SURE) == ["2001:db8::5 port 445/tcp", "  rules: stopped by ufw: chain ufw6-user-input: -j DROP"]


@pytest.mark.parametrize(
    ("foretold", "expected"),
    [
        (Foretold((), passes=True, doubts=(), problems=()), "  rules: no rule of nftables or ip6tables stops it"),
        (
            Foretold(("a: drop",), passes=True, doubts=("limit",), problems=()),
            "  rules: unknown: a: drop or no rule (cannot be known: limit)",
        ),
        (
            Foretold(("a: drop",), passes=False, doubts=(), problems=("legacy cannot be read: run as root",)),
            "  rules: unknown: legacy cannot be read: run as root",
        ),
    ],
)
def test_what_is_not_sure_is_said_as_unknown(foretold: Foretold, expected: str) -> None:
    assert said(foretold)[1] == expected


def test_what_the_kernel_traced_is_said() -> None:
    assert said(SURE, Traced(arrived=True, rule=STEP, steps=(STEP,), packets=1))[2].endswith(
        "stopped by nftables inet t input: tcp dport 445 drop"
    )
    assert "no rule of nftables stopped it" in said(SURE, Traced(arrived=True, rule=None, steps=(), packets=1))[2]
    assert (
        "none of 3 packets met a rule of this host"
        in said(SURE, Traced(arrived=False, rule=None, steps=(), packets=3))[2]
    )


def test_a_chain_with_escapes_in_its_name_does_nothing_to_the_terminal() -> None:
    line = said(Foretold(("evil\x1b[2J: drop",), passes=False, doubts=(), problems=()))[1]
    assert "\x1b" not in line


def test_json_holds_the_same() -> None:
    told = document(QUESTION, SURE, Traced(arrived=True, rule=STEP, steps=(STEP,), packets=1), "")
    assert told["rules"]["stopped_by"] == list(SURE.rules)
    assert told["rules"]["sure"] is True
    assert told["trace"]["stopped_by"] == "nftables inet t input: tcp dport 445 drop"


@pytest.mark.parametrize("text", ["0", "65536", "http", "445/sctp", "", "-1", "²"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_question(text, None, HOST)


def test_a_port_may_name_its_protocol() -> None:
    assert parse_question("53/udp", None, HOST) == Question(Protocol.UDP, 53, OWN)
    assert parse_question("53", "2001:db8::5", HOST) == Question(Protocol.TCP, 53, OWN)


def test_only_own_addresses_are_looked_at() -> None:
    with pytest.raises(InputError):
        own_address("2001:db8::6", HOST)
    with pytest.raises(InputError):
        own_address("nonsense", HOST)
    with pytest.raises(EnvironmentFault):
        own_address(None, Inventory("host", "Linux", (), (), None))
