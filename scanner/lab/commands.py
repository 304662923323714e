"""Running ip, nft and the lab's daemons. Every failure becomes an EnvironmentFault with what the command said."""

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
COMMAND_TIMEOUT = 30.0  # seconds; none of these takes one
READY_TIMEOUT = 15.0  # seconds a daemon may take on a busy machine
FAREWELL = 2.0  # seconds to write a traceback
PACKAGES = {
    "ip": "iproute2",
    "nft": "nftables",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
}


def environment() -> dict[str, str]:
    """Our own, with the directories of the administrator's programs and of v6expose itself on PATH."""
    own = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}:{own}"}


def start(argv: Sequence[str], **popen: Any) -> subprocess.Popen[str]:
    """Start a program. Raises EnvironmentFault naming the Debian package where it is missing."""
    try:
        return subprocess.Popen(list(argv), text=True, env=environment(), **popen)
    except FileNotFoundError as error:
        package = PACKAGES.get(argv[0], argv[0])
        raise EnvironmentFault(
            say("{program} is not installed", program=argv[0]), say("install the package {package}", package=package)
        ) from error


def finish(process: subprocess.Popen[str], text: str | None = None) -> str:
    """Feed ``text``, wait and return standard output. Raises EnvironmentFault with the first line of standard error."""
    output, errors = process.communicate(text, timeout=COMMAND_TIMEOUT)
    if process.returncode:
        said = next((line.strip() for line in errors.splitlines() if line.strip()), f"exit status {process.returncode}")
        words = " ".join(str(word) for word in process.args) if isinstance(process.args, list) else str(process.args)
        raise EnvironmentFault(
            say("{words}: {said}", words=words, said=said), say("the lab needs root, or an unprivileged user namespace")
        )
    return output


def run(argv: Sequence[str], text: str = "") -> str:
    return finish(start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE), text)


def run_all(texts: Mapping[tuple[str, ...], str]) -> None:
    """Run several commands at once, each with its standard input; all have ended when this returns or raises."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [(start(argv, **pipes), text) for argv, text in texts.items()]
    failures = []
    for process, text in running:
        try:
            finish(process, text)
        except EnvironmentFault as fault:
            failures.append(fault)
    if failures:
        raise failures[0]


def inside(namespace: str, argv: Sequence[str]) -> list[str]:
    """The argv that runs ``argv`` in a network namespace."""
    return ["ip", "netns", "exec", namespace, *argv]


def existing_namespaces() -> frozenset[str]:
    return frozenset(line.split()[0] for line in run(["ip", "netns", "list"]).splitlines() if line.strip())


def processes_in(namespace: str) -> tuple[int, ...]:
    """The processes that live in a network namespace."""
    return tuple(int(word) for word in run(["ip", "netns", "pids", namespace]).split())


def _last_words(process: subprocess.Popen[str], output: IO[str]) -> str:
    """What a program says that is about to fail; it is killed if it does not end by itself."""
    try:
        process.wait(FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return output.read().rstrip()


def daemon(argv: Sequence[str]) -> int:
    """Start a program that writes the line "ready" to standard output once it serves; returns its pid.

    Its session is its own, so that Ctrl-C in a terminal reaches it only through us.
    """
    process = start(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
    )
    assert process.stdout is not None  # noqa: S101 - stdout=PIPE
    with process.stdout as output:
        readable, _, _ = select.select([output], [], [], READY_TIMEOUT)
        said = output.readline().strip() if readable else "said nothing"
        if said != "ready":
            lines = [said, *_last_words(process, output).splitlines()]
            raise EnvironmentFault(
                say(
                    "{program} did not start: {lines}",
                    program=" ".join(argv),
                    lines=lines[-1].strip() or "no reason given",
                )
            )
    process.returncode = 0  # its end is state.end()'s business, not the interpreter's
    return process.pid
