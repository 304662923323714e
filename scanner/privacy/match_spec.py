"""Which device a device list of NetworkManager means: NetworkManager.conf(5), "Device List Format"."""

import re
from fnmatch import fnmatchcase

from scanner.privacy.running import Interface

# NetworkManager's names for device types, and systemd's
TYPES = {"ether": "ethernet", "wlan": "wifi", "wwan": "gsm", "loopback": "loopback"}


def in_list(text: str, interface: Interface) -> bool | None:
    """Whether the list names the device; None where it asks for what we do not know (driver, DHCP plugin, ...).

    ``except:`` takes devices out, wherever it stands; a list of nothing but exceptions means all others.
    """
    words = [word for word in re.split(r"[,;]", text) if word.strip()]
    positive = [_fits(word.strip(), interface) for word in words if not word.strip().startswith("except:")]
    negative = [
        _fits(word.strip().removeprefix("except:"), interface) for word in words if word.strip().startswith("except:")
    ]
    if True in negative:
        return False
    if None in negative:
        return None
    if True in positive or (negative and not positive):
        return True
    return None if None in positive else False


def _fits(word: str, interface: Interface) -> bool | None:
    kind, colon, value = word.partition(":")
    if word == "*":
        return True
    if kind == "interface-name":
        exact = value.startswith("=")
        name = value.lstrip("=~")
        return interface.name == name if exact else fnmatchcase(interface.name, name)
    if kind == "mac":
        return value.lower() == interface.mac if interface.mac else None
    if kind == "type":
        return value == TYPES.get(interface.type, interface.type) if interface.type else None
    if colon and kind in {"driver", "dhcp-plugin", "s390-subchannels", "nm-version", "nm-version-min", "env"}:
        return None
    return word in {interface.name, interface.mac}
