"""A policy from a run: it parses, and on the same run it passes or names what is questionable."""

from dataclasses import replace
from typing import Any

import pytest

from scanner.checklist.draft import draft
from scanner.model.conformance import Result, Standard
from scanner.model.errors import InputError
from scanner.model.evidence import Default
from scanner.model.names import Standing
from scanner.model.ports import PortSet
from scanner.policy import Policy
from scanner.policy.parse import parse_policy
from tests.report.sample import SAMPLES

from .runs import (
    CASES,
    FAIL,
    NOT_MEASURED,
    PASS,
    SHIPPED,
    TEMPORARY,
    address,
    dropped,
    judge,
    lan,
    listener,
    row,
    run,
    table,
    temporary,
    vantage,
)
from .test_facts import name


def drafted(judged: Any) -> Policy:
    return parse_policy(draft(judged, SHIPPED, CASES), "policy.toml", judged.host.name)


def test_what_looks_intended_is_allowed_and_what_does_not_stands_in_a_comment() -> None:
    judged = run(*dropped(open_ports="22,445,4711"), listeners=(listener(22, "sshd"), listener(4711, "game\nx = 1")))
    text = draft(judged, SHIPPED, CASES)
    assert [(entry.protocol, str(entry.ports), entry.role.value) for entry in drafted(judged).allow] == [
        ("tcp", "22", "stable")
    ]
    assert '# tcp/22: SSH (sshd), answers on stable addresses\n[[allow]]\nprotocol = "tcp"\n' in text
    assert "# Questionable: critical: File sharing" in text
    assert '# [[allow]]\n# protocol = "tcp"\n# ports = "445"\n' in text
    assert "on no list of usual services (game?x = 1)" in text
    assert "Questionable: say what it is before you allow it" in text


def test_everything_that_held_is_required_and_passes_again() -> None:
    judged = run(
        *dropped(open_ports="22"),
        lan=(lan(),),
        conformance=(row(Standard.EVASION, Result.STOPPED), row(Standard.RFC4890, Result.CONFORMS)),
        addresses=(address(used_outbound=("the Internet",)),),
        names=(name(Standing.STABLE),),
    )
    text = draft(judged, SHIPPED, CASES)
    assert judge(text, judged).status is PASS
    assert judge(text, judged).not_required == ()


def test_what_did_not_hold_stands_in_a_comment_with_the_reason() -> None:
    judged = run(*dropped(), lan=(lan(), lan(Default.PASSED, 22)), vantages=(vantage(bound=0.5),))
    text = draft(judged, SHIPPED, CASES)
    assert "# lan_default_blocked = true\n" in text
    assert '# lan_may_pass = "22"\n' in text
    assert "# false_blocked_at_most = 0.001\n" in text
    assert "fail: above 0.001: vps: 0.5" in text
    assert "# no_way_through = true\n" in text
    assert judge(text, judged).status is PASS


def test_ports_that_an_upstream_network_stops_are_named() -> None:
    judged = run(table(router_dropped="1-444,446-65535", upstream_dropped="445"), dropped()[1])
    assert drafted(judged).require.upstream_may_stop == PortSet.of([445])
    assert judge(draft(judged, SHIPPED, CASES), judged).status is PASS


@pytest.mark.parametrize(("tables", "profile"), [
    (dropped(), "standard"),
    ((table(router_dropped="22,445"), dropped()[1]), "quick"),
    ((dropped()[0], table(protocol="udp", router_dropped="1-65535")), "full"),
])  # fmt: skip
def test_the_profile_is_what_the_run_reached(tables: Any, profile: str) -> None:
    assert drafted(run(*tables)).require.profile.value == profile


def test_a_port_open_on_temporary_addresses_only_is_questionable() -> None:
    judged = run(*dropped(), *dropped(TEMPORARY, open_ports="22"), addresses=(address(), temporary()))
    assert drafted(judged).allow == ()
    assert "it answers on temporary addresses only" in draft(judged, SHIPPED, CASES)


def test_a_router_that_passes_everything_is_named_again() -> None:
    checklist = judge(draft(SAMPLES["before"](), SHIPPED, CASES), SAMPLES["before"]())
    failing = [item.id for item in checklist.items if item.status is FAIL]
    assert {"tcp/139", "tcp/445", "udp/137"} <= set(failing)
    assert not [item for item in failing if item.startswith("allow") or item in ("tcp/22", "tcp/80")]


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name != "hostile"])
def test_any_run_gives_a_policy_that_parses(sample: str) -> None:
    judged = SAMPLES[sample]()
    checklist = judge(draft(judged, SHIPPED, CASES), judged)
    allowed = [item for item in checklist.items if item.id.startswith("allow")]
    assert all(item.status in (PASS, NOT_MEASURED) for item in allowed)
    assert (checklist.status is PASS) <= judged.run.complete


def test_names_from_outside_cannot_end_a_comment() -> None:
    evil = 'x"\n[[allow]]\nprotocol = "tcp"\nports = "-"\r\u2028\x1b#'
    judged = run(*dropped(open_ports="22,4711"), listeners=(listener(22, evil), listener(4711, evil)))
    judged = replace(judged, host=replace(judged.host, name=evil), run=replace(judged.run, id=evil))
    text = draft(judged, SHIPPED, CASES)
    policy = parse_policy(text, "policy.toml")
    assert [str(entry.ports) for entry in policy.allow] == ["22"]


def test_a_document_that_no_scan_wrote_is_refused() -> None:
    with pytest.raises(InputError, match="not a v6expose run document"):
        draft(SAMPLES["hostile"](), SHIPPED, CASES)
    with pytest.raises(InputError, match="not a v6expose run document"):
        judge("", SAMPLES["hostile"]())
    with pytest.raises(InputError, match="not a v6expose run document"):
        judge("", run(lan=(lan(prefix="nonsense"),)))
