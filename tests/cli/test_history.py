"""``v6expose history``, ``diff`` and ``report RUN`` as a user types them, over a real store."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.codec import run_from_json, run_to_json
from scanner.store import Store, open_store
from tests.report.sample import before_fix
from tests.store.history import run_on

WIDTH = 80


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("V6EXPOSE_STORE", str(tmp_path / "runs.db"))
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.chdir(tmp_path)
    return open_store()


@pytest.fixture
def filled(store: Store) -> Store:
    """Open, fixed, open again; the last one incomplete; and one of another host."""
    store.save(run_on(0))
    store.save(run_on(1, fixed=True))
    store.save(run_on(2, complete=False))
    store.save(run_on(3, host="atom\x1b[31m"))
    return store


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def one_line_about(result: Result, status: int, *words: str) -> None:
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert all(word in result.stderr for word in words), result.stderr


def test_an_empty_history_is_no_error(store: Store, tmp_path: Path) -> None:
    result = run("history")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"No runs are stored in {tmp_path / 'runs.db'} yet: v6expose scan stores every one.\n"
    assert json.loads(run("history", "--json").stdout) == {"runs": []}
    assert not (tmp_path / "runs.db").exists()


@pytest.mark.parametrize("extra", [(), ("-v",)])
def test_the_newest_stands_on_top_in_80_columns(filled: Store, extra: tuple[str, ...]) -> None:
    result = run("history", *extra)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert [found[1] for line in lines if (found := re.match(r" *(\d+) 2026-", line))] == ["4", "3", "2", "1"]
    assert "Incomplete." in result.stdout
    assert "\x1b" not in result.stdout


def test_json_is_numbered_and_newest_first(filled: Store) -> None:
    runs = json.loads(run("history", "--json", "--host", "midnight").stdout)["runs"]
    assert [(row["number"], row["complete"], row["grade"]) for row in runs] == [
        (3, False, "F"),
        (2, True, "A"),
        (1, True, "F"),
    ]
    named = {"number", "id", "started_at", "finished_at", "host", "profile", "complete", "grade", "headline", "counts"}
    assert set(runs[0]) >= {*named, "vantages"}
    assert runs[2]["counts"]["critical"] == 4
    assert runs[2]["started_at"] == "2026-11-23T00:12:05Z"


def test_a_limit_and_what_it_leaves_off(filled: Store) -> None:
    result = run("history", "--limit", "1")
    assert "3 older runs are not shown" in result.stderr
    assert len(json.loads(run("history", "--json", "--limit", "2").stdout)["runs"]) == 2
    assert len(json.loads(run("history", "--json", "--limit", "0").stdout)["runs"]) == 4


def test_runs_of_an_address(filled: Store) -> None:
    found = json.loads(run("history", "--json", "--address", before_fix().addresses[0].address).stdout)["runs"]
    assert len(found) == 4
    assert json.loads(run("history", "--json", "--address", "2001:db8::99").stdout) == {"runs": []}
    one_line_about(run("history", "--address", "nonsense"), 2, "'nonsense' is no IPv6 address")


def test_a_run_is_reported_by_its_number(filled: Store, tmp_path: Path) -> None:
    page, copy = tmp_path / "page.html", tmp_path / "copy.json"
    result = run("report", "2", "-o", f"html={page}", "-o", f"json={copy}")
    assert result.exit_code == 0
    document = run_from_json(copy.read_text())
    assert document.run.id == run_on(1, fixed=True).run.id
    assert document.before is not None
    assert document.before.id == run_on(0).run.id
    assert document.changes is not None
    assert (document.changes.before.number, document.changes.after.number) == (1, 2)
    assert document.findings[0].first_seen == run_on(0).run.started_at
    assert len(document.doors) > 5
    html = page.read_text()
    assert 'id="history"' in html
    assert "open in 1 run since 2026-11-23, then router dropped in 1 run since 2026-11-24" in html


def test_the_first_run_of_all_says_nothing_of_time(filled: Store, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("report", "1", "-o", f"html={page}").exit_code == 0
    assert 'id="history"' not in page.read_text()


def test_latest_may_be_of_a_host(filled: Store) -> None:
    latest = json.loads(run("report", "latest", "--host", "midnight", "--json").stdout)
    assert latest["run"]["id"] == run_on(2).run.id


def test_a_file_is_still_a_file(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "1").write_text(run_to_json(run_on(9)))
    assert json.loads(run("report", "./1", "--json").stdout)["run"]["id"] == run_on(9).run.id
    assert json.loads(run("report", "1", "--json").stdout)["run"]["id"] == run_on(0).run.id


@pytest.mark.parametrize("reference", ["99", "nope", "latest~1", "2026"])
def test_a_run_that_is_not_there(filled: Store, reference: str) -> None:
    one_line_about(run("report", reference), 2, repr(reference))
    one_line_about(run("diff", reference, "1"), 2, repr(reference))


def test_what_is_new_and_why(filled: Store) -> None:
    result = run("diff", "2", "1")
    assert result.exit_code == 1
    assert all(len(line) <= WIDTH for line in result.stdout.splitlines())
    assert "New (12)" in result.stdout
    assert "CRITICAL SMB file sharing answers strangers" in result.stdout
    assert "The router's default for tcp changed: it lets in what it stopped before." in result.stdout
    changes = json.loads(run("diff", "2", "1", "--json").stdout)
    assert {change["turn"] for change in changes["findings"]} == {"new"}
    assert {cause["kind"] for change in changes["findings"] for cause in change["causes"]} == {"router-default-changed"}
    assert (changes["before"]["number"], changes["after"]["number"]) == (2, 1)


def test_exit_statuses_of_diff(filled: Store) -> None:
    assert run("diff", "1", "2").exit_code == 0  # things are gone
    assert run("diff", "1", "1").exit_code == 0
    assert run("diff", "2", "1", "--fail-on", "never").exit_code == 0
    assert run("diff", "1", "3").exit_code == 3  # the later one is not complete
    assert run("diff", "2", "3").exit_code == 1


def test_without_runs_it_is_the_latest_and_the_complete_one_before_it(filled: Store) -> None:
    changes = json.loads(run("diff", "--json", "--host", "midnight").stdout)
    assert (changes["before"]["number"], changes["after"]["number"]) == (2, 3)
    changes = json.loads(run("diff", "1", "--json").stdout)
    assert (changes["before"]["number"], changes["after"]["number"]) == (1, 3)
    one_line_about(run("diff"), 2, "before run 4 there is no complete run")


def test_documents_can_be_compared_without_a_store(store: Store, tmp_path: Path) -> None:
    for number, one in enumerate((run_on(0), run_on(1, fixed=True))):
        (tmp_path / f"{number}.json").write_text(run_to_json(one))
    result = run("diff", "0.json", "1.json")
    assert result.exit_code == 0
    assert "from a file of midnight" in result.stdout
    assert "Gone (12)" in result.stdout


def test_documents_are_added(store: Store, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(run_to_json(run_on(0)))
    (tmp_path / "bad.json").write_text("{}")
    one_line_about(run("history", "add", "run.json", "bad.json"), 2, "bad.json is not a v6expose run document")
    assert store.count() == 0
    assert run("history", "add", "run.json").stdout == "run.json: run 1\n"
    assert run("history", "add", "run.json").stdout == "run.json: run 1\n"
    assert store.load("1") == run_on(0)


def test_pruning(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one_line_about(run("history", "prune"), 2, "how long runs are kept is not said")
    one_line_about(run("history", "prune", "--keep", "soon"), 2, "'soon' is no span of time")
    monkeypatch.setattr("scanner.cli.history.datetime", _Later)
    dry = run("history", "prune", "--keep", "90 days", "--dry-run")
    assert "2 runs older than 90 days would be forgotten; 4 are stored." in dry.stderr
    monkeypatch.setenv("V6EXPOSE_KEEP", "90 days")
    assert "2 runs older than 90 days are forgotten; 2 are stored." in run("history", "prune").stderr


class _Later:
    @staticmethod
    def now(_: object) -> object:
        return run_on(200).run.started_at


def test_the_site_links_every_report_and_is_not_made_twice(filled: Store, tmp_path: Path) -> None:
    site = tmp_path / "site"
    result = run("history", "--site", site)
    assert result.exit_code == 0
    index = (site / "index.html").read_text()
    assert "default-src &#39;none&#39;" in index
    assert "<script" not in index
    reports = sorted(path.name for path in (site / "runs").iterdir())
    assert len(reports) == 4
    assert all(f"runs/{name}" in "".join(p.read_text() for p in (site / "hosts").iterdir()) for name in reports)
    before = {path: path.stat().st_mtime_ns for path in (site / "runs").iterdir()}
    filled.save(run_on(5))
    assert run("history", "--site", site, "-q").output == ""
    after = {path: path.stat().st_mtime_ns for path in (site / "runs").iterdir()}
    assert len(after) == 5
    assert before.items() <= after.items()


def test_a_site_where_none_can_be(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("history", "--site", tmp_path / "file" / "deeper")
    one_line_about(result, 2, "cannot be made")


def test_a_damaged_store_is_one_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"nonsense " * 1000)
    for arguments in (("history",), ("report", "1"), ("diff", "1", "2")):
        one_line_about(run(*arguments), 4, "is damaged", "move it away", "sqlite3")


def test_a_store_that_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V6EXPOSE_STORE", "none")
    one_line_about(run("history"), 2, "the store is switched off")


def test_a_packages_name_is_found_at_diff_time_on_the_same_host(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    from scanner.cli.diff import with_packages_here

    monkeypatch.setattr("scanner.discovery.packages.packages_of", lambda _: {"sshd": "openssh-server"})
    here = replace(before_fix(), host=replace(before_fix().host, name=socket.gethostname()))
    assert {one.package for one in with_packages_here(here).listeners} == {"", "openssh-server"}
    assert {one.package for one in with_packages_here(before_fix()).listeners} == {""}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("history", "--limit", "many"), "--limit 'many' is no number of runs"),
        (("history", "--limit", "-1"), "--limit '-1' is no number of runs"),
        (("diff", "1", "2", "--fail-on", "often"), "--fail-on 'often' is no severity"),
        (("history", "--store", "mysql://x/y"), "is of an unknown kind"),
        (("history", "--store", "postgresql://me:secret@h/d"), "holds a password"),
        (("scan", "--vantage", "netns:x", "--store", "postgresql://me:secret@h/d"), "holds a password"),
        (("scan", "--vantage", "netns:x", "--keep", "soon"), "'soon' is no span of time"),
        (("scan", "--vantage", "netns:x", "--before", "99"), "there is no run '99'"),
        (("scan", "--vantage", "netns:x", "--before", "missing.json"), "missing.json cannot be read"),
    ],
)
def test_bad_input_is_one_line_before_anything_is_measured(
    filled: Store, arguments: tuple[str, ...], words: str
) -> None:
    result = run(*arguments)
    one_line_about(result, 2, words)
    assert "secret" not in result.stderr
