"""The host's IPv6 addresses. On Linux: netlink, then ``ip -j``, and the first that answers is taken."""

import platform
from collections.abc import Callable, Mapping

from scanner.discovery import ip_command, macos, netlink, windows
from scanner.discovery.classify import KernelAddress, classify_all
from scanner.model.address import Address
from scanner.model.errors import EnvironmentFault
from scanner.model.text import clauses, say

# The interface of an adapter: every IPv6 address of the calling network namespace, or EnvironmentFault.
AddressReader = Callable[[], tuple[KernelAddress, ...]]

LINUX = "Linux"
READERS: tuple[AddressReader, ...] = (netlink.read_addresses, ip_command.read_addresses)
# platform.system() of the others; their systems tell kind and origin in words of their own.
ELSEWHERE: Mapping[str, Callable[[], tuple[Address, ...]]] = {
    "Darwin": macos.read_addresses,
    "Windows": windows.read_addresses,
}


def read_addresses(readers: tuple[AddressReader, ...] = READERS, system: str = "") -> tuple[Address, ...]:
    """Loopback and link-local ones too. Raises EnvironmentFault, with every reader's reason, when none answers."""
    name = system or platform.system()
    if name in ELSEWHERE:
        return ELSEWHERE[name]()
    if name != LINUX:
        raise EnvironmentFault(
            say(
                "the IPv6 addresses of {name} cannot be read: there is neither netlink nor `ip -j`",
                name=name or "this system",
            ),
            say("run v6expose on {names} (macOS is Darwin)", names=", ".join((LINUX, *ELSEWHERE))),
        )
    reasons = []
    for read in readers:
        try:
            return classify_all(read())
        except EnvironmentFault as fault:
            reasons.append(str(fault))
    raise EnvironmentFault(say("the IPv6 addresses of this host cannot be read"), clauses(reasons))
