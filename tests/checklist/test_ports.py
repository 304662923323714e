"""What may answer, what must, and what answers though nobody allowed it."""

from typing import Any

import pytest

from scanner.model.address import Kind

from .runs import (
    FAIL,
    NOT_MEASURED,
    PASS,
    QUICK,
    STABLE,
    TEMPORARY,
    address,
    dropped,
    item,
    judge,
    listener,
    run,
    table,
    temporary,
    vantage,
)

SSH = '[[allow]]\nprotocol = "tcp"\nports = "22"\n'
MUST = f"{SSH}must_answer = true\n"
BOTH = (address(), temporary())


def ids(checklist: Any) -> list[str]:
    return [one.id for one in checklist.items]


def test_nothing_answers() -> None:
    checklist = judge("", run())
    assert ids(checklist) == ["complete_run", "unlisted_tcp", "unlisted_udp"]
    assert checklist.status is PASS
    assert item(checklist, "unlisted_tcp").evidence == "65,535 TCP ports of 1 address probed from vps"


def test_a_port_that_nobody_allowed_has_an_item_of_its_own() -> None:
    checklist = judge("", run(*dropped(open_ports="445,4711"), listeners=(listener(445), listener(4711, "game"))))
    assert ids(checklist)[1:] == ["tcp/445", "tcp/4711", "unlisted_tcp", "unlisted_udp"]
    found = item(checklist, "tcp/445")
    assert (found.status, found.title) == (FAIL, "tcp/445 answers strangers and is not allowed: SMB file sharing")
    assert found.evidence == f"open on {STABLE} (stable) from vps"
    assert "v6expose policy allow 445/tcp" in found.remedy
    assert item(checklist, "tcp/4711").title == "tcp/4711 answers strangers and is not allowed: game"
    assert item(checklist, "unlisted_tcp").status is PASS


def test_a_program_that_took_the_packet_in_silence_fails_too() -> None:
    judged = run(dropped()[0], table(protocol="udp", open_filtered="137", router_dropped="53"))
    assert item(judge("", judged), "udp/137").title.startswith("udp/137 may answer strangers")


def test_so_many_ports_share_one_item() -> None:
    checklist = judge("", run(table(open="1-65535"), dropped()[1]))
    assert len(checklist.items) == 43
    rest = item(checklist, "unlisted_tcp")
    assert (rest.status, rest.evidence) == (FAIL, "65,495 TCP ports more: 41-65535")


def test_an_allowed_port_passes_whether_it_answers_or_not() -> None:
    assert item(judge(SSH, run(*dropped(open_ports="22"))), "allow tcp/22").evidence == "answering: 22"
    silent = item(judge(f'{SSH}reason = "later"\n', run()), "allow tcp/22")
    assert (silent.status, silent.evidence, silent.line) == (PASS, "not answering: 22; reason: later", 1)


@pytest.mark.parametrize(("role", "failing"), [("any", False), ("stable", True), ("temporary", True)])
def test_a_role_is_meant(role: str, failing: bool) -> None:  # noqa: FBT001
    judged = run(*dropped(open_ports="22"), *dropped(TEMPORARY, open_ports="22"), addresses=BOTH)
    checklist = judge(f'{SSH}address = "{role}"\n', judged)
    assert ("tcp/22" in ids(checklist)) == failing
    if failing:
        found = item(checklist, "tcp/22")
        assert f"line 1 allows it on {role} addresses from anywhere only" in found.evidence
        assert found.evidence.count("open on") == 1


def test_a_vantage_is_meant() -> None:
    judged = run(
        *dropped(open_ports="22"),
        *dropped(seen_from="office", open_ports="22"),
        vantages=(vantage(), vantage("office")),
    )
    found = item(judge(f'{SSH}from = "office"\n', judged), "tcp/22")
    assert found.evidence.startswith(
        f"open on {STABLE} (stable) from vps; line 1 allows it on any addresses from office"
    )
    assert judge(f'{SSH}from = ["office", "vps"]\n', judged).status is PASS


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ({"open": "22"}, PASS),
        ({"open_filtered": "22"}, NOT_MEASURED),
        ({"closed": "22"}, FAIL),
        ({"host_dropped": "22"}, FAIL),
        ({"router_dropped": "22"}, FAIL),
        ({"upstream_dropped": "22"}, FAIL),
        ({"reply_lost": "22"}, FAIL),
        ({"intercepted": "22"}, FAIL),
        ({"forged": "22"}, FAIL),
        ({"indeterminate": "22"}, NOT_MEASURED),
        ({"closed": "23"}, NOT_MEASURED),
    ],
)
def test_what_must_answer_is_open(verdicts: dict[str, str], status: Any) -> None:
    found = item(judge(MUST + QUICK, run(table(**verdicts), dropped()[1])), "allow tcp/22")
    assert found.status is status
    assert (found.remedy == "") == (status is PASS)


def test_what_must_answer_does_on_every_address_of_the_role() -> None:
    judged = run(*dropped(open_ports="22"), *dropped(TEMPORARY), addresses=BOTH)
    found = item(judge(MUST, judged), "allow tcp/22")
    assert (found.status, found.evidence) == (FAIL, f"22 is router-dropped on {TEMPORARY} (temporary) from vps")
    assert item(judge(f'{MUST}address = "stable"\n', judged), "allow tcp/22 stable").status is PASS


@pytest.mark.parametrize("outside", ["unproven", "refuted"])
def test_only_a_proven_vantage_can_say_that_it_answers(outside: str) -> None:
    judged = run(*dropped(open_ports="22"), vantages=(vantage(outside=outside),))
    assert item(judge(MUST, judged), "allow tcp/22").status is NOT_MEASURED
    assert item(judge(SSH, judged), "allow tcp/22").status is NOT_MEASURED


def test_allowed_ports_and_vantages_nobody_looked_at_are_not_measured() -> None:
    few = run(table(closed="80"), dropped()[1])
    assert item(judge(SSH, few), "allow tcp/22").status is NOT_MEASURED
    elsewhere = item(judge(f'{SSH}from = "office"\n', run()), "allow tcp/22 from office")
    assert (elsewhere.status, elsewhere.evidence) == (
        NOT_MEASURED,
        "vantage office took no part, or is not proven to be outside; no address of this kind was probed: any",
    )


@pytest.mark.parametrize(
    ("judged", "word"),
    [
        (run(table(router_dropped="1-9,11-65535", indeterminate="10"), dropped()[1]), "(10)"),
        (run(table(router_dropped="1-9,11-65535", forged="10"), dropped()[1]), "(10)"),
        (run(table(router_dropped="1-9,11-65535", intercepted="10"), dropped()[1]), "(10)"),
        (run(table(router_dropped="1-65534"), dropped()[1]), "65,534 of 65,535 TCP ports were probed"),
        (run(addresses=BOTH), f"no TCP port of {TEMPORARY} was probed"),
        (run(header={"witness": False}), "nobody watched inside"),
        (run(vantages=(vantage(outside="unproven"),)), "no vantage is proven to be outside"),
        (run(vantages=(vantage(bound=None),)), "nothing bounds what was lost on the way from vps"),
    ],
)
def test_that_nothing_else_answers_has_to_be_known(judged: Any, word: str) -> None:
    found = item(judge("", judged), "unlisted_tcp")
    assert found.status is NOT_MEASURED
    assert word in found.evidence


def test_closed_ports_do_not_answer_and_unscannable_addresses_do_not_count() -> None:
    local = address("fe80::1", Kind.STABLE, scanned=False)
    judged = run(table(closed="1-60000", no_neighbour="60001-65535"), dropped()[1], addresses=(address(), local))
    assert judge("", judged).status is PASS
