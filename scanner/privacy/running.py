"""What the running kernel says: the settings of each interface, and what configuration files match interfaces by."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scanner.privacy.settings import SETTINGS

NO_INTERFACES = frozenset({"all", "default"})
SECONDS = 5.0
# net.core.devconf_inherit_init_net: with these a new network namespace starts with the kernel's own IPv6 defaults
# (kernel documentation, admin-guide/sysctl/net).
RESETS = frozenset({0, 2})
# ARPHRD_* of linux/if_arp.h as systemd names them
TYPES = {1: "ether", 772: "loopback", 512: "ppp", 776: "sit", 65534: "none", 768: "tunnel", 769: "tunnel6"}


@dataclass(frozen=True, slots=True)
class Interface:
    """``type`` in systemd's words (ether, wlan, bridge, ...), "" where it is not known; ``mac`` small or ""."""

    name: str
    mac: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Kernel:
    """Where the kernel shows itself; another tree in tests."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")

    @property
    def conf(self) -> Path:
        return self.proc / "sys/net/ipv6/conf"

    def value(self, interface: str, setting: str) -> int | None:
        """None where the kernel has no such setting, or hides it."""
        try:
            return int((self.conf / interface / setting).read_text().strip())
        except (OSError, ValueError):
            return None

    def values(self, interface: str) -> dict[str, int | None]:
        return {setting.name: self.value(interface, setting.name) for setting in SETTINGS}

    def interfaces(self) -> tuple[Interface, ...]:
        """Those that speak IPv6, by name; none where the kernel has IPv6 switched off."""
        try:
            names = sorted(entry.name for entry in self.conf.iterdir())
        except OSError:
            return ()
        return tuple(self._interface(name) for name in names if name not in NO_INTERFACES)

    def _interface(self, name: str) -> Interface:
        number = self._line(name, "type")
        kind = TYPES.get(int(number), "") if number.isascii() and number.isdigit() else ""
        devtype = [line[8:] for line in self._line(name, "uevent").splitlines() if line.startswith("DEVTYPE=")]
        return Interface(name, self._line(name, "address").lower(), devtype[0] if devtype else kind)

    def _line(self, name: str, fact: str) -> str:
        try:
            return (self.sys / "class/net" / name / fact).read_text(errors="replace").strip()
        except OSError:
            return ""

    def temporary(self, address: str) -> bool | None:
        """Whether the kernel made ``address`` (32 hex digits) as a temporary one; None where it is not the host's.

        /proc/net/if_inet6 shows the low eight flag bits; IFA_F_TEMPORARY is 0x01.
        """
        try:
            rows = [line.split() for line in (self.proc / "net/if_inet6").read_text().splitlines()]
        except OSError:
            return None
        flags = [row[4] for row in rows if len(row) >= 6 and row[0] == address]  # noqa: PLR2004 - columns
        return bool(int(flags[0], 16) & 0x01) if flags else None


def kernel_defaults(kernel: Kernel) -> Mapping[str, int]:
    """What this kernel gives an interface that nobody configured, read in a new network namespace.

    Documentation and kernel disagree about these, so none is written down here. Empty where no namespace can be made.
    """
    try:
        inherits = int((kernel.proc / "sys/net/core/devconf_inherit_init_net").read_text())
    except (OSError, ValueError):
        inherits = 0
    if inherits not in RESETS:
        return {}
    paths = [f"/proc/sys/net/ipv6/conf/default/{setting.name}" for setting in SETTINGS]
    privilege = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    argv = ["unshare", *privilege, "--net", "grep", "-H", "", *paths]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs = (line.rpartition("/")[2].partition(":") for line in done.stdout.splitlines())
    return {name: int(value) for name, _, value in pairs if value.lstrip("-").isdigit()}
