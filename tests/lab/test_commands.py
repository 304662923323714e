"""``v6expose lab`` as a user types it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.personalities import PERSONALITIES

COMMAND = (sys.executable, "-c", "from scanner.cli.main import main; main()", "lab")


def v6expose_lab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def name(unique_name: Callable[[], str]) -> Iterator[str]:
    name = unique_name()
    try:
        yield name
    finally:
        Lab(name).down()


def test_a_life_from_up_to_down(name: str) -> None:
    up = v6expose_lab("up", "--name", name, "--personality", "stateful", "--tempaddr", "0", "--tcp", "22,80")
    assert (up.returncode, up.stderr) == (0, "")
    assert f"try: v6expose lab exec --name {name} host -- v6expose scan --vantage netns:{name}-inet" in up.stdout

    status = json.loads(v6expose_lab("status", "--name", name, "--json").stdout)
    assert (status["up"], status["personality"]) == (True, "stateful")
    assert [address["address"] for address in status["host_addresses"]] == ["2001:db8:2120:f400:5054:ff:fe64:10"]
    assert status["nodes"]["inet"] == f"{name}-inet"
    assert all(process["alive"] for process in status["processes"])

    listening = v6expose_lab("exec", "--name", name, "host", "--", "cat", "/proc/net/tcp6").stdout
    assert [f":{port:04X} " in listening for port in (22, 80, 445)] == [True, True, False]

    applied = v6expose_lab("apply", "--name", name, "pass-all")
    assert applied.stdout == f"{name}: pass-all: {PERSONALITIES['pass-all'].help}\n"
    assert f"{name}: up, pass-all" in v6expose_lab("status", "--name", name).stdout

    assert v6expose_lab("down", "--name", name).returncode == 0
    assert v6expose_lab("status", "--name", name).stdout == f"{name}: not up\n"
    assert not any(space.startswith(f"{name}-") for space in commands.existing_namespaces())


def test_exec_hands_on_status_arguments_and_directory(lab: Lab, tmp_path: Path) -> None:
    script = 'echo "$PWD $1"; exit 7'
    words = [*COMMAND, "exec", "--name", lab.name, "printer", "--", "sh", "-c", script, "sh", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (7, f"{tmp_path} --json\n")


def test_exec_finds_the_tool_itself(lab: Lab) -> None:
    """Inside the lab ``v6expose`` is the very one that runs it, also where it is not on PATH."""
    done = v6expose_lab("exec", "--name", lab.name, "host", "--", "sh", "-c", "command -v v6expose python3")
    assert f"{Path(sys.executable).parent}/v6expose" in done.stdout


def test_personalities_are_listed() -> None:
    lines = v6expose_lab("personalities").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(PERSONALITIES)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("up", "--personality", "nope"), 2, "no personality 'nope': known are pass-all, stateful, "),
        (("up", "--tcp", "http"), 2, "'http' in port list 'http' is no port"),
        (("up", "--tempaddr", "3"), 2, "3 is not in the range 0<=x<=2"),
        (("up", "--lifetimes", "20", "10"), 2, "preferred lifetime 20 s is longer than the valid lifetime 10 s"),
        (("apply", "nope"), 2, "no personality 'nope'"),
        (("apply", "pass-all"), 4, "is up: start it with `v6expose lab up`"),
        (("exec", "toaster", "--", "true"), 2, "no node 'toaster' in the lab: known are inet, inet2, isp1"),
        (("exec", "host", "--", "true"), 4, "is up: start it with `v6expose lab up`"),
        (("exec", "host", "--"), 2, "Missing argument 'COMMAND...'"),
        (("down",), 0, ""),
    ],
)
def test_mistakes_are_one_line(
    unique_name: Callable[[], str], words: tuple[str, ...], status: int, message: str
) -> None:
    done = v6expose_lab(words[0], "--name", unique_name(), *words[1:])
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("bad", ["../x", "a b", "", "x" * 40])
def test_a_name_is_a_name(bad: str) -> None:
    done = v6expose_lab("up", "--name", bad)
    assert done.returncode == 2
    assert "letters, digits" in done.stderr
