"""Opens the witness, or says in one line why nobody can watch."""

from collections.abc import Iterable
from ipaddress import IPv6Address

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say
from scanner.probes.bpf import witness_filter
from scanner.witness.ring import Ring


def open_witness(vantages: Iterable[IPv6Address]) -> Ring:
    """Raises EnvironmentFault without CAP_NET_RAW; the scan then goes on one-sided and says so."""
    try:
        return Ring(witness_filter(vantages))
    except PermissionError as error:
        raise EnvironmentFault(
            say("nobody can watch inside: packet capture needs CAP_NET_RAW"),
            say("run with sudo; without it every verdict is one-sided and silence stays unknown"),
        ) from error
    except OSError as error:
        raise EnvironmentFault(
            say("nobody can watch inside: packet capture failed ({why})", why=error), say("see v6expose doctor")
        ) from error
