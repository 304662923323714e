"""The lab of an ordinary user, in a user namespace of his own: as root we drop to one and try."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scanner
from scanner.lab import commands, state
from scanner.lab.rootless import one_shot_argv
from scanner.lab.state import Process

from .prober import until

USER = 54_321  # nobody's number
DROP = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all")
COMMAND = (sys.executable, "-c", "from scanner.cli.main import main; main()", "lab")
BECOME_ROOT = """
import os, sys
from scanner.lab.rootless import become_root
become_root()
from scanner.lab.lab import Lab
with Lab("v6x") as lab:
    print(os.geteuid(), len(lab.host_addresses()), sys.argv[1])
"""


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's home, where he may write and the way to which he may walk."""
    if os.geteuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] != "4294967295":
        pytest.skip("only root can become another user")
    home = Path("/tmp") / f"v6xt-home-{os.getpid()}"  # noqa: S108 - pytest's own directories are root's alone
    home.mkdir(mode=0o700)
    os.chown(home, USER, USER)
    try:
        yield home
    finally:
        shutil.rmtree(home)


@pytest.fixture(autouse=True)
def _allowed(home: Path) -> None:
    if as_user(home, sys.executable, "-c", f"import os; os.listdir({str(Path(scanner.__file__).parent)!r})").returncode:
        pytest.skip("this checkout or its Python is readable for root only")
    if as_user(home, *one_shot_argv(["ip", "netns", "add", "x"])).returncode:
        pytest.skip("this machine lets no ordinary user make network namespaces")


def as_user(home: Path, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"HOME": str(home), "PATH": commands.SYSTEM_PATH, "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [*DROP, *argv], env=settings, cwd=home, capture_output=True, text=True, check=False, timeout=60
    )


def processes_of_the_user() -> list[int]:
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [number for number in numbers if user_of(number) == USER and state.start_of(number)]


def user_of(number: int) -> int | None:
    """None where that process has ended meanwhile: other people's come and go."""
    try:
        return Path(f"/proc/{number}").stat().st_uid
    except (FileNotFoundError, ProcessLookupError):
        return None


def test_one_command_runs_again_as_root_of_its_own_world(home: Path) -> None:
    done = as_user(home, sys.executable, *written(home, BECOME_ROOT), "an argument")
    assert (done.stdout, done.stderr) == ("0 2 an argument\n", "")
    assert processes_of_the_user() == []
    assert "v6x-host" not in commands.existing_namespaces()


def written(home: Path, text: str) -> list[str]:
    script = home / "script.py"
    script.write_text(text)
    script.chmod(0o644)
    return [str(script)]


def test_when_that_command_is_killed_nothing_stays(home: Path) -> None:
    text = BECOME_ROOT + "    os.kill(os.getpid(), 9)\n"
    as_user(home, sys.executable, *written(home, text), "x")
    assert until(lambda: processes_of_the_user() == [])


@pytest.mark.parametrize("runtime", ["", "run"])
def test_a_lab_that_stays_up_between_commands(home: Path, runtime: str) -> None:
    environment = {}
    if runtime:
        (home / runtime).mkdir()
        os.chown(home / runtime, USER, USER)
        environment["XDG_RUNTIME_DIR"] = str(home / runtime)
    record = home / (runtime or ".cache") / "v6expose" / "lab-holder.json"
    try:
        up = as_user(home, *COMMAND, "up", "--personality", "stateful", "--tcp", "22,445", **environment)
        assert (up.returncode, up.stderr) == (0, "")
        assert record.exists()
        status = json.loads(as_user(home, *COMMAND, "status", "--json", **environment).stdout)
        assert (status["up"], len(status["host_addresses"])) == (True, 2)

        target = status["host_addresses"][0]["address"]
        nmap = ("exec", "inet", "--", "nmap", "-6", "-n", "-Pn", "-sS", "-p22,445", "--max-retries", "0", target)
        scanned = as_user(home, *COMMAND, *nmap, **environment).stdout
        assert re.findall(r"^(\d+)/tcp +(\w+)", scanned, re.MULTILINE) == [("22", "open"), ("445", "filtered")]
        inner = ("exec", "host", "--", "sh", "-c", "pwd; ip netns exec v6x-inet id -u; exit 3")
        done = as_user(home, *COMMAND, *inner, **environment)
        assert (done.returncode, done.stdout) == (3, f"{home}\n0\n")

        assert as_user(home, *COMMAND, "apply", "pass-all", **environment).returncode == 0
        assert "v6x: up, pass-all" in as_user(home, *COMMAND, "status", **environment).stdout
    finally:
        down = as_user(home, *COMMAND, "down", **environment)
    assert (down.returncode, down.stderr) == (0, "")
    assert not record.exists()
    assert processes_of_the_user() == []


def test_without_a_holder_nothing_is_up(home: Path) -> None:
    assert as_user(home, *COMMAND, "status").stdout == "v6x: not up\n"
    done = as_user(home, *COMMAND, "exec", "host", "--", "true")
    assert (done.returncode, done.stderr) == (4, "v6expose: no lab is up: start one with `v6expose lab up`\n")
    assert as_user(home, *COMMAND, "down").returncode == 0


def test_a_record_of_a_holder_that_is_gone_is_not_believed(home: Path) -> None:
    """Its number may be another process's by now: nothing may be entered or ended by it."""
    record = home / ".cache" / "v6expose" / "lab-holder.json"
    record.parent.mkdir(parents=True)
    stranger = Process(os.getpid(), 1, "holder")
    record.write_text(json.dumps({"pid": stranger.pid, "started": 1, "role": "holder", "boot": state.boot_id()}))
    for path in (record, record.parent, record.parent.parent):
        os.chown(path, USER, USER)
    assert as_user(home, *COMMAND, "status").stdout == "v6x: not up\n"
    record.write_text("not JSON")
    assert as_user(home, *COMMAND, "status").stdout == "v6x: not up\n"


def test_a_user_without_user_namespaces_is_told_what_to_do(home: Path) -> None:
    fakes = home / "bin"
    fakes.mkdir()
    (fakes / "unshare").write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    (fakes / "unshare").chmod(0o755)
    done = as_user(home, *COMMAND, "up", PATH=f"{fakes}:{commands.SYSTEM_PATH}")
    assert done.returncode == 4
    assert done.stderr.startswith(
        "v6expose: this machine lets no ordinary user make network namespaces: run it with sudo"
    )
    assert done.stderr.count("\n") == 1


def test_the_lab_itself_asks_for_root(home: Path) -> None:
    done = as_user(home, sys.executable, *written(home, "from scanner.lab.lab import Lab\nLab('x').up()\n"))
    assert "the lab needs root: run as root, or use `v6expose lab up`" in done.stderr
