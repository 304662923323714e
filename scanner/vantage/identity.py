"""Under sudo, ssh runs as the invoking user: their keys, agent, known_hosts and configuration serve, not root's."""

import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FAR_ENOUGH = 32  # processes between us and the login shell
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TERM", "DISPLAY", "WAYLAND_DISPLAY")
AGENT = "SSH_AUTH_SOCK"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a subprocess runs as, with the whole environment it gets."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    environment: Mapping[str, str]


def invoking_user(environment: Mapping[str, str], euid: int, proc: Path = Path("/proc")) -> Identity | None:
    """The user behind sudo, or None where there is none (then ssh runs as whoever we are)."""
    text = environment.get("SUDO_UID", "")
    if euid != 0 or not (text.isascii() and text.isdigit()) or int(text) == 0:
        return None
    try:
        user = pwd.getpwuid(int(text))
    except KeyError:
        return None
    kept = {key: environment[key] for key in KEPT if key in environment}
    kept |= {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": user.pw_shell or "/bin/sh"}
    agent = agent_socket(environment, user.pw_uid, proc)
    if agent:
        kept[AGENT] = agent
    groups = tuple(os.getgrouplist(user.pw_name, user.pw_gid))
    return Identity(user.pw_name, user.pw_uid, user.pw_gid, groups, kept)


def agent_socket(environment: Mapping[str, str], uid: int, proc: Path) -> str | None:
    """The ssh agent of ``uid``. sudo takes SSH_AUTH_SOCK away; sudo itself, an ancestor of ours, was started with it.

    An agent that is not the user's own (root's, in a shell further up) would only refuse them.
    """
    for candidate in (environment.get(AGENT, ""), *ancestor_values(AGENT, proc)):
        if candidate and belongs_to(Path(candidate), uid):
            return candidate
    return None


def belongs_to(path: Path, uid: int) -> bool:
    try:
        return path.is_socket() and path.stat().st_uid == uid
    except OSError:
        return False


def ancestor_values(name: str, proc: Path) -> Iterator[str]:
    """What an environment variable was when each of our ancestors was started, the nearest first."""
    wanted = name.encode() + b"="
    pid = os.getpid()
    for _ in range(FAR_ENOUGH):
        pid = parent_of(pid, proc)
        if pid < 1:
            return
        try:
            variables = (proc / str(pid) / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        yield from (os.fsdecode(variable.removeprefix(wanted)) for variable in variables if variable.startswith(wanted))


def parent_of(pid: int, proc: Path) -> int:
    """The parent's process id, 0 where it cannot be read."""
    try:
        text = (proc / str(pid) / "stat").read_text(errors="replace")
        return int(text.rpartition(")")[2].split()[1])  # the command's name, in parentheses, may hold anything
    except (OSError, ValueError, IndexError):
        return 0
