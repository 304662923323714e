"""A redacted run, in every format and encoding: nothing of the owner is left to be found."""

import base64
import re
from dataclasses import replace
from ipaddress import IPv6Address
from urllib.parse import quote

import pytest

from scanner.codec import run_from_json, run_to_json
from scanner.model.run import Run
from scanner.redact import redacted
from scanner.report import FORMATS, render
from tests.report import sample

KEY = b"k" * 16
RUNS = [sample.before_fix(), sample.after_fix(), sample.one_sided(), sample.refuted(), sample.incomplete()]


def secrets_of(run: Run) -> set[str]:
    """What the owner would not want to see in public."""
    addresses = {record.address for record in run.addresses} | {a for v in run.vantages for a in v.addresses}
    addresses |= {hop.address for vantage in run.vantages for hop in vantage.path if hop.address}
    router = run.host.default_router
    macs = {row.neighbour for table in run.ports for row in table.evidence if row.neighbour}
    macs |= {router.mac} if router and router.mac else set()
    names = {run.host.name, *(vantage.spec for vantage in run.vantages)}
    return addresses | macs | names


def encodings(secret: str) -> set[str]:
    ways = {secret, secret.upper(), quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")}
    if ":" in secret and secret.count(":") == 5:
        ways |= {secret.replace(":", ""), secret.replace(":", "-")}
    try:
        address = IPv6Address(secret)
    except ValueError:
        return ways
    return ways | {address.exploded, address.packed.hex(), address.reverse_pointer}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.summary.headline[:30])
def test_nothing_leaks_in_any_format_or_encoding(run: Run, format_name: str) -> None:
    document = render(redacted(run, KEY), format_name)
    text = document if isinstance(document, str) else document.decode("latin-1")
    leaks = {way for secret in secrets_of(run) for way in encodings(secret) if way.lower() in text.lower()}
    assert leaks == set()


def test_the_secrets_are_in_what_is_not_redacted() -> None:
    """Else the test above could not fail."""
    for run in RUNS:
        text = run_to_json(run)
        assert all(secret in text for secret in secrets_of(run))


def test_what_is_said_stays() -> None:
    run = sample.before_fix()
    hidden = redacted(run, KEY)
    assert [finding.rule for finding in hidden.findings] == [finding.rule for finding in run.findings]
    assert [finding.fingerprint for finding in hidden.findings] == [finding.fingerprint for finding in run.findings]
    assert [table.verdicts for table in hidden.ports] == [table.verdicts for table in run.ports]
    assert hidden.summary.grade == run.summary.grade
    assert hidden.run.id == run.run.id


def test_it_is_still_one_run() -> None:
    """Tables name the vantages and addresses that the other parts have."""
    for run in RUNS:
        hidden = redacted(run, KEY)
        assert run_from_json(run_to_json(hidden)) == hidden
        names = {vantage.name for vantage in hidden.vantages}
        addresses = {record.address for record in hidden.addresses}
        assert {table.vantage for table in hidden.ports} <= names
        own = {record.address for record in run.addresses}
        pairs = zip(run.ports, hidden.ports, strict=True)
        assert all((before.address in own) == (after.address in addresses) for before, after in pairs)


def test_the_same_key_gives_the_same_run_and_another_key_another() -> None:
    run = sample.before_fix()
    assert redacted(run, KEY) == redacted(run, KEY)
    assert redacted(run, KEY) != redacted(run, b"another")


@pytest.mark.parametrize("name", ["server", "host", "router", "nas", "inet", "a.b.example"])
def test_a_common_word_as_a_name(name: str) -> None:
    """A host called "router" does not turn every router of the report into a host."""
    run = sample.before_fix()
    renamed = replace(run, host=replace(run.host, name=name))
    hidden = redacted(renamed, KEY)
    assert hidden.host.name == "host-1"
    said = " ".join(finding.remedy for finding in hidden.findings)
    assert "host-1" not in said
    assert re.search(r"\brouter\b", said, re.IGNORECASE)
