"""The host's IPv6 addresses: asks netlink, then ``ip -j``, and takes the first that answers."""

from collections.abc import Callable

from scanner.discovery import ip_command, netlink
from scanner.discovery.classify import KernelAddress, classify_all
from scanner.model.address import Address
from scanner.model.errors import EnvironmentFault

# The interface of an adapter: every IPv6 address of the calling network namespace, or EnvironmentFault.
AddressReader = Callable[[], tuple[KernelAddress, ...]]

READERS: tuple[AddressReader, ...] = (netlink.read_addresses, ip_command.read_addresses)


def read_addresses(readers: tuple[AddressReader, ...] = READERS) -> tuple[Address, ...]:
    """Loopback and link-local ones too. Raises EnvironmentFault, with every reader's reason, when none answers."""
    reasons = []
    for read in readers:
        try:
            return classify_all(read())
        except EnvironmentFault as fault:
            reasons.append(str(fault))
    raise EnvironmentFault("the IPv6 addresses of this host cannot be read", "; ".join(reasons))
