"""``v6expose schedule`` and ``watch`` as typed; nothing is installed on this machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.schedule import install
from scanner.schedule.lock import alone, lock_file


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "SYSTEM_UNITS", tmp_path / "units")
    monkeypatch.setattr(install, "CRON_FILE", tmp_path / "cron")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUDO_USER", raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["schedule", *words])


def test_a_dry_run_prints_the_files_and_writes_nothing(tmp_path: Path) -> None:
    done = run(
        "install", "--scope", "system", "--cron", "--vantage", "exec:out", "--every", "6h", "--dry-run", "--json"
    )
    files = json.loads(done.stdout)["files"]
    assert list(files) == [str(tmp_path / "cron")]
    assert "--vantage exec:out" in files[str(tmp_path / "cron")]
    assert not (tmp_path / "cron").exists()


def test_cron_from_install_to_remove(tmp_path: Path) -> None:
    system = ("--scope", "system")
    assert run("show", *system).stdout.startswith("nothing is scheduled")
    assert run("run-now", *system).exit_code == 2
    done = run(
        "install", *system, "--cron", "--vantage", "exec:out", "-o", "html=report.html", "--config", write(tmp_path)
    )
    assert (done.exit_code, (tmp_path / "cron").exists()) == (0, True)
    line = (tmp_path / "cron").read_text()
    assert f"html={tmp_path}/report.html" in line
    assert f"--config {tmp_path}/mine.toml" in line
    assert json.loads(run("show", *system, "--json").stdout)["files"] == [str(tmp_path / "cron")]
    assert run("remove", *system).exit_code == 0
    assert not (tmp_path / "cron").exists()


def write(place: Path) -> str:
    (place / "mine.toml").write_text('profile = "quick"\n')
    return "mine.toml"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--every", "sometimes"), "--every 'sometimes' is no interval"),
        (("--every", "7h", "--vantage", "exec:out"), "does not divide"),
        ((), "no vantage is configured"),
        (("--vantage", "exec:out", "-o", "html=-"), "nobody reads"),
        (("--vantage", "exec:out", "-o", "cobol=x"), "there is no format"),
        (("--vantage", "exec:out", "--credential", "x"), "is not NAME=FILE"),
        (("--vantage", "exec:out", "--config", "gone.toml"), "gone.toml"),
    ],
)
def test_nonsense_is_one_line(words: tuple[str, ...], said: str) -> None:
    done = run("install", "--scope", "system", "--cron", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_scheduled_scan_leaves_the_field_to_one_that_runs() -> None:
    with alone(lock_file()) as free:
        assert free
        done = CliRunner().invoke(cli, ["scan", "--scheduled", "--vantage", "exec:out"])
    assert done.exit_code == 0
    assert "left out" in done.stderr


@pytest.mark.parametrize("words", [("--settle", "-1"), ("--pause", "x"), ("--times", "-1")])
def test_watch_takes_no_nonsense(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(cli, ["watch", *words]).exit_code == 2


@pytest.mark.parametrize(
    ("words", "status", "told"), [((), 4, "no vantage"), (("--vantage", "netns:x", "--profil", "x"), 2, "--profil")]
)
def test_watch_refuses_at_once_what_its_scans_would(words: tuple[str, ...], status: int, told: str) -> None:
    argv = [sys.executable, "-m", "scanner.cli.main", "watch", *words]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, told in done.stderr) == (status, True)
