"""INSIDE facts: how the host chooses IPv6 addresses now, and what its files make of that at the next boot."""

from dataclasses import dataclass
from enum import StrEnum

USE_TEMPADDR = "use_tempaddr"


class Profile(StrEnum):
    """What the host is for: a server is found by its address, a desktop should not be recognised by it."""

    SERVER = "server"
    DESKTOP = "desktop"


# RFC 8981: temporary addresses serve clients that start connections; RFC 6724 rule 7 prefers them. A server may make
# them (1) as long as it does not prefer them.
WANTED = {Profile.SERVER: frozenset({0, 1}), Profile.DESKTOP: frozenset({2})}


class Layer(StrEnum):
    """Who writes a setting at boot."""

    KERNEL = "kernel"
    SYSCTL = "sysctl.d"
    UFW = "ufw"
    IFUPDOWN = "ifupdown"
    DHCPCD = "dhcpcd"
    NETWORKD = "systemd-networkd"
    NETWORK_MANAGER = "NetworkManager"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; ``line`` None is the whole file. ``generator`` is the program that writes the file, or ""."""

    path: str
    line: int | None = None
    generator: str = ""

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one layer makes of one setting. ``place`` is None for what is built into the layer.

    ``value`` is None where it cannot be told. ``words`` is what stands in the file, or why the layer acts without one.
    """

    layer: Layer
    setting: str
    value: int | None
    place: Place | None
    words: str


def effective(setting: str, value: int | None) -> int | None:
    """For use_tempaddr <= 0 is off and >= 2 prefers (kernel documentation, ip-sysctl); links without MAC have -1."""
    return value if value is None or setting != USE_TEMPADDR else max(0, min(2, value))


@dataclass(frozen=True, slots=True)
class Forecast:
    """One setting of one interface: its value now, and after a reboot.

    ``statements`` are all that speak of it, in the order they act; the last one decides. ``doubt`` is "" where the
    prediction is sure, otherwise one clause that says what it hangs on.
    """

    setting: str
    running: int | None
    statements: tuple[Statement, ...]
    doubt: str = ""

    @property
    def decided_by(self) -> Statement:
        return self.statements[-1]

    @property
    def predicted(self) -> int | None:
        return self.decided_by.value

    @property
    def differs(self) -> bool:
        """The reboot brings another behaviour, as far as both are known."""
        now, then = effective(self.setting, self.running), effective(self.setting, self.predicted)
        return None not in (now, then) and now != then


@dataclass(frozen=True, slots=True)
class InterfacePrivacy:
    """One interface. ``source`` is the address that a connection to the Internet leaves from, "" without one."""

    interface: str
    forecasts: tuple[Forecast, ...]
    notes: tuple[str, ...] = ()
    source: str = ""
    source_temporary: bool | None = None

    def forecast(self, setting: str) -> Forecast | None:
        return next((one for one in self.forecasts if one.setting == setting), None)


@dataclass(frozen=True, slots=True)
class Privacy:
    """``profile_reason`` says who chose the profile; ``problems`` name files (and lines) that could not be used."""

    profile: Profile
    profile_reason: str
    interfaces: tuple[InterfacePrivacy, ...]
    problems: tuple[str, ...] = ()
