"""sysctl.d: which files are read in which order, and what the kernel makes of them for one interface.

sysctl.d(5), systemd-sysctl(8), sysctl(8) of procps. Directories decide only between files of one name; all files then
go by name, wherever they are. A later assignment replaces an earlier one; an assignment to a pattern leaves out keys
that are assigned, or excluded ("-key" without a value), by name.

Where systemd is installed, systemd-sysctl applies the files, and udev applies an interface's keys again when it
appears; /etc/sysctl.conf counts only through a link to it in /etc/sysctl.d (Debian 12 has one, Debian 13 has none).
Otherwise `sysctl --system` runs once and reads /etc/sysctl.conf last.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.model.privacy import Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.settings import BY_NAME, SETTINGS
from scanner.privacy.tree import Tree

DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
SYSCTL_CONF = "/etc/sysctl.conf"
SYSTEMD_SYSCTL = ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")
UFW_CONF, UFW_DEFAULTS, UFW_SYSCTL = "/etc/ufw/ufw.conf", "/etc/default/ufw", "/etc/ufw/sysctl.conf"
PREFIX = ("net", "ipv6", "conf")
PARTS = 5  # net/ipv6/conf/INTERFACE/SETTING
# proc_dointvec: one C integer (0x.., 0.. octal), then white space; anything after that is not looked at
_INTEGER = re.compile(r"[ \t]*(-?)(0[xX][0-9a-fA-F]+|[0-9]+)(?=[ \t]|$)")
_ACCEPTED = {"addr_gen_mode": range(4)}  # net/ipv6/addrconf.c; mode 2 also needs a stable_secret
_INT_MAX = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line. ``key`` has five parts, slashes parted; ``value`` None excludes the key from patterns."""

    key: tuple[str, ...]
    value: str | None
    place: Place
    words: str

    @property
    def is_pattern(self) -> bool:
        return any(letter in part for part in self.key for letter in "*?[")


@dataclass(frozen=True, slots=True)
class Sysctl:
    """The assignments in the order they are applied. ``reapplied``: again for each interface that appears."""

    assignments: tuple[Assignment, ...]
    reapplied: bool
    layer: Layer = Layer.SYSCTL


def read_sysctl(tree: Tree) -> Sysctl:
    """Everything that is read at boot."""
    systemd = has_systemd(tree)
    found: list[Assignment] = []
    for path in files_in_order(tree, systemd=systemd):
        found.extend(read_file(tree, path))
    return Sysctl(in_force(found), reapplied=systemd)


def has_systemd(tree: Tree) -> bool:
    return any(tree.exists(path) for path in SYSTEMD_SYSCTL)


def files_in_order(tree: Tree, *, systemd: bool) -> tuple[str, ...]:
    files = tree.first_of_each_name(DIRECTORIES, "*.conf")
    return files if systemd or not tree.exists(SYSCTL_CONF) else (*files, SYSCTL_CONF)


def read_ufw(tree: Tree) -> Sysctl:
    """ufw(8) applies its own file when it starts, after sysctl.d; nothing where it is switched off."""
    off = Sysctl((), reapplied=False, layer=Layer.UFW)
    if (_shell_value(tree, UFW_CONF, "ENABLED") or "no").lower() != "yes":
        return off
    path = _shell_value(tree, UFW_DEFAULTS, "IPT_SYSCTL")
    return Sysctl(in_force(read_file(tree, path)), reapplied=False, layer=Layer.UFW) if path else off


def read_file(tree: Tree, path: str) -> list[Assignment]:
    text = tree.read(path)
    found, complaints = parse_sysctl(text or "", path)
    for line, why in complaints:
        tree.complain(path, line, why)
    return found


def parse_sysctl(text: str, path: str) -> tuple[list[Assignment], list[tuple[int, str]]]:
    """The assignments to settings of SETTINGS, and the lines that are not understood. Never raises."""
    found: list[Assignment] = []
    complaints: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.strip()
        if not words or words[0] in "#;":
            continue
        name, equals, value = words.partition("=")
        if not equals and not words.startswith("-"):
            complaints.append((number, "is not an assignment, ignored at boot"))
            continue
        key = normalise(name.removeprefix("-").strip())  # "-": a failure to write is no error
        if not _concerns_us(key):
            continue
        assignment = Assignment(key, value.strip() if equals else None, Place(path, number), words)
        found.append(assignment)
        if equals and not any(letter in key[-1] for letter in "*?[") and kernel_integer(key[-1], value) is None:
            complaints.append((number, f"the kernel refuses {value.strip()!r} for {key[-1]}, so it is not set"))
    return found, complaints


def normalise(name: str) -> tuple[str, ...]:
    """sysctl.d(5): if the first separator is a slash, slashes part and dots stay; otherwise each becomes the other."""
    first = next((letter for letter in name if letter in "./"), "")
    if first == ".":
        name = name.translate(str.maketrans("./", "/."))
    return tuple(part for part in name.split("/") if part)


def kernel_integer(setting: str, text: str) -> int | None:
    """What the kernel makes of ``text``; None where it refuses it."""
    matched = _INTEGER.match(text)
    if matched is None:
        return None
    digits = matched[2].lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") and len(digits) > 1 else 10
    try:
        value = int(digits.removeprefix("0x"), base)
    except ValueError:  # an 8 in an octal number
        return None
    value = -value if matched[1] else value
    accepted = _ACCEPTED.get(setting, range(-_INT_MAX - 1, _INT_MAX + 1))
    return value if value in accepted else None


def in_force(assignments: Iterable[Assignment]) -> tuple[Assignment, ...]:
    """systemd-sysctl: a later line takes the place of an earlier one with the same key, unless it says the same."""
    kept: dict[tuple[str, ...], Assignment] = {}
    for one in assignments:
        earlier = kept.get(one.key)
        if earlier is not None and earlier.value == one.value:
            continue
        kept.pop(one.key, None)
        kept[one.key] = one
    return tuple(kept.values())


Values = dict[str, list[Statement]]


def boot(
    layers: Iterable[Sysctl], interface: str, defaults: Mapping[str, int], *, early: bool
) -> tuple[dict[str, tuple[Statement, ...]], dict[str, tuple[Statement, ...]]]:
    """All statements on each setting of ``interface``, and of ``default``, in the order they take effect.

    ``early``: the interface is there before the files are applied (its driver sits in the initial RAM disk), so it
    does not take over what they make of ``default``.
    """
    conf: dict[str, Values] = {"default": _built_in(defaults), "all": {}}
    if early:
        conf[interface] = _built_in(defaults)
    sets = tuple(layers)
    for sysctl in sets:
        _apply(sysctl, conf)
    if not early:
        conf[interface] = {name: list(history) for name, history in conf["default"].items()}
        for sysctl in sets:
            if sysctl.reapplied:
                _apply(sysctl, conf, only=interface)
    frozen = [{name: tuple(history) for name, history in conf[one].items()} for one in (interface, "default")]
    return frozen[0], frozen[1]


def _built_in(defaults: Mapping[str, int]) -> Values:
    words: str = say("nothing sets it: the kernel's own default")
    return {one.name: [Statement(Layer.KERNEL, one.name, defaults.get(one.name), None, words)] for one in SETTINGS}


def _apply(sysctl: Sysctl, conf: dict[str, Values], only: str | None = None) -> None:
    named = {one.key for one in sysctl.assignments if not one.is_pattern}
    for one in sysctl.assignments:
        if one.value is None:
            continue
        for target, setting in [(target, name) for target in conf for name in BY_NAME]:
            key = (*PREFIX, target, setting)
            if (only is not None and target != only) or not _matches(one, key, named):
                continue
            value = kernel_integer(setting, one.value)
            if value is not None:
                _write(conf, target, Statement(sysctl.layer, setting, value, one.place, one.words))


def _matches(one: Assignment, key: tuple[str, ...], named: set[tuple[str, ...]]) -> bool:
    if not one.is_pattern:
        return one.key == key
    return key not in named and all(fnmatchcase(part, pattern) for part, pattern in zip(key, one.key, strict=True))


def _write(conf: dict[str, Values], target: str, statement: Statement) -> None:
    reached = list(conf) if target == "all" and BY_NAME[statement.setting].all_reaches else [target]
    for each in reached:
        conf[each].setdefault(statement.setting, []).append(statement)


def _concerns_us(key: tuple[str, ...]) -> bool:
    """Whether the key, a pattern perhaps, can name a setting of SETTINGS."""
    if len(key) != PARTS:
        return False
    return all(fnmatchcase(part, pattern) for part, pattern in zip(PREFIX, key[:3], strict=True)) and any(
        fnmatchcase(name, key[-1]) for name in BY_NAME
    )


def _shell_value(tree: Tree, path: str, name: str) -> str:
    """``NAME=value`` of a file that a shell sources."""
    lines = [line.strip() for line in (tree.read(path) or "").splitlines()]
    values = [line.partition("=")[2].strip().strip("\"'") for line in lines if line.startswith(f"{name}=")]
    return values[-1] if values else ""
