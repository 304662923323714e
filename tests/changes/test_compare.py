"""What became of findings, told from two runs: the turn, the cause, and what is no news."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.changes import compare
from scanner.model.address import Kind, Listener
from scanner.model.finding import Finding, Severity
from scanner.model.history import CauseKind, Changes, Turn
from scanner.model.run import Run
from scanner.model.settings import Profile
from scanner.model.verdict import Verdict
from tests.report.sample import STABLE, TEMPORARY, after_fix, before_fix, vantage

DOOR = 8443


def finding(
    port: int | None = DOOR, address: str = STABLE, severity: Severity = Severity.HIGH, rule: str = "V6X001"
) -> Finding:
    role = "stable" if address == STABLE else "temporary"
    return Finding(
        rule=rule,
        severity=severity,
        title=f"port {port} answers strangers",
        address=address,
        protocol="tcp" if port else None,
        port=port,
        why="",
        evidence="",
        remedy="",
        standard="",
        fingerprint=f"{rule}/{role}/{port}",
    )


def run(*findings: Finding, fixed: bool = False, later: int = 0, **changes: object) -> Run:
    base = replace(after_fix(), before=None) if fixed else before_fix()
    header = replace(base.run, id=f"run-{later}", started_at=base.run.started_at + timedelta(days=later))
    return replace(base, run=header, findings=findings, **changes)  # type: ignore[arg-type]


def with_verdict(of: Run, port: int, verdict: Verdict) -> Run:
    """The same run, in which one TCP port of every address got this verdict, and nothing else is said of it."""
    from scanner.model.ports import PortSet

    tables = []
    for table in of.ports:
        if table.protocol == "tcp":
            verdicts = {one: str(PortSet.parse(text) - PortSet.of([port])) for one, text in table.verdicts.items()}
            verdicts[verdict] = str(PortSet.parse(verdicts.get(verdict, "")) | PortSet.of([port]))
            tables.append(replace(table, verdicts=verdicts))
        else:
            tables.append(table)
    return replace(of, ports=tuple(tables))


def listening(of: Run, process: str = "nginx", bind: str = "::", package: str = "") -> Run:
    return replace(of, listeners=(*of.listeners, Listener("tcp", bind, DOOR, process, v6only=False, package=package)))


def causes(changes: Changes) -> list[CauseKind]:
    assert len(changes.findings) == 1
    return [cause.kind for cause in changes.findings[0].causes]


def told(changes: Changes) -> list[str]:
    return [cause.text for cause in changes.findings[0].causes]


def test_a_run_beside_itself_is_no_news() -> None:
    changes = compare(before_fix(), before_fix())
    assert (changes.findings, changes.notes, changes.unchanged) == (
        (),
        (),
        len({f.fingerprint for f in before_fix().findings}),
    )


def test_a_listener_appeared_with_its_package() -> None:
    changes = compare(
        run(), listening(with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN), package="nginx-light")
    )
    assert [change.turn for change in changes.findings] == [Turn.NEW]
    assert causes(changes) == [CauseKind.LISTENER_APPEARED]
    assert told(changes) == [f"nginx (package nginx-light) began to listen on tcp/{DOOR}."]


def test_a_listener_is_gone() -> None:
    changes = compare(listening(with_verdict(run(finding()), DOOR, Verdict.OPEN)), run(later=1))
    assert [change.turn for change in changes.findings] == [Turn.GONE]
    assert told(changes) == [f"nginx no longer listens on tcp/{DOOR}."]


@pytest.mark.parametrize(
    ("policy", "still", "before"),
    [
        (
            "p.toml",
            f"tcp/{DOOR} still answers; the policy p.toml allows it.",
            f"tcp/{DOOR} answered before, too; the policy p.toml allowed it.",
        ),
        (
            "",
            f"tcp/{DOOR} still answers; this run does not count it.",
            f"tcp/{DOOR} answered before, too; the earlier run did not count it.",
        ),
    ],
)
def test_a_door_that_a_policy_allows_is_not_told_as_if_it_were_shut(policy: str, still: str, before: str) -> None:
    found = listening(with_verdict(run(finding()), DOOR, Verdict.OPEN))
    allowed = replace(found, findings=(), run=replace(found.run, policy=policy))
    assert causes(compare(found, allowed)) == causes(compare(allowed, found)) == [CauseKind.POLICY_CHANGED]
    assert told(compare(found, allowed)) == [still]
    assert told(compare(allowed, found)) == [before]
    assert CauseKind.POLICY_CHANGED not in causes(compare(found, with_verdict(allowed, DOOR, Verdict.CLOSED)))


def test_a_listener_left_loopback() -> None:
    changes = compare(
        listening(run(), bind="::1"), listening(with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN))
    )
    assert told(changes) == [f"nginx listens on [::]:{DOOR} now, before on [::1]:{DOOR} only."]


def test_another_program_answers() -> None:
    before = listening(with_verdict(run(finding()), DOOR, Verdict.OPEN), "nginx")
    after = listening(with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN), "apache2")
    changes = compare(before, after)
    assert [change.turn for change in changes.findings] == [Turn.CHANGED]
    assert causes(changes) == [CauseKind.PROCESS_CHANGED]


def test_a_graver_finding_is_changed() -> None:
    changes = compare(run(finding(severity=Severity.LOW)), run(finding(), later=1))
    assert [(c.turn, c.severity_before, c.severity) for c in changes.findings] == [
        (Turn.CHANGED, Severity.LOW, Severity.HIGH)
    ]
    assert causes(changes) == [CauseKind.SEVERITY_CHANGED]


def test_the_routers_default_changed() -> None:
    fixed, open_ = run(fixed=True), run(finding(445), later=1)
    changes = compare(fixed, open_)
    assert causes(changes) == [CauseKind.ROUTER_DEFAULT]
    assert told(changes) == ["The router's default for tcp changed: it lets in what it stopped before."]
    assert CauseKind.ROUTER_DEFAULT in [note.kind for note in changes.notes]
    back = compare(open_, replace(fixed, run=replace(fixed.run, started_at=open_.run.finished_at)))
    assert told(back) == ["The router's default for tcp changed: it stops what it let in before."]
    assert back.findings[0].turn is Turn.GONE


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (Verdict.ROUTER_DROPPED, CauseKind.ROUTER_RULE),
        (Verdict.ROUTER_REJECTED, CauseKind.ROUTER_RULE),
        (Verdict.UPSTREAM_DROPPED, CauseKind.UPSTREAM),
        (Verdict.UPSTREAM_REJECTED, CauseKind.UPSTREAM),
        (Verdict.BLOCKED, CauseKind.UPSTREAM),
        (Verdict.HOST_DROPPED, CauseKind.HOST_FIREWALL),
        (Verdict.HOST_REJECTED, CauseKind.HOST_FIREWALL),
    ],
)
def test_who_let_it_in(verdict: Verdict, kind: CauseKind) -> None:
    """The same program listened both times; what stopped the port before tells the cause."""
    before = listening(with_verdict(run(), DOOR, verdict))
    after = listening(with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN))
    assert causes(compare(before, after)) == [kind]
    assert causes(compare(after, before)) == [kind]


@pytest.mark.parametrize("spoil", [Verdict.INDETERMINATE, None])
def test_what_could_not_be_measured_is_unknown_and_never_gone(spoil: Verdict | None) -> None:
    before = with_verdict(run(finding()), DOOR, Verdict.OPEN)
    after = run(later=1)
    if spoil:
        after = with_verdict(after, DOOR, spoil)
    else:
        after = replace(after, ports=tuple(replace(t, verdicts={Verdict.CLOSED: "1-1000"}) for t in after.ports))
    changes = compare(before, after)
    assert [change.turn for change in changes.findings] == [Turn.UNKNOWN]
    assert causes(changes) == [CauseKind.NOT_ASKED]


def test_what_a_vantage_inside_says_counts_for_nothing() -> None:
    from scanner.model.run import Outside

    before = with_verdict(run(finding()), DOOR, Verdict.OPEN)
    after = run(later=1, vantages=(vantage(outside=Outside("refuted", ("it is inside",))),))
    assert compare(before, after).findings[0].turn is Turn.UNKNOWN


@pytest.mark.parametrize(
    "change", [{"complete": False}, {"profile": Profile.QUICK}], ids=["incomplete", "a lesser profile"]
)
def test_a_finding_of_the_whole_host_is_gone_only_after_as_much_was_measured(change: dict[str, object]) -> None:
    before, after = run(finding(None, rule="V6X013")), run(later=1)
    assert compare(before, after).findings[0].turn is Turn.GONE
    lesser = replace(after, run=replace(after.run, **change))  # type: ignore[arg-type]
    changes = compare(before, lesser)
    assert changes.findings[0].turn is Turn.UNKNOWN
    assert changes.findings[0].causes


def test_the_earlier_run_did_not_ask() -> None:
    before = replace(run(), ports=tuple(replace(t, verdicts={Verdict.CLOSED: "1-1000"}) for t in run().ports))
    changes = compare(before, with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN))
    assert told(changes) == [f"The earlier run did not ask tcp/{DOOR}."]


def renamed(of: Run, names: dict[str, str]) -> Run:
    return replace(
        of,
        addresses=tuple(replace(one, address=names.get(one.address, one.address)) for one in of.addresses),
        ports=tuple(replace(one, address=names.get(one.address, one.address)) for one in of.ports),
        services=tuple(replace(one, address=names.get(one.address, one.address)) for one in of.services),
        findings=tuple(replace(one, address=names.get(one.address or "", one.address)) for one in of.findings),
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(min_value=1, max_value=2**64 - 1))
def test_a_rotated_temporary_address_is_no_news_by_itself(identifier: int) -> None:
    rotated = str(IPv6Address((int(IPv6Address(TEMPORARY)) >> 64 << 64) + identifier))
    if rotated not in (TEMPORARY, STABLE):
        changes = compare(before_fix(), renamed(before_fix(), {TEMPORARY: rotated}))
        assert changes.findings == ()
        assert [note.kind for note in changes.notes] == [CauseKind.ADDRESS_ROTATED]
        assert rotated in changes.notes[0].text
        assert TEMPORARY in changes.notes[0].text


def test_a_renumbered_prefix_is_no_news_by_itself() -> None:
    names = {one: one.replace("2001:db8:a:1:", "2001:db8:b:2:") for one in (STABLE, TEMPORARY)}
    changes = compare(before_fix(), renamed(before_fix(), names))
    assert changes.findings == ()
    assert [note.kind for note in changes.notes] == [CauseKind.PREFIX_RENUMBERED, CauseKind.ADDRESS_ROTATED]
    assert "2001:db8:a:1::/64 became 2001:db8:b:2::/64" in changes.notes[0].text


def test_another_stable_address_that_was_scanned_before_is_news() -> None:
    """Two stable addresses of one role share their fingerprints; that the second one opens must not drown in that."""
    second = "2001:db8:a:1::2"

    def two(*findings: Finding, later: int = 0) -> Run:
        base = run(*findings, later=later)
        extra = replace(base.addresses[0], address=second)
        tables = tuple(replace(table, address=second) for table in base.ports if table.address == STABLE)
        return replace(base, addresses=(*base.addresses, extra), ports=(*base.ports, *tables))

    there = replace(finding(), address=second)
    changes = compare(two(finding()), two(finding(), there, later=1))
    assert [(change.turn, change.address) for change in changes.findings] == [(Turn.NEW, second)]
    changes = compare(two(finding(), there), two(finding(), later=1))
    assert [(change.turn, change.address) for change in changes.findings] == [(Turn.GONE, second)]


def test_an_address_of_a_new_kind() -> None:
    plain = replace(run(), addresses=run().addresses[:1], ports=tuple(t for t in run().ports if t.address == STABLE))
    changes = compare(plain, with_verdict(run(finding(address=TEMPORARY), later=1), DOOR, Verdict.OPEN))
    assert causes(changes) == [CauseKind.ADDRESS_APPEARED]
    back = compare(with_verdict(run(finding(address=TEMPORARY)), DOOR, Verdict.OPEN), plain)
    assert (back.findings[0].turn, causes(back)) == (Turn.GONE, [CauseKind.ADDRESS_GONE])


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (
            lambda r: replace(r, vantages=(vantage(name="other"),)),
            CauseKind.VANTAGE_CHANGED,
            "other looks for the first time",
        ),
        (
            lambda r: replace(r, vantages=(vantage(addresses=("2001:db8:f::9",)),)),
            CauseKind.VANTAGE_CHANGED,
            "2001:db8:f::9",
        ),
        (
            lambda r: replace(
                r, host=replace(r.host, default_router=replace(r.host.default_router, mac="02:00:00:00:00:01"))
            ),
            CauseKind.ROUTER_REPLACED,
            "02:00:00:00:00:01",
        ),
        (
            lambda r: replace(r, host=replace(r.host, default_router=None)),
            CauseKind.ROUTER_REPLACED,
            "no default router",
        ),
        (lambda r: replace(r, run=replace(r.run, profile=Profile.QUICK)), CauseKind.SETTINGS_CHANGED, "quick"),
        (lambda r: replace(r, run=replace(r.run, version="9.9")), CauseKind.PROGRAM_CHANGED, "9.9"),
        (lambda r: replace(r, run=replace(r.run, complete=False)), CauseKind.NOT_ASKED, "may still be there"),
    ],
)
def test_what_changed_around(change: Callable[[Run], Run], kind: CauseKind, words: str) -> None:
    notes = compare(before_fix(), change(before_fix())).notes
    assert kind in [note.kind for note in notes]
    assert any(words in note.text for note in notes)


def test_a_finding_that_only_a_new_vantage_saw() -> None:
    after = with_verdict(run(finding(), later=1), DOOR, Verdict.OPEN)
    after = replace(
        after, vantages=(vantage(name="other"),), ports=tuple(replace(table, vantage="other") for table in after.ports)
    )
    assert CauseKind.VANTAGE_CHANGED in causes(compare(with_verdict(run(), DOOR, Verdict.CLOSED), after))


def test_temporary_addresses_are_told_once() -> None:
    base = with_verdict(run(later=1), DOOR, Verdict.OPEN)
    many = tuple(replace(finding(address=TEMPORARY), address=f"2001:db8:a:1::{number}") for number in range(1, 9))
    records = tuple(replace(base.addresses[1], address=one.address or "", kind=Kind.TEMPORARY) for one in many)
    changes = compare(run(), replace(base, findings=many, addresses=(*base.addresses, *records)))
    assert len(changes.findings) == 1
