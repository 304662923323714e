"""What nmap said, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

TEXT_LIMIT = 200  # characters kept of any string that the scanned host may have written


@dataclass(frozen=True, slots=True)
class NmapService:
    """What ``-sV`` made of a port. ``method`` "table" is a guess by number, "probed" was heard. ``conf`` is 0 to 10.

    Texts are ``printable()``: the scanned host wrote them.
    """

    name: str
    product: str
    version: str
    extrainfo: str
    tunnel: str  # "ssl" or ""
    conf: int
    method: str


@dataclass(frozen=True, slots=True)
class NmapPort:
    """One port in nmap's words. ``responder`` is who answered where that was not the target (``reason_ip``).

    ``reason_ttl`` is the hop limit of the answer, 0 without one, None where nmap folded the port into a range.
    ``reason`` is "" where an old nmap gave several reasons for a folded range.
    """

    protocol: str
    port: int
    state: str
    reason: str
    reason_ttl: int | None = None
    responder: IPv6Address | None = None
    service: NmapService | None = None


@dataclass(frozen=True, slots=True)
class NmapHost:
    """``ports`` sorted by protocol and number; those that are missing are not known.

    ``timed_out``: nmap threw away what it had (``--host-timeout``). ``complete`` is False where the document was cut.
    """

    address: IPv6Address
    ports: tuple[NmapPort, ...]
    timed_out: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True)
class NmapReport:
    """One run of nmap. ``truncated``: the document ends early, what is here was complete.

    ``exit`` is nmap's own word, "success" or "error", and "" where it never came to say it. ``skipped`` are targets
    it refused. ``problems`` are lines of its standard error and what else went wrong.
    """

    version: str
    arguments: str
    hosts: tuple[NmapHost, ...]
    truncated: bool = False
    exit: str = ""
    skipped: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def host(self, address: IPv6Address) -> NmapHost | None:
        return next((host for host in self.hosts if host.address == address), None)

    def states(self, address: IPv6Address, protocol: str) -> dict[int, tuple[str, str]]:
        """For verdict.second_opinion: port -> (state, reason) of one address, empty if not scanned."""
        host = self.host(address)
        ports = host.ports if host else ()
        return {port.port: (port.state, port.reason) for port in ports if port.protocol == protocol}


def printable(text: str, limit: int = TEXT_LIMIT) -> str:
    """``text`` without a character that could move a cursor, hide or reorder other text: those are escaped."""
    if text.isprintable():
        return text[:limit]
    kept = (
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text[:limit]
    )
    return "".join(kept)[:limit]
