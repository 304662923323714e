"""What is sent to see whether a finding still stands, and what its absence proves."""

import re
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from scanner.model.address import Address, Kind, Origin, State
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.evidence import Default
from scanner.model.ports import PortSet
from scanner.model.run import Difference, LanRecord, PortTable, Run
from scanner.model.verdict import Verdict
from scanner.remedies.again import Shift, Standing, case_shifts, is_same, judge_again, shifts, unmeasured
from scanner.remedies.narrow import MOST_PORTS, Narrow, Way, narrow
from tests.remedies import sample
from tests.report import sample as report

RUN = sample.run()
ROTATED = "2001:db8:a:1:aaaa:bbbb:cccc:dddd"


def held(ip: str, kind: Kind, origin: Origin, state: State = State.PREFERRED) -> Address:
    return Address(IPv6Address(ip), 64, "enp3s0", kind, state, origin, 600, 600)


NOW = (
    held(sample.STABLE, Kind.STABLE, Origin.EUI64),
    held(ROTATED, Kind.TEMPORARY, Origin.TEMPORARY),
    held("2001:db8:a:1::dead", Kind.TEMPORARY, Origin.TEMPORARY, State.TENTATIVE),
)


def test_a_service_is_asked_at_its_own_port_and_address() -> None:
    asked = narrow(RUN, sample.finding(), NOW)
    assert asked == Narrow(Way.PROBES, (IPv6Address(sample.STABLE),), PortSet.of([445]), PortSet())


def test_a_rotated_address_is_followed_by_its_role() -> None:
    asked = narrow(RUN, sample.finding(address=sample.TEMPORARY, protocol="udp", port=111), NOW)
    assert asked == Narrow(Way.PROBES, (IPv6Address(ROTATED),), PortSet(), PortSet.of([111]))


@pytest.mark.parametrize("address", [None, "2001:db8::77", "no address"])
def test_an_address_nobody_has_is_not_asked(address: str | None) -> None:
    asked = narrow(RUN, sample.finding(address=address), NOW)
    assert asked.why_not == "this host has no address of that kind any more"


@pytest.mark.parametrize("port", [None, 0, 70_000])
def test_a_service_without_a_port_is_not_asked(port: int | None) -> None:
    assert narrow(RUN, sample.finding(port=port), NOW).why_not == "the finding names no port"


def test_a_missing_filter_shows_in_some_of_its_ports_everywhere() -> None:
    asked = narrow(RUN, sample.WHOLE, NOW)
    assert asked.addresses == ()
    assert asked.tcp is not None
    assert asked.udp is not None
    assert len(asked.tcp) == MOST_PORTS
    assert not set(asked.tcp) & set(report.OPEN_PORTS)
    assert min(asked.tcp) < 1000
    assert max(asked.tcp) > 60_000
    assert 0 < len(asked.udp) <= MOST_PORTS


def table(address: str, **verdicts: str) -> PortTable:
    words = {Verdict(name.replace("_", "-")): ports for name, ports in verdicts.items()}
    return PortTable(address, "inet", "tcp", dict.fromkeys(Verdict, "") | words)


def tables(*some: PortTable) -> Run:
    return replace(RUN, ports=some)


def test_a_gap_is_asked_where_one_address_differs_from_the_other() -> None:
    run = tables(
        table(sample.STABLE, router_dropped="1-1000"), table(sample.TEMPORARY, open="445", closed="80,2000-2010")
    )
    asked = narrow(run, sample.finding("V6X003", None, "tcp", None), NOW)
    assert (str(asked.tcp), str(asked.udp)) == ("80,445", "")


def test_vacant_doors_are_asked_beside_ports_that_are_stopped() -> None:
    run = tables(table(sample.STABLE, closed="8080", router_dropped="1-100", open="2222"))
    asked = narrow(run, sample.finding("V6X005", None, "tcp", None), NOW)
    assert asked.tcp is not None
    assert 8080 in asked.tcp
    assert 2222 not in asked.tcp
    assert len(asked.tcp) == MOST_PORTS + 1


def test_differences_are_asked_where_they_were() -> None:
    run = replace(RUN, differences=(Difference(sample.STABLE, "udp", "53,123", {"a": Verdict.OPEN}),))
    asked = narrow(run, sample.finding("V6X020", None, "udp", None), NOW)
    assert (str(asked.tcp), str(asked.udp)) == ("", "53,123")


@pytest.mark.parametrize(("rule", "lan"), [("V6X018", True), ("V6X009", False), ("V6X019", False)])
def test_connecting_is_enough(rule: str, *, lan: bool) -> None:
    asked = narrow(RUN, sample.finding(rule, None, None, None), NOW)
    assert (str(asked.tcp), str(asked.udp), asked.lan) == ("443", "", lan)


@pytest.mark.parametrize(("rule", "battery"), [("V6X021", "evasion"), ("V6X022", "icmpv6"), ("V6X023", "icmpv6")])
def test_a_battery_is_played_again(rule: str, battery: str) -> None:
    asked = narrow(RUN, sample.finding(rule, None, None, None), NOW)
    assert asked.batteries == (battery,)
    assert asked.tcp is not None
    assert 0 < len(asked.tcp) <= 16


@pytest.mark.parametrize(
    ("rule", "way"), [("V6X010", Way.HOST), ("V6X016", Way.HOST), ("V6X012", Way.NAMES), ("V6X013", Way.NAMES)]
)
def test_some_need_no_probe(rule: str, way: Way) -> None:
    assert narrow(RUN, sample.finding(rule, None, None, None), NOW) == Narrow(way)


@pytest.mark.parametrize("rule", ["V6X006", "V6X999"])
def test_without_a_hint_the_quick_profile_is_asked(rule: str) -> None:
    assert narrow(RUN, sample.finding(rule, None, None, None), NOW) == Narrow(Way.PROBES)


def test_the_finding_is_there_gone_or_unknown() -> None:
    before = sample.finding()
    renamed = replace(before, title="another title", address=ROTATED)
    assert judge_again(before, [renamed], "").standing is Standing.STILL_THERE
    assert judge_again(before, [renamed], "half of it").standing is Standing.STILL_THERE
    assert judge_again(before, [sample.WHOLE], "").standing is Standing.GONE
    told = judge_again(before, [], "the vantage died")
    assert (told.standing, told.why) == (Standing.NOT_MEASURED, "the vantage died")


def test_what_is_about_roles_is_known_by_its_rule() -> None:
    other = replace(sample.WHOLE, fingerprint="0" * 16)
    assert is_same(sample.WHOLE, other)
    assert not is_same(sample.WHOLE, replace(other, protocol="udp"))
    assert not is_same(sample.finding(), replace(sample.finding(), fingerprint="0" * 16))
    way = sample.finding("V6X021", None, None, None)
    assert not is_same(way, replace(way, fingerprint="0" * 16))  # another way through the filter


ONE_PORT = narrow(RUN, sample.finding(), NOW)
AFTER = tables(table(sample.STABLE, router_dropped="445"))


def test_absence_proves_something_where_all_was_measured() -> None:
    assert unmeasured(RUN, sample.finding(), AFTER, ONE_PORT) == ""


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (replace(AFTER, run=replace(AFTER.run, interrupted=True)), "interrupted"),
        (replace(AFTER, run=replace(AFTER.run, witness=False)), "nobody watched"),
        (replace(AFTER, vantages=(report.vantage(false_blocked_bound=None),)), "could not be bounded"),
        (replace(AFTER, vantages=()), "no vantage"),
        (
            replace(AFTER, vantages=(report.vantage(outside=replace(report.vantage().outside, verdict="refuted")),)),
            "no vantage",
        ),
        (replace(AFTER, ports=()), "delivered nothing"),
        (replace(AFTER, vantages=(*AFTER.vantages, report.vantage(name="second"))), "delivered nothing"),
        (tables(table(sample.STABLE, indeterminate="445")), "tcp/445 .* could not be determined"),
    ],
)
def test_absence_proves_nothing_where_something_was_not(after: Run, told: str) -> None:
    assert re.search(told, unmeasured(RUN, sample.finding(), after, ONE_PORT))


@pytest.mark.parametrize(
    ("verdicts", "known"),
    [((), False), ((Default.UNKNOWN,), False), ((Default.BLOCKED, Default.UNKNOWN), False), ((Default.BLOCKED,), True)],
)
def test_the_lan_must_have_been_seen(verdicts: tuple[Default, ...], *, known: bool) -> None:
    asked = replace(ONE_PORT, lan=True)
    lan = tuple(LanRecord("2001:db8:a:1::/64", "inet", "tcp", 80, verdict, "") for verdict in verdicts)
    assert (unmeasured(RUN, sample.finding(), replace(AFTER, lan=lan), asked) == "") is known


WAY = sample.finding("V6X021", None, None, None)


def case(name: str, result: Result) -> ConformanceRow:
    return ConformanceRow(Standard.EVASION, name, sample.STABLE, "inet", result, "", "")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "no case could be measured"),
        ([case("X1", Result.STOPPED)], ""),
        ([case("X1", Result.NOT_MEASURABLE), case("X2", Result.STOPPED)], "case X1 could not be measured"),
        ([case("X2", Result.STOPPED)], "case X1 could not be measured"),
    ],
)
def test_the_cases_that_were_bad_must_have_been_played(rows: list[ConformanceRow], told: str) -> None:
    before = replace(RUN, conformance=(case("X1", Result.THROUGH), case("X3", Result.STOPPED)))
    asked = Narrow(Way.PROBES, batteries=("evasion",))
    assert unmeasured(before, WAY, replace(AFTER, conformance=tuple(rows)), asked) == told


def test_only_the_cases_that_the_finding_names_count() -> None:
    before = replace(RUN, conformance=(case("X1", Result.THROUGH), case("X3", Result.THROUGH)))
    after = replace(AFTER, conformance=(case("X1", Result.NOT_MEASURABLE), case("X3", Result.STOPPED)))
    asked = Narrow(Way.PROBES, batteries=("evasion",))
    named = replace(WAY, evidence="1 case: X3; for example X3 (a title)")
    assert unmeasured(before, named, after, asked) == ""
    assert [shift.ports for shift in case_shifts(before, named, after)] == ["X3"]


def test_the_standard_that_the_finding_cites_names_its_cases_too() -> None:
    """Leaks (V6X025) tell of recommendations by their titles."""
    before = replace(RUN, conformance=(case("REC-3", Result.VIOLATES), case("S-1", Result.VIOLATES)))
    after = replace(AFTER, conformance=(case("REC-3", Result.CONFORMS),))
    leak = replace(WAY, evidence="Forbidden addresses are not forwarded", standard="RFC 6092 REC-3; RFC 6092 REC-5")
    assert unmeasured(before, leak, after, Narrow(Way.PROBES, batteries=("simple-security",))) == ""


def test_before_and_after_port_by_port() -> None:
    before = tables(table(sample.STABLE, open="22,445", closed="80"))
    after = tables(table(ROTATED, router_dropped="80,445", open="22", closed="9"))
    moved = list(shifts(before, after, {ROTATED: sample.STABLE}))
    assert {(one.before, one.after, one.ports) for one in moved} == {
        ("open", "open", "22"),
        ("open", "router-dropped", "445"),
        ("closed", "router-dropped", "80"),
        ("not scanned", "closed", "9"),
    }


def test_before_and_after_case_by_case() -> None:
    before = replace(RUN, conformance=(case("X1", Result.THROUGH), case("X2", Result.STOPPED)))
    after = replace(RUN, conformance=(case("X1", Result.STOPPED), case("X2", Result.THROUGH)))
    assert list(case_shifts(before, WAY, after)) == [Shift(sample.STABLE, "inet", "case", "through", "stopped", "X1")]
