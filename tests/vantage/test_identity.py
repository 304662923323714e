"""Whose keys serve, and where their agent is."""

import os
import pwd
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.vantage.identity import ancestor_values, invoking_user, parent_of

SOMEBODY = next(user for user in pwd.getpwall() if user.pw_uid == 65534)  # nobody, on any Linux
SUDO = {"SUDO_UID": str(SOMEBODY.pw_uid), "PATH": "/bin"}


@pytest.mark.parametrize(
    ("environment", "euid"),
    [
        ({}, 0),
        ({}, 1000),
        (SUDO, 1000),
        ({"SUDO_UID": "0"}, 0),
        ({"SUDO_UID": ""}, 0),
        ({"SUDO_UID": "²"}, 0),
        ({"SUDO_UID": "-1"}, 0),
        ({"SUDO_UID": "1000; reboot"}, 0),
        ({"SUDO_UID": "4294900000"}, 0),
        ({"SUDO_UID": "99999999999999999999"}, 0),
    ],
)
def test_without_sudo_we_are_who_we_are(environment: dict[str, str], euid: int) -> None:
    assert invoking_user(environment, euid) is None


def test_behind_sudo_stands_a_user_with_their_own_home(tmp_path: Path) -> None:
    secret = {"LANG": "C.UTF-8", "LD_PRELOAD": "x", "SUDO_COMMAND": "v6expose", "HOME": "/root", "USER": "root"}
    user = invoking_user({**SUDO, **secret}, 0, tmp_path)
    assert user is not None
    assert (user.name, user.uid, user.gid) == (SOMEBODY.pw_name, SOMEBODY.pw_uid, SOMEBODY.pw_gid)
    assert SOMEBODY.pw_gid in user.groups
    assert 0 not in user.groups
    assert user.environment == {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "HOME": SOMEBODY.pw_dir,
        "USER": SOMEBODY.pw_name,
        "LOGNAME": SOMEBODY.pw_name,
        "SHELL": SOMEBODY.pw_shell,
    }


# ---- a process tree: us <- sudo <- the user's shell <- a terminal <- init


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Two sockets: one of ours, one of somebody else's where we may give it away."""
    paths = {name: tmp_path / name for name in ("ours", "theirs")}
    sockets = []
    for path in paths.values():
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].bind(str(path))
    if os.geteuid() == 0:
        os.chown(paths["theirs"], SOMEBODY.pw_uid, SOMEBODY.pw_gid)
    yield paths
    for one in sockets:
        one.close()


def process(proc: Path, pid: int, parent: int, environment: dict[str, object], name: str = "bash") -> None:
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1 4194560\n")
    text = b"".join(f"{key}={value}".encode() + b"\0" for key, value in environment.items())
    (proc / str(pid) / "environ").write_bytes(text)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a socket to somebody else")


@needs_root
@pytest.mark.parametrize(
    ("own", "sudo", "shell", "found"),
    [
        ("theirs", None, None, True),  # sudo -E
        (None, "theirs", None, True),  # eval $(ssh-agent) in the shell: only what it started later has it
        (None, None, "theirs", True),
        (None, "ours", "theirs", True),  # root's agent would refuse them
        ("ours", None, "theirs", True),
        (None, "ours", None, False),
        (None, "gone", None, False),
        (None, None, None, False),
    ],
)
def test_the_agent_is_found_up_the_tree(
    tmp_path: Path, agents: dict[str, Path], own: str | None, sudo: str | None, shell: str | None, *, found: bool
) -> None:
    def variables(which: str | None) -> dict[str, object]:
        return {"TERM": "x", **({"SSH_AUTH_SOCK": agents.get(which, tmp_path / which)} if which else {})}

    process(tmp_path, os.getpid(), 300, {}, "v6expose")
    process(tmp_path, 300, 200, variables(sudo), "sudo")
    process(tmp_path, 200, 100, variables(shell), "a (strange) name) S 5")
    process(tmp_path, 100, 1, {})
    process(tmp_path, 1, 0, {}, "init")
    environment = {**SUDO, **({"SSH_AUTH_SOCK": str(agents[own])} if own else {})}
    user = invoking_user(environment, 0, tmp_path)
    assert user is not None
    assert user.environment.get("SSH_AUTH_SOCK") == (str(agents["theirs"]) if found else None)


def test_a_tree_that_bites_its_tail_or_ends_early_is_climbed_so_far(tmp_path: Path) -> None:
    process(tmp_path, os.getpid(), 300, {})
    process(tmp_path, 300, 200, {"A": "1"})
    process(tmp_path, 200, 300, {"A": "2"})
    values = list(ancestor_values("A", tmp_path))
    assert values[:3] == ["1", "2", "1"]
    assert len(values) <= 32
    (tmp_path / "300" / "environ").unlink()  # somebody else's: not readable
    assert set(ancestor_values("A", tmp_path)) == {"2"}
    (tmp_path / "300" / "stat").unlink()
    assert list(ancestor_values("A", tmp_path)) == []


def test_our_own_tree_can_be_climbed() -> None:
    assert parent_of(os.getpid(), Path("/proc")) == os.getppid()
    assert isinstance(list(ancestor_values("PATH", Path("/proc"))), list)


@settings(deadline=None)
@given(st.binary())
def test_any_stat_file_is_a_parent_or_none(text: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "7").mkdir()
        (Path(directory) / "7" / "stat").write_bytes(text)
        assert isinstance(parent_of(7, Path(directory)), int)
