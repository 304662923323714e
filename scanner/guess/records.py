"""An address as the run document has it: what the kernel says, and what follows from it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address

from scanner.guess.classes import DEFAULT_RATE, guess
from scanner.guess.disclosure import Vendor, gives_away
from scanner.guess.patterns import Subject
from scanner.model.address import Address
from scanner.model.run import AddressRecord


def unknown_vendor(_: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an address does not know of itself. ``at`` is when it was read; ``sources`` the address that the kernel
    uses for each destination, by the destination's name (None: no route); ``networks`` the host's IPv4 networks.
    """

    at: datetime
    rate: int = DEFAULT_RATE
    vendor: Vendor = unknown_vendor
    sources: Mapping[str, IPv6Address | None] = field(default_factory=dict)
    networks: Sequence[IPv4Network] = ()


def record_of(
    address: Address, circumstances: Circumstances, *, scanned: bool, why_not_scanned: str = ""
) -> AddressRecord:
    subject = subject_of(address, circumstances.networks)
    born = None if address.age is None else circumstances.at - timedelta(seconds=address.age)
    lives_outside = not (address.ip.is_loopback or address.ip.is_link_local)
    return AddressRecord(
        address=str(address.ip),
        prefix_length=address.prefix_length,
        interface=address.interface,
        kind=address.kind,
        state=address.state,
        origin=address.origin,
        preferred_lifetime=address.preferred_lifetime,
        valid_lifetime=address.valid_lifetime,
        scanned=scanned,
        why_not_scanned=why_not_scanned,
        created_at=None if born is None else born.replace(microsecond=0),
        guessability=guess(subject, circumstances.rate) if lives_outside else None,
        gives_away=gives_away(subject, circumstances.vendor) if lives_outside else (),
        used_outbound=tuple(name for name, source in circumstances.sources.items() if source == address.ip),
    )


def subject_of(address: Address, networks: Iterable[IPv4Network] = ()) -> Subject:
    return Subject(address.ip, address.kind, address.origin, address.own_mac, tuple(networks))
