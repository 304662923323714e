"""Which configuration files a program wrote: editing them by hand does not last."""

import re
from pathlib import PurePosixPath

CLOUD_INIT = "cloud-init"
NETPLAN = "netplan"
# cloud-init's names of what it writes (its renderers eni, netplan, networkd, network-manager)
_NAMES = (
    (re.compile(r"^(\d+-)?cloud-init(-.*)?(\.(yaml|cfg|network|nmconnection|conf))?$"), CLOUD_INIT),
    (re.compile(r"^10-netplan-.*\.network$"), NETPLAN),
    (re.compile(r"^netplan-.*\.nmconnection$"), NETPLAN),
)
# the header of its files, old and new
_HEADERS = (
    "generated from information provided by the datasource",
    "generated from information provided by",
    "Created by cloud-init",
)
_HEAD = 600  # characters


def generator_of(path: str, text: str) -> str:
    """The program that writes this file, or "" for one that a person keeps."""
    name = PurePosixPath(path).name
    for pattern, program in _NAMES:
        if pattern.match(name):
            return program
    return CLOUD_INIT if any(header in text[:_HEAD] for header in _HEADERS) else ""
