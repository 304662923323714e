"""A transport that ended: what happened, and what to do about it, from its exit status and standard error."""

import re
import shlex

from scanner.model.errors import EnvironmentFault, IncompleteError, ScanError
from scanner.model.text import mark, say
from scanner.vantage.bootstrap import TOO_OLD
from scanner.vantage.spec import ExecSpec, NetnsSpec, Spec, SshSpec
from scanner.vantage.transport import destination_words

COMMAND_NOT_FOUND = 127
# What the far python3, or its absence, says on any transport. {spec} is the vantage.
PYTHON_REMEDIES: tuple[tuple[str, str, str], ...] = (
    (rf"python [0-9.]+ {TOO_OLD}", mark("its {found}"), mark("install python3 3.8 or newer there")),
    (
        r"ModuleNotFoundError: No module named '\w+'",
        mark("the python3 there lacks a part of its standard library ({found})"),
        mark("install the whole python3 there (Debian: apt install python3)"),
    ),
    (
        r"python3.*(?:[Nn]ot found|No such file)|(?:[Nn]ot found|No such file|Unknown command).*python3",
        mark("there is no python3"),
        mark("install python3 (3.8 or newer) there; nothing else is needed"),
    ),
)
# ssh's own words -> what the owner does. First match wins; {ssh} is the command that logs in, {as_user} who types it.
SSH_REMEDIES: tuple[tuple[str, str, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed",
        mark("its host key has changed"),
        mark(
            "somebody may be in between; only if you know why, run `ssh-keygen -R {known_as}` and log in "
            "by hand{as_user}"
        ),
    ),
    (
        r"REVOKED HOST KEY|host key.* revoked",
        mark("its host key is marked as revoked"),
        mark("do not use this host before its owner has given it a new key"),
    ),
    (
        r"Host key verification failed",
        mark("its host key is not known here"),
        mark("run `{ssh}` once by hand{as_user}, compare the fingerprint and accept it"),
    ),
    (
        r"UNPROTECTED PRIVATE KEY FILE|bad permissions",
        mark("ssh ignores a key or a configuration that others may read"),
        mark("run `chmod 600` on the file that `{ssh}` names"),
    ),
    (
        r"Bad owner or permissions on|Bad configuration option|bad configuration options|no argument after",
        mark("ssh cannot read its configuration ({found_line})"),
        mark("correct ~/.ssh/config until `{ssh}` works by hand{as_user}"),
    ),
    (
        r"Permission denied \(|Too many authentication failures|No more authentication methods",
        mark("it does not let us log in"),
        mark("make `{ssh}` work without a question{as_user}: ssh-copy-id puts your key there, ssh-add unlocks it here"),
    ),
    (
        r"Could not resolve hostname",
        mark("its name does not resolve"),
        mark("check the spelling, or the Host entry in ~/.ssh/config"),
    ),
    (
        r"Connection refused",
        mark("it refuses the ssh connection"),
        mark("check the port (ssh:host:PORT) and that sshd runs there"),
    ),
    (
        r"Unable to negotiate|no matching .* found",
        mark("it and our ssh have no common algorithm ({found_line})"),
        mark("update sshd there, or allow the algorithm for this Host in ~/.ssh/config"),
    ),
    (
        r"timed out|Network is unreachable|No route to host",
        mark("it cannot be reached by ssh"),
        mark("check that it is up and that this host can reach it"),
    ),
    (
        r"kex_exchange_identification|Connection (?:closed|reset) by",
        mark("it hangs up before the login ({found_line})"),
        mark("wait a minute and run `{ssh}` by hand{as_user}: its sshd or a fail2ban may have locked us out"),
    ),
    (
        r"[Pp]lease log ?in as the user",
        mark("it wants another login ({found_line})"),
        mark("name that user (ssh:USER@{host}); with sudo and no password it serves as well as root"),
    ),
    (
        r"This account is (?:currently )?not available|Access denied",
        mark("the login has no shell ({found_line})"),
        mark("use a login that may run commands"),
    ),
)


def opening_failed(spec: Spec, status: int | None, errors: str, user: str = "") -> ScanError:
    """Why no hello came. ``user`` runs ssh where that is not who we are. Always an EnvironmentFault (exit 4)."""
    fault = python_missing(spec, status, errors)
    if fault is None and isinstance(spec, SshSpec):
        fault = ssh_failed(spec, errors, user)
    if fault is None and isinstance(spec, NetnsSpec):
        fault = netns_failed(spec, errors)
    what = last_line(errors) or (
        say("it said nothing") if status is None else say("exit status {status}", status=status)
    )
    return fault or EnvironmentFault(
        say("vantage {spec} did not start ({what})", spec=spec, what=what),
        say("see whether `{by_hand}` prints a version{user}", by_hand=by_hand(spec), user=_as(user)),
    )


def python_missing(spec: Spec, status: int | None, errors: str) -> EnvironmentFault | None:
    for pattern, message, remedy in PYTHON_REMEDIES:
        found = re.search(pattern, errors)
        if found:
            return EnvironmentFault(
                say("vantage {spec}: {message}", spec=spec, message=say(message, found=printable(found[0]))),
                say(remedy),
            )
    if status == COMMAND_NOT_FOUND and not isinstance(spec, ExecSpec):  # a shell that speaks another language
        _, message, remedy = PYTHON_REMEDIES[-1]
        return EnvironmentFault(say("vantage {spec}: {message}", spec=spec, message=say(message)), say(remedy))
    return None


def ssh_failed(spec: SshSpec, errors: str, user: str) -> EnvironmentFault | None:
    for pattern, message, remedy in SSH_REMEDIES:
        found = re.search(f".*(?:{pattern}).*", errors)
        if found:
            words = {
                "host": spec.host,
                "found_line": printable(found[0].strip()),
                "ssh": shlex.join(("ssh", *destination_words(spec))),
                "known_as": shlex.quote(f"[{spec.host}]:{spec.port}" if spec.port else spec.host),
                "as_user": _as(user),
            }
            return EnvironmentFault(
                say("vantage {spec}: {message}", spec=spec, message=say(message, **words)), say(remedy, **words)
            )
    return None


def netns_failed(spec: NetnsSpec, errors: str) -> EnvironmentFault | None:
    if "Cannot open network namespace" in errors:
        return EnvironmentFault(
            say("vantage {spec}: there is no such network namespace", spec=spec),
            say("see `ip netns list`, or start one: v6expose lab up"),
        )
    if "Operation not permitted" in errors or "Permission denied" in errors:
        return EnvironmentFault(
            say("vantage {spec}: entering it is not permitted", spec=spec), say("run as root (sudo v6expose ...)")
        )
    return None


def connection_lost(spec: Spec, status: int | None, errors: str) -> IncompleteError:
    """The pipe broke after hello; what was measured is kept (exit 3)."""
    what = last_line(errors) or ("no sign of life" if status is None else f"exit status {status}")
    return IncompleteError(
        say("the connection to vantage {spec} was lost in mid-scan ({what})", spec=spec, what=what),
        say("what was measured is kept; run the scan again"),
    )


def by_hand(spec: Spec) -> str:
    """What the owner types to see for themselves."""
    if isinstance(spec, SshSpec):
        return shlex.join(("ssh", *destination_words(spec), "python3", "-V"))
    prefix = spec.prefix if isinstance(spec, ExecSpec) else ("ip", "netns", "exec", spec.namespace)
    return shlex.join((*prefix, "python3", "-V"))


def last_line(errors: str) -> str:
    """The last line of standard error that says something, printable characters only."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return printable(lines[-1]) if lines else ""


def printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:200]


def _as(user: str) -> str:
    return say(" as {user}", user=user) if user else ""
