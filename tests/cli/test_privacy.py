"""``v6expose privacy`` on trees and values that are given to it. On a real kernel: tests/lab/test_privacy.py."""

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from scanner.cli.main import cli
from scanner.cli.privacy_show import show, verdict_of
from scanner.model.privacy import Forecast, InterfacePrivacy, Layer, Place, Privacy, Profile, Statement
from scanner.privacy.settings import SETTINGS

LONG = "/etc/NetworkManager/system-connections/" + "x" * 60 + "\x1b[31m.nmconnection"


def seen(running: int = 2, predicted: int | None = 0, profile: Profile = Profile.SERVER) -> Privacy:
    said = tuple(
        Statement(Layer.NETWORK_MANAGER, one.name, predicted, Place(LONG, 7, "cloud-init"), "[bold]ip6-privacy=0")
        for one in SETTINGS
    )
    forecasts = tuple(Forecast(one.setting, running, (one,), "hangs on much" * 9) for one in said)
    one = InterfacePrivacy("enp0s31f6", forecasts, ("a note\x1b",), "2001:db8::5", source_temporary=True)
    return Privacy(profile, "no display manager", (one,), ("/etc/x: bad\x1b[2J",))


def shown(what: Privacy, *, verbose: bool = False) -> str:
    stream = io.StringIO()
    show(what, Console(file=stream, width=80, highlight=False), verbose=verbose)
    return stream.getvalue()


@pytest.mark.parametrize("verbose", [False, True])
def test_it_fits_80_columns_and_foreign_text_is_harmless(*, verbose: bool) -> None:
    text = shown(seen(), verbose=verbose)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert "[bold]" in text


def test_it_says_what_is_wrong_and_who_decides() -> None:
    text = " ".join(shown(seen()).split())
    assert "Judged as a server: no display manager (--profile decides)" in text
    assert "NOT as a server should be now: use_tempaddr should be 0 or 1" in text
    assert "new connections leave from 2001:db8::5 (temporary)" in text
    assert "use_tempaddr 2 0?" in text
    assert "written by cloud-init" in text.replace("writtenby", "written by")


@pytest.mark.parametrize(
    ("running", "predicted", "profile", "words"),
    [
        (0, 1, Profile.SERVER, "as a server should be (use_tempaddr 0 or 1)"),
        (2, 2, Profile.DESKTOP, "as a desktop should be (use_tempaddr 2)"),
        (0, 2, Profile.SERVER, "NOT as a server should be after a reboot: use_tempaddr should be 0 or 1"),
        (1, 0, Profile.DESKTOP, "NOT as a desktop should be now and after a reboot: use_tempaddr should be 2"),
        (0, None, Profile.SERVER, "not known after a reboot; for a server use_tempaddr should be 0 or 1"),
    ],
)
def test_the_verdict(running: int, predicted: int | None, profile: Profile, words: str) -> None:
    assert verdict_of(profile, seen(running, predicted).interfaces[0]) == words


def run(*argv: str, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, ["privacy", *argv], input=stdin)


def an_interface() -> str:
    names = sorted(os.listdir("/proc/sys/net/ipv6/conf"))  # noqa: PTH208 - no path is used
    return next((name for name in names if name not in {"all", "default", "lo"}), "lo")


def test_json_on_this_machine_tells_all_settings(tmp_path: Path) -> None:
    result = run("--json", "--root", str(tmp_path), "--profile", "desktop")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert list(document) == ["profile", "profile_reason", "interfaces", "findings", "problems"]
    assert document["profile"] == "desktop"
    for one in document["interfaces"]:
        assert [each["setting"] for each in one["settings"]] == [each.name for each in SETTINGS]


def test_problems_go_to_standard_error_unless_quiet(tmp_path: Path) -> None:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/x.conf").write_text("nonsense\n")
    loud, quiet = run("--root", str(tmp_path)), run("-q", "--root", str(tmp_path))
    assert loud.stderr == "v6expose: /etc/sysctl.d/x.conf:1: is not an assignment, ignored at boot\n"
    assert (quiet.stderr, loud.exit_code) == ("", 0)


def test_an_unknown_interface_is_exit_2_and_names_the_known_ones() -> None:
    for argv in (["--interface", "nope"], ["set", "--use-tempaddr", "0", "--interface", "nope", "--dry-run"]):
        result = run(*argv)
        assert result.exit_code == 2
        assert "there is no interface 'nope' with IPv6: use one of" in result.stderr


def test_a_dry_run_prints_the_diff_and_writes_nothing(tmp_path: Path) -> None:
    name = an_interface()
    argv = ["set", "--use-tempaddr", "1", "--interface", name, "--persist", "--dry-run", "--root", str(tmp_path)]
    result = run(*argv)
    assert result.exit_code == 0, result.output
    assert "+++ /etc/sysctl.d/90-v6expose.conf\n" in result.stdout
    assert f"+net.ipv6.conf.{name.replace('.', '/')}.use_tempaddr = 1\n" in result.stdout
    assert f"/proc/sys/net/ipv6/conf/{name}/use_tempaddr: " in result.stdout
    assert list(tmp_path.iterdir()) == []
    document = json.loads(run(*argv, "--json").stdout)
    assert (document["applied"], document["proof"], document["layer"]) == (False, None, "sysctl.d")


def test_without_root_one_clear_line_and_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    argv = ["--use-tempaddr", "0", "--interface", an_interface(), "--yes", "--root", str(tmp_path)]
    for words in (["set", *argv], ["undo", "--root", str(tmp_path)]):
        result = run(*words)
        assert result.exit_code == 4
        assert result.stderr.splitlines()[-1] == (
            "v6expose: changing settings needs root: run it with sudo, or look first with --dry-run"
        )
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_undo_is_exit_2(tmp_path: Path) -> None:
    result = run("undo", "--dry-run", "--root", str(tmp_path))
    assert (result.exit_code, result.stderr) == (
        2,
        "v6expose: no change is left to undo: changes are kept in /var/lib/v6expose/privacy\n",
    )


def test_options_of_a_subcommand_belong_after_it(tmp_path: Path) -> None:
    result = run("--root", str(tmp_path), "undo")
    assert result.exit_code == 2
    assert "options of `privacy undo` stand before it" in result.stderr


@pytest.mark.parametrize("value", ["3", "-1", "yes"])
def test_other_values_are_usage_errors(value: str) -> None:
    assert run("set", "--use-tempaddr", value, "--interface", "lo").exit_code == 2
