"""All rules together: order, properties over random tables, and the documentation."""

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings import RULES, Facts, evaluate, summarise
from scanner.model.ports import PortSet
from scanner.model.verdict import STOPPED, Verdict
from scanner.policy import AddressRole, Allow, Policy

from .conftest import STABLE, TEMPORARY, facts, only, table, vantage

DOCUMENT = Path(__file__).parents[2] / "docs" / "findings.md"
PORTS = (22, 25, 53, 80, 445, 500, 6379, 8444, 9999)

verdict_of_ports = st.fixed_dictionaries({port: st.sampled_from(list(Verdict)) for port in PORTS})
policies = st.lists(
    st.builds(
        Allow,
        protocol=st.sampled_from(["tcp", "udp"]),
        ports=st.lists(st.sampled_from(PORTS), min_size=1).map(PortSet.of),
        role=st.sampled_from(list(AddressRole)),
    ),
    max_size=3,
).map(lambda allow: Policy(tuple(allow)))


@st.composite
def random_facts(draw: st.DrawFn) -> Facts:
    """Two addresses, two vantages, two protocols, a few ports each; any table may be missing."""
    keys = [(ip, name, protocol) for ip in (STABLE, TEMPORARY) for name in ("a", "b") for protocol in ("tcp", "udp")]
    chosen = draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
    tables = []
    for ip, name, protocol in chosen:
        verdicts: dict[str, list[int]] = {}
        for port, verdict in draw(verdict_of_ports).items():
            verdicts.setdefault(verdict.value.replace("|", "_").replace("-", "_"), []).append(port)
        words = {verdict: str(PortSet.of(ports)) for verdict, ports in verdicts.items()}
        tables.append(table(ip, vantage=name, protocol=protocol, **words))
    states = st.sampled_from(["proven", "unproven", "refuted"])
    vantages = tuple(vantage(name, draw(states), draw(st.sampled_from([None, 0.0, 0.5]))) for name in ("a", "b"))
    return facts(*tables, vantages=vantages, policy=draw(policies), witness=draw(st.booleans()))


def usable(given_facts: Facts) -> dict[tuple[str, str], dict[Verdict, set[int]]]:
    """(address, protocol) -> verdict -> ports, over all vantages that are not refuted."""
    refuted = {record.name for record in given_facts.vantages if record.outside.verdict == "refuted"}
    seen: dict[tuple[str, str], dict[Verdict, set[int]]] = {}
    for record in given_facts.tables:
        if record.vantage not in refuted:
            verdicts = seen.setdefault((record.address, record.protocol), {})
            for verdict, ports in record.verdicts.items():
                verdicts.setdefault(verdict, set()).update(PortSet.parse(ports))
    return seen


@settings(deadline=None)
@given(random_facts())
def test_every_open_port_that_is_not_allowed_yields_exactly_one_finding_per_address(given_facts: Facts) -> None:
    kinds = {str(address.ip): address.kind for address in given_facts.inventory.addresses}
    expected = sorted(
        (ip, protocol, port)
        for (ip, protocol), verdicts in usable(given_facts).items()
        for port in verdicts.get(Verdict.OPEN, set()) - given_facts.policy.allowed(protocol, kinds[ip])
    )
    found = only("V6X001", evaluate(given_facts))
    certain = sorted(
        (finding.address or "", finding.protocol or "", finding.port or 0)
        for finding in found
        if " answers " in finding.title
    )
    assert certain == expected
    triples = [(finding.address, finding.protocol, finding.port) for finding in found]
    assert len(triples) == len(set(triples))


@settings(deadline=None)
@given(random_facts())
def test_no_finding_about_a_filter_lists_a_port_that_nobody_could_measure(given_facts: Facts) -> None:
    seen = usable(given_facts)
    for finding in evaluate(given_facts):
        if finding.rule not in ("V6X003", "V6X004", "V6X005", "V6X006", "V6X007") or finding.protocol is None:
            continue
        listed = {port for ports in re.findall(r"\(([\d,-]+)\)", finding.evidence) for port in PortSet.parse(ports)}
        measured = {
            port
            for (_, protocol), verdicts in seen.items()
            for verdict, ports in verdicts.items()
            if protocol == finding.protocol and verdict is not Verdict.INDETERMINATE
            for port in ports
        }
        assert listed
        assert listed <= measured


@settings(deadline=None)
@given(random_facts())
def test_what_is_indeterminate_is_always_told_and_never_graded_a(given_facts: Facts) -> None:
    found = evaluate(given_facts)
    if any(verdicts.get(Verdict.INDETERMINATE) for verdicts in usable(given_facts).values()):
        assert only("V6X008", found)
        assert summarise(given_facts, found, complete=True).grade != "A"


@settings(deadline=None)
@given(random_facts())
def test_findings_are_sorted_gravest_first_then_by_port(given_facts: Facts) -> None:
    keys = [(-finding.severity.rank, finding.port or 0) for finding in evaluate(given_facts)]
    assert keys == sorted(keys)


@settings(deadline=None)
@given(random_facts())
def test_every_finding_is_whole(given_facts: Facts) -> None:
    for finding in evaluate(given_facts):
        assert finding.rule in {rule.id for rule in RULES}
        assert all((finding.title, finding.why, finding.evidence, finding.remedy, finding.standard))
        assert "\n" not in finding.title + finding.evidence


@settings(deadline=None)
@given(random_facts(), st.booleans())
def test_a_grade_stands_with_reasons_and_all_five_counts(given_facts: Facts, complete: bool) -> None:  # noqa: FBT001
    found = evaluate(given_facts)
    summary = summarise(given_facts, found, complete=complete)
    assert sum(summary.counts.values()) == len(found)
    assert len(summary.counts) == 5
    assert summary.headline.endswith(".")
    assert (summary.grade == "A") == (summary.reasons == ())
    if summary.grade is None:
        assert summary.headline.startswith("The scan could not tell")
    if "is reachable from" in summary.headline and summary.headline.startswith("Nothing"):
        assert complete
        assert given_facts.witness
        assert not any(verdicts.get(Verdict.INDETERMINATE) for verdicts in usable(given_facts).values())
        assert only("V6X001", found) == []


def test_rules_may_be_chosen() -> None:
    given_facts = facts(table(open="445", closed="1-100"))
    chosen = tuple(rule for rule in RULES if rule.id == "V6X002")
    assert {finding.rule for finding in evaluate(given_facts, chosen)} == {"V6X002"}


def test_rule_ids_are_unique_and_well_formed() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"V6X\d{3}", rule_id) for rule_id in ids)


def test_the_documentation_lists_every_rule_by_id_and_name() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| (V6X\d{3}) \| ([^|]+?) \|", text, re.MULTILINE))
    assert documented == {rule.id: rule.name for rule in RULES}


def test_stopped_means_stopped() -> None:
    """The rules lean on the model's sets; an indeterminate port in one of them would be called blocked."""
    assert Verdict.INDETERMINATE not in STOPPED
