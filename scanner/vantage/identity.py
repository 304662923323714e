"""Under sudo, ssh runs as the invoking user: their keys, agent, known_hosts and configuration serve, not root's."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FAR_ENOUGH = 32  # processes between us and the login shell


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a subprocess runs as, with the whole environment it gets."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    environment: Mapping[str, str]


def invoking_user(environment: Mapping[str, str], euid: int) -> Identity | None:
    """The user behind sudo, or None where there is none (then ssh runs as whoever we are)."""
    text = environment.get("SUDO_UID", "")
    if euid != 0 or not text.isdigit() or int(text) == 0:
        return None
    try:
        user = pwd.getpwuid(int(text))
    except KeyError:
        return None
    kept = {key: environment[key] for key in ("PATH", "LANG", "LC_ALL", "TERM", "DISPLAY") if key in environment}
    kept |= {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name}
    # sudo removes SSH_AUTH_SOCK; the user's own shell, an ancestor of ours, still has it.
    agent = environment.get("SSH_AUTH_SOCK") or ancestor_variable("SSH_AUTH_SOCK", user.pw_uid)
    if agent:
        kept["SSH_AUTH_SOCK"] = agent
    groups = tuple(os.getgrouplist(user.pw_name, user.pw_gid))
    return Identity(user.pw_name, user.pw_uid, user.pw_gid, groups, kept)


def ancestor_variable(name: str, uid: int, proc: Path = Path("/proc")) -> str | None:
    """The value of an environment variable in the nearest ancestor process that belongs to ``uid``."""
    pid = os.getpid()
    for _ in range(FAR_ENOUGH):
        pid = parent_of(pid, proc)
        if pid <= 1:
            return None
        try:
            owner = (proc / str(pid)).stat().st_uid
            variables = (proc / str(pid) / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for variable in variables:
            key, _, value = variable.partition(b"=")
            if owner == uid and key == name.encode() and value:
                return os.fsdecode(value)
    return None


def parent_of(pid: int, proc: Path) -> int:
    """The parent's process id, 0 where it cannot be read."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])
