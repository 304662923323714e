"""ifupdown: interfaces(5). An ``iface IF inet6`` stanza with privext or accept_ra writes these settings at ifup."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from scanner.model.privacy import USE_TEMPADDR, Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.claims import Claim
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.running import Interface
from scanner.privacy.services import enabled
from scanner.privacy.sysctl_files import kernel_integer
from scanner.privacy.tree import Tree

FILE = "/etc/network/interfaces"
MOST_FILES = 200  # a file that sources itself ends there
# interfaces(5), INET6 address family: option -> setting, for the methods that know it (as of ifupdown 0.8.41)
OPTIONS = {"privext": USE_TEMPADDR, "accept_ra": "accept_ra"}
METHODS = {"privext": frozenset({"auto", "static"}), "accept_ra": frozenset({"auto", "static", "dhcp"})}
ACCEPT_RA_OF_AUTO = 2  # "accept_ra int ... Default value: 2", method auto only
STANZAS = frozenset({"iface", "mapping", "auto", "source", "source-directory", "rename", "no-auto-down", "no-scripts"})
_PLAIN_NAME = re.compile(r"^[a-zA-Z0-9_-]+$")  # source-directory takes no other


@dataclass(frozen=True, slots=True)
class Stanza:
    """``iface NAME inet6 METHOD``; options with the place of their line."""

    name: str
    family: str
    method: str
    place: Place
    options: tuple[tuple[str, str, Place], ...] = ()


@dataclass(slots=True)
class _Reading:
    """What has been read so far: the only state of the parser."""

    stanzas: list[Stanza] = field(default_factory=list)
    at_boot: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)


def claims(tree: Tree, interfaces: Iterable[Interface]) -> tuple[Claim, ...]:
    """One for each interface with an inet6 stanza."""
    if not tree.exists(FILE) or not enabled(tree, "networking"):
        return ()
    reading = read_interfaces(tree)
    return tuple(claim for interface in interfaces for claim in _claim(reading, interface.name))


def read_interfaces(tree: Tree) -> _Reading:
    reading = _Reading()
    _read(tree, FILE, reading)
    return reading


def _read(tree: Tree, path: str, reading: _Reading) -> None:
    if path in reading.files or len(reading.files) >= MOST_FILES:
        return
    reading.files.append(path)
    text = tree.read(path)
    generator = generator_of(path, text or "")
    inside = ""
    for number, words in _lines(text or ""):
        place = Place(path, number, generator)
        keyword = words[0]
        if keyword in STANZAS or keyword.startswith("allow-"):
            inside = keyword
            _stanza(tree, reading, words, place)
        elif inside == "iface" and reading.stanzas:
            last = reading.stanzas[-1]
            option = (keyword, " ".join(words[1:]), place)
            reading.stanzas[-1] = Stanza(last.name, last.family, last.method, last.place, (*last.options, option))
        elif inside != "mapping":
            tree.complain(path, number, f"{keyword!r} stands outside of any iface stanza; ifup refuses the file")


def _stanza(tree: Tree, reading: _Reading, words: list[str], place: Place) -> None:
    keyword, rest = words[0], words[1:]
    if keyword == "iface":
        if len(rest) < 3:  # noqa: PLR2004 - NAME FAMILY METHOD
            tree.complain(place.path, place.line, "iface needs a name, a family and a method; ifup refuses the file")
        padded = [*rest, "", "", ""]
        reading.stanzas.append(Stanza(padded[0], padded[1], padded[2], place))
    elif keyword in {"auto", "allow-auto", "allow-hotplug"}:
        reading.at_boot.extend(rest)
    elif keyword in {"source", "source-directory"}:
        for pattern in rest:
            for path in _sourced(tree, pattern, place.path, directory=keyword == "source-directory"):
                _read(tree, path, reading)


def _sourced(tree: Tree, pattern: str, path: str, *, directory: bool) -> list[str]:
    """Wildcards in the last part only: what ``source /etc/network/interfaces.d/*`` needs."""
    full = pattern if pattern.startswith("/") else f"{path.rpartition('/')[0]}/{pattern}"
    if directory:
        return [f"{full.rstrip('/')}/{name}" for name in tree.names(full.rstrip("/")) if _PLAIN_NAME.match(name)]
    parent, _, name = full.rpartition("/")
    if any(letter in name for letter in "*?["):
        return [f"{parent}/{one}" for one in tree.names(parent, name)]
    return [full]


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Lines as words; a backslash at the end joins the next line; ``#`` comments out whole lines only."""
    found: list[tuple[int, list[str]]] = []
    joined, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start if joined else number
        if not joined and line.lstrip().startswith("#"):
            continue
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        if words := (joined + line).split():
            found.append((start, words))
        joined = ""
    if words := joined.split():
        found.append((start, words))
    return found


def _claim(reading: _Reading, interface: str) -> list[Claim]:
    stanzas = [one for one in reading.stanzas if one.name == interface and one.family == "inet6"]
    if not stanzas:
        return []
    statements = [statement for stanza in stanzas for statement in _statements(stanza)]
    started = any(_names(pattern, interface) for pattern in reading.at_boot)
    doubt = "" if started else say("no auto or allow-hotplug line brings it up: this holds once somebody runs ifup")
    owner = next((one.place for one in reversed(statements) if one.setting == USE_TEMPADDR), None)
    return [Claim(Layer.IFUPDOWN, interface, tuple(statements), owner, doubt)]


def _statements(stanza: Stanza) -> list[Statement]:
    found = []
    if stanza.method == "auto" and not any(key == "accept_ra" for key, _, _ in stanza.options):
        words = say("method auto accepts router advertisements even when the host forwards")
        found.append(Statement(Layer.IFUPDOWN, "accept_ra", ACCEPT_RA_OF_AUTO, stanza.place, words))
    for key, text, place in stanza.options:
        if key in OPTIONS and stanza.method in METHODS[key]:
            setting = OPTIONS[key]
            value = kernel_integer(setting, text)
            if value is not None:
                found.append(Statement(Layer.IFUPDOWN, setting, value, place, f"{key} {text}"))
    return found


def _names(pattern: str, interface: str) -> bool:
    """``eth0``, or ``/eth*`` with wildcards (interfaces(5), pattern matching), an ``=LOGICAL`` left off."""
    name = pattern.partition("=")[0]
    return fnmatchcase(interface, name[1:].partition("/")[0]) if name.startswith("/") else name == interface
