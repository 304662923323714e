"""Vantage SPECs, parsed at the door: ``ssh:[user@]host[:port]``, ``netns:NAME``, ``exec:COMMAND PREFIX``.

A transport is a pure function from an argv to the argv that runs it over there.
"""

import re
import shlex
from dataclasses import dataclass

from scanner.model.errors import InputError

WAYS = "give ssh:[user@]host[:port], netns:NAME or exec:COMMAND PREFIX"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
SSH = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<literal>[0-9A-Fa-f:.%a-z0-9]+)\]|(?P<host>[^@:\s\[\]]+))(?::(?P<port>[0-9]{1,5}))?\Z"
)


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """Any command prefix that lands outside."""

    prefix: tuple[str, ...]

    def __str__(self) -> str:
        return "exec:" + shlex.join(self.prefix)

    @property
    def name(self) -> str:
        return self.prefix[-1].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class NetnsSpec:
    """A network namespace of this machine: the built-in Internet."""

    namespace: str

    def __str__(self) -> str:
        return f"netns:{self.namespace}"

    @property
    def name(self) -> str:
        return self.namespace


@dataclass(frozen=True, slots=True)
class SshSpec:
    """A host for the system's OpenSSH: a name of ssh_config or an address. ``port`` None leaves it to ssh_config."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh:{self.user + '@' if self.user else ''}{host}{f':{self.port}' if self.port else ''}"

    @property
    def name(self) -> str:
        return self.host


Spec = ExecSpec | NetnsSpec | SshSpec


def parse_spec(text: str) -> Spec:
    """Raises InputError naming ``text`` and the three forms."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in PARSERS:
        raise InputError(f"vantage {text!r} has no known form", WAYS)
    if not rest.strip():
        raise InputError(f"vantage {text!r} names nothing after {scheme}:", WAYS)
    return PARSERS[scheme](rest.strip(), text)


def _parse_exec(rest: str, text: str) -> ExecSpec:
    try:
        return ExecSpec(tuple(shlex.split(rest)))
    except ValueError as error:
        raise InputError(f"vantage {text!r} cannot be split into words ({error})", "close the quotes") from error


def _parse_netns(rest: str, text: str) -> NetnsSpec:
    if not NAME.match(rest):
        raise InputError(f"vantage {text!r} is no name of a network namespace", "see `ip netns list`")
    return NetnsSpec(rest)


def _parse_ssh(rest: str, text: str) -> SshSpec:
    match = SSH.match(rest)
    if match is None:
        raise InputError(f"vantage {text!r} is no ssh destination", "write ssh:user@host:22 (an IPv6 address in [brackets])")
    host = match["literal"] or match["host"]
    # A leading dash would be read by ssh as an option.
    if host.startswith("-") or (match["user"] or "").startswith("-"):
        raise InputError(f"vantage {text!r} starts with a dash", "write ssh:user@host:22")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:  # noqa: PLR2004
        raise InputError(f"vantage {text!r}: port {port} does not exist", "ports run from 1 to 65535")
    return SshSpec(host, match["user"], port)


PARSERS = {"exec": _parse_exec, "netns": _parse_netns, "ssh": _parse_ssh}
