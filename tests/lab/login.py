"""A real sshd in the lab with users of its own, and a real ssh on the other side with keys of its own.

Users, the same on both sides and none of this machine's: ``root``; ``admin`` and ``admin2`` (sudo without a password,
with and without a pseudo-terminal of sudo's own); ``plain`` (no sudo); ``noisy`` (talks before anything else); ``bare``
(no PATH); ``cloud`` (sends us to another login, as cloud images do with root); ``alice``, who runs sudo on
the near side.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scanner.lab.lab import Lab
from scanner.lab.topology import SECOND_SOURCE

from .place import Place
from .prober import accepts

SSHD = "/usr/sbin/sshd"
PORT = 2022  # beside the 22 of other tests in this lab
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSPHRASE = "open sesame"  # noqa: S105
# name -> uid, login shell; the files of these users lie in directories that go with the test
USERS = {
    "root": (0, "/bin/sh"),
    "admin": (61_001, "/bin/sh"),
    "admin2": (61_002, "/bin/sh"),
    "plain": (61_003, "/bin/sh"),
    "noisy": (61_004, "/bin/bash"),
    "bare": (61_005, "{directory}/bare-shell"),
    "cloud": (61_006, "{directory}/cloud-shell"),
    "alice": (61_100, "/bin/sh"),
}
ETC = ("passwd", "shadow", "group", "sudoers", "resolv.conf")
SUDOERS = f"""Defaults env_reset, secure_path="{PATH}"
Defaults use_pty
Defaults:admin2 !use_pty
root ALL=(ALL:ALL) ALL
admin ALL=(ALL) NOPASSWD: ALL
admin2 ALL=(ALL) NOPASSWD: ALL
alice ALL=(ALL) NOPASSWD: ALL
"""
# Wakes where bash reads it: sshd starts it for one command (Debian compiles it so).
NOISE = "echo 'Welcome! You have mail.'; printf '{\"e\":\"hello\"}\\nno end of line'; echo grumble >&2\n"
SHELLS = {
    "bare-shell": 'PATH=/nowhere\nexport PATH\nexec /bin/sh "$@"',
    "cloud-shell": 'echo \'Please login as the user "admin" rather than the user "root".\'\nexit 142',
}


@dataclass(frozen=True)
class Login:
    """Both sides. ``near`` is where ssh runs: root of the lab's host, with a configuration for every case."""

    lab: Lab
    directory: Path
    log: Path

    def home(self, user: str) -> Path:
        return self.directory / "home" / user

    def files(self) -> dict[Path, Path]:
        return {Path("/etc") / name: self.directory / "etc" / name for name in ETC}

    def near(self, **environment: str) -> Place:
        return Place(self.lab.node("host"), self.files(), {"PATH": PATH, "LANG": "C.UTF-8", **environment})

    def said(self) -> str:
        """What sshd has logged so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def logins(lab: Lab) -> Iterator[Login]:
    """Start sshd in the lab's ``inet``, with everything around it. Needs real root."""
    directory = Path(tempfile.mkdtemp(prefix="v6x-login-", dir="/tmp"))
    login = Login(lab, directory, directory / "sshd.log")
    try:
        directory.chmod(0o755)
        write_users(login)
        write_keys(login)
        write_client_configuration(login)
        with served(login):
            yield login
    finally:
        shutil.rmtree(directory)


@contextmanager
def served(login: Login) -> Iterator[None]:
    (login.directory / "sshd_config").write_text(sshd_config(login))
    with login.log.open("wb") as log:
        process = login.lab.popen(
            "inet",
            [
                "sh",
                "-eu",
                "-c",
                far_script(login, [SSHD, "-D", "-e", "-f", login.directory / "sshd_config"]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        end = time.monotonic() + 15
        while not accepts(login.lab, "inet", SECOND_SOURCE, PORT):
            assert process.poll() is None, login.said()
            assert time.monotonic() < end
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(timeout=5)


def far_script(login: Login, argv: list[object], hidden: tuple[str, ...] = ()) -> str:
    """``ip netns exec`` gives a mount namespace: the far side's own users, without the programs in ``hidden``."""
    lines = [f"mount --bind {shlex.quote(str(real))} {seen}" for seen, real in login.files().items()]
    for program in hidden:
        found = [Path(place) / program for place in PATH.split(":") if (Path(place) / program).exists()]
        lines += [f"mount --bind /dev/null {place}" for place in {path.resolve() for path in found}]
    lines += ["mount -t tmpfs tmpfs /run", "mkdir -m 755 /run/sshd"]
    return "\n".join([*lines, "exec " + shlex.join(map(str, argv))])


def write_users(login: Login) -> None:
    etc = login.directory / "etc"
    etc.mkdir()
    (login.directory / "home").mkdir()
    rows: dict[str, list[str]] = {name: [] for name in ("passwd", "shadow", "group")}
    for name in rows:
        text = (Path("/etc") / name).read_text().splitlines()
        rows[name] = [line for line in text if name == "group" or not line.startswith("root:")]
    for user, (uid, shell) in USERS.items():
        home = login.home(user)
        home.mkdir(mode=0o755)
        (home / ".ssh").mkdir(mode=0o700)
        os.chown(home, uid, uid)
        os.chown(home / ".ssh", uid, uid)
        rows["passwd"].insert(0, f"{user}:x:{uid}:{uid}::{home}:{shell.format(directory=login.directory)}")
        rows["shadow"].insert(0, f"{user}:*:19000:0:99999:7:::")
        if uid:
            rows["group"].append(f"{user}:x:{uid}:")
    for name, lines in rows.items():
        (etc / name).write_text("\n".join(lines) + "\n")
    (etc / "shadow").chmod(0o600)
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (etc / "sudoers").write_text(SUDOERS)
    (etc / "sudoers").chmod(0o440)
    (login.home("noisy") / ".bashrc").write_text(NOISE)
    for name, text in SHELLS.items():
        shell = login.directory / name
        shell.write_text(f"#!/bin/sh\n{text}\n")
        shell.chmod(0o755)


def write_keys(login: Login) -> None:
    for name, words in (("host_key", ""), ("user_key", ""), ("locked_key", PASSPHRASE), ("other_key", "")):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", words, "-C", name, "-f", login.directory / name]
        subprocess.run(argv, check=True)
    public = [(login.directory / f"{name}.pub").read_text() for name in ("user_key", "locked_key")]
    (login.directory / "authorized_keys").write_text("".join(public))
    host_key, other = ((login.directory / f"{name}.pub").read_text().strip() for name in ("host_key", "other_key"))
    for name, key in (("known", host_key), ("changed", other)):
        (login.directory / name).write_text(f"[{SECOND_SOURCE}]:{PORT} {key}\n")
    (login.directory / "none").write_text("")
    for user in ("root", "alice"):
        for name in ("user_key", "locked_key", "other_key"):
            copy = login.home(user) / ".ssh" / name
            copy.write_bytes((login.directory / name).read_bytes())
            copy.chmod(0o600)
            os.chown(copy, USERS[user][0], USERS[user][0])


def write_client_configuration(login: Login) -> None:
    """One Host for every case; ``~/.ssh/config`` of root. Alice has her own, and her key in the agent only."""
    known, key = login.directory / "known", "~/.ssh/user_key"
    cases = {
        "far": (known, key, ""),
        "stranger": (login.directory / "none", key, ""),
        "changed": (login.directory / "changed", key, ""),
        "wrong-key": (known, "~/.ssh/other_key", ""),
        "locked": (known, "~/.ssh/locked_key", ""),
        "refused": (known, key, "Port 1"),
        "unreachable": (known, key, "HostName fd00:dead::1"),
        "lonely": (Path("/dev/null"), key, f"StrictHostKeyChecking no\nProxyCommand {login.directory}/lonely"),
    }
    write_configuration(login, "root", "".join(client_case(name, *case) for name, case in cases.items()))
    (login.directory / "misconfigured").write_text(client_case("far", known, key, "NoSuchOption yes"))
    alices = login.home("alice") / ".ssh/known_hosts"
    write_configuration(login, "alice", client_case("alices-far", alices, "~/.ssh/none", ""))
    alices.write_text((login.directory / "known").read_text())
    lonely = login.directory / "lonely"
    argv = [SSHD, "-i", "-f", login.directory / "sshd_config"]
    script = far_script(login, argv, hidden=("nmap",))
    words = ["ip", "netns", "exec", f"{login.lab.node('inet')}-lonely", "sh", "-eu", "-c", script]
    lonely.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    lonely.chmod(0o755)


def client_case(name: str, known_hosts: Path, key: str, more: str) -> str:
    """ssh takes the first value it meets, so ``more`` stands first."""
    lines = [
        *more.splitlines(),
        f"HostName {SECOND_SOURCE}",
        f"Port {PORT}",
        f"UserKnownHostsFile {known_hosts}",
        f"IdentityFile {key}",
        *([] if key.endswith("none") else ["IdentitiesOnly yes"]),
    ]
    return f"Host {name}\n" + "".join(f"  {line}\n" for line in lines)


def write_configuration(login: Login, user: str, text: str) -> None:
    path = login.home(user) / ".ssh" / "config"
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, USERS[user][0], USERS[user][0])


def sshd_config(login: Login) -> str:
    lines = (
        f"Port {PORT}",
        f"ListenAddress {SECOND_SOURCE}",
        f"HostKey {login.directory / 'host_key'}",
        f"AuthorizedKeysFile {login.directory / 'authorized_keys'}",
        "StrictModes no",
        "UsePAM no",
        "PidFile none",
        "UseDNS no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "LogLevel VERBOSE",
    )
    return "\n".join(lines) + "\n"
