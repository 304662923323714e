"""How an interface makes temporary addresses, as the kernel has it now: /proc/sys/net/ipv6/conf/INTERFACE."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TREE = Path("/proc/sys/net/ipv6/conf")


@dataclass(frozen=True, slots=True)
class TemporarySettings:
    """Seconds. ``use`` is use_tempaddr: 0 or less none, 1 made but not preferred, 2 or more preferred."""

    interface: str
    use: int
    valid: int
    preferred: int
    desync: int

    @property
    def at_once(self) -> int:
        """How many temporary addresses a prefix has at most at a time (RFC 8981 section 3.8), 0 where none are made.

        A new one is made when the last one ceases to be preferred, up to ``desync`` seconds early.
        """
        period = max(self.preferred - self.desync, 1)
        return -(-self.valid // period) if self.use > 0 else 0


def read_temporary(interfaces: Iterable[str], tree: Path = TREE) -> tuple[TemporarySettings, ...]:
    """Those of the interfaces whose settings can be read; other systems have none there."""
    return tuple(found for name in dict.fromkeys(interfaces) if (found := _read(name, tree / name)) is not None)


def _read(interface: str, directory: Path) -> TemporarySettings | None:
    names = ("use_tempaddr", "temp_valid_lft", "temp_prefered_lft", "max_desync_factor")
    try:
        use, valid, preferred, desync = (int((directory / name).read_text()) for name in names)
    except (OSError, ValueError):
        return None
    return TemporarySettings(interface, use, valid, preferred, desync)
