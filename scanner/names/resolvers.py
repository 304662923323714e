"""The resolvers that this host asks: /etc/resolv.conf."""

from ipaddress import IPv4Address, ip_address
from pathlib import Path

from scanner.model.names import Server

LOCAL = Server(IPv4Address("127.0.0.1"))  # resolv.conf(5): without a nameserver line, the one on the local machine
MOST = 3  # resolv.conf(5), MAXNS


def parse_resolvers(text: str) -> tuple[Server, ...]:
    """The ``nameserver`` lines of resolv.conf, at most three; lines that hold no address are left out."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                found.append(Server(ip_address(words[1])))
            except ValueError:
                continue
    return tuple(found[:MOST]) or (LOCAL,)


def system_resolvers(root: Path = Path("/")) -> tuple[Server, ...]:
    try:
        return parse_resolvers((root / "etc/resolv.conf").read_text(errors="replace"))
    except OSError:
        return (LOCAL,)
