"""Every format, read back by what reads it in the world."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from rich.console import Console

from scanner.checklist.formats import FORMATS
from scanner.checklist.formats.sarif import rule_of
from scanner.checklist.values import Checklist, Status

from .samples import checklist, hostile, items, nothing

MULTITOOL = Path(__file__).parents[2] / "npm/node_modules/.bin/sarif-multitool"
EVERY = [checklist, hostile, nothing]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("make", EVERY)
def test_a_format_is_text_that_ends_in_a_newline_and_hides_nothing(name: str, make: Any) -> None:
    text = FORMATS[name](make())
    assert text.endswith("\n")
    text.encode()  # no lone surrogate
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]", text)
    assert text == FORMATS[name](make())


# -- text


def test_the_table_is_eighty_columns_wide() -> None:
    text = FORMATS["text"](checklist())
    assert max(map(len, text.splitlines())) <= 80
    assert all(line == line.rstrip() for line in text.splitlines())
    assert [line.split("  ")[0] for line in text.splitlines() if line[:1].isupper()][:6] == [
        "PASS", "FAIL", "NOT MEASURED", "WAIVED", "PASS", "PASS",
    ]  # fmt: skip
    assert "policies/www.toml:5" in text
    assert "waived until 2026-12-31: moving, soon: 100 %" in text
    assert "3 pass, 1 fail, 1 not measured, 1 waived. www, run 20261123T120000Z-abc" in text
    assert "Not asked for by the policy: lan_default_blocked." in text


def test_long_evidence_is_cut_on_the_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    from scanner.checklist.formats.table import render

    long = checklist(replace(items()[1], evidence="port " * 500))
    render(long, Console(width=80))
    assert "more characters" in capsys.readouterr().out
    assert "more characters" not in FORMATS["text"](long)


# -- TAP


@pytest.mark.skipif(shutil.which("prove") is None, reason="Perl's TAP reader is not installed")
@pytest.mark.parametrize(("make", "failed"), [(checklist, "2-3"), (hostile, "3, 5")])
def test_tap_is_read_by_perl(tmp_path: Path, make: Any, failed: str) -> None:
    file = tmp_path / "list.tap"
    file.write_text(FORMATS["tap"](make()))
    done = subprocess.run(
        ["prove", "--exec", "cat", str(file)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert f"Failed tests:  {failed}" in done.stdout, done.stdout
    assert "Parse errors" not in done.stdout


def test_tap_says_what_was_not_measured_is_not_ok() -> None:
    lines = FORMATS["tap"](checklist()).splitlines()
    assert lines[:2] == ["TAP version 13", "1..6"]
    results = [line for line in lines if re.match(r"(not )?ok ", line)]
    assert results[2] == "not ok 3 - no_way_through: No way"
    assert results[3] == "not ok 4 - tcp/445: 445 answers # TODO waived until 2026-12-31: moving, soon: 100 %"
    assert '  status: "not measured"' in lines
    assert not any("SKIP" in line for line in lines)


# -- JUnit


def cases(text: str) -> dict[str, list[Any]]:
    return {case.name: case.result for suite in JUnitXml.fromstring(text.encode()) for case in suite}


def test_junit_is_read_and_nothing_unmeasured_is_skipped() -> None:
    text = FORMATS["junit"](checklist())
    found = cases(text)
    assert list(found) == [item.id for item in items()]
    assert {name: [type(one) for one in result] for name, result in found.items() if result} == {
        "router_drops_unlisted": [Failure],
        "no_way_through": [Error],
        "tcp/445": [Skipped],
    }
    assert found["router_drops_unlisted"][0].message == "The router drops"
    assert "445 let in" in found["router_drops_unlisted"][0].text
    xml = JUnitXml.fromstring(text.encode())
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (6, 1, 1, 1)
    assert 'file="policies/www.toml" line="4"' in text


def test_junit_of_hostile_names_is_xml() -> None:
    assert len(list(next(iter(JUnitXml.fromstring(FORMATS["junit"](hostile()).encode()))))) == 6


# -- GitHub


def test_annotations_stand_at_the_policys_lines() -> None:
    at = "file=policies/www.toml,"
    assert FORMATS["github"](checklist()).splitlines() == [
        f"::error {at}line=4,title=router_drops_unlisted::fail: The router drops: 445 let in%0ADrop it.",
        f"::error {at}line=5,title=no_way_through::not measured: No way: not tried%0AScan again.",
        f"::notice {at}line=2,title=tcp/445::waived until 2026-12-31: fail: 445 answers: open%0AClose it.",
        "::notice title=v6expose checklist::fail: 3 pass, 1 fail, 1 not measured, 1 waived",
    ]


def test_nobody_else_can_write_an_annotation() -> None:
    lines = FORMATS["github"](hostile()).splitlines()
    assert len(lines) == 5
    assert all("# TODO %3A%3A %250A%0A%3A%3A" in line for line in lines[:-1])  # of the name; what was there is escaped
    assert all(re.match(r"::(error|notice) (file=[^,:]*,line=3,)?title=[^,:]*::[^\n]*$", line) for line in lines)


# -- JSON


def test_json_holds_everything() -> None:
    document = json.loads(FORMATS["json"](checklist()))
    assert document["schema"] == "v6expose/checklist/1"
    assert (document["status"], document["counts"]) == ("fail", {"pass": 3, "fail": 1, "not measured": 1, "waived": 1})
    assert [one["id"] for one in document["items"]] == [item.id for item in items()]
    assert document["items"][3]["waived"] == {"reason": "moving, soon: 100 %", "until": "2026-12-31"}
    assert document["not_required"] == ["lan_default_blocked"]


# -- SARIF


def run_of(made: Checklist) -> dict[str, Any]:
    document = json.loads(FORMATS["sarif"](made))
    assert document["version"] == "2.1.0"
    run: dict[str, Any] = document["runs"][0]
    return run


def test_sarif_has_a_result_for_what_did_not_pass() -> None:
    run = run_of(checklist())
    results = run["results"]
    assert [(one["ruleId"], one["kind"], one["level"]) for one in results] == [
        ("router_drops_unlisted", "fail", "error"),
        ("no_way_through", "open", "none"),
        ("unlisted_port_answers", "fail", "error"),
    ]
    assert [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in results] == [4, 5, 2]
    assert [len(one["suppressions"]) for one in results] == [0, 0, 1]
    assert results[2]["suppressions"][0]["justification"] == "until 2026-12-31: moving, soon: 100 %"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]][one_of(results[1])] == "no_way_through"
    assert run["invocations"][0]["executionSuccessful"] is False


def one_of(result: dict[str, Any]) -> int:
    index: int = result["ruleIndex"]
    return index


def test_a_fingerprint_is_of_the_item_and_the_host_not_of_the_line() -> None:
    from dataclasses import replace

    def prints(made: Checklist) -> list[str]:
        return [one["partialFingerprints"]["v6expose/v1"] for one in run_of(made)["results"]]

    moved = checklist(*(replace(item, line=item.line + 7, evidence="else") for item in items()))
    assert prints(moved) == prints(checklist())
    assert len(set(prints(checklist()))) == 3
    assert not set(prints(checklist(host="other"))) & set(prints(checklist()))


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        ("tcp/445", "unlisted_port_answers"),
        ("unlisted_udp", "unlisted_port_answers"),
        ("allow tcp/22 stable", "allowed_port_answers"),
        ("waiver tcp/445", "waiver_in_force"),
        ("no_way_through", "no_way_through"),
    ],
)
def test_items_share_few_rules(item: str, rule: str) -> None:
    assert rule_of(item) == rule


def test_all_statuses_are_exit_statuses() -> None:
    from scanner.checklist.values import EXIT

    assert EXIT == {Status.PASS: 0, Status.FAIL: 1, Status.NOT_MEASURED: 3}


def test_the_standards_validator_finds_nothing_wrong(tmp_path: Path) -> None:
    if not MULTITOOL.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the SARIF validator is not installed: npm ci --prefix tests/npm")
        pytest.skip("npm ci --prefix tests/npm")
    texts = {f"{make.__name__}.sarif": FORMATS["sarif"](make()) for make in (checklist, hostile, nothing)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    report = tmp_path / "report.json"
    done = subprocess.run(
        [str(MULTITOOL), "validate", *(str(tmp_path / name) for name in texts), "--output", str(report)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        timeout=120,
    )
    found = json.loads(report.read_text())["runs"][0]["results"]
    assert [one["message"] for one in found if one.get("level", "warning") == "error"] == [], done.stdout
    # SARIF2005 wants a web page of the tool: there is none.
    assert {one["ruleId"] for one in found if one.get("level", "warning") != "note"} <= {"SARIF2005"}, done.stdout
