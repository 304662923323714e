"""How many doors a host has, and what a server learns when the host connects to it. Pure, over address records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address

from scanner.model.address import Kind, Scope, State, scope_of
from scanner.model.run import AddressRecord
from scanner.model.text import enumerated, say, say_many

USABLE = (State.PREFERRED, State.DEPRECATED)

LONGEST = 0xFFFF_FFFE  # seconds: a lifetime has 32 bits, and all ones mean for ever (RFC 4861 section 4.6.2)


@dataclass(frozen=True, slots=True)
class Life:
    """When an address is used and when it is reachable; None is for ever, ``born`` None is not known."""

    born: datetime | None
    preferred_until: datetime | None
    valid_until: datetime | None


def doors(records: Sequence[AddressRecord]) -> tuple[AddressRecord, ...]:
    """Every address that takes connections from the Internet, deprecated ones too (RFC 4862 section 5.5.4)."""
    return tuple(record for record in records if record.state in USABLE and is_global(record))


def is_global(record: AddressRecord) -> bool:
    """False too for what a document calls an address and is none."""
    try:
        return scope_of(IPv6Address(record.address)) is Scope.GLOBAL
    except ValueError:
        return False


def life(record: AddressRecord, at: datetime) -> Life:
    """``at`` is when the lifetimes were read."""
    return Life(record.created_at, _later(at, record.preferred_lifetime), _later(at, record.valid_lifetime))


def count_sentence(records: Sequence[AddressRecord]) -> str:
    """``8 doors, not 2: ...``: how many are open, beside how many are in use."""
    open_ones = doors(records)
    used = [record for record in open_ones if record.state is State.PREFERRED]
    old = len(open_ones) - len(used)
    if not open_ones:
        return say("No door: no address of this host can be reached from the Internet.")
    kinds = enumerated(
        [
            say("{count} {kind}", count=number, kind=kind)
            for kind in Kind
            if (number := sum(record.kind is kind for record in open_ones))
        ]
    )
    total = say_many("{count} door", "{count} doors", len(open_ones))
    addresses = say_many("{kinds} address", "{kinds} addresses", len(open_ones), kinds=kinds)
    if not old:
        return say("{doors}: the host takes connections on {addresses}.", doors=total, addresses=addresses)
    return say_many(
        "{doors}, not {used}: {addresses}, {count} of which is no longer used but still takes connections.",
        "{doors}, not {used}: {addresses}, {count} of which are no longer used but still take connections.",
        old,
        doors=total,
        used=len(used),
        addresses=addresses,
    )


def learned(records: Sequence[AddressRecord], destination: str) -> AddressRecord | None:
    """The address that a server at ``destination`` sees, or None where it is not known."""
    return next((record for record in records if destination in record.used_outbound), None)


def _later(at: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else at + timedelta(seconds=min(max(seconds, 0), LONGEST))
