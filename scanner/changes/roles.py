"""An address by its role: what survives rotation (RFC 8981) and renumbering."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network

from scanner.model.address import Kind, Scope, scope_of
from scanner.model.run import AddressRecord, Run
from scanner.model.text import say


def role_of(kind: str, interface: str, origin: str) -> str:
    """The same words as in a finding's fingerprint."""
    return f"{kind} {interface} {origin}"


def role_of_record(record: AddressRecord) -> str:
    return role_of(record.kind.value, record.interface, record.origin.value)


def roles(run: Run) -> Mapping[str, str]:
    """Address -> role."""
    return {record.address: role_of_record(record) for record in run.addresses}


def successors(before: Sequence[AddressRecord], after: Sequence[AddressRecord]) -> Mapping[str, str]:
    """Address of before -> the scanned address of the same role that took its place. What stayed is left out.

    Of several that went and came the first ones belong together: which of them is which, nobody can tell.
    """
    stayed = {record.address for record in before} & {record.address for record in after}
    came: dict[str, list[str]] = {}
    for record in after:
        if record.scanned and record.address not in stayed:
            came.setdefault(role_of_record(record), []).append(record.address)
    found = {}
    for record in before:
        waiting = came.get(role_of_record(record), [])
        if record.scanned and record.address not in stayed and waiting:
            found[record.address] = waiting.pop(0)
    return found


def reachable(run: Run) -> tuple[AddressRecord, ...]:
    """The addresses of global scope: what a stranger can name."""
    return tuple(record for record in run.addresses if scope_of(IPv6Address(record.address)) is Scope.GLOBAL)


def network_of(record: AddressRecord) -> IPv6Network:
    return IPv6Network((IPv6Address(record.address), record.prefix_length), strict=False)


def told(role: str) -> str:
    """A role as a reader wants it."""
    kind, _, rest = role.partition(" ")
    interface, _, _ = rest.rpartition(" ")
    if kind == Kind.TEMPORARY:
        return say("the temporary addresses of {interface}", interface=interface)
    if kind == Kind.STABLE:
        return say("the stable address of {interface}", interface=interface)
    return role
