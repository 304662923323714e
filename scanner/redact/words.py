"""A text without addresses and known names, however they are written: with colons or dashes, as reverse DNS names, in
URLs, as bare digits. Numbers that only look alike stay.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from scanner.redact.addresses import Pseudonyms

_REVERSE6 = re.compile(r"\b((?:[0-9a-f]\.){31}[0-9a-f])\.ip6\.arpa", re.IGNORECASE)
_REVERSE4 = re.compile(r"(?<![0-9.])(\d{1,3}(?:\.\d{1,3}){3})\.in-addr\.arpa", re.IGNORECASE)
_MAC = re.compile(r"(?<![0-9A-Fa-f:-])([0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\2){4}[0-9A-Fa-f]{2})(?![0-9A-Fa-f:-])")
_IPV6 = re.compile(
    r"(?<![0-9A-Za-z:])([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:(?:\.\d{1,3}){3})?)(?![0-9A-Za-z])(?:/(\d{1,3})\b)?"
)
_IPV4 = re.compile(r"(?<![0-9.])(\d{1,3}(?:\.\d{1,3}){3})(?![0-9]|\.[0-9a-z])")
_OWNER = re.compile(r"(/home/|/Users/|\\Users\\)([^/\\\s'\"]+)")
_LONGEST_PREFIX = 128

Step = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


class Redactor:
    """``names``: what each known name is called instead, whatever its case; ``whole`` the same for what is nothing but
    the name.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, names: Mapping[str, str] | None = None, whole: Mapping[str, str] | None = None
    ) -> None:
        self._pseudonyms = pseudonyms
        self._names = {name.lower(): instead for name, instead in (names or {}).items() if name}
        self._whole = dict(whole or {})
        words = "|".join(re.escape(name) for name in sorted(self._names, key=len, reverse=True))
        self._steps: tuple[Step, ...] = (
            *([(re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE), self._name)] if words else []),
            (_REVERSE6, self._reverse6),
            (_REVERSE4, self._reverse4),
            (_MAC, self._mac),
            (_IPV6, self._ipv6),
            (_IPV4, self._ipv4),
            (_OWNER, _user),
        )

    def __call__(self, text: str) -> str:
        if text in self._whole:
            return self._whole[text]
        for pattern, instead in self._steps:
            text = pattern.sub(instead, text)
        return text

    def _name(self, found: re.Match[str]) -> str:
        return self._names[found[0].lower()]

    def _reverse6(self, found: re.Match[str]) -> str:
        digits = found[1].replace(".", "")[::-1]
        return self._pseudonyms.ipv6(IPv6Address(int(digits, 16))).reverse_pointer

    def _reverse4(self, found: re.Match[str]) -> str:
        octets = _ipv4_of(".".join(reversed(found[1].split("."))))
        return self._pseudonyms.ipv4(octets).reverse_pointer if octets else found[0]

    def _mac(self, found: re.Match[str]) -> str:
        octets = bytes.fromhex(found[1].replace(found[2], ""))
        return self._pseudonyms.mac(octets).hex(found[2])

    def _ipv6(self, found: re.Match[str]) -> str:
        address, tail = _ipv6_of(found[1])
        if address is None:
            return found[0]
        length = int(found[2]) if found[2] and not tail else None
        if length is None or length > _LONGEST_PREFIX:
            return f"{self._pseudonyms.ipv6(address)}{tail}{'/' + found[2] if found[2] else ''}"
        network = int(address) % (1 << 128 - length) == 0
        shown = self._pseudonyms.network(address, length) if network else self._pseudonyms.ipv6(address)
        return f"{shown}/{length}"

    def _ipv4(self, found: re.Match[str]) -> str:
        address = _ipv4_of(found[1])
        return str(self._pseudonyms.ipv4(address)) if address else found[0]


def bare_digits(text: str, pseudonyms: Pseudonyms) -> Iterator[tuple[str, str]]:
    """Each address in ``text`` written as nothing but digits, and its pseudonym written so; MACs with dots too."""
    for found in _IPV6.finditer(text):
        address, _ = _ipv6_of(found[1])
        if address is not None and int(address) >> 96:
            yield address.packed.hex(), pseudonyms.ipv6(address).packed.hex()
            yield address.exploded, pseudonyms.ipv6(address).exploded
    for found in _MAC.finditer(text):
        octets = bytes.fromhex(found[1].replace(found[2], ""))
        instead = pseudonyms.mac(octets)
        if octets != instead:
            yield octets.hex(), instead.hex()
            yield octets.hex(".", 2), instead.hex(".", 2)


def _user(found: re.Match[str]) -> str:
    return f"{found[1]}user"


def _ipv6_of(text: str) -> tuple[IPv6Address | None, str]:
    """The address that ``text`` begins with, and the punctuation after it; None for a time or a ratio."""
    for tail in ("", ":"):
        if text.endswith(tail):
            try:
                return IPv6Address(text[: len(text) - len(tail)]), tail
            except AddressValueError:
                continue
    return None, ""


def _ipv4_of(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None
