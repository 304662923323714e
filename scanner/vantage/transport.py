"""Transports: pure functions from an argv to the argv that runs it at the vantage. No shell on this side."""

import shlex
from pathlib import Path

from scanner.vantage.spec import ExecSpec, NetnsSpec, Spec, SshSpec

# A dead connection is noticed after 15 s; the first login may be slow. No pseudo-terminal: the pipe carries packets.
# ssh takes the first value it meets, so these win over ssh_config; what is not named here is ssh_config's to say.
SSH_OPTIONS = (
    "-T",
    "-oConnectTimeout=20",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
    "-oForwardX11=no",
    "-oForwardAgent=no",
    "-oClearAllForwardings=yes",
    "-oRequestTTY=no",
    "-oRemoteCommand=none",
    "-oPermitLocalCommand=no",
    "-oEscapeChar=none",
    "-oLogLevel=INFO",  # QUIET would hide why it failed
)


def transport_argv(spec: Spec, argv: tuple[str, ...], control_path: Path | None = None) -> tuple[str, ...]:
    """The local command that runs ``argv`` at ``spec``. ``control_path`` lets later ssh calls share one login."""
    if isinstance(spec, ExecSpec):
        return (*spec.prefix, *argv)
    if isinstance(spec, NetnsSpec):
        return ("ip", "netns", "exec", spec.namespace, *argv)
    return ssh_argv(spec, argv, control_path)


def ssh_argv(spec: SshSpec, argv: tuple[str, ...], control_path: Path | None) -> tuple[str, ...]:
    """The first call with a ``control_path`` becomes the master of the connection; it ends with that call."""
    escaped = str(control_path).replace("%", "%%")  # ssh expands %h and its like
    sharing = (f"-oControlPath={escaped}", "-oControlMaster=auto", "-oControlPersist=no") if control_path else ()
    # sshd hands the words to the far login's shell joined by spaces, so they are quoted once for it.
    return ("ssh", *SSH_OPTIONS, *sharing, *destination_words(spec, "--"), shlex.join(argv))


def destination_words(spec: SshSpec, *before_host: str) -> tuple[str, ...]:
    """Port, user and host as ssh's own words: for the argv, and for what a remedy tells the owner to type."""
    port = ("-p", str(spec.port)) if spec.port else ()
    user = ("-l", spec.user) if spec.user else ()
    return (*port, *user, *before_host, spec.host)
