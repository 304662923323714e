"""What the owner asked for, already parsed."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address

from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.text import say

DEFAULT_RATE = 10_000  # packets a second, ceiling
START_RATE = 1_000
HIGHEST_RATE = 200_000


BATTERIES = ("evasion", "icmpv6", "simple-security")
NO_BATTERY = "none"


class Profile(StrEnum):
    QUICK = "quick"
    STANDARD = "standard"
    FULL = "full"


class Expectation(StrEnum):
    """What the owner means the router to do (``--expect``)."""

    STRICT = "strict"
    RFC6092 = "rfc6092"
    TRANSPARENT = "transparent"


@dataclass(frozen=True, slots=True)
class Settings:
    """One scan's settings. ``addresses`` empty: every global one; ``tcp``, ``udp`` or ``lan`` None: the profile's."""

    profile: Profile = Profile.STANDARD
    addresses: tuple[IPv6Address, ...] = ()
    tcp: PortSet | None = None
    udp: PortSet | None = None
    rate: int = DEFAULT_RATE
    expect: Expectation = Expectation.STRICT
    nmap: bool = True
    batteries: tuple[str, ...] = ()  # of BATTERIES
    slow: bool = False  # state timers at full length
    locate_all: bool = True  # find where every silent port ends, not those of a random sample only
    lan: bool | None = None  # ask what the router does with the rest of the LAN


def batteries_of(asked: tuple[str, ...], profile: Profile) -> tuple[str, ...]:
    """The batteries to play: ``asked`` ones, or the profile's where nothing was asked for. Raises InputError for none
    beside one.
    """
    others = [name for name in asked if name != NO_BATTERY]
    if NO_BATTERY in asked and others:
        raise InputError(
            say("--battery {no_battery} beside --battery {others}", no_battery=NO_BATTERY, others=others[0]),
            say("leave out one of the two"),
        )
    if not asked:
        return () if profile is Profile.QUICK else BATTERIES
    return tuple(name for name in BATTERIES if name in asked)
