"""Trees of files and kernels to look at."""

from collections.abc import Mapping
from pathlib import Path

from scanner.privacy.running import Interface, Kernel
from scanner.privacy.settings import SETTINGS
from scanner.privacy.tree import Tree

# A kernel's own defaults, as a fresh 6.18 namespace has them
DEFAULTS = {
    "use_tempaddr": 0,
    "temp_valid_lft": 604_800,
    "temp_prefered_lft": 86_400,
    "max_desync_factor": 600,
    "regen_max_retry": 3,
    "max_addresses": 16,
    "addr_gen_mode": 0,
    "accept_ra": 1,
    "forwarding": 0,
}
SYSTEMD = {"/usr/lib/systemd/systemd-sysctl": ""}
NETWORKD = SYSTEMD | {"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": ""}
NETWORK_MANAGER = SYSTEMD | {"/etc/systemd/system/multi-user.target.wants/NetworkManager.service": ""}
IFUPDOWN = SYSTEMD | {"/etc/systemd/system/multi-user.target.wants/networking.service": ""}
DHCPCD = SYSTEMD | {"/usr/lib/systemd/system/multi-user.target.wants/dhcpcd.service": ""}
ETH0 = Interface("eth0", "02:00:00:00:00:01", "ether")
WLAN0 = Interface("wlan0", "02:00:00:00:00:02", "wlan")


def grow(root: Path, files: Mapping[str, str | bytes]) -> Tree:
    """``-> TARGET`` as the text of a file makes a symbolic link."""
    for path, text in files.items():
        real = root / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            real.write_bytes(text)
        elif text.startswith("-> "):
            real.symlink_to(text[3:])
        else:
            real.write_text(text)
    return Tree(root)


def kernel(root: Path, **interfaces: Mapping[str, int]) -> Kernel:
    """A /proc and a /sys with these interfaces; every other setting has its default."""
    for name, values in {"all": {}, "default": {}, **interfaces}.items():
        directory = root / "proc/sys/net/ipv6/conf" / name
        directory.mkdir(parents=True)
        for setting in SETTINGS:
            (directory / setting.name).write_text(f"{values.get(setting.name, DEFAULTS[setting.name])}\n")
        facts = root / "sys/class/net" / name
        facts.mkdir(parents=True)
        (facts / "type").write_text("1\n")
        (facts / "address").write_text("02:00:00:00:00:01\n")
    return Kernel(root / "proc", root / "sys")
