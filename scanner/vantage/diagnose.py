"""A transport that ended: what happened, and what to do about it, from its exit status and standard error."""

import re

from scanner.model.errors import EnvironmentFault, IncompleteError, ScanError
from scanner.vantage.spec import ExecSpec, NetnsSpec, Spec, SshSpec

COMMAND_NOT_FOUND = 127
SSH_FAILED = 255
# ssh's own words -> what the owner does. First match wins; {host} is the destination.
SSH_REMEDIES: tuple[tuple[str, str, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key of {host} has changed",
        "if you know why, run `ssh-keygen -R {host}` and log in once by hand; if not, somebody may be in between",
    ),
    (
        r"Host key verification failed",
        "the host key of {host} is not known here",
        "run `ssh {host}` once as the same user, compare the fingerprint and accept it",
    ),
    (
        r"Permission denied",
        "{host} does not let us log in",
        "check that `ssh {host} true` works without a password (a key in the agent, ssh-copy-id)",
    ),
    (r"Could not resolve hostname", "the name {host} does not resolve", "check the spelling, or Host in ~/.ssh/config"),
    (r"Connection refused", "{host} refuses the ssh connection", "check the port (ssh:host:PORT) and that sshd runs there"),
    (
        r"timed out|Network is unreachable|No route to host",
        "{host} cannot be reached by ssh",
        "check that it is up and that this host can reach it",
    ),
)


def opening_failed(spec: Spec, status: int | None, errors: str) -> ScanError:
    """Why no hello came. Always an EnvironmentFault (exit 4)."""
    if re.search(r"python3?.*(not found|No such file)|(not found|No such file).*python3?", errors) or (
        status == COMMAND_NOT_FOUND and not isinstance(spec, ExecSpec)
    ):
        return EnvironmentFault(
            f"vantage {spec} has no python3", "install python3 (3.8 or newer) there; nothing else is needed"
        )
    if isinstance(spec, SshSpec):
        return ssh_failed(spec, status, errors)
    if isinstance(spec, NetnsSpec):
        if "Cannot open network namespace" in errors:
            return EnvironmentFault(
                f"there is no network namespace {spec.namespace!r}", "see `ip netns list`, or start one: v6expose lab up"
            )
        if "Operation not permitted" in errors or "Permission denied" in errors:
            return EnvironmentFault(
                f"entering the network namespace {spec.namespace!r} is not permitted", "run as root (sudo v6expose ...)"
            )
    return EnvironmentFault(
        f"vantage {spec} did not start ({last_line(errors) or f'exit status {status}'})",
        "try its command by hand with `python3 -V` at the end",
    )


def ssh_failed(spec: SshSpec, status: int | None, errors: str) -> ScanError:
    for pattern, message, remedy in SSH_REMEDIES:
        if re.search(pattern, errors):
            return EnvironmentFault("vantage " + message.format(host=spec.host), remedy.format(host=spec.host))
    what = last_line(errors) or f"exit status {status}"
    return EnvironmentFault(f"vantage {spec} did not answer ({what})", f"try `ssh {spec.host} python3 -V` by hand")


def connection_lost(spec: Spec, status: int | None, errors: str) -> IncompleteError:
    """The pipe broke after hello; what was measured is kept (exit 3)."""
    what = last_line(errors) or ("no sign of life" if status is None else f"exit status {status}")
    return IncompleteError(
        f"the connection to vantage {spec} was lost in mid-scan ({what})",
        "what was measured is kept; run the scan again",
    )


def last_line(errors: str) -> str:
    """The last line of standard error that says something, printable characters only."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return "".join(c for c in lines[-1] if c.isprintable())[:200] if lines else ""
