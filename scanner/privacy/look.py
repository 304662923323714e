"""The whole picture: the kernel's values, what the files make of them at the next boot, and for which profile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.privacy import USE_TEMPADDR, Forecast, InterfacePrivacy, Privacy, Profile, Statement
from scanner.model.text import say
from scanner.outgoing import source_to_the_internet
from scanner.privacy import dhcpcd, ifupdown, network_manager, networkd
from scanner.privacy.claims import Claim
from scanner.privacy.netplan import read_netplan
from scanner.privacy.profile import guess_profile
from scanner.privacy.resolve import resolve, with_volatile
from scanner.privacy.running import Interface, Kernel, kernel_defaults
from scanner.privacy.sysctl_files import Sysctl, boot, read_sysctl, read_ufw
from scanner.privacy.tree import Tree


@dataclass(frozen=True, slots=True)
class Boot:
    """What one tree makes of a boot: the sysctl files and the claims of every manager."""

    sysctls: tuple[Sysctl, ...]
    claims: tuple[Claim, ...]
    defaults: Mapping[str, int]

    def forecasts(self, interface: Interface, running: Mapping[str, int | None]) -> tuple[Forecast, ...]:
        late, _ = boot(self.sysctls, interface.name, self.defaults, early=False)
        early, _ = boot(self.sysctls, interface.name, self.defaults, early=True)
        return resolve(running, late, early, self.of(interface.name))

    def of(self, interface: str) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.interface == interface)


def look(
    tree: Tree | None = None,
    kernel: Kernel | None = None,
    profile: Profile | None = None,
    defaults: Callable[[Kernel], Mapping[str, int]] = kernel_defaults,
    source: Callable[[str], IPv6Address | None] = source_to_the_internet,
) -> Privacy:
    """Reads only. ``profile`` None: guessed, and the reason says from what."""
    files = tree or Tree()
    live = kernel or Kernel()
    interfaces = tuple(one for one in live.interfaces() if one.name != "lo" and one.type != "loopback")
    fresh = defaults(live)
    lasting = Tree(files.root, volatile=False)
    now, after = read_boot(files, interfaces, fresh), read_boot(lasting, interfaces, fresh)
    chosen, reason = (profile, say("as given")) if profile else guess_profile(files)
    found = tuple(_interface(one, live, now, after, source) for one in interfaces)
    problems = tuple(dict.fromkeys((*files.problems, *lasting.problems)))
    return Privacy(chosen, reason, found, problems)


def read_boot(tree: Tree, interfaces: tuple[Interface, ...], defaults: Mapping[str, int]) -> Boot:
    sysctls = (read_sysctl(tree), read_ufw(tree))
    planned = read_netplan(tree)

    def default(interface: str) -> Statement:
        _, history = boot(sysctls, interface, defaults, early=False)
        return history[USE_TEMPADDR][-1]

    claims = (
        *ifupdown.claims(tree, interfaces),
        *dhcpcd.claims(tree, interfaces),
        *networkd.claims(tree, interfaces, planned.network_files),
        *network_manager.claims(tree, interfaces, default, planned.profiles),
    )
    return Boot(sysctls, claims, defaults)


def _interface(
    interface: Interface, kernel: Kernel, now: Boot, after: Boot, source: Callable[[str], IPv6Address | None]
) -> InterfacePrivacy:
    running = kernel.values(interface.name)
    pairs = zip(after.forecasts(interface, running), now.forecasts(interface, running), strict=True)
    notes = tuple(dict.fromkeys(note for claim in after.of(interface.name) for note in claim.notes))
    ip = source(interface.name)
    return InterfacePrivacy(
        interface=interface.name,
        forecasts=tuple(with_volatile(one, other) for one, other in pairs),
        notes=notes,
        source=str(ip) if ip else "",
        source_temporary=kernel.temporary(f"{int(ip):032x}") if ip else None,
    )
