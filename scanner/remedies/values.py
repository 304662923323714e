"""What this room hands out, and the rows of its catalogue."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Network

HOST = "host"  # in place of a router's id: what to do on the host itself


class Language(StrEnum):
    """How a remedy's text is to be read and set."""

    CONSOLE = "console"  # commands, to be typed or pasted as they are
    STEPS = "steps"  # numbered steps through somebody's menus
    INI = "ini"  # lines of a configuration file


class Kind(StrEnum):
    """Where the remedy works."""

    ROUTER = "router"
    CLOUD = "cloud"
    HOST = "host"  # the host's own firewall


@dataclass(frozen=True, slots=True)
class Remedy:
    """``router`` is an id of the catalogue, or ``host``. ``text`` is whole: it needs no filling in.

    ``source`` names the vendor's document, ``caution`` says what to look at before using the text, "" for nothing.
    """

    router: str
    title: str
    text: str
    language: Language
    source: str
    caution: str


@dataclass(frozen=True, slots=True)
class Guess:
    """``router`` is an id of the catalogue, ``why`` one clause that says what speaks for it."""

    router: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Router:
    """One row. ``wan`` and ``lan`` are the interfaces' names on such a router, "" where none goes into the text.

    The rest is for guessing: ``vendors`` are words of the names under which MAC addresses are assigned, in small
    letters, ``=name`` the whole of one; ``domains`` are search domains that it hands out unless told otherwise;
    ``link_local`` the address it advertises from; ``networks`` the prefixes it is found in.
    """

    id: str
    name: str
    kind: Kind
    language: Language
    source: str
    caution: str = ""
    wan: str = ""
    lan: str = ""
    vendors: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    link_local: tuple[str, ...] = ()
    networks: tuple[IPv6Network, ...] = ()
