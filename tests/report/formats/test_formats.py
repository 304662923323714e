"""Each format read back by a tool that nobody here wrote."""

import csv
import io
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families

from scanner.findings.rules import RULES
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.run import Run
from scanner.report import FORMATS, render
from scanner.report.formats.markdown import escaped
from scanner.report.formats.table import cell
from tests.report import sample

ROOT = Path(__file__).parents[3]
MULTITOOL = ROOT / "tests/npm/node_modules/.bin/sarif-multitool"
RUNS = {
    "before": sample.before_fix(),
    "after": sample.after_fix(),
    "one-sided": sample.one_sided(),
    "refuted": sample.refuted(),
    "incomplete": sample.incomplete(),
    "interrupted": sample.interrupted(),
    "empty": sample.empty(),
    "hostile": sample.hostile(),
}
ROWS = tuple(
    ConformanceRow(Standard.RFC6092, f"REC-{number}", "2001:db8::1", "vps", result, "sent, seen", "because", "a title")
    for number, result in enumerate((Result.CONFORMS, Result.VIOLATES, Result.NOT_TESTABLE), 1)
)

every_run = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


def text_of(run: Run, name: str) -> str:
    document = render(run, name)
    assert isinstance(document, str)
    return document


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"html", "json", "pdf"}))
@every_run
def test_no_format_lets_a_control_character_through(run: Run, name: str) -> None:
    text = text_of(run, name)
    assert text.endswith("\n")
    assert [hex(ord(letter)) for letter in text if not letter.isprintable() and letter not in "\r\n"] == []


# ---- SARIF


@pytest.mark.skipif(not MULTITOOL.exists() and not os.environ.get("CI"), reason="npm ci --prefix tests/npm")
def test_the_multitool_finds_nothing_wrong_with_the_sarif(tmp_path: Path) -> None:
    files = []
    for name, run in RUNS.items():
        files.append(tmp_path / f"{name}.sarif")
        files[-1].write_text(text_of(run, "sarif"))
    report = tmp_path / "report.sarif"
    argv = [str(MULTITOOL), "validate", *map(str, files), "--output", str(report), "--log", "ForceOverwrite"]
    environment = os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)
    results = json.loads(report.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    wrong = [result for result in results if result.get("level", "warning") in ("error", "warning")]
    assert wrong == [], done.stdout


def test_a_finding_keeps_its_fingerprint_and_stands_at_the_policy() -> None:
    run = replace(RUNS["before"], run=replace(RUNS["before"].run, policy="policies/home.toml"))
    log = json.loads(text_of(run, "sarif"))["runs"][0]
    prints = [result["partialFingerprints"]["v6expose/v1"] for result in log["results"]]
    assert prints == [finding.fingerprint for finding in run.findings]
    places = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["results"]}
    assert places == {"policies/home.toml"}
    assert {rule["id"] for rule in log["tool"]["driver"]["rules"]} >= {rule.id for rule in RULES}


def test_a_run_that_is_incomplete_was_no_success() -> None:
    told = json.loads(text_of(RUNS["incomplete"], "sarif"))["runs"][0]["invocations"][0]
    assert told["executionSuccessful"] is False
    assert told["toolExecutionNotifications"]


# ---- JUnit


def suites_of(run: Run) -> dict[str, Any]:
    return {suite.name: suite for suite in JUnitXml.fromstring(text_of(run, "junit").encode())}


@every_run
def test_junitparser_opens_it(run: Run) -> None:
    suites = suites_of(run)
    assert {"v6expose.rules", "v6expose.measurement"} <= suites.keys()
    failing = [finding for finding in run.findings if finding.severity.value != "info"]
    assert suites["v6expose.rules"].failures == len(failing)


@pytest.mark.parametrize("name", ["one-sided", "refuted", "incomplete", "interrupted", "empty"])
def test_what_was_not_measured_is_never_green(name: str) -> None:
    suites = suites_of(RUNS[name])
    assert sum(suite.errors + suite.failures for suite in suites.values()) > 0
    if RUNS[name].summary.grade is None or not RUNS[name].run.complete:
        silent = [case for case in suites["v6expose.rules"] if not case.result]
        assert {case.classname for case in silent} <= {finding.rule for finding in RUNS[name].findings}


def test_cases_of_a_standard_are_a_suite() -> None:
    suite = suites_of(replace(RUNS["after"], conformance=ROWS))["v6expose.rfc6092"]
    assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (3, 1, 1, 0)


# ---- CSV


@every_run
def test_every_finding_and_range_is_a_row(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(text_of(replace(run, conformance=ROWS), "csv"))))
    kinds = [row["kind"] for row in rows]
    assert kinds.count("finding") == len(run.findings)
    assert kinds.count("ports") == sum(bool(ports) for table in run.ports for ports in table.verdicts.values())
    assert kinds.count("rfc6092") == 3
    assert {row["run"] for row in rows} == {run.run.id}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_runs_nothing(text: str) -> None:
    assert cell(text)[:1] not in "=+-@\t"


# ---- Prometheus


@every_run
def test_promtool_and_the_client_read_it(run: Run, tmp_path: Path) -> None:
    text = text_of(replace(run, conformance=ROWS), "prometheus")
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    samples = {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples}
    assert samples["v6expose_run_complete"] == float(run.run.complete)
    assert ("v6expose_grade" in samples) == (run.summary.grade is not None)


def test_every_port_is_counted_once() -> None:
    run = RUNS["before"]
    text = text_of(run, "prometheus")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    total = sum(sample.value for sample in families["v6expose_ports"].samples)
    assert total == 65_535 * len([table for table in run.ports if table.protocol == "tcp"]) + sum(
        sample.value for sample in families["v6expose_ports"].samples if sample.labels["protocol"] == "udp"
    )


# ---- Markdown


@every_run
def test_markdown_is_told_in_order_and_tables_keep_their_columns(run: Run) -> None:
    lines = text_of(run, "markdown").splitlines()
    assert lines[0].startswith("## v6expose")
    for line in lines:
        if line.startswith("| ") and "Severity" in line:
            assert line.count(" | ") == 4
    unescaped = [line.replace("\\|", "") for line in lines if line.startswith("| ")]
    assert {line.count("|") for line in unescaped} <= {6}


@pytest.mark.parametrize(
    "text", ["<script>", "a|b", "[x](http://y)", "**bold**", "`code`", "line\nbreak", "@team", "#1"]
)
def test_markdown_acts_on_nothing(text: str) -> None:
    shown = escaped(text)
    assert "\n" not in shown
    assert all(shown[at - 1] == "\\" for at, letter in enumerate(shown) if letter in "<>|[]()*`@#")


# ---- NDJSON


@every_run
def test_each_line_is_an_object_of_this_run(run: Run) -> None:
    lines = [json.loads(line) for line in text_of(run, "ndjson").splitlines()]
    assert {line["run_id"] for line in lines} == {run.run.id}
    assert (lines[0]["type"], lines[-1]["type"]) == ("run", "summary")
    kinds = [line["type"] for line in lines]
    assert kinds.count("finding") == len(run.findings)
    assert kinds.count("ports") == len(run.ports)


# ---- PDF


@pytest.mark.parametrize("name", ["before", "hostile"])
def test_a_pdf_is_made_without_fetching_anything(name: str) -> None:
    document = render(replace(RUNS[name], conformance=ROWS), "pdf")
    assert isinstance(document, bytes)
    assert document.startswith(b"%PDF-")
    assert b"%%EOF" in document[-1024:]
