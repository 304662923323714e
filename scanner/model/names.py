"""What the DNS says of the owner's names, and which DDNS client wrote it."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from scanner.model.errors import InputError
from scanner.model.text import say

DNS_PORT = 53
LAST_PORT = 65535


class Outcome(StrEnum):
    """How a question ended. The first three settle it; the others leave it unanswered."""

    ANSWERED = "answered"
    NXDOMAIN = "nxdomain"  # RFC 8020: neither the name nor anything below it exists
    NODATA = "nodata"  # RFC 2308 section 2.2: the name exists, without such a record
    SERVFAIL = "servfail"
    REFUSED = "refused"
    NOT_AUTHORITATIVE = "not-authoritative"  # RFC 1912 section 2.8: a lame delegation
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    MALFORMED = "malformed"


SETTLED = frozenset({Outcome.ANSWERED, Outcome.NXDOMAIN, Outcome.NODATA})


class Role(StrEnum):
    RESOLVER = "resolver"
    AUTHORITATIVE = "authoritative"


@dataclass(frozen=True, slots=True)
class Server:
    """A name server by its address; ``name`` is that of the NS record, "" for one that was given by address."""

    address: IPv4Address | IPv6Address
    port: int = DNS_PORT
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> "Server":
        """``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``. Raises InputError."""
        host, port = text.strip(), ""
        if host.startswith("["):
            host, closed, port = host[1:].partition("]")
            host = host if closed else text  # which is no address
        elif host.count(":") == 1:
            host, _, port = host.partition(":")
            port = f":{port}"
        try:
            return cls(ip_address(host), _parse_port(port))
        except ValueError as error:
            remedy = say("write 192.0.2.53, 2001:db8::53 or [2001:db8::53]:5353")
            raise InputError(say("{text!r} is no address of a name server", text=text), remedy) from error

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)  # noqa: PLR2004 - IPv6
        where = str(self.address) if self.port == DNS_PORT else f"{host}:{self.port}"
        return f"{self.name} ({where})" if self.name else where


def _parse_port(text: str) -> int:
    if not text:
        return DNS_PORT
    digits = text.removeprefix(":")
    if not (text.startswith(":") and digits.isascii() and digits.isdigit() and 0 < int(digits[:9]) <= LAST_PORT):
        raise ValueError(text)
    return int(digits)


@dataclass(frozen=True, slots=True)
class Answer:
    """One question to one server and how it ended.

    ``addresses`` are those of AAAA (and A) records; ``names`` the targets of NS and PTR records, or the owner of the
    SOA record. ``ttl`` in seconds is the smallest on the way, None without records. ``alias`` is the last canonical
    name the server told, "" without CNAME. ``detail`` says what the outcome leaves open.
    """

    server: Server
    role: Role
    question: str
    record: str
    outcome: Outcome
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()
    names: tuple[str, ...] = ()
    ttl: int | None = None
    alias: str = ""
    detail: str = ""

    @property
    def settled(self) -> bool:
        return self.outcome in SETTLED


class Method(StrEnum):
    """How a DDNS client chooses the address that it publishes."""

    OUTGOING = "outgoing"  # whatever its own connections show: the temporary address where that is preferred
    INTERFACE = "interface"  # one or all of an interface's addresses, temporary ones too
    STABLE = "stable"  # an address of an interface, temporary ones left out
    COMMAND = "command"  # what a program prints
    FIXED = "fixed"  # the address or its interface identifier is written down
    NONE = "none"  # it publishes no IPv6 address
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Publication:
    """A name that a DDNS client on this host keeps, and the line that says so. Holds no secret.

    ``whole`` is false where the file holds only the part of the name before its zone. ``setting`` is how the address is
    chosen, as the file puts it. ``fix`` is the setting that publishes a stable address: ``{interface}``, ``{address}``
    and ``{identifier}`` (the lower 64 bits, as ``::1``) stand for those of that address. ``source`` documents it.
    """

    client: str
    name: str
    path: str
    line: int
    method: Method
    setting: str
    fix: str
    source: str
    whole: bool = True

    def keeps(self, name: str) -> bool:
        return self.name == name if self.whole else bool(self.name) and name.startswith(f"{self.name}.")


@dataclass(frozen=True, slots=True)
class NameRecord:
    """All that is known of one name. ``zone`` is "" where it could not be found or was not looked for.

    ``problems`` tell why servers may be missing from ``answers``.
    """

    name: str
    zone: str
    answers: tuple[Answer, ...]
    publications: tuple[Publication, ...] = ()
    problems: tuple[str, ...] = ()

    def of(self, role: Role) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.answers if answer.role is role)

    @property
    def unanswered(self) -> bool:
        """Somebody who should have been asked gave no answer that settles the question, or could not be found."""
        silent = any(not self.of(role) for role in Role) or any(not answer.settled for answer in self.answers)
        return silent or bool(self.problems)


class Standing(StrEnum):
    """What a published address is to this host."""

    STABLE = "stable"  # its own, stable, global and preferred: what belongs into the DNS
    TEMPORARY = "temporary"  # its own for hours or days (RFC 8981)
    DEPRECATED = "deprecated"  # its own, on its way out (RFC 4862 section 5.5.4)
    UNUSABLE = "unusable"  # its own, but not past duplicate address detection
    GONE = "gone"  # in a prefix of this host, and not one of its addresses now
    UNIQUE_LOCAL = "unique-local"
    LINK_LOCAL = "link-local"
    NOT_GLOBAL = "not-global"  # loopback, multicast, unspecified
    SYNTHESISED = "synthesised"  # RFC 6147: made by the resolver from an A record
    FOREIGN = "foreign"  # outside every prefix of this host
