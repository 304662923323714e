"""What the network tells the host to search in (RFC 8106 section 5.2, or DHCP), as the resolver's files have it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

# The second is systemd-resolved's list of what the links brought, where the first names the local stub only.
FILES = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
KEYWORDS = ("search", "domain")  # resolv.conf(5)
LONGEST = 253  # characters of a domain name (RFC 1035 section 2.3.4)
MOST = 32
ROOT = "."


def read_search_domains(files: Iterable[Path] = FILES) -> tuple[str, ...]:
    """Each once, in small letters; empty where no file can be read."""
    return tuple(dict.fromkeys(domain for file in files for domain in parse_search_domains(_text(file))))[:MOST]


def parse_search_domains(text: str) -> Iterator[str]:
    """The domains of a resolv.conf, odd ones left out."""
    for line in text.splitlines():
        keyword, *words = line.split()[: MOST + 1] or ("",)
        if keyword in KEYWORDS:
            yield from (name for word in words if (name := word.lower().rstrip(ROOT)) and _is_name(name))


def _is_name(word: str) -> bool:
    plain = word.replace("-", "").replace("_", "").replace(ROOT, "")
    return len(word) <= LONGEST and plain.isascii() and plain.isalnum()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
