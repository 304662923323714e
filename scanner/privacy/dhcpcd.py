"""dhcpcd: dhcpcd.conf(5). It reads router advertisements and makes addresses itself.

It writes accept_ra 0 and autoconf 0, and leaves use_tempaddr alone: ``slaac ... temporary`` addresses are its own, so
the kernel neither marks nor prefers them as temporary.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from scanner.model.privacy import Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.claims import Claim
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.running import Interface
from scanner.privacy.services import enabled
from scanner.privacy.tree import Tree

FILE = "/etc/dhcpcd.conf"
BLOCKS = frozenset({"interface", "ssid", "profile"})  # what begins a block that holds to the next one
SCHEMES = {
    "hwaddr": say("identifiers show the MAC address (EUI-64)"),
    "private": say("identifiers are opaque (RFC 7217)"),
    "token": say("identifiers are a given token"),
}

Line = tuple[str, str, str, Place]  # block ("" or "interface NAME"), keyword, the rest, place


def claims(tree: Tree, interfaces: Iterable[Interface]) -> tuple[Claim, ...]:
    """One for each interface that dhcpcd takes at boot."""
    if not tree.exists(FILE) or not enabled(tree, "dhcpcd"):
        return ()
    lines = read_lines(tree)
    taken = [one for one in interfaces if one.type != "loopback" and _takes(lines, one.name)]
    return tuple(_claim(lines, one.name) for one in taken)


def read_lines(tree: Tree) -> tuple[Line, ...]:
    text = tree.read(FILE) or ""
    generator = generator_of(FILE, text)
    found: list[Line] = []
    block = ""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] in BLOCKS:
            block = " ".join(words)
            continue
        found.append((block, words[0], " ".join(words[1:]), Place(FILE, number, generator)))
    for _, keyword, rest, place in found:
        if keyword == "slaac" and rest.split()[:1] not in [[scheme] for scheme in SCHEMES]:
            tree.complain(FILE, place.line, f"dhcpcd knows no `slaac {rest}`")
    return tuple(found)


def _takes(lines: Iterable[Line], interface: str) -> bool:
    """allowinterfaces and denyinterfaces; noipv6, noipv6rs and `ipv4only` leave IPv6 to the kernel."""
    for block, keyword, rest, _ in lines:
        if block not in {"", f"interface {interface}"}:
            continue
        listed = any(fnmatchcase(interface, pattern) for pattern in rest.split())
        if (keyword == "denyinterfaces" and listed) or (keyword == "allowinterfaces" and not listed):
            return False
        if keyword in {"noipv6", "noipv6rs", "ipv4only"}:
            return False
    return True


def _claim(lines: Iterable[Line], interface: str) -> Claim:
    last = Place(FILE)
    scheme = "hwaddr"
    for block, keyword, rest, place in lines:
        if keyword == "slaac" and block in {"", f"interface {interface}"}:
            scheme, last = rest, place
    known = SCHEMES.get(scheme.partition(" ")[0], say("identifiers are made as dhcpcd was built to"))
    notes = [
        say("dhcpcd makes addresses itself, {known} (slaac {scheme}, {last})", known=known, scheme=scheme, last=last)
    ]
    if scheme.split()[-1:] in (["temp"], ["temporary"]):
        notes.append(say("its temporary addresses are not the kernel's: use_tempaddr does not steer them"))
    words = say("dhcpcd reads router advertisements itself")
    statement = Statement(Layer.DHCPCD, "accept_ra", 0, Place(FILE), words)
    return Claim(Layer.DHCPCD, interface, (statement,), last, "", tuple(notes))
