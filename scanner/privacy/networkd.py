"""systemd-networkd: which .network file takes an interface, and what it writes. systemd.network(5).

The first file by name whose [Match] fits decides alone; drop-ins (FILE.d/*.conf) are added to it. Measured on systemd
252 (tests/lab/test_privacy_managers.py): without IPv6PrivacyExtensions= it writes 0, a value it does not know leaves
that; accept_ra is always 0, because networkd reads router advertisements itself.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner.model.privacy import USE_TEMPADDR, Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.claims import Claim
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.ini import Entry, Ini, parse_ini
from scanner.privacy.running import Interface
from scanner.privacy.services import enabled
from scanner.privacy.tree import Tree

ROOTS = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")
DIRECTORIES = tuple(f"{root}/network" for root in ROOTS)
TRUE, FALSE = frozenset({"1", "yes", "y", "true", "t", "on"}), frozenset({"0", "no", "n", "false", "f", "off"})
PRIVACY = {"no": 0, "prefer-public": 1, "yes": 2}
KEEPS = "kernel"  # IPv6PrivacyExtensions=kernel: networkd leaves the value alone
# IPv6LinkLocalAddressGenerationMode= -> addr_gen_mode
LINK_LOCAL_MODE = {"eui64": 0, "none": 1, "stable-privacy": 2, "random": 3}
OPTION = "IPv6PrivacyExtensions"


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A .network file with its drop-ins; every entry with the place it stands at. ``origin``: what it is made from."""

    path: str
    entries: tuple[tuple[Entry, Place], ...]
    origin: Place | None = None

    def last(self, section: str, key: str) -> tuple[Entry, Place] | None:
        return next((one for one in reversed(self.entries) if (one[0].section, one[0].key) == (section, key)), None)


def claims(tree: Tree, interfaces: Iterable[Interface], generated: tuple[NetworkFile, ...] = ()) -> tuple[Claim, ...]:
    """One for each interface that networkd takes at boot. ``generated``: files that netplan is going to write."""
    if not generated and not enabled(tree, "systemd-networkd"):
        return ()
    files = read_files(tree, generated)
    central = _central(tree)
    found = []
    for interface in interfaces:
        file, doubt = choose(files, interface)
        if file is not None:
            found.append(_claim(file, interface, doubt, central))
        elif doubt:
            found.append(Claim(Layer.NETWORKD, interface.name, (), None, doubt))
    return tuple(found)


def read_files(tree: Tree, generated: tuple[NetworkFile, ...] = ()) -> tuple[NetworkFile, ...]:
    """All .network files in the order they are tried; what netplan wrote before gives way to ``generated``."""
    coming = {file.path.rpartition("/")[2]: file for file in generated}
    paths = {path.rpartition("/")[2]: path for path in tree.first_of_each_name(DIRECTORIES, "*.network")}
    files = []
    for name in sorted({*coming, *paths}, key=lambda one: one.encode(errors="surrogateescape")):
        path = paths.get(name, "")
        if name in coming and not path.startswith("/etc/"):
            body = coming[name]
        elif generator_of(path, "") == "netplan" and path.startswith("/run/") and generated:
            continue
        else:
            body = NetworkFile(path, tuple(_entries(tree, path)))
        dropins = tree.first_of_each_name([f"{directory}/{name}.d" for directory in DIRECTORIES], "*.conf")
        added = [entry for dropin in dropins for entry in _entries(tree, dropin)]
        files.append(NetworkFile(body.path, (*body.entries, *added), body.origin))
    return tuple(files)


def choose(files: Iterable[NetworkFile], interface: Interface) -> tuple[NetworkFile | None, str]:
    """The first file that fits; a doubt where an earlier one may fit by something that is not known here."""
    doubt = ""
    for file in files:
        fits = matches(file, interface)
        if fits:
            return file, doubt
        if fits is None and not doubt:
            doubt = say("{path} may take the interface: it matches by what is not known here", path=file.path)
    return None, doubt


def matches(file: NetworkFile, interface: Interface) -> bool | None:
    """Whether the [Match] section fits; None where it asks for what we do not know. An empty section fits nothing."""
    asked: dict[str, list[str]] = {}
    for entry, _ in file.entries:
        if entry.section == "Match":
            asked[entry.key] = [*asked.get(entry.key, []), *entry.value.split()] if entry.value else []
    asked = {key: values for key, values in asked.items() if values}
    if not asked:
        return False
    answers = [_fits(key, values, interface) for key, values in asked.items()]
    if False in answers:
        return False
    return None if None in answers else True


def _fits(key: str, values: list[str], interface: Interface) -> bool | None:
    if key in {"Name", "Type"}:
        subject = interface.name if key == "Name" else interface.type
        if not subject:
            return None
        inverted = values[0].startswith("!")  # "!" before the list turns it round
        patterns = [values[0].removeprefix("!"), *values[1:]]
        return inverted != any(fnmatchcase(subject, pattern) for pattern in patterns)
    if key in {"MACAddress", "PermanentMACAddress"}:
        if not interface.mac:
            return None
        same = any(re.sub("[-.]", ":", value.lower()) == interface.mac for value in values)
        return same or (False if key == "MACAddress" else None)
    return None


def _entries(tree: Tree, path: str) -> list[tuple[Entry, Place]]:
    text = tree.read(path)
    ini: Ini = parse_ini(text or "", continued=True)
    for line, why in ini.complaints:
        tree.complain(path, line, why)
    for entry in ini.entries:
        if entry.key == OPTION and privacy_value(entry.value) is None:
            tree.complain(path, entry.line, f"networkd knows no {OPTION}={entry.value} and ignores it")
    generator = generator_of(path, text or "")
    return [(entry, Place(path, entry.line, generator)) for entry in ini.entries]


def _central(tree: Tree) -> NetworkFile:
    """networkd.conf and its drop-ins: IPv6PrivacyExtensions= may stand there since systemd 254."""
    main = [path for root in ROOTS if tree.exists(path := f"{root}/networkd.conf")][:1]
    dropins = tree.first_of_each_name([f"{root}/networkd.conf.d" for root in ROOTS], "*.conf")
    return NetworkFile("networkd.conf", tuple(entry for path in (*main, *dropins) for entry in _entries(tree, path)))


def privacy_value(text: str) -> int | str | None:
    """What IPv6PrivacyExtensions= means: a value, KEEPS, or None where networkd does not know the word."""
    word = text.lower()
    if word in TRUE or word in FALSE:
        return 2 if word in TRUE else 0
    return KEEPS if text == KEEPS else PRIVACY.get(text)


def _claim(file: NetworkFile, interface: Interface, doubt: str, central: NetworkFile) -> Claim:
    owner = Place(file.path, None, generator_of(file.path, "") or _generator(file))
    statements = [
        *_privacy(file, central, file.origin or owner),
        Statement(
            Layer.NETWORKD, "accept_ra", 0, file.origin or owner, say("networkd reads router advertisements itself")
        ),
    ]
    mode = file.last("Network", "IPv6LinkLocalAddressGenerationMode")
    if mode is not None and mode[0].value in LINK_LOCAL_MODE:
        value = LINK_LOCAL_MODE[mode[0].value]
        statements.append(Statement(Layer.NETWORKD, "addr_gen_mode", value, mode[1], _words(mode[0])))
    token = file.last("IPv6AcceptRA", "Token")
    note = (
        say("networkd makes identifiers itself: {words} ({token})", words=_words(token[0]), token=token[1])
        if token
        else ""
    )
    return Claim(Layer.NETWORKD, interface.name, tuple(statements), owner, doubt, (note,) if note else ())


def _privacy(file: NetworkFile, central: NetworkFile, origin: Place) -> list[Statement]:
    """The last word that networkd knows, in the file before the central one; 0 where there is none."""
    for source in (file, central):
        for entry, place in reversed(source.entries):
            if (entry.section, entry.key) != ("Network", OPTION):
                continue
            value = privacy_value(entry.value)
            if value == KEEPS:
                return []
            if isinstance(value, int):
                since = " (read by systemd 254 and newer)" if source is central else ""
                return [Statement(Layer.NETWORKD, USE_TEMPADDR, value, place, _words(entry) + since)]
    words = say("{option}= is not given: networkd writes 0", option=OPTION)
    return [Statement(Layer.NETWORKD, USE_TEMPADDR, 0, origin, words)]


def _generator(file: NetworkFile) -> str:
    return next((place.generator for _, place in file.entries if place.path == file.path and place.generator), "")


def _words(entry: Entry) -> str:
    return f"{entry.key}={entry.value}"
