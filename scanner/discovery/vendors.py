"""Who assigned a MAC address, from the IEEE's list as Debian's package ieee-data keeps it, or from nmap's copy with
shorter names; no list comes with us.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

LIST = Path("/usr/share/ieee-data/oui.txt")
NMAP_LIST = Path("/usr/share/nmap/nmap-mac-prefixes")  # "002272 American Micro-Fuel Device"
MARK = "(hex)"  # "00-22-72   (hex)\t\tAmerican Micro-Fuel Device Corp."
LONGEST = 80  # characters of a name
OUI_DIGITS = 6


def vendor_finder(path: Path = LIST, instead: Path = NMAP_LIST) -> Callable[[str], str]:
    """A function from ``aa:bb:cc:dd:ee:ff`` to the vendor's name, "" where it is not known. The file, or the one
    ``instead``, is read when the first name is asked for.
    """

    @cache
    def names() -> dict[str, str]:
        return _read(path, parse_vendors) or _read(instead, parse_prefixes)

    def find(mac: str) -> str:
        return names().get(mac.replace(":", "").lower()[:OUI_DIGITS], "")

    return find


def _read(path: Path, parse: Callable[[Iterable[str]], dict[str, str]]) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return parse(lines)
    except OSError:
        return {}


def parse_prefixes(lines: Iterable[str]) -> dict[str, str]:
    """Six small hex digits -> name, from nmap's list; longer prefixes and comments are left out."""
    found: dict[str, str] = {}
    for line in lines:
        digits, _, name = line.strip().partition(" ")
        if len(digits) == OUI_DIGITS and name and all(digit in "0123456789abcdef" for digit in digits.lower()):
            found.setdefault(digits.lower(), " ".join(name.split())[:LONGEST])
    return found


def parse_vendors(lines: Iterable[str]) -> dict[str, str]:
    """Six small hex digits -> name; lines of another form are the addresses between."""
    found: dict[str, str] = {}
    for line in lines:
        if MARK not in line:  # five of six lines; the list is long
            continue
        prefix, _, name = line.partition(MARK)
        digits = prefix.strip().replace("-", "").lower()
        if len(digits) == OUI_DIGITS and all(digit in "0123456789abcdef" for digit in digits):
            found.setdefault(digits, " ".join(name.split())[:LONGEST])
    return found
