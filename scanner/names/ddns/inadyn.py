"""inadyn.conf: inadyn.conf(5), https://github.com/troglobit/inadyn/blob/master/man/inadyn.conf.5."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scanner.model.names import Method
from scanner.names.ddns.reading import STABLE_COMMAND, Client, Reading, joined, labelled

NAME = "inadyn"
PATHS = ("etc/inadyn.conf", "etc/inadyn/inadyn.conf", "usr/local/etc/inadyn.conf")
SOURCE = "https://github.com/troglobit/inadyn/blob/master/man/inadyn.conf.5"
# "Inadyn will use the first occurrence in the command's output that looks like an address."
FIX = f'allow-ipv6 = true, and in its provider section checkip-command = "{STABLE_COMMAND}", without iface'

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |"(?P<double>(?:[^"\\]|\\.)*)"
    |'(?P<single>(?:[^'\\]|\\.)*)'
    |(?P<mark>[{}=,()])
    |(?P<word>[^\s"'{}=,()\#]+)
    |(?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """``mark`` is one of ``{}=,()`` outside quotes, or ""."""

    text: str
    line: int
    mark: str = ""


@dataclass(slots=True)
class Section:
    """A ``provider`` or ``custom`` block, or the whole file: options by name, hosts with their lines."""

    options: dict[str, str] = field(default_factory=dict)
    hosts: list[Token] = field(default_factory=list)


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    tokens, found = [], []
    for token in tokenize(text):
        if token.mark == "?":
            found.append(client.problem(token.line, "a quote that is not closed"))
        else:
            tokens.append(token)
    shared, sections, problems = _sections(tokens)
    found += [client.problem(line, what) for line, what in problems]
    for section in sections:
        method, setting = chosen(shared.options | section.options)
        found += [client.publish(host.text, host.line, method, setting) for host in section.hosts]
    return joined(found)


def tokenize(text: str) -> Iterator[Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind in ("double", "single", "word"):
            yield Token(match[kind], line)
        elif kind in ("mark", "stray"):
            yield Token("", line, match[kind] if kind == "mark" else "?")
        line += match[0].count("\n")


def _sections(tokens: list[Token]) -> tuple[Section, list[Section], list[tuple[int, str]]]:
    shared, sections, problems = Section(), [], []
    current, at = shared, 0
    while at < len(tokens):
        token = tokens[at]
        after = tokens[at + 1].mark if at + 1 < len(tokens) else ""
        if token.mark == "}":
            current = shared
        elif token.mark == "{":
            current = Section()
            sections.append(current)
        elif after == "=":
            at = _assign(tokens, at, current)
            continue
        elif token.text == "include" and after == "(":
            problems.append((token.line, "what it includes is not read"))
        at += 1
    if current is not shared:
        problems.append((tokens[-1].line, "a brace that is not closed"))
    return shared, sections, problems


def _assign(tokens: list[Token], at: int, section: Section) -> int:
    """Reads ``key = value`` or ``key = { value, ... }`` at ``at`` into ``section``; returns where to go on."""
    key, at = tokens[at].text.lower(), at + 2
    values = []
    if at < len(tokens) and tokens[at].mark == "{":
        while at < len(tokens) and tokens[at].mark != "}":
            values.append(tokens[at])
            at += 1
        at += 1
    elif at < len(tokens) and not tokens[at].mark:
        values.append(tokens[at])
        at += 1
    texts = [token for token in values if not token.mark]
    if key in ("hostname", "alias"):
        section.hosts += texts
    elif key in ("iface", "checkip-command", "allow-ipv6"):
        section.options[key] = texts[0].text if texts else ""
    return at


def chosen(options: dict[str, str]) -> tuple[Method, str]:
    """A command goes before an interface, an interface before the check-ip server."""
    if options.get("allow-ipv6", "").lower() not in ("true", "yes", "on"):
        return Method.NONE, "allow-ipv6 = false"
    if "checkip-command" in options:
        return Method.COMMAND, "checkip-command = ..."
    if "iface" in options:
        return Method.INTERFACE, labelled("iface", options["iface"])
    return Method.OUTGOING, "checkip-server"
