"""The lab without root: an unprivileged user namespace in which the user is root over networks of his own.

Two ways. One command alone: ``become_root`` runs the same command again inside a namespace that ends with it. A lab
that stays up: a *holder* process keeps the namespace alive, is remembered in the user's runtime directory, and later
commands enter it. Either has a /run of its own, in memory: there iproute2 keeps its namespaces and we our records.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from scanner.lab import commands, state
from scanner.lab.state import Process
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount")
OWN_RUN = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && exec "$@"'
HOLD = ("sh", "-c", "echo ready && exec sleep infinity")
REMEDY = say(
    "run it with sudo, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0)"
)


def needed() -> bool:
    return os.geteuid() != 0


def possible() -> bool:
    """This user may make network namespaces in a user namespace of his own."""
    if shutil.which("unshare", path=commands.environment()["PATH"]) is None:
        return False
    probe = subprocess.run(one_shot_argv(["ip", "netns", "add", "probe"]), capture_output=True, check=False)
    return probe.returncode == 0


def one_shot_argv(argv: Sequence[str]) -> list[str]:
    """The argv that runs ``argv`` as root of new user, network and mount namespaces, which end with it."""
    return [*UNSHARE, "sh", "-c", OWN_RUN, "sh", *argv]


def this_command() -> list[str]:
    """The argv of the running command, to be run again elsewhere."""
    return [sys.executable, *sys.orig_argv[1:]]


def become_root() -> None:
    """Return at once where we are root; else run this very command again where we are. Raises EnvironmentFault."""
    if needed():
        _refuse_where_impossible()
        _execute(one_shot_argv(this_command()))


def enter(*, start: bool = False) -> None:
    """Return at once where we are root; else run this very command again inside the user's holder.

    ``start`` makes a holder where there is none; without it that is an EnvironmentFault: no lab is up.
    """
    if not needed():
        return
    holder = find_holder() or (start_holder() if start else None)
    if holder is None:
        raise EnvironmentFault(say("no lab is up"), say("start one with `v6expose lab up`"))
    _execute(entering_argv(holder, this_command()))


def entering_argv(holder: Process, argv: Sequence[str]) -> list[str]:
    """The argv that runs ``argv`` inside the holder's namespaces, in the present directory."""
    target = ("--target", str(holder.pid), "--user", "--preserve-credentials", "--mount", "--net", f"--wd={Path.cwd()}")
    return ["nsenter", *target, *argv]


def record_path(environment: Mapping[str, str]) -> Path:
    """Where the holder is remembered: XDG_RUNTIME_DIR, or the cache directory where there is none."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    return (Path(runtime) if runtime else Path.home() / ".cache") / "v6expose" / "lab-holder.json"


def start_holder() -> Process:
    """Start the process that keeps a user namespace alive, and remember it. Raises EnvironmentFault."""
    _refuse_where_impossible()
    pid = commands.daemon(one_shot_argv(HOLD))
    holder = state.process(pid, "holder")
    if holder is None:
        raise EnvironmentFault(say("the process that holds the lab's user namespace has died"), say("see `dmesg`"))
    path = record_path(os.environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(holder) | {"boot": state.boot_id()}) + "\n")
    return holder


def find_holder() -> Process | None:
    """The user's holder, None where none is alive."""
    try:
        document = json.loads(record_path(os.environ).read_text())
        holder = Process(document["pid"], document["started"], document["role"])
        same_boot = document["boot"] == state.boot_id()
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return None
    return holder if same_boot and state.alive(holder) else None


def end_holder_if_empty() -> None:
    """End the user's holder once no lab is left in it."""
    holder = find_holder()
    if holder is None:
        return
    listed = subprocess.run(
        entering_argv(holder, ["ip", "netns", "list"]),
        capture_output=True,
        text=True,
        check=False,
        env=commands.environment(),
    )
    if listed.returncode == 0 and not listed.stdout.strip():
        state.end((holder,))
        record_path(os.environ).unlink(missing_ok=True)


def _refuse_where_impossible() -> None:
    if not possible():
        raise EnvironmentFault(say("this machine lets no ordinary user make network namespaces"), REMEDY)


def _execute(argv: Sequence[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvpe(argv[0], list(argv), commands.environment())  # noqa: S606 - an argv list, no shell wanted
