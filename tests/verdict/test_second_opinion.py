"""nmap beside the sweep, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.verdict import Verdict
from scanner.verdict.second_opinion import AGREES, Dissent, Heard, disagreements, heard

# One row a verdict: does it disagree with nmap's  open     closed   closed          filtered       open (D8)
#                                                 syn-ack  reset    conn-refused    no-response    param-problem
COLUMNS = (
    ("open", "syn-ack"),
    ("closed", "reset"),
    ("closed", "conn-refused"),
    ("filtered", "no-response"),
    ("open", "param-problem"),
)
YES, NO = True, False
CELLS = {
    Verdict.OPEN: (NO, YES, YES, YES, YES),
    Verdict.OPEN_FILTERED: (YES, YES, YES, NO, NO),
    Verdict.CLOSED: (YES, NO, NO, YES, YES),
    Verdict.HOST_DROPPED: (YES, YES, YES, NO, NO),
    Verdict.HOST_REJECTED: (YES, YES, NO, NO, NO),
    Verdict.REPLY_LOST: (YES, YES, YES, NO, NO),
    Verdict.NO_NEIGHBOUR: (YES, YES, YES, NO, NO),
    Verdict.ROUTER_REJECTED: (YES, YES, NO, NO, NO),
    Verdict.UPSTREAM_REJECTED: (YES, YES, NO, NO, NO),
    Verdict.ROUTER_DROPPED: (YES, YES, YES, NO, NO),
    Verdict.UPSTREAM_DROPPED: (YES, YES, YES, NO, NO),
    Verdict.BLOCKED: (YES, YES, YES, NO, NO),
    Verdict.INTERCEPTED: (NO, YES, YES, YES, YES),
    Verdict.FORGED: (YES, NO, NO, YES, YES),
    Verdict.INDETERMINATE: (YES, NO, NO, NO, NO),
}


def test_every_verdict_has_a_row() -> None:
    assert set(CELLS) == set(Verdict)


@pytest.mark.parametrize(
    ("verdict", "said", "disagrees"),
    [(verdict, said, cell) for verdict, row in CELLS.items() for said, cell in zip(COLUMNS, row, strict=True)],
)
def test_cell(verdict: Verdict, said: tuple[str, str], *, disagrees: bool) -> None:
    wanted = (Dissent(443, verdict, " ".join(said)),) if disagrees else ()
    assert wanted == disagreements({443: verdict}, {443: said})


@pytest.mark.parametrize(
    ("state", "reason", "wanted"),
    [
        ("open", "udp-response", Heard.ACCEPT),
        ("open", "split-handshake-syn", Heard.ACCEPT),
        ("open", "port-unreach", Heard.NO_ANSWER),
        ("closed", "port-unreach", Heard.REFUSAL),
        ("closed", "", Heard.REFUSAL),
        ("filtered", "admin-prohibited", Heard.NO_ANSWER),
        ("filtered", "port-unreach", Heard.NO_ANSWER),
        ("open|filtered", "no-response", Heard.NO_ANSWER),
        ("unfiltered", "reset", Heard.NO_ANSWER),
    ],
)
def test_what_nmap_heard(state: str, reason: str, wanted: Heard) -> None:
    assert heard(state, reason) is wanted


def test_ports_that_one_side_did_not_scan_are_left_out_and_the_rest_is_in_order() -> None:
    verdicts = {1: Verdict.OPEN, 80: Verdict.ROUTER_DROPPED, 22: Verdict.CLOSED, 9: Verdict.OPEN}
    nmap = {80: ("open", "syn-ack"), 22: ("filtered", "no-response"), 9: ("open", "syn-ack"), 7: ("open", "syn-ack")}
    assert disagreements(verdicts, nmap) == (
        (22, Verdict.CLOSED, "filtered no-response"),
        (80, Verdict.ROUTER_DROPPED, "open syn-ack"),
    )


def test_every_thing_nmap_can_hear_is_judged() -> None:
    assert set(AGREES) == set(Heard)


@given(
    verdict=st.sampled_from(sorted(Verdict)),
    state=st.sampled_from(["open", "closed", "filtered", "open|filtered"]),
    reason=st.text(max_size=20),
)
def test_no_word_of_nmap_breaks_it_and_open_with_a_strange_reason_is_not_open(
    verdict: Verdict, state: str, reason: str
) -> None:
    disagreements({1: Verdict(verdict)}, {1: (state, reason)})
    if state == "open" and reason not in (
        "syn-ack",
        "split-handshake-syn",
        "udp-response",
        "init-ack",
        "proto-response",
    ):
        assert disagreements({1: Verdict.ROUTER_DROPPED}, {1: (state, reason)}) == ()
