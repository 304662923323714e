"""Vantage SPECs, parsed at the door: ``ssh:[user@]host[:port]``, ``netns:NAME``, ``exec:COMMAND PREFIX``.

``parse_spec(str(spec)) == spec`` for every value that ``parse_spec`` returns.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.errors import InputError
from scanner.model.text import say

WAYS = say("give ssh:[user@]host[:port], netns:NAME or exec:COMMAND PREFIX")
SSH_FORM = say("write ssh:user@host:22 (an IPv6 address in [brackets])")
HIGHEST_PORT = 65535
NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,254}\Z")
DESTINATION = re.compile(r"(?:(?P<user>.*)@)?(?:\[(?P<literal>[^\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]+))?\Z")
# Both may reach a shell through ssh_config (ProxyCommand, Match exec), and to ssh a slash or a leading dash makes
# something else of them than a name. OpenSSH 9.6 refuses the shell's characters itself, older ones do not.
NAME = re.compile(r"[^-\s'\"`$\\;&<>|(){}/][^\s'\"`$\\;&<>|(){}/]*\Z")


@dataclass(frozen=True, slots=True)
class ExecSpec:
    """Any command prefix that lands outside."""

    prefix: tuple[str, ...]

    def __str__(self) -> str:
        return "exec:" + shlex.join(self.prefix)

    @property
    def name(self) -> str:
        """Its last word that is no option: in most prefixes the name of the place."""
        words = (word.rstrip("/").rpartition("/")[2] for word in reversed(self.prefix) if not word.startswith("-"))
        return next(filter(None, words), str(self))


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
    """Raises InputError naming ``text`` and what to write instead."""
    if not text.isprintable():
        raise InputError(say("vantage {text!r} holds a character that cannot be printed", text=text), WAYS)
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in PARSERS:
        raise InputError(say("vantage {text!r} has no known form", text=text), WAYS)
    if not rest.strip():
        raise InputError(say("vantage {text!r} names nothing after {scheme}:", text=text, scheme=scheme), WAYS)
    return PARSERS[scheme](rest.strip(), text)


def _parse_exec(rest: str, text: str) -> ExecSpec:
    try:
        words = tuple(shlex.split(rest))
    except ValueError as error:
        raise InputError(
            say("vantage {text!r} cannot be split into words ({why})", text=text, why=error), say("close the quotes")
        ) from error
    if not words[0]:
        raise InputError(say("vantage {text!r} starts with an empty word", text=text), say("write exec: and a program"))
    return ExecSpec(words)


def _parse_netns(rest: str, text: str) -> NetnsSpec:
    if not NAMESPACE.match(rest):
        raise InputError(
            say("vantage {text!r} is no name of a network namespace", text=text), say("see `ip netns list`")
        )
    return NetnsSpec(rest)


def _parse_ssh(rest: str, text: str) -> SshSpec:
    match = DESTINATION.match(rest)
    if match is None:
        raise InputError(say("vantage {text!r} is no ssh destination", text=text), SSH_FORM)
    user = match["user"]
    if user is not None and ":" in user:
        raise InputError(
            say("vantage ssh:...@... holds a colon before the @"), say("a password is never taken here: use a key")
        )
    if user is not None and not NAME.match(user):
        raise InputError(say("vantage {text!r}: {user!r} is no user name", text=text, user=user), SSH_FORM)
    host = match["host"] if match["literal"] is None else _literal(match["literal"], text)
    if not NAME.match(host) and match["literal"] is None:
        raise InputError(say("vantage {text!r}: {host!r} is no host name", text=text, host=host), SSH_FORM)
    return SshSpec(host, user, _port(match["port"], text))


def _literal(host: str, text: str) -> str:
    """An IPv6 address, maybe with a zone (RFC 4007 section 11), as it was written."""
    try:
        zone = IPv6Address(host).scope_id or "0"
    except ValueError as error:
        raise InputError(
            say("vantage {text!r}: {host!r} is no IPv6 address", text=text, host=host), SSH_FORM
        ) from error
    if not NAME.match(zone):
        raise InputError(say("vantage {text!r}: {zone!r} is no interface", text=text, zone=zone), SSH_FORM)
    return host


def _port(word: str | None, text: str) -> int | None:
    if word is None:
        return None
    port = int(word[:9])
    if not 1 <= port <= HIGHEST_PORT:
        raise InputError(
            say("vantage {text!r}: port {word} does not exist", text=text, word=word),
            say("ports run from 1 to {highest_port}", highest_port=HIGHEST_PORT),
        )
    return port


PARSERS: dict[str, Callable[[str, str], Spec]] = {"exec": _parse_exec, "netns": _parse_netns, "ssh": _parse_ssh}
