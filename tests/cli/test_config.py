"""``v6expose config`` in a directory of its own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.config import UNSET, shown
from scanner.cli.main import cli
from scanner.config import KEYS, Configuration
from scanner.model.ports import PortSet


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def run(*argv: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["config", *argv], env=environment, terminal_width=80)


def test_each_value_stands_beside_its_origin(tmp_path: Path) -> None:
    Path("v6expose.toml").write_text('tcp = "22"\n')
    lines = {line.split()[0]: line for line in run(V6EXPOSE_RATE="5").stdout.splitlines()}
    assert lines["rate"].split() == ["rate", "5", "V6EXPOSE_RATE"]
    assert lines["lang"].split() == ["lang", "en", "default"]
    assert "22" in lines["tcp"]


def test_json(tmp_path: Path) -> None:
    Path("own.toml").write_text('addresses = ["2001:db8::1"]\nudp = ""\nnmap = false\n')
    document = json.loads(run("--config", "own.toml", "--json").stdout)
    assert tuple(document) == KEYS
    assert document["addresses"] == {"value": ["2001:db8::1"], "origin": "own.toml"}
    assert document["udp"] == {"value": "", "origin": "own.toml"}
    assert document["nmap"] == {"value": False, "origin": "own.toml"}
    assert document["tcp"] == {"value": None, "origin": "default"}
    assert document["rate"] == {"value": 10_000, "origin": "default"}


def test_verbose_names_the_places_flags_and_variables(tmp_path: Path) -> None:
    Path("v6expose.toml").write_text("")
    text = run("-v").stdout
    assert f"read: {tmp_path}/v6expose.toml" in text
    assert f"not there: {tmp_path}/home/.config/v6expose/config.toml" in text
    assert "V6EXPOSE_FAIL_ON" in text
    assert "--fail-on" in text


def test_a_mistake_is_exit_2_and_one_line() -> None:
    result = run(V6EXPOSE_RATE="fast")
    assert result.exit_code == 2
    assert result.stderr == "v6expose: V6EXPOSE_RATE is 'fast', not a whole number: write it like V6EXPOSE_RATE=10000\n"


def test_what_is_not_set_has_words() -> None:
    defaults = Configuration()
    unset = {key for key in KEYS if getattr(defaults, key) in (None, ())}
    assert unset == set(UNSET)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("tcp", None, "the profile's"),
        ("tcp", PortSet(), "none"),
        ("tcp", PortSet.parse("1-3,5"), "1-3,5"),
        ("nmap", False, "no"),
        ("outputs", ("json=-", "html=a"), "json=-, html=a"),
    ],
)
def test_shown(key: str, value: object, text: str) -> None:
    assert shown(key, value) == text
