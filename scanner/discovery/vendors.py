"""Who assigned a MAC address, from the IEEE's list as Debian's package ieee-data keeps it; no list comes with us."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

LIST = Path("/usr/share/ieee-data/oui.txt")
MARK = "(hex)"  # "00-22-72   (hex)\t\tAmerican Micro-Fuel Device Corp."
LONGEST = 80  # characters of a name
OUI_DIGITS = 6


def vendor_finder(path: Path = LIST) -> Callable[[str], str]:
    """A function from ``aa:bb:cc:dd:ee:ff`` to the vendor's name, "" where it is not known. The file is read when the
    first name is asked for.
    """

    @cache
    def names() -> dict[str, str]:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                return parse_vendors(lines)
        except OSError:
            return {}

    def find(mac: str) -> str:
        return names().get(mac.replace(":", "").lower()[:OUI_DIGITS], "")

    return find


def parse_vendors(lines: Iterable[str]) -> dict[str, str]:
    """Six small hex digits -> name; lines of another form are the addresses between."""
    found: dict[str, str] = {}
    for line in lines:
        prefix, mark, name = line.partition(MARK)
        digits = prefix.strip().replace("-", "").lower()
        if mark and len(digits) == OUI_DIGITS and all(digit in "0123456789abcdef" for digit in digits):
            found.setdefault(digits, " ".join(name.split())[:LONGEST])
    return found
