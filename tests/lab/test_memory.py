"""Two scans of one host: between them a program began to listen and the temporary address rotated. Then history, diff
and the report by its number, and what a scan does when its store cannot be written.
"""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner.lab.lab import Lab
from scanner.lab.personalities import personality
from scanner.lab.topology import LAN_INTERFACE
from scanner.model.address import Kind

COMMAND = [sys.executable, "-m", "scanner.cli.main"]
QUICK = ["--profile", "quick", "--no-nmap", "--tcp", "22,443,8443", "--udp", "", "--fail-on", "never"]


@dataclass(frozen=True)
class Story:
    lab: Lab
    store: Path
    before: str
    after: str

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return v6expose(self.lab, self.store, *arguments)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)


def v6expose(lab: Lab, store: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = ["env", f"V6EXPOSE_STORE={store}", "COLUMNS=80", *COMMAND, *arguments]
    return lab.exec("host", argv, check=False, capture_output=True, text=True, timeout=120)


def scan(lab: Lab, store: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return v6expose(lab, store, "scan", "--vantage", f"netns:{lab.node('inet')}", *QUICK, *arguments)


def temporary(lab: Lab) -> str:
    return next(str(one.ip) for one in lab.host_addresses() if one.kind is Kind.TEMPORARY)


def rotate(lab: Lab) -> None:
    """The temporary address goes; the kernel makes another one at the next router advertisement."""
    gone = temporary(lab)
    lab.exec("host", ["ip", "-6", "address", "delete", f"{gone}/64", "dev", LAN_INTERFACE])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(one.kind is Kind.TEMPORARY and one.scannable and str(one.ip) != gone for one in lab.host_addresses()):
            return
        time.sleep(0.2)
    raise AssertionError("no temporary address came")


@pytest.fixture(scope="module")
def story(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Story:
    store = tmp_path_factory.mktemp("memory") / "state" / "runs.db"
    lab.apply(personality("pass-all"))
    lab.listen(tcp="22,443")
    before = temporary(lab)
    first = scan(lab, store, "-q", "-o", f"json={store.parent.parent / 'first.json'}")
    assert first.returncode == 0, first.stderr
    lab.listen(tcp="22,443,8443")
    rotate(lab)
    second = scan(lab, store, "-q", "-o", f"json={store.parent.parent / 'second.json'}")
    assert second.returncode == 0, second.stderr
    return Story(lab, store, before, temporary(lab))


def test_both_runs_are_in_the_history_as_they_were_written(story: Story) -> None:
    runs = story.json("history")["runs"]
    assert [row["number"] for row in runs] == [2, 1]
    for row, name in zip(runs, ("second", "first"), strict=True):
        document = json.loads((story.store.parent.parent / f"{name}.json").read_text())
        assert (row["id"], row["complete"]) == (document["run"]["id"], True)


def test_the_listener_is_news_and_the_rotated_address_is_not(story: Story) -> None:
    changes = story.json("diff", "1", "2")
    new = [change for change in changes["findings"] if change["rule"] == "V6X001"]
    assert {(change["turn"], change["port"]) for change in new} == {("new", 8443)}
    causes = {(cause["kind"], cause["text"]) for change in new for cause in change["causes"]}
    assert {kind for kind, _ in causes} == {"listener-appeared"}
    assert re.fullmatch(r"python\S*( \(package python\S+\))? began to listen on tcp/8443\.", min(causes)[1])
    notes = {note["kind"]: note["text"] for note in changes["notes"]}
    assert story.before in notes["address-rotated"]
    assert story.after in notes["address-rotated"]
    assert story.before != story.after


def test_diff_in_words(story: Story) -> None:
    told = story.run("diff")
    assert told.returncode == 1
    assert all(len(line) <= 80 for line in told.stdout.splitlines())
    assert "began to listen on tcp/8443" in " ".join(told.stdout.split())


def test_the_scan_itself_knew_what_was_before(story: Story) -> None:
    document = json.loads((story.store.parent.parent / "second.json").read_text())
    first = json.loads((story.store.parent.parent / "first.json").read_text())
    assert document["before"]["id"] == first["run"]["id"]
    assert first["before"] is None
    seen = {finding["port"]: finding for finding in document["findings"] if finding["rule"] == "V6X001"}
    assert seen[22]["first_seen"] == first["run"]["started_at"] == seen[22]["last_seen"]
    assert (seen[8443]["first_seen"], seen[8443]["last_seen"]) == (document["run"]["started_at"], None)
    doors = {(door["role"].split()[0], door["port"]): door["stretches"] for door in document["doors"]}
    assert [(one["verdict"], one["runs"]) for one in doors["temporary", 22]] == [("open", 2)]
    assert [(one["verdict"], one["runs"]) for one in doors["temporary", 8443]] == [("closed", 1), ("open", 1)]


def test_the_report_by_its_number(story: Story, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert story.run("report", "2", "-o", f"html={page}").returncode == 0
    text = page.read_text()
    assert "began to listen on tcp/8443" in text
    assert "closed in 1 run since" in text
    assert story.json("report", "1")["run"]["id"] == story.json("history")["runs"][1]["id"]


def test_an_interrupted_run_is_kept(story: Story, tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    argv = [
        "env",
        f"V6EXPOSE_STORE={store}",
        *COMMAND,
        "scan",
        "--vantage",
        f"netns:{story.lab.node('inet')}",
        "--json",
    ]
    process = story.lab.popen(
        "host", [*argv, "--tcp", "-", "--udp", "", "--no-nmap", "--rate", "2000"], stdout=subprocess.PIPE, text=True
    )
    time.sleep(9)
    process.terminate()
    document = json.loads(process.communicate(timeout=90)[0])
    assert process.returncode == 130
    kept = json.loads(v6expose(story.lab, store, "history", "--json").stdout)["runs"]
    assert [(row["id"], row["complete"], row["interrupted"]) for row in kept] == [(document["run"]["id"], False, True)]


def test_a_store_that_cannot_be_written_does_not_cost_the_run(story: Story, tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    done = scan(story.lab, tmp_path / "blocked" / "runs.db", "-q", "-o", f"json={tmp_path / 'run.json'}")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "v6expose: the run could not be stored: the store" in done.stderr
    assert json.loads((tmp_path / "run.json").read_text())["run"]["complete"]
    added = v6expose(story.lab, tmp_path / "runs.db", "history", "add", str(tmp_path / "run.json"))
    assert added.stdout == f"{tmp_path / 'run.json'}: run 1\n"


def test_a_run_that_is_not_to_be_stored_is_not(story: Story, tmp_path: Path) -> None:
    done = scan(story.lab, tmp_path / "runs.db", "-q", "--no-store", "-o", f"json={tmp_path / 'run.json'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "runs.db").exists()
