"""What nft monitor trace says."""

from hypothesis import given
from hypothesis import strategies as st

from scanner.hostwall.flow import Protocol
from scanner.hostwall.run_command import Said
from scanner.hostwall.trace import deciding, read_steps
from scanner.hostwall.tracing import Probe, remove_leftovers, table_text

from .conftest import HOST, VANTAGE

OWN = "v6expose_trace_0a"
LINES = f"""\
trace id 7c7a22e6 ip6 {OWN} pre packet: iif "lo" ip6 saddr ::1 tcp sport 1 tcp dport 445 tcp flags == syn
trace id 7c7a22e6 ip6 {OWN} pre rule ip6 daddr ::1 meta nftrace set 1 (verdict continue)
trace id 7c7a22e6 ip6 {OWN} pre policy accept
trace id 7c7a22e6 inet t input rule iif "lo" tcp dport 5-10 jump sub (verdict jump sub)
trace id 7c7a22e6 inet t sub rule tcp dport 8 return (verdict return)
""".splitlines()
DROPPED = "trace id 7c7a22e6 ip6 filter INPUT rule tcp dport 445 counter packets 3 bytes 240 drop (verdict drop)"
POLICY = "trace id 7c7a22e6 inet t input policy drop "


def test_the_rule_that_drops_decides() -> None:
    step, seen = deciding(read_steps([*LINES, DROPPED]), OWN)
    assert (str(step), seen) == ("nftables ip6 filter INPUT: tcp dport 445 counter drop", True)


def test_so_does_a_policy() -> None:
    step, _ = deciding(read_steps([*LINES, POLICY]), OWN)
    assert str(step) == "nftables inet t input: policy drop"


def test_what_is_not_stopped_was_seen_all_the_same() -> None:
    assert deciding(read_steps(LINES), OWN) == (None, True)
    assert deciding((), OWN) == (None, False)


@given(st.text())
def test_any_line_is_read(line: str) -> None:
    read_steps([line, f"trace id 1 inet t input {line}"])


def test_tracing_is_switched_on_for_one_flow_only() -> None:
    text = table_text(OWN, Probe(Protocol.UDP, VANTAGE, 40_000, HOST, 53), owned=True)
    assert f"ip6 saddr {VANTAGE} ip6 daddr {HOST} udp sport 40000 udp dport 53 meta nftrace set 1" in text
    assert "flags owner" in text
    assert " drop" not in text


def test_only_our_own_leftovers_are_removed() -> None:
    deleted: list[str] = []

    def run(argv: object) -> Said:
        words = list(argv)  # type: ignore[call-overload]
        if words[1] == "delete":
            deleted.append(words[-1])
            return Said(0 if words[-1].endswith("0a") else 1, "", "Operation not permitted")
        return Said(0, f"table inet filter\ntable ip6 {OWN}\ntable ip6 v6expose_trace_ff\ntable ip6 v6expose_lab\n")

    assert remove_leftovers(run) == (OWN,)
    assert deleted == [OWN, "v6expose_trace_ff"]
