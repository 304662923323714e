"""ddclient.conf. The grammar is told in ddclient's own comments (``_read_config``) and in
https://ddclient.net/usage.html: ``[option=value, ...] [host[, ...] [login [password]]]``.
"""

import re
from collections.abc import Iterator

from scanner.model.names import Method
from scanner.names.ddns.reading import STABLE_COMMAND, Client, Reading, joined, labelled

NAME = "ddclient"
PATHS = ("etc/ddclient.conf", "etc/ddclient/ddclient.conf")
# "Ignore temporary addresses" is what ifv6 does (docs/ipv6-design-doc.md). Before 4.0, nsupdate, dyndns2 and others
# ignored usev6 (ChangeLog.md: "Fixed --usev6 with providers that have not yet been updated").
SOURCE = "https://github.com/ddclient/ddclient/blob/main/docs/ipv6-design-doc.md"
FIX = f'usev6=ifv6, ifv6={{interface}}; before ddclient 4.0, where it has no effect: use=cmd, cmd="{STABLE_COMMAND}"'

# usev6=... and, for hosts that have none, the older use=... (which may find an IPv6 address too)
METHODS = {
    "webv6": Method.OUTGOING,
    "web": Method.OUTGOING,
    "ifv6": Method.STABLE,
    "if": Method.STABLE,
    "cmdv6": Method.COMMAND,
    "cmd": Method.COMMAND,
    "ipv6": Method.FIXED,
    "ip": Method.FIXED,
    "disabled": Method.NONE,
    "no": Method.NONE,
}
OLD_METHODS = METHODS | {"if": Method.INTERFACE}  # use=if takes what stands first
# Without usev6, the setting that is there tells; the last one wins (init_config).
IMPLIED = ("webv6", "cmdv6", "ifv6", "ipv6")

_SECRET = re.compile(r"([^\s,=]*password[^\s,=]*)\s*=\s*(?:'[^']*'|\S*)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"[,\s]*([A-Za-z][0-9A-Za-z_-]*)=")
_ENDS = frozenset(" \t,")


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    found: list[Reading] = []
    shared: dict[str, str] = {}
    for number, line in logical_lines(text):
        own, hosts = read_line(line)
        if not hosts:
            shared |= own
        method, setting = chosen(shared | own)
        found += [client.publish(host, number, method, setting) for host in hosts]
    if text.endswith(("\\", "\\\n")):
        found.append(client.problem(text.rstrip("\n").count("\n") + 1, "the file ends where a line should go on"))
    return joined(found)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without passwords and comments, continued ones joined, each with the number of its last line."""
    held = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = held + _SECRET.sub(r"\1=hidden", raw.rstrip("\r")).partition("#")[0]
        held = line[:-1] if line.endswith("\\") else ""
        if not held and line.strip():
            yield number, line.strip()


def read_line(line: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The options, and the hosts; the login and password that may follow them are not looked at."""
    options: dict[str, str] = {}
    at = 0
    while match := _ASSIGNMENT.match(line, at):
        options[match[1].lower()], at = _value(line, match.end())
    words = re.sub(r"\s*,\s*", ",", line[at:].strip(" \t,")).split()
    named = [*words[:1], options.pop("host", "")]
    return options, tuple(host for group in named for host in group.split(",") if host)


def _value(line: str, at: int) -> tuple[str, int]:
    """A value with its quotes and backslashes resolved, and where it ends."""
    value, quote = "", ""
    while at < len(line) and (quote or line[at] not in _ENDS):
        letter = line[at]
        at += 1
        if letter == "\\" and at < len(line):
            value += line[at]
            at += 1
        elif letter in "'\"" and quote in ("", letter):
            quote = "" if quote else letter
        else:
            value += letter
    return value, at


def chosen(options: dict[str, str]) -> tuple[Method, str]:
    """How the address is chosen. Programs and URLs may hold secrets and are not told."""
    implied = next((key for key in reversed(IMPLIED) if key in options), "")
    new = options.get("usev6", implied).lower()
    if new:
        argument = options.get("ifv6", options.get("if", "default")) if new in ("ifv6", "if") else ""
        known = new if new in METHODS else "..."
        setting = f"usev6={known}, {labelled('ifv6', argument)}" if argument else f"usev6={known}"
        return METHODS.get(new, Method.UNKNOWN), setting
    old = options.get("use", "").lower()
    known = old if old in OLD_METHODS else "..."
    return (OLD_METHODS.get(old, Method.UNKNOWN), f"use={known}") if old else (Method.NONE, "no usev6")
