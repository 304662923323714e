"""``v6expose notify``, and the notices of a scan: real servers, a run that is given."""

import io
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.model.errors import EnvironmentFault
from scanner.model.finding import Finding, Severity
from scanner.model.run import Run
from scanner.model.text import say
from scanner.notify import child
from tests.checklist.runs import STABLE, dropped, run
from tests.notify.servers import SECRET, Web, closed_port, hanging, hook, ntfy, web

TITLE = say("{service} answers strangers on {protocol}/{port}", service="SSH", protocol="tcp", port=22)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what apprise imports
SSH = Finding("V6X001", Severity.HIGH, TITLE, STABLE, "tcp", 22, "", "", "", "", "f22")
OPEN = replace(run(*dropped(open_ports="22")), findings=(SSH,))
SHUT = run(*dropped())
FAILED = run(*dropped(), header={"complete": False, "problems": ("vps: lost",)})


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in [name for name in os.environ if name.startswith(("V6EXPOSE_", "CREDENTIALS_"))]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the child does, done here: tests/notify/test_send.py tests the process, which takes its time to start."""

    def here(given: str, seconds: float) -> tuple[bytes, bool]:
        out = io.StringIO()
        child.tell_all(given, out)
        return out.getvalue().encode(), False

    logger, ear = logging.getLogger("apprise"), child.Ear()
    monkeypatch.setattr("scanner.notify.send.run_child", here)
    logger.addHandler(ear)
    logger.setLevel(logging.DEBUG)
    yield
    logger.removeHandler(ear)


@pytest.fixture
def hooks() -> Iterator[Web]:
    with web() as seen:
        write(hook(seen.port))
        yield seen


def write(*urls: str) -> str:
    path = Path("notify").absolute()
    path.write_text("\n".join(urls))
    path.chmod(0o600)
    return f"file:{path}"


def call(*arguments: object) -> Result:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert SECRET not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


class Scans:
    """``v6expose scan`` whose measurement gives ``what``, another run each time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.number = patch, 0

    def __call__(self, what: Run | EnvironmentFault, *options: object) -> Result:
        self.number += 1
        number = self.number

        def measured(*_: Any, **__: Any) -> Run:
            if isinstance(what, EnvironmentFault):
                raise what
            return replace(what, run=replace(what.run, id=f"{what.run.id}-{number}"))

        self.patch.setattr("scanner.cli.scan.run_scan", measured)
        words = ("scan", "--vantage", "exec:true", "-o", "json=run.json", *options)
        return call(*words, *(() if "--notify" in options else ("--notify", f"file:{Path('notify').absolute()}")))


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Scans:
    return Scans(monkeypatch)


def test_what_is_news_is_told_once_and_closed_after_two_runs(scan: Scans, hooks: Web) -> None:
    done = [scan(one) for one in (OPEN, OPEN, SHUT, SHUT, SHUT)]
    assert [one.exit_code for one in done] == [1, 1, 0, 0, 0]
    titles = [json.loads(body)["title"] for _, _, body in hooks.posts]
    assert titles == ["v6expose www, grade A: 1 new finding", "v6expose www, grade A: 1 closed"]
    assert f"- high: SSH answers strangers on tcp/22 ({STABLE})" in hooks.json(0)["message"]
    assert "This is the first notice" in hooks.json(0)["message"]
    assert f"notify: JSON (file:{Path('notify').absolute()}, line 1)" in done[0].stderr
    assert "notify:" not in done[1].stderr


def test_nothing_found_is_told_the_first_time(scan: Scans, hooks: Web) -> None:
    scan(SHUT)
    scan(SHUT)
    assert [json.loads(body)["title"] for _, _, body in hooks.posts] == ["v6expose www, grade A: nothing to report"]


def test_a_scan_that_fails_is_told_once_and_again_when_it_works(
    scan: Scans, hooks: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "www")
    fault = EnvironmentFault("no vantage could be used", "vps: connection refused")
    done = [scan(one) for one in (SHUT, fault, fault, FAILED, SHUT)]
    assert [one.exit_code for one in done] == [0, 4, 4, 3, 0]
    assert [hooks.json(index)["title"] for index in (1, 2)] == [
        "v6expose www: not measured",
        "v6expose www, grade A: measured again",
    ]
    assert "no vantage could be used: vps: connection refused" in hooks.json(1)["message"]
    assert len(hooks.posts) == 3


def test_what_a_service_did_not_take_is_told_by_the_next_scan(scan: Scans) -> None:
    """And not again to the one that took it."""
    with ExitStack() as stack:
        good, sick = stack.enter_context(web()), stack.enter_context(web(500))
        write(hook(good.port), ntfy(sick.port))
        first = scan(OPEN)
        assert first.exit_code == 1
        assert "not told: ntfy" in first.stderr
        assert "line 2), it answered with HTTP status 500; the next scan tries again" in first.stderr
        well = stack.enter_context(web())
        write(hook(good.port), ntfy(well.port))
        assert "notify: ntfy" in scan(OPEN).stderr
        scan(OPEN)
        assert (len(good.posts), len(well.posts)) == (1, 1)
        assert "SSH answers strangers on tcp/22" in well.json()["message"]
        assert "UTC" in well.json()["message"].partition("tcp/22")[2].splitlines()[0]


def test_nobody_there_at_first_makes_the_next_one_the_first(scan: Scans) -> None:
    with closed_port() as port:
        write(hook(port))
        assert "the connection was refused" in scan(SHUT).stderr
    with web() as seen:
        write(hook(seen.port))
        scan(SHUT)
        assert "This is the first notice" in seen.json()["message"]


def test_failing_to_tell_does_not_change_the_exit_status(scan: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.notify.send.SECONDS", 1.0)
    monkeypatch.setattr("scanner.notify.send.send.__defaults__", (1.0,))
    with closed_port() as closed, hanging() as silent:
        write(hook(closed), hook(silent))
        done = [scan(one, "-q") for one in (SHUT, OPEN, FAILED)]
    assert [one.exit_code for one in done] == [0, 1, 3]
    for one in done:
        assert [line.partition("), ")[2] for line in one.stderr.splitlines() if "not told" in line] == [
            "the connection was refused; the next scan tries again",
            "it did not answer in time; the next scan tries again",
        ]
    document = json.loads(call("notify", "show", "--json").stdout)
    assert list(document["hosts"][0]["untold"].values()) == [2, 2]


def test_quiet_says_nothing_of_what_was_told(scan: Scans, hooks: Web) -> None:
    assert scan(OPEN, "-q").stderr == ""
    assert len(hooks.posts) == 1


def test_only_from_the_severity_that_is_asked_for(scan: Scans, hooks: Web) -> None:
    scan(OPEN, "--notify-from", "critical")
    assert hooks.json()["title"].endswith("nothing to report")


def test_redacted_notices_and_documents_have_the_same_pseudonyms(scan: Scans, hooks: Web) -> None:
    scan(OPEN, "--redact")
    message, document = hooks.json(), json.loads(Path("run.json").read_text())
    assert STABLE not in message["message"]
    assert document["findings"][0]["address"] in message["message"]
    assert message["title"] == "v6expose host-1, grade A: 1 new finding"
    scan(EnvironmentFault(f"{STABLE} is unreachable", ""), "--redact")
    assert STABLE not in hooks.json()["message"]
    assert hooks.json()["title"] == "v6expose host-1: not measured"


def test_japanese(scan: Scans, hooks: Web) -> None:
    from scanner.language import translator

    scan(OPEN, "--lang", "ja")
    assert translator("ja").translate(SSH.title) in hooks.json()["message"]


def test_what_cannot_be_remembered_is_told_all_the_same(scan: Scans, hooks: Web, place: Path) -> None:
    (place / "XDG_STATE_HOME").write_text("no directory")
    done = scan(OPEN, "--no-store")
    assert (done.exit_code, len(hooks.posts)) == (1, 1)
    assert "cannot be remembered" in done.stderr
    assert "could not remember" in hooks.json()["message"]


def test_a_damaged_memory_is_set_aside(scan: Scans, hooks: Web, place: Path) -> None:
    memory = place / "XDG_STATE_HOME" / "v6expose" / "notices.json"
    scan(OPEN)
    memory.write_text("{")
    assert "is damaged; it is kept as" in scan(OPEN).stderr
    assert len(hooks.posts) == 2
    assert len(list(memory.parent.glob("notices.json.damaged-*"))) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"json://me:{SECRET}@host/", "a URL does not belong here"),
        ("file:/nowhere/at/all", "cannot be read"),
        ("notify", "no place to read URLs from"),
    ],
)
def test_a_mistake_stops_the_scan_before_it_begins(scan: Scans, value: str, words: str) -> None:
    done = scan(OPEN, "--notify", value)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr


def test_a_credential_that_only_the_service_has_does_not_stop_a_scan_by_hand(scan: Scans) -> None:
    done = scan(OPEN, "--notify", "credential:notify")
    assert done.exit_code == 1
    assert "credential:notify is there only in a service of systemd" in done.stderr


def test_without_apprise_the_scan_goes_on_and_says_so_first(
    scan: Scans, hooks: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.notify.send.available", lambda: False)
    done = scan(OPEN)
    assert done.exit_code == 1
    assert "pip install 'v6expose[notify]'" in done.stderr.splitlines()[0]
    assert "apprise is not installed; the next scan tries again" in done.stderr
    assert hooks.posts == []


def test_test_sends_to_everybody_and_says_who_did_not_take_it(hooks: Web) -> None:
    with closed_port() as closed:
        source = write(hook(hooks.port), ntfy(closed))
        done = call("notify", "test", "--notify", source)
        rows = json.loads(call("notify", "test", "--notify", source, "--json").stdout)["outcomes"]
    assert done.exit_code == 3
    assert done.stdout == f"told: JSON ({source}, line 1)\n"
    assert done.stderr == f"v6expose: not told: ntfy ({source}, line 2), the connection was refused\n"
    assert [(row["service"], row["sent"], row["why"]) for row in rows] == [
        ("JSON", True, "sent"),
        ("ntfy", False, "refused"),
    ]
    assert hooks.json()["title"].endswith("a test message")
    assert not list(Path("XDG_STATE_HOME").rglob("notices.json"))


def test_show_names_services_and_problems_but_no_secret(scan: Scans, hooks: Web, place: Path) -> None:
    assert "Nobody is told." in call("notify", "show").stdout
    (place / "v6expose.toml").write_text(f'notify = ["file:{place}/notify", "credential:x"]\n')
    write("# mine", hook(hooks.port), ntfy(9))
    scan(OPEN)
    shown = call("notify", "show")
    assert shown.exit_code == 0
    assert "line 2: JSON\n  line 3: ntfy\n" in shown.stdout
    assert "credential:x is there only" in shown.stdout
    assert re.search(r"www: 1 told and still there", shown.stdout)
    assert "line 3: 1 news" in shown.stdout
    document = json.loads(call("notify", "show", "--json").stdout)
    assert document["from"] == "medium"
    assert document["hosts"][0]["known"] == [SSH.title]
    assert call("notify", "test", "--notify", "none").exit_code == 2
