"""Transports: pure functions from an argv to the argv that runs it at the vantage. No shell on this side."""

import shlex
from pathlib import Path

from scanner.vantage.spec import ExecSpec, NetnsSpec, Spec, SshSpec

# A dead connection is noticed after 15 s; the first login may be slow. No pseudo-terminal: the pipe carries packets.
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
)


def transport_argv(spec: Spec, argv: tuple[str, ...], control_path: Path | None = None) -> tuple[str, ...]:
    """The local command that runs ``argv`` at ``spec``. ``control_path`` lets later ssh calls share one login."""
    if isinstance(spec, ExecSpec):
        return (*spec.prefix, *argv)
    if isinstance(spec, NetnsSpec):
        return ("ip", "netns", "exec", spec.namespace, *argv)
    return ssh_argv(spec, argv, control_path)


def ssh_argv(spec: SshSpec, argv: tuple[str, ...], control_path: Path | None) -> tuple[str, ...]:
    sharing = (f"-oControlPath={control_path}", "-oControlMaster=auto", "-oControlPersist=no") if control_path else ()
    port = ("-p", str(spec.port)) if spec.port else ()
    user = ("-l", spec.user) if spec.user else ()
    # sshd hands the words to the far login's shell joined by spaces, so they are quoted once for it.
    return ("ssh", *SSH_OPTIONS, *sharing, *port, *user, "--", spec.host, shlex.join(argv))
