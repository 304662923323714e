"""``v6expose checklist`` and ``v6expose policy`` as a user types them, on stored runs."""

import json
import os
import socket
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.codec import run_to_json
from scanner.policy.file import load_policy
from tests.checklist.runs import dropped, run

POLICY = '# mine\nhost = "www"\n\n[[allow]]\nprotocol = "tcp"\nports = "22"\n'


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in [name for name in os.environ if name.startswith("V6EXPOSE_")]:
        monkeypatch.delenv(name)
    (tmp_path / "policy.toml").write_text(POLICY)
    save("good", run(*dropped(open_ports="22")))
    save("bad", run(*dropped(open_ports="22,445")))
    save("unmeasured", run(*dropped(open_ports="22"), header={"complete": False, "interrupted": True}))
    return tmp_path


def save(name: str, document: Any) -> None:
    Path(f"{name}.json").write_text(run_to_json(document))


def call(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given)


@pytest.mark.parametrize(
    ("name", "status", "word"), [("good", 0, "PASS"), ("bad", 1, "FAIL"), ("unmeasured", 3, "NOT")]
)
def test_the_exit_status_and_the_table(name: str, status: int, word: str) -> None:
    done = call("checklist", "policy.toml", "--run", f"{name}.json")
    assert (done.exit_code, done.stderr) == (status, "")
    assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_run_of_the_history_is_judged() -> None:
    from scanner.store import open_store

    number = open_store().save(run(*dropped(open_ports="22")))
    for reference in (number, "latest", "20261123T120000Z-abc"):
        assert call("checklist", "policy.toml", "--from-run", reference).exit_code == 0
    assert call("checklist", "policy.toml", "--from-run", "77").exit_code == 2
    assert call("policy", "init", "--from-run", "latest").stdout.startswith("# A policy for www")


def test_documents_are_written_and_told(place: Path) -> None:
    formats = ("text", "tap", "junit", "sarif", "github", "json", "run", "html")
    options = [word for name in formats for word in ("-o", f"{name}={name}.out")]
    done = call("checklist", "policy.toml", "--run", "bad.json", *options)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [f"{name}: {place / name}.out" for name in formats]
    assert Path("tap.out").read_text().startswith("TAP version 13")
    assert json.loads(Path("run.out").read_text())["schema"] == "v6expose/run/1"
    assert Path("html.out").read_text().startswith("<!doctype html>")
    assert "FAIL" in done.stdout


def test_data_on_standard_output_is_nothing_but_data() -> None:
    done = call("checklist", "policy.toml", "--run", "bad.json", "--json")
    assert (done.exit_code, done.stderr) == (1, "")
    assert json.loads(done.stdout)["status"] == "fail"
    assert call("checklist", "policy.toml", "--run", "good.json", "-o", "tap=-").stdout.startswith("TAP version 13")
    assert call("checklist", "policy.toml", "--run", "bad.json", "-q").output == ""


def test_the_policy_of_the_configuration_is_taken(place: Path) -> None:
    (place / "v6expose.toml").write_text('policy = "policy.toml"\n')
    assert call("checklist", "--run", "bad.json").exit_code == 1
    (place / "v6expose.toml").unlink()
    done = call("checklist", "--run", "bad.json")
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "v6expose: there is no policy to judge by: name one, or make one: v6expose policy init"
    )


def test_every_mistake_is_a_line_and_nothing_is_scanned() -> None:
    Path("wrong.toml").write_text('host = "mail"\n[[alow]]\n[require]\nprofile = "deep"\n')
    done = call("checklist", "wrong.toml", "--run", "good.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        "wrong.toml:1",
        "wrong.toml:2",
        "wrong.toml:4",
    ]
    own = call("checklist", "wrong.toml", "--vantage", "netns:nowhere")
    assert own.exit_code == 2
    assert f"this is {socket.gethostname()!r}" in own.stderr
    scan = call("scan", "--policy", "wrong.toml", "--vantage", "netns:nowhere", "--dry-run")
    assert (scan.exit_code, len(scan.stderr.splitlines())) == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "good.json", "--from-run", "latest"), "--from-run and --run name two runs: give one of them"),
        (
            ("--run", "good.json", "--vantage", "netns:x"),
            "--vantage shapes a scan, and a stored run is judged as it is",
        ),
        (("--run", "good.json", "--profile", "quick"), "--profile shapes a scan"),
        (("--run", "policy.toml"), "policy.toml is not a v6expose run document"),
        (("--run", "none.json"), "none.json cannot be read"),
        (("--run", "good.json", "-o", "pdf=x"), "there is no format 'pdf': use one of text, tap, junit, sarif, github"),
        (("--run", "good.json", "-o", "tap=-", "-o", "json=-"), "two documents cannot share standard output"),
        (("--run", "good.json", "-o", "tap=none/x"), "cannot be written"),
    ],
)
def test_mistakes_on_the_command_line_are_one_line(arguments: tuple[str, ...], message: str) -> None:
    done = call("checklist", "policy.toml", *arguments)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert message in done.stderr


def test_without_a_vantage_there_is_no_scan() -> None:
    Path("policy.toml").write_text(POLICY.replace("www", socket.gethostname()))
    done = call("checklist", "policy.toml")
    assert done.exit_code == 4
    assert "no vantage" in done.stderr


# -- a fresh run, by a scan that is handed over


def scanned(monkeypatch: pytest.MonkeyPatch, document: Any) -> list[Any]:
    """Whoever asks for a scan gets ``document``; what was asked for is kept."""
    import scanner.cli.checklist as command

    asked: list[Any] = []

    def fake(request: Any, *, quiet: bool) -> Any:
        asked.append(request)
        return replace(document, host=replace(document.host, name=socket.gethostname()))

    monkeypatch.setattr(command, "run_scan", fake)
    Path("policy.toml").write_text(POLICY.replace("www", socket.gethostname()))
    return asked


def test_a_fresh_run_is_judged_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from scanner.store import open_store

    asked = scanned(monkeypatch, run(*dropped(open_ports="22")))
    done = call("checklist", "policy.toml", "--vantage", "netns:outside")
    assert done.exit_code == 0, done.output
    assert (asked[0].probe_allowed, str(asked[0].policy.allow[0].ports)) == (True, "22")
    assert asked[0].policy_file == "policy.toml"
    assert open_store().load("latest").run.id == "20261123T120000Z-abc"


def test_the_policys_profile_is_scanned_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = scanned(monkeypatch, run(*dropped(open_ports="22")))
    with Path("policy.toml").open("a") as file:
        file.write('[require]\nprofile = "quick"\n')
    call("checklist", "policy.toml", "--vantage", "netns:x", "--no-store")
    call("checklist", "policy.toml", "--vantage", "netns:x", "--no-store", "--profile", "full")
    assert [request.settings.profile.value for request in asked] == ["quick", "full"]


def test_an_interrupted_scan_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(monkeypatch, run(*dropped(open_ports="22"), header={"complete": False, "interrupted": True}))
    done = call("checklist", "policy.toml", "--vantage", "netns:outside", "--no-store")
    assert done.exit_code == 130
    assert "NOT MEASURED" in done.stdout


# -- the policy


def test_init_takes_one_run(place: Path) -> None:
    both = call("policy", "init", "--from-run", "latest", "--run", "good.json")
    assert (both.exit_code, "name two runs" in both.output) == (2, True)
    assert "which run?" in call("policy", "init").output


def test_init_prints_a_policy_that_its_run_passes(place: Path) -> None:
    for name, status in (("good", 0), ("bad", 1)):
        done = call("policy", "init", "--run", f"{name}.json")
        assert (done.exit_code, done.stderr) == (0, "")
        (place / "drafted.toml").write_text(done.stdout)
        assert call("policy", "check", "drafted.toml").stdout.startswith("drafted.toml: 1 allowed, ")
        assert call("checklist", "drafted.toml", "--run", f"{name}.json").exit_code == status
    assert call("policy", "init").exit_code == 2
    assert call("policy", "init", "--run", "good.json", "--from-run", "1").exit_code == 2


def test_allow_and_waive_add_and_leave_the_rest(place: Path) -> None:
    assert call("policy", "allow", "443/tcp", "--reason", "the site", "--must-answer").stdout == (
        "policy.toml: 443/tcp is allowed\n"
    )
    assert (
        call("policy", "allow", "443/tcp", "--reason", "again").stdout == "policy.toml:8: 443/tcp is allowed already\n"
    )
    assert call("policy", "waive", "tcp/445", "--until", "2099-01-01", "--reason", "moving").exit_code == 0
    text = (place / "policy.toml").read_text()
    assert text.startswith(POLICY)
    policy = load_policy(place / "policy.toml")
    assert (len(policy.allow), policy.allow[1].must_answer, policy.waive[0].until) == (2, True, date(2099, 1, 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("allow", "443", "--reason", "x"), "'443' is no PORTS/PROTO: write 443/tcp"),
        (("allow", "443/sctp", "--reason", "x"), "'443/sctp' is no PORTS/PROTO"),
        (("allow", "70000/tcp", "--reason", "x"), "PORTS is '70000': port 70000 does not exist"),
        (("allow", "443/tcp", "--reason", " "), "--reason is empty"),
        (
            ("allow", "443/tcp", "--reason", "x", "--address", "eth0"),
            "--address is 'eth0': use any, stable or temporary",
        ),
        (("allow", "443/tcp", "--reason", "x", "--policy", "none"), "policy none cannot be read"),
        (("waive", "nope", "--until", "2099-01-01", "--reason", "x"), "ITEM is 'nope': use tcp/PORT"),
        (("waive", "tcp/1", "--until", "soon", "--reason", "x"), "--until is 'soon': write a day of the calendar"),
        (
            ("waive", "tcp/1", "--until", "2020-01-01", "--reason", "x"),
            "--until 2020-01-01 has passed: give a day to come",
        ),
        (("waive", "tcp/22", "--until", "2099-01-01", "--reason", "x"), "tcp/22 is waived, and line 4 allows it"),
    ],
)
def test_a_bad_entry_is_one_line_and_changes_nothing(place: Path, arguments: tuple[str, ...], message: str) -> None:
    done = call("policy", *arguments)
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert message in done.stderr
    assert (place / "policy.toml").read_text() == POLICY


def test_check_says_what_is_in_it() -> None:
    assert call("policy", "check").stdout == "policy.toml: 1 allowed, 0 required, 0 waived, for host www\n"
    assert json.loads(call("policy", "check", "--json").stdout)["host"] == "www"
